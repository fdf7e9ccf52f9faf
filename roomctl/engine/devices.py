"""The room's devices: built from the room file, opened together, paced, made safe together, and shown in the state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from hardware.entries import LightBarEntry, RoomLightEntry, TapperEntry
from hardware.registry import make_light_bar, make_room_light, make_tapper
from hardware.seams import Device, Due, Link, OnLoss, SafeBytes, TapPulse
from hardware.tappers.audio import AudioTapper
from roomctl.clock import SessionClock
from roomctl.engine.lamps import LampPacer, RoomLightScore
from roomctl.engine.pacing import LightPacer, TapPacer
from roomctl.engine.screens import ScreenBar
from roomctl.engine.view import Outlook
from roomctl.errors import RoomFileError, UnknownId
from roomctl.room_file import RoomFile
from stimuli.beats import Side
from stimuli.taps import TapLimits

log = logging.getLogger(__name__)

Part = LightBarEntry | TapperEntry | RoomLightEntry
TEST_PULSE: Final[dict[Side, TapPulse]] = {"left": TapPulse("left", 200.0, 0.5), "right": TapPulse("right", 200.0, 0.5)}
LinkHandler = Callable[[Device, Link], None]


@dataclass(slots=True)
class Rack:
    """All devices but the sound card, each with the thread that paces it."""

    devices: dict[str, Device] = field(default_factory=dict)
    on_loss: dict[str, OnLoss] = field(default_factory=dict)
    light_pacers: dict[str, LightPacer] = field(default_factory=dict)
    tap_pacers: dict[str, TapPacer] = field(default_factory=dict)
    lamp_pacers: dict[str, LampPacer] = field(default_factory=dict)
    screens: dict[str, ScreenBar] = field(default_factory=dict)
    audio_tapper: AudioTapper | None = None
    largest_onset_ms: float = 0.0

    def open(self, on_link: LinkHandler, on_stop: Callable[[str], None] = lambda name: None) -> None:
        """Open all at once; each says by its link how it goes, and by `on_stop` that its own button was pressed."""
        for device in self.devices.values():
            device.on_link, device.on_stop = on_link, on_stop
            device.open()
        for pacer in self._pacers():
            pacer.start()

    def close(self) -> None:
        """End the pacing, then let every device go, safe."""
        for pacer in self._pacers():
            pacer.close()
        for device in self.devices.values():
            device.close()

    def safe(self) -> list[str]:
        """Make what the score drives safe now; returns the names of those that cannot have heard it. Lamps hold."""
        unheard = []
        heard = [] if self.audio_tapper is None else [self.audio_tapper.name]
        for name in (*self.light_pacers, *self.tap_pacers, *self.screens, *heard):
            device = self.devices[name]
            device.safe()
            if device.link.state != "READY":
                unheard.append(name)
        return unheard

    def safe_bytes(self) -> list[SafeBytes]:
        """What the launcher sends for us when we no longer can."""
        return [found for device in self.devices.values() if (found := device.safe_bytes()) is not None]

    def test(self, name: str, side: Side) -> None:
        """Let one device show one side. Raises UnknownId."""
        if self.audio_tapper is not None and name == self.audio_tapper.name:
            self.audio_tapper.offer(TEST_PULSE[side], Due(0, time.monotonic()))
            return
        for pacers in (self.light_pacers, self.tap_pacers, self.lamp_pacers):
            if name in pacers:
                pacers[name].test(side)
                return
        raise _unknown("device", name, self.devices)

    @property
    def tappers(self) -> dict[str, TapPacer | AudioTapper]:
        """What each tapper's own switch and strength are set on."""
        audio = {} if self.audio_tapper is None else {self.audio_tapper.name: self.audio_tapper}
        return {**self.tap_pacers, **audio}

    def tune(self, name: str, *, on: bool | None = None, strength_frac: float | None = None) -> dict[str, Any]:
        """Set one tapper's own switch and strength, at once; returns both as they are now. Raises UnknownId."""
        if name not in self.tappers:
            raise _unknown("tapper", name, self.tappers)
        self.tappers[name].tune(on=on, strength_frac=strength_frac)
        return self.tuning(name)

    def tuning(self, name: str) -> dict[str, Any]:
        """A tapper's own switch and strength, for the state; nothing for any other device."""
        tapper = self.tappers.get(name)
        return {} if tapper is None else {"on": tapper.on, "strength_frac": tapper.strength_frac}

    def _pacers(self) -> list[LightPacer | TapPacer | LampPacer]:
        return [*self.light_pacers.values(), *self.tap_pacers.values(), *self.lamp_pacers.values()]


def build_rack(room: RoomFile, clock: SessionClock, outlook: Outlook, lamps: RoomLightScore) -> Rack:
    """The devices of a room file, none opened yet. Raises RoomFileError where a driver cannot be had."""
    rack = Rack()
    for bar in room.lightbar:
        if bar.driver == "screen":
            rack.devices[bar.name] = rack.screens[bar.name] = ScreenBar(bar.name)
            rack.on_loss[bar.name] = bar.on_loss
        else:
            _add_bar(rack, bar, room, clock, outlook)
    for tapper in room.tapper:
        if tapper.driver == "audio":
            _add_audio_tapper(rack, tapper)
        else:
            _add_tapper(rack, tapper, clock, outlook)
    for lamp in room.roomlight:
        device = _made(lambda entry=lamp: make_room_light(entry), lamp)  # type: ignore[misc]
        rack.devices[lamp.name], rack.on_loss[lamp.name] = device, lamp.on_loss
        rack.lamp_pacers[lamp.name] = LampPacer(device, clock, lamps, outlook)
    onsets_ms = [bar.onset_ms for bar in room.lightbar] + [tapper.onset_ms for tapper in room.tapper]
    rack.largest_onset_ms = max([0.0, *onsets_ms])
    return rack


def _add_bar(rack: Rack, entry: LightBarEntry, room: RoomFile, clock: SessionClock, outlook: Outlook) -> None:
    bar = _made(lambda: make_light_bar(entry), entry)
    rack.devices[entry.name], rack.on_loss[entry.name] = bar, entry.on_loss
    fps = min(entry.fps, bar.capabilities.fps_max or entry.fps)
    rack.light_pacers[entry.name] = LightPacer(
        bar, clock, outlook, fps=fps, leds=entry.leds, onset_ms=entry.onset_ms, bar_level=room.limits.bar_level
    )


def _add_tapper(rack: Rack, entry: TapperEntry, clock: SessionClock, outlook: Outlook) -> None:
    tapper = _made(lambda: make_tapper(entry), entry)
    rack.devices[entry.name], rack.on_loss[entry.name] = tapper, entry.on_loss
    limits = TapLimits(min_ms=max(entry.min_pulse_ms, tapper.capabilities.min_pulse_ms))
    rack.tap_pacers[entry.name] = TapPacer(
        tapper, clock, outlook, onset_ms=entry.onset_ms, limits=limits, strength_frac=entry.strength_frac
    )


def _add_audio_tapper(rack: Rack, entry: TapperEntry) -> None:
    """Transducers on the card's own channels: rendered with the sound, so nothing paces them."""
    if rack.audio_tapper is not None:
        raise RoomFileError(f'"{entry.name}": the card\'s tap channels already belong to "{rack.audio_tapper.name}"')
    tapper = _made(lambda: make_tapper(entry), entry)
    rack.devices[entry.name] = rack.audio_tapper = tapper
    rack.on_loss[entry.name] = entry.on_loss


def _made(make: Callable[[], Any], entry: Part) -> Any:
    """The device; a driver's missing library or wrong option becomes the room file's mistake, in a sentence."""
    try:
        return make()
    except (ImportError, ValueError) as problem:
        raise RoomFileError(f'"{entry.name}" (driver "{entry.driver}"): {problem}') from problem


def _unknown(what: str, name: str, there: Collection[str]) -> UnknownId:
    known = ", ".join(f'"{device}"' for device in there)
    return UnknownId(f'no {what} of this room is called "{name}"; there are {known or "none"}', allowed=list(there))


def device_state(device: Device, verified_names: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One device as the state shows it."""
    link = device.link
    return {
        "name": device.name,
        "kind": device.kind,
        "driver": device.driver,
        "link": link.state,
        "since": link.since_utc_s,
        "why": link.why,
        "verified": device.verified or device.name in verified_names,
        "on_silence": device.capabilities.on_silence,
    }
