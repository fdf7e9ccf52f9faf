"""A lamp that is not there: a model of one, recorded, with faults on order."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.faults import Fault, FaultPlan
from hardware.io_thread import IoThread
from hardware.record import EventRecorder
from hardware.roomlights.model import LampModel, RoomLightReport
from hardware.seams import Capabilities, Due, RoomLight, RoomLook
from hardware.stub_wire import StubWire

_PACED_FPS: Final = 40.0
_SLOW_PER_S: Final = 10.0
_SAFE_LOOK: Final = RoomLook(20.0, 2200.0)


def build(entry: RoomLightEntry) -> StubRoomLight:
    """The stub of a room file's entry."""
    safe = RoomLook(entry.safe_level_l, entry.safe_cct_k)
    return StubRoomLight(entry.name, entry.onset_ms, entry.record, entry.faults, safe)


class StubRoomLight(RoomLight):
    """A paced lamp, or with `transitions` one that takes ten messages a second and fades by itself.

    A look that does not differ from the last is taken, and recorded once. Misuse raises AssertionError and counts in `misuses`.
    """

    driver = "stub"
    verified = True

    def __init__(
        self,
        name: str,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
        safe_look: RoomLook = _SAFE_LOOK,
        transitions: bool = False,
    ) -> None:
        super().__init__(name)
        most_per_s = _SLOW_PER_S if transitions else _PACED_FPS
        self._capabilities = Capabilities(
            on_silence="holds its last look", fps_max=most_per_s, onset_ms=onset_ms, transitions=transitions
        )
        self.misuses = 0
        self.recorder = EventRecorder(record)
        self._safe_look = safe_look
        self._model = LampModel(1.25 * most_per_s)
        self._model_lock = threading.Lock()
        self._recorded: RoomLook | None = None
        self._wire = StubWire(FaultPlan(faults), self._take, self._go_safe, holds=True)
        self._io = IoThread(self, self._wire, resend=True)

    @property
    def capabilities(self) -> Capabilities:
        """As it was made."""
        return self._capabilities

    def open(self) -> None:
        """Be there, after a moment, unless the faults say otherwise."""
        self.recorder.open()
        self._io.open()

    def offer(self, look: RoomLook, due: Due) -> None:
        """Go to a look. Raises AssertionError for one that no lamp could have."""
        told_ns = time.monotonic_ns()
        self._refuse_misuse(look)
        self._io.offer((look, due, told_ns))

    def safe(self) -> None:
        """Dim and warm: never black, never full."""
        self._io.safe()

    def close(self) -> None:
        """Hold, and be gone."""
        self._wire.hurry()
        self._io.close()
        self.recorder.close()

    def reports(self) -> RoomLightReport:
        """The lamp as somebody in the room would see it now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _refuse_misuse(self, look: RoomLook) -> None:
        wrong = ""
        if not self._io.opened:
            wrong = "was offered a look while it is not open"
        elif not 0.0 <= look.level_l <= 100.0:
            wrong = f"was offered a level of {look.level_l}, outside L* 0 to 100"
        elif not 1000.0 <= look.cct_k <= 10_000.0:
            wrong = f"was offered {look.cct_k} K, outside 1000 to 10000 K"
        elif not (look.fade_s >= 0.0 and math.isfinite(look.fade_s)):
            wrong = f"was offered a fade of {look.fade_s} s"
        if wrong:
            self.misuses += 1
            raise AssertionError(f'room light "{self.name}" {wrong}')

    def _take(self, item: tuple[RoomLook, Due, int]) -> None:
        look, due, told_ns = item
        with self._model_lock:
            taken = self._model.take(look, time.monotonic())
        if taken and look != self._recorded:
            self._recorded = look
            self.recorder.put(
                "roomlight", due, told_ns, level_l=round(look.level_l, 4), cct_k=round(look.cct_k, 2), **fade(look)
            )

    def _go_safe(self) -> None:
        with self._model_lock:
            self._model = LampModel(1.25 * self._capabilities.fps_max, self._safe_look.level_l, self._safe_look.cct_k)
        self._recorded = None
        self.recorder.put_now("safe", device=self.name)


def fade(look: RoomLook) -> dict[str, float]:
    """The fade of a look that has one."""
    return {"fade_s": round(look.fade_s, 4)} if look.fade_s > 0.0 else {}
