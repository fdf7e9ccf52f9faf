"""A light bar that is not there: a model of one, recorded, with faults on order.

It drives the on-screen room and stands in for a bar in tests. It says so, loudly, when it is used in a way no bar allows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from hardware.entries import LightBarEntry
from hardware.faults import Fault, FaultPlan
from hardware.io_thread import IoThread
from hardware.lightbars.model import TIMEOUT_S, BarModel, LightBarReport
from hardware.record import EventRecorder
from hardware.seams import Capabilities, Due, LightBar, LightFrame
from hardware.stub_wire import StubWire
from stimuli.colours import srgb_of_linear


def build(entry: LightBarEntry) -> StubLightBar:
    """The stub of a room file's entry."""
    return StubLightBar(entry.name, entry.leds, entry.fps, entry.onset_ms, entry.record, entry.faults)


class StubLightBar(LightBar):
    """Frames that do not change are taken, and recorded once. Misuse raises AssertionError and counts in `misuses`."""

    driver = "stub"
    verified = True

    def __init__(
        self,
        name: str,
        leds: int = 60,
        fps: float = 40.0,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(name)
        self._capabilities = Capabilities(
            on_silence=f"dark {TIMEOUT_S:.1f} s after the last frame", fps_max=fps, pixels=leds, onset_ms=onset_ms
        )
        self.misuses = 0
        self.recorder = EventRecorder(record)
        self._model = BarModel(leds)
        self._model_lock = threading.Lock()
        self._recorded: tuple[float, float, tuple[float, float, float]] | None = None
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

    def offer(self, frame: LightFrame, due: Due) -> None:
        """Take a frame. Raises AssertionError for one that no bar could show."""
        told_ns = time.monotonic_ns()
        self._refuse_misuse(frame)
        self._io.offer((frame, due, told_ns))

    def safe(self) -> None:
        """Dark."""
        self._io.safe()

    def close(self) -> None:
        """Dark, and gone."""
        self._wire.hurry()
        self._io.close()
        self.recorder.close()

    def reports(self) -> LightBarReport:
        """What somebody in the room would see now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _refuse_misuse(self, frame: LightFrame) -> None:
        wanted = (self._capabilities.pixels, 3)
        wrong = ""
        if not self._io.opened:
            wrong = "was offered a frame while it is not open"
        elif frame.pixels.shape != wanted:
            wrong = f"has {wanted[0]} LEDs, and was offered pixels of shape {frame.pixels.shape}"
        elif not (np.isfinite(frame.pixels).all() and frame.pixels.min() >= 0.0 and frame.pixels.max() <= 1.0):
            wrong = "was offered light outside 0 to 1"
        if wrong:
            self.misuses += 1
            raise AssertionError(f'light bar "{self.name}" {wrong}')

    def _take(self, item: tuple[LightFrame, Due, int]) -> None:
        frame, due, told_ns = item
        with self._model_lock:
            self._model.take(frame, time.monotonic())
        told = (frame.pos, frame.level_frac, frame.colour)
        if told != self._recorded:
            self._recorded = told
            colour = hex_colour(frame.colour)
            self.recorder.put("light", due, told_ns, pos=round(frame.pos, 5), level=round(frame.level_frac, 5), colour=colour)

    def _go_safe(self) -> None:
        with self._model_lock:
            self._model.go_dark(time.monotonic())
        self._recorded = None
        self.recorder.put_now("safe", device=self.name)


@lru_cache(maxsize=64)
def hex_colour(colour: tuple[float, float, float]) -> str:
    """`#rrggbb` in sRGB (IEC 61966-2-1) of linear red, green and blue from 0 to 1."""
    return "#" + "".join(f"{round(255 * srgb_of_linear(min(1.0, max(0.0, part)))):02x}" for part in colour)
