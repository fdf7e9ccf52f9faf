"""Bars and lamps on universes: there is room for each, and none is in another's way."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.dmx.places import clash, places_of
from hardware.entries import LightBarEntry, RoomLightEntry


def bar(name: str, **values: Any) -> LightBarEntry:
    return LightBarEntry(name, **{"driver": "sacn", "leds": 10, **values})


def lamp(name: str, **values: Any) -> RoomLightEntry:
    return RoomLightEntry(name, **{"driver": "sacn", "fixture": "dimmer16", **values})


def clash_of(*entries: Any) -> str:
    return clash([place for entry in entries for place in places_of(entry)])


def test_a_bar_that_runs_on_is_in_every_universe_that_it_touches() -> None:
    places = places_of(bar("bar", leds=400, universe=3, address=4))
    assert [(place.universe, place.first, place.last) for place in places] == [(3, 4, 510), (4, 1, 510), (5, 1, 183)]


def test_devices_that_are_not_on_dmx_are_nowhere() -> None:
    assert places_of(LightBarEntry("bar")) == places_of(RoomLightEntry("lamp", "lifx")) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (bar("bar", leds=900, universe=63_998), "900 LEDs run past universe 63999"),
        (bar("bar", driver="artnet", host="h", universe=40_000), "10 LEDs run past universe 32767"),
        (lamp("lamp", driver="artnet", host="h", universe=40_000), "universe 40000 is past 32767, the last of artnet"),
        (lamp("lamp", address=512), "its slots end at 513, past the 512 of a universe"),
        (lamp("lamp", fixture="disco"), 'fixture "disco" is not known'),
    ],
)
def test_what_has_no_room_is_refused(entry: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        places_of(entry)


def test_a_bar_shares_its_universes_with_nobody() -> None:
    words = '"long" and "short" both use universe 2; a light bar needs universes of its own'
    assert clash_of(bar("long", leds=300), bar("short", universe=2, address=500)) == words
    assert clash_of(bar("bar"), lamp("lamp", address=400)).startswith('"bar" and "lamp" both use universe 1')


def test_lamps_side_by_side_are_well_and_lamps_on_one_slot_are_not() -> None:
    assert clash_of(lamp("one", address=1), lamp("two", address=3)) == ""
    words = '"one" and "two" both use slot 2 of universe 1; give each its own address'
    assert clash_of(lamp("one", address=1), lamp("two", address=2)) == words
    assert "slots 5 to 6 of" in clash_of(lamp("one", address=5), lamp("two", address=5))


def test_one_universe_on_two_wires_is_two_universes() -> None:
    assert clash_of(bar("one", host="192.0.2.1"), bar("two", host="192.0.2.2"), bar("three")) == ""
    assert clash_of(bar("one"), bar("two", driver="artnet", host="192.0.2.2")) == ""
    widgets = [lamp(port, driver="enttec", port=port) for port in ("/dev/ttyUSB0", "/dev/ttyUSB1")]
    assert clash_of(*widgets) == ""
    assert clash_of(widgets[0], lamp("again", driver="enttec", port="/dev/ttyUSB0")) != ""
