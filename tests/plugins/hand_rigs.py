"""Rigs of the tappers that have no serial line or socket: game pads, Bluetooth, and the sound card's own channels."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardware.entries import TapperEntry
from hardware.faults import Fault, FaultPlan
from hardware.registry import make_tapper
from hardware.seams import Device, Link, TapPulse
from hardware.soundcards.stub import StubSoundCard
from hardware.tappers.gamepad import PADS

rigs = sys.modules["roomctl_tests_device_rigs"]


class PadFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """SDL's virtual pad: its left motor. One that was just plugged in is still."""

    def __init__(self) -> None:
        super().__init__()
        self._plugin = sys.modules["roomctl_tests_virtual_pads"]
        self._library = self._plugin.sdl()
        self._pad: Any = None
        self._comes_back = threading.Event()
        self._comes_back.set()
        PADS.enter()
        self.plug()

    def plug(self) -> None:
        """A pad is plugged in."""
        with PADS.lock:
            self._pad = self._plugin.VirtualPad(self._library, "One Pad", self._rumble)
        self.hear(0)

    def hang(self, hangs: bool = True) -> None:
        """Do not come back from a rumble; with False, come back."""
        self._comes_back.clear() if hangs else self._comes_back.set()

    def _rumble(self, low: int, high: int) -> None:
        self._comes_back.wait()
        self.hear(round(low / 257))

    def unplug(self) -> None:
        """It is plugged out."""
        pad, self._pad = self._pad, None
        if pad is not None:
            pad.unplug()

    def close(self) -> None:
        """Plug it out, and let go of SDL."""
        self.unplug()
        PADS.pump()
        PADS.leave()


class GamepadRig(rigs.Rig):  # type: ignore[name-defined, misc]
    """Pulled for real, as far as SDL can tell."""

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("SDL_VIDEODRIVER", "dummy")
        super().__init__(tmp_path, patch)

    def make_far(self) -> Any:
        return PadFarEnd()

    def make_device(self) -> Any:
        self.patch.setattr("hardware.tappers.gamepad.PUMP_S", 0.02)
        return make_tapper(TapperEntry("taps", "gamepad", device="One Pad"))

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 1000.0, value / 255), rigs.due_now())

    def pull(self) -> None:
        self.far.unplug()

    def replug(self) -> None:
        self.far.plug()
        self.device.io.kick()


class RadioFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """A Bluetooth tapper in reach, as bleak shows one; hears pulses and stills."""

    def __init__(self) -> None:
        super().__init__()
        self.in_reach = True
        self._hangs = False
        self._open = False

    @property
    def is_connected(self) -> bool:
        """As bleak's client has it."""
        return self._open and self.in_reach

    async def connect(self) -> None:
        """As bleak's client has it."""
        if not self.in_reach:
            raise OSError("the tapper is out of reach")
        self._open = True

    async def disconnect(self) -> None:
        """As bleak's client has it."""
        self._open = False

    def hang(self, hangs: bool = True) -> None:
        """Never come back from a write; with False, come back at once."""
        self._hangs = hangs

    async def write_gatt_char(self, characteristic: str, frame: bytes, response: bool) -> None:
        """As bleak's client has it."""
        if self._hangs:
            await asyncio.Event().wait()
        if not self.is_connected:
            raise OSError("the tapper is out of reach")
        values, _, _ = sys.modules["roomctl_tests_slow_device_rigs"].read_tapper(frame)
        for value in values:
            self.hear(value)


class BleRig(rigs.Rig):  # type: ignore[name-defined, misc]
    """Pulled by walking away. The radio is a fake: no test machine has one."""

    def make_far(self) -> Any:
        return RadioFarEnd()

    def make_device(self) -> Any:
        async def find() -> Any:
            return self.far

        self.patch.setattr("hardware.tappers.ble.found_client", lambda device: find())
        return make_tapper(TapperEntry("taps", "ble"))

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 50.0, value / 255), rigs.due_now())

    def pull(self) -> None:
        self.far.in_reach = False

    def replug(self) -> None:
        self.far.in_reach = True
        self.device.io.kick()


WINDOW_FRAMES = 1024
"""More than a burst's ramp and half a period of it: the peak of what it holds is the pulse's strength."""


class TapChannelsFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """What goes to the left hand's channel: its strength in each window, and 0 when it falls still or the card begins so."""

    def __init__(self) -> None:
        super().__init__()
        self._peak = 0.0
        self._frames = 0
        self.was_still = False

    def listen(self, block: Any) -> None:
        """One block of the card."""
        peak = float(np.abs(block[:, 0]).max())
        still, was_still = peak == 0.0, self.was_still
        self._peak, self._frames, self.was_still = max(self._peak, peak), self._frames + len(block), still
        if still or self._frames >= WINDOW_FRAMES:
            if not was_still:
                self.hear(0 if still else round(255 * self._peak))
            self._peak, self._frames = 0.0, 0


class AudioTapperRig(rigs.Rig):  # type: ignore[name-defined, misc]
    """Its wire is the sound card's, told of as the engine tells it; the card is the stub, unplugged by a clock of our own."""

    own_wire = False

    def make_far(self) -> Any:
        return TapChannelsFarEnd()

    def make_device(self) -> Any:
        device: Any = make_tapper(TapperEntry("taps", "audio"))
        self.at_s, self._frame = 0.0, 0
        self.card = StubSoundCard("far end")
        self.card._plan = FaultPlan([Fault(100.0, "unplug", 100.0)], now=lambda: self.at_s)
        self.card.on_link = self._card_is
        open_device = device.open

        def open_both() -> None:
            open_device()
            self.card.open(self._fill)

        device.open = open_both
        return device

    def _card_is(self, card: Device, link: Link) -> None:
        if link.state in ("READY", "FAULT"):
            self.far.was_still = False
            self.device.card_is(link.state == "READY", link.why)

    def _fill(self, block: Any, dac_mono_s: float) -> None:
        block[:] = self.device.block(None, self._frame, len(block))
        self._frame += len(block)
        self.far.listen(block)

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 100.0, value / 255), rigs.due_now())

    def pull(self) -> None:
        self.at_s = 150.0

    def replug(self) -> None:
        self.at_s = 250.0

    def close(self) -> None:
        """End the card too."""
        self.card.close()
        super().close()


rigs.RIGS.update({"tapper gamepad": GamepadRig, "tapper ble": BleRig, "tapper audio": AudioTapperRig})
