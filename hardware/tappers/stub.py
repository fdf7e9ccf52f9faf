"""A tapper that is not there: a model of two motors, recorded, with faults on order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from hardware.entries import TapperEntry
from hardware.faults import Fault
from hardware.seams import Capabilities, Due, Tapper, TapPulse
from hardware.stub_device import StubDevice
from hardware.tappers.model import TIMEOUT_S, MotorsModel, TapperReport


def build(entry: TapperEntry) -> StubTapper:
    """The stub of a room file's entry."""
    return StubTapper(entry.name, entry.min_pulse_ms, entry.onset_ms, entry.record, entry.faults)


class StubTapper(StubDevice[TapPulse], Tapper):
    """Takes pulses, one hand at a time."""

    called = "tapper"
    offered = "a pulse"

    def __init__(
        self,
        name: str,
        min_pulse_ms: float = 30.0,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        capabilities = Capabilities(
            on_silence=f"still {TIMEOUT_S:.0f} s after the last pulse began, at most",
            min_pulse_ms=min_pulse_ms,
            onset_ms=onset_ms,
        )
        super().__init__(name, capabilities, record, faults)
        self._model = MotorsModel()

    def reports(self) -> TapperReport:
        """What the hands feel now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _wrong_with(self, pulse: TapPulse) -> str:
        least_ms = self.capabilities.min_pulse_ms
        if not least_ms <= pulse.ms <= 1000 * TIMEOUT_S:
            return f"gives pulses of {least_ms:.0f} to 1000 ms, and was offered one of {pulse.ms:.1f} ms"
        if not 0.0 <= pulse.strength_frac <= 1.0:
            return f"was offered a strength of {pulse.strength_frac}, outside 0 to 1"
        return ""

    def _take(self, told: tuple[TapPulse, Due, int]) -> None:
        pulse, due, told_ns = told
        with self._model_lock:
            self._model.take(pulse, time.monotonic())
        strength = round(pulse.strength_frac, 4)
        self.recorder.put("tap", due, told_ns, side=pulse.side, ms=round(pulse.ms, 3), strength=strength)

    def _still(self) -> None:
        with self._model_lock:
            self._model.still(time.monotonic())
