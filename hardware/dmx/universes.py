"""Pixels laid over DMX universes: three slots each, red, green, blue, and none split between two universes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOTS: Final = 512


@dataclass(frozen=True, slots=True)
class Stretch:
    """`pixels` pixels in `universe` from slot `address` (1 to 512) on."""

    universe: int
    address: int
    pixels: int


def stretches(pixels: int, universe: int, address: int, last_universe: int = 63_999) -> tuple[Stretch, ...]:
    """Where `pixels` pixels lie that begin at `address` of `universe` and run on from slot 1 of the next ones.

    Raises ValueError where they run past `last_universe`.
    """
    found: list[Stretch] = []
    left = pixels
    while left > 0:
        here = min(left, (SLOTS + 1 - address) // 3)
        if universe > last_universe:
            raise ValueError(f"{pixels} LEDs run past universe {last_universe}, the last there is")
        if here > 0:
            found.append(Stretch(universe, address, here))
        left -= here
        universe, address = universe + 1, 1
    return tuple(found)


def slots_of(rgb: bytes, parts: tuple[Stretch, ...]) -> tuple[bytes, ...]:
    """All 512 slots of each stretch's universe, for `rgb` with three bytes a pixel."""
    found: list[bytes] = []
    at = 0
    for part in parts:
        slots = b"\x00" * (part.address - 1) + rgb[at : at + 3 * part.pixels]
        found.append(slots.ljust(SLOTS, b"\x00"))
        at += 3 * part.pixels
    return tuple(found)
