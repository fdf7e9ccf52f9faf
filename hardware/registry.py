"""From a room file's entry to its driver. A driver is imported when a room names it, so that a room needs only what it has.

Each driver's module has `build(entry)`. To add a driver: name it in `entries.py`, and say here which module it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from hardware.entries import Entry, LightBarEntry, RoomLightEntry, SoundCardEntry, TapperEntry
from hardware.seams import LightBar, RoomLight, Tapper
from hardware.soundcards.portaudio import PortAudioCard
from hardware.soundcards.seam import SoundCard
from hardware.soundcards.stub import StubSoundCard

LIGHT_BARS: Final = {
    "stub": "hardware.lightbars.stub",
    "wled": "hardware.lightbars.wled",
    "sacn": "hardware.lightbars.sacn",
    "artnet": "hardware.lightbars.artnet",
    "adalight": "hardware.lightbars.adalight",
    "osc": "hardware.lightbars.osc",
}
TAPPERS: Final = {
    "stub": "hardware.tappers.stub",
    "serial": "hardware.tappers.serial",
    "audio": "hardware.tappers.audio",
    "gamepad": "hardware.tappers.gamepad",
    "osc": "hardware.tappers.osc",
    "ble": "hardware.tappers.ble",
}
ROOM_LIGHTS: Final = {
    "stub": "hardware.roomlights.stub",
    "sacn": "hardware.roomlights.sacn",
    "artnet": "hardware.roomlights.artnet",
    "enttec": "hardware.roomlights.enttec",
    "wled": "hardware.roomlights.wled",
    "hue": "hardware.roomlights.hue",
    "lifx": "hardware.roomlights.lifx",
    "homeassistant": "hardware.roomlights.homeassistant",
    "mqtt": "hardware.roomlights.mqtt",
    "osc": "hardware.roomlights.osc",
}


def _module(kind: str, entry: Entry, modules: dict[str, str]) -> Any:
    where = modules.get(entry.driver)
    if where is None:
        raise ValueError(f'{kind} "{entry.name}": driver "{entry.driver}" is not a device; there are {", ".join(modules)}')
    return import_module(where)


def make_light_bar(entry: LightBarEntry) -> LightBar:
    """The bar of an entry, not opened. Raises ValueError for `screen`, which is a window with a process of its own."""
    bar: LightBar = _module("light bar", entry, LIGHT_BARS).build(entry)
    return bar


def make_tapper(entry: TapperEntry) -> Tapper:
    """The tapper of an entry, not opened. Raises ImportError that says what to install where a driver's library is missing."""
    tapper: Tapper = _module("tapper", entry, TAPPERS).build(entry)
    return tapper


def make_room_light(entry: RoomLightEntry) -> RoomLight:
    """The lamp of an entry, not opened. Raises ImportError that says what to install where a driver's library is missing."""
    lamp: RoomLight = _module("room light", entry, ROOM_LIGHTS).build(entry)
    return lamp


def make_sound_card(entry: SoundCardEntry, speed: float = 1.0) -> SoundCard:
    """The card of `[audio]`, not opened. Raises ValueError where `speed` is not 1 and the card is real."""
    latency_s = entry.latency_ms / 1000
    if entry.driver == "stub":
        return StubSoundCard(
            channels=entry.channels,
            rate_hz=entry.rate_hz,
            latency_s=latency_s,
            block_frames=entry.block_frames,
            speed=speed,
            record=entry.record,
            faults=entry.faults,
        )
    if speed != 1.0:
        raise ValueError('simulated time needs driver = "stub" in [audio]: a real card plays at its own speed')
    return PortAudioCard(
        entry.device, channels=entry.channels, rate_hz=entry.rate_hz, latency_s=latency_s, block_frames=entry.block_frames
    )
