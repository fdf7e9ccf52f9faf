"""What the tappers behind a wire have in common: what their motors take to be felt, and a pulse that is held to it."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.io_thread import Wire
from hardware.seams import Capabilities, Due, Tapper, TapPulse
from hardware.tappers.clamp import felt_pulse
from hardware.threaded import ThreadedDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class MotorConfig:
    """What the motors take to be felt, and which share of their strength is full strength in these hands."""

    min_pulse_ms: float = 30.0
    onset_ms: float = 0.0
    strength_share: float = 1.0

    def capabilities(self, on_silence: str) -> Capabilities:
        """What a tapper with these motors can do."""
        return Capabilities(on_silence, min_pulse_ms=self.min_pulse_ms, onset_ms=self.onset_ms)


class WiredTapper(ThreadedDevice[TapPulse], Tapper):
    """A tapper whose wire takes pulses. One too short for its motors is left out, and the link says so."""

    def __init__(self, name: str, wire: Wire[TapPulse], config: MotorConfig, on_silence: str) -> None:
        super().__init__(name, wire, config.capabilities(on_silence))
        self._strength_share = config.strength_share

    def offer(self, pulse: TapPulse, due: Due) -> None:
        """Begin a pulse now."""
        felt = felt_pulse(self, pulse, self._strength_share)
        if felt is not None:
            self.io.offer(felt)
