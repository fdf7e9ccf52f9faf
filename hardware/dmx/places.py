"""Where a room's bars and lamps lie on DMX universes: that there is room for each, and that no two are in one place."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from hardware.dmx.fixtures import fixture_of
from hardware.dmx.universes import SLOTS, stretches
from hardware.entries import LightBarEntry, RoomLightEntry

DRIVERS: Final = ("sacn", "artnet", "enttec")
LAST_UNIVERSE: Final = {"sacn": 63_999, "artnet": 0x7FFF}


@dataclass(frozen=True, slots=True)
class Place:
    """Slots `first` to `last` of a universe on one wire, taken by `name`. A bar sends its universes alone."""

    name: str
    wire: Hashable
    universe: int
    first: int
    last: int
    alone: bool


def places_of(entry: LightBarEntry | RoomLightEntry) -> list[Place]:
    """Where one device lies; nowhere where it is not on DMX. Raises ValueError where there is no room for it."""
    if entry.driver not in DRIVERS:
        return []
    wire = (entry.driver, entry.port if entry.driver == "enttec" else entry.host, entry.interface)
    if isinstance(entry, LightBarEntry):
        parts = stretches(entry.leds, entry.universe, entry.address, LAST_UNIVERSE[entry.driver])
        return [
            Place(entry.name, wire, part.universe, part.address, part.address + 3 * part.pixels - 1, alone=True)
            for part in parts
        ]
    last = entry.address + fixture_of(entry.fixture).slots - 1
    if last > SLOTS:
        raise ValueError(f"its slots end at {last}, past the {SLOTS} of a universe")
    if entry.universe > LAST_UNIVERSE.get(entry.driver, entry.universe):
        raise ValueError(f"universe {entry.universe} is past {LAST_UNIVERSE[entry.driver]}, the last of {entry.driver}")
    return [Place(entry.name, wire, entry.universe, entry.address, last, alone=False)]


def clash(places: Sequence[Place]) -> str:
    """The first two devices that are in each other's way, as a sentence that says what to do; empty where none are."""
    for at, one in enumerate(places):
        for other in places[at + 1 :]:
            if (one.wire, one.universe) != (other.wire, other.universe) or one.name == other.name:
                continue
            both = f'"{one.name}" and "{other.name}" both use'
            if one.alone or other.alone:
                return f"{both} universe {one.universe}; a light bar needs universes of its own"
            if one.first <= other.last and other.first <= one.last:
                first, last = max(one.first, other.first), min(one.last, other.last)
                slots = f"slot {first}" if first == last else f"slots {first} to {last}"
                return f"{both} {slots} of universe {one.universe}; give each its own address"
    return ""
