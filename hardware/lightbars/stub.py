"""A light bar that is not there: a model of one, recorded, with faults on order.

It drives the on-screen room and stands in for a bar in tests. It says so, loudly, when it is used in a way no bar allows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from hardware.entries import LightBarEntry
from hardware.faults import Fault
from hardware.lightbars.model import TIMEOUT_S, BarModel, LightBarReport
from hardware.seams import Capabilities, Due, LightBar, LightFrame
from hardware.stub_device import StubDevice
from stimuli.colours import srgb_of_linear


def build(entry: LightBarEntry) -> StubLightBar:
    """The stub of a room file's entry."""
    return StubLightBar(entry.name, entry.leds, entry.fps, entry.onset_ms, entry.record, entry.faults)


class StubLightBar(StubDevice[LightFrame], LightBar):
    """Frames that do not change are taken, and recorded once."""

    called = "light bar"
    offered = "a frame"

    def __init__(
        self,
        name: str,
        leds: int = 60,
        fps: float = 40.0,
        onset_ms: float = 0.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        capabilities = Capabilities(
            on_silence=f"dark {TIMEOUT_S:.1f} s after the last frame", fps_max=fps, pixels=leds, onset_ms=onset_ms
        )
        super().__init__(name, capabilities, record, faults)
        self._model = BarModel(leds)
        self._recorded: tuple[float, float, tuple[float, float, float]] | None = None

    def reports(self) -> LightBarReport:
        """What somebody in the room would see now."""
        with self._model_lock:
            return self._model.report(time.monotonic())

    def _wrong_with(self, frame: LightFrame) -> str:
        wanted = (self.capabilities.pixels, 3)
        if frame.pixels.shape != wanted:
            return f"has {wanted[0]} LEDs, and was offered pixels of shape {frame.pixels.shape}"
        if not (frame.pixels.min() >= 0.0 and frame.pixels.max() <= 1.0):
            return "was offered light outside 0 to 1"
        return ""

    def _take(self, told: tuple[LightFrame, Due, int]) -> None:
        frame, due, told_ns = told
        with self._model_lock:
            self._model.take(frame, time.monotonic())
        shown = (frame.pos, frame.level_frac, frame.colour)
        if shown != self._recorded:
            self._recorded = shown
            colour = hex_colour(frame.colour)
            self.recorder.put("light", due, told_ns, pos=round(frame.pos, 5), level=round(frame.level_frac, 5), colour=colour)

    def _still(self) -> None:
        with self._model_lock:
            self._model.go_dark(time.monotonic())
        self._recorded = None


@lru_cache(maxsize=64)
def hex_colour(colour: tuple[float, float, float]) -> str:
    """`#rrggbb` in sRGB (IEC 61966-2-1) of linear red, green and blue from 0 to 1."""
    return "#" + "".join(f"{round(255 * srgb_of_linear(min(1.0, max(0.0, part)))):02x}" for part in colour)
