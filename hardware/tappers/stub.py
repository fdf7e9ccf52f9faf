"""A tapper that is not there: a model of two motors, recorded, with faults on order."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from hardware.entries import TapperEntry
from hardware.faults import Fault, FaultPlan
from hardware.io_thread import IoThread
from hardware.record import EventRecorder
from hardware.seams import Capabilities, Due, Tapper, TapPulse
from hardware.stub_wire import StubWire
from hardware.tappers.model import TIMEOUT_S, MotorsModel, TapperReport


def build(entry: TapperEntry) -> StubTapper:
    """The stub of a room file's entry."""
    return StubTapper(entry.name, entry.min_pulse_ms, entry.onset_ms, entry.record, entry.faults)


class StubTapper(Tapper):
    """Takes pulses, one hand at a time. Misuse raises AssertionError and counts in `misuses`."""

    driver = "stub"
    verified = True

    def __init__(
        self,
        name: str,
        min_pulse_ms: float = 30.0,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(name)
        self._capabilities = Capabilities(
            on_silence=f"still {TIMEOUT_S:.0f} s after the last pulse began, at most",
            min_pulse_ms=min_pulse_ms,
            onset_ms=onset_ms,
        )
        self.misuses = 0
        self.recorder = EventRecorder(record)
        self._model = MotorsModel()
        self._model_lock = threading.Lock()
        self._wire = StubWire(FaultPlan(faults), self._take, self._go_safe)
        self._io = IoThread(self, self._wire)

    @property
    def capabilities(self) -> Capabilities:
        """As the room file says."""
        return self._capabilities

    def open(self) -> None:
        """Be there, after a moment, unless the faults say otherwise."""
        self.recorder.open()
        self._io.open()

    def offer(self, pulse: TapPulse, due: Due) -> None:
        """Begin a pulse. Raises AssertionError for one that no motor could give."""
        told_ns = time.monotonic_ns()
        self._refuse_misuse(pulse)
        self._io.offer((pulse, due, told_ns))

    def safe(self) -> None:
        """Still."""
        self._io.safe()

    def close(self) -> None:
        """Still, and gone."""
        self._wire.hurry()
        self._io.close()
        self.recorder.close()

    def reports(self) -> TapperReport:
        """What the hands feel now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _refuse_misuse(self, pulse: TapPulse) -> None:
        wrong = ""
        if not self._io.opened:
            wrong = "was offered a pulse while it is not open"
        elif not self._capabilities.min_pulse_ms <= pulse.ms <= 1000 * TIMEOUT_S:
            wrong = (
                f"gives pulses of {self._capabilities.min_pulse_ms:.0f} to 1000 ms, and was offered one of {pulse.ms:.1f} ms"
            )
        elif not 0.0 <= pulse.strength_frac <= 1.0:
            wrong = f"was offered a strength of {pulse.strength_frac}, outside 0 to 1"
        if wrong:
            self.misuses += 1
            raise AssertionError(f'tapper "{self.name}" {wrong}')

    def _take(self, item: tuple[TapPulse, Due, int]) -> None:
        pulse, due, told_ns = item
        with self._model_lock:
            self._model.take(pulse, time.monotonic())
        strength = round(pulse.strength_frac, 4)
        self.recorder.put("tap", due, told_ns, side=pulse.side, ms=round(pulse.ms, 3), strength=strength)

    def _go_safe(self) -> None:
        with self._model_lock:
            self._model.still(time.monotonic())
        self.recorder.put_now("safe", device=self.name)
