"""A lamp that is not there: a model of one, recorded, with faults on order."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.faults import Fault
from hardware.roomlights.model import LampModel, RoomLightReport
from hardware.seams import Capabilities, Due, RoomLight, RoomLook
from hardware.stub_device import StubDevice

_PACED_FPS: Final = 40.0
_SLOW_PER_S: Final = 10.0
_SAFE_LOOK: Final = RoomLook(20.0, 2200.0)


def build(entry: RoomLightEntry) -> StubRoomLight:
    """The stub of a room file's entry."""
    safe = RoomLook(entry.safe_level_l, entry.safe_cct_k)
    return StubRoomLight(entry.name, entry.onset_ms, entry.record, entry.faults, safe)


class StubRoomLight(StubDevice[RoomLook], RoomLight):
    """A paced lamp, or with `transitions` one that takes ten messages a second and fades by itself.

    A look that does not differ from the last is taken, and recorded once.
    """

    called = "room light"
    offered = "a look"

    def __init__(
        self,
        name: str,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
        safe_look: RoomLook = _SAFE_LOOK,
        transitions: bool = False,
    ) -> None:
        most_per_s = _SLOW_PER_S if transitions else _PACED_FPS
        capabilities = Capabilities(
            on_silence="holds its last look", fps_max=most_per_s, onset_ms=onset_ms, transitions=transitions
        )
        super().__init__(name, capabilities, record, faults, holds=True)
        self._safe_look = safe_look
        self._model = LampModel(1.25 * most_per_s)
        self._recorded: RoomLook | None = None

    def reports(self) -> RoomLightReport:
        """The lamp as somebody in the room would see it now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _wrong_with(self, look: RoomLook) -> str:
        if not 0.0 <= look.level_l <= 100.0:
            return f"was offered a level of {look.level_l}, outside L* 0 to 100"
        if not 1000.0 <= look.cct_k <= 10_000.0:
            return f"was offered {look.cct_k} K, outside 1000 to 10000 K"
        if not (look.fade_s >= 0.0 and math.isfinite(look.fade_s)):
            return f"was offered a fade of {look.fade_s} s"
        return ""

    def _take(self, told: tuple[RoomLook, Due, int]) -> None:
        look, due, told_ns = told
        with self._model_lock:
            taken = self._model.take(look, time.monotonic())
        if taken and look != self._recorded:
            self._recorded = look
            self.recorder.put(
                "roomlight", due, told_ns, level_l=round(look.level_l, 4), cct_k=round(look.cct_k, 2), **fade(look)
            )

    def _still(self) -> None:
        with self._model_lock:
            self._model = LampModel(1.25 * self.capabilities.fps_max, self._safe_look.level_l, self._safe_look.cct_k)
        self._recorded = None


def fade(look: RoomLook) -> dict[str, float]:
    """The fade of a look that has one."""
    return {"fade_s": round(look.fade_s, 4)} if look.fade_s > 0.0 else {}
