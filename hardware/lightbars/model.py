"""A light bar on a WLED controller, as a model: a short queue, a time for each picture, and dark 2.5 s after the last frame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from hardware.seams import LightFrame

TIMEOUT_S: Final = 2.5
"""WLED leaves realtime mode this long after the last frame."""

_QUEUE: Final = 4
_PER_LED_S: Final = 30e-6
_PER_FRAME_S: Final = 2e-3


@dataclass(frozen=True, slots=True)
class LightBarReport:
    """What somebody in the room would see now. `lost` counts frames that came faster than the bar can show them."""

    pos: float
    level_frac: float
    colour: tuple[float, float, float]
    lit: bool
    waiting: int
    lost: int


class BarModel:
    """Shows frames one after the other, each for as long as it takes to send it down the strip. Times are monotonic seconds."""

    def __init__(self, leds: int) -> None:
        self._show_s = _PER_FRAME_S + leds * _PER_LED_S
        self._waiting: deque[tuple[float, LightFrame]] = deque()
        self._shown: LightFrame | None = None
        self._told_s = float("-inf")
        self._free_s = float("-inf")
        self._lost = 0

    def take(self, frame: LightFrame, now_s: float) -> None:
        """A frame arrives at `now_s`."""
        self._settle(now_s)
        self._told_s = now_s
        if len(self._waiting) >= _QUEUE:
            self._lost += 1
            return
        self._free_s = max(self._free_s, now_s) + self._show_s
        self._waiting.append((self._free_s, frame))

    def go_dark(self, now_s: float) -> None:
        """Dark at once; what waits is forgotten."""
        self._waiting.clear()
        self._shown = None
        self._told_s = self._free_s = now_s

    def report(self, now_s: float) -> LightBarReport:
        """The picture at `now_s`."""
        self._settle(now_s)
        shown = self._shown if now_s - self._told_s < TIMEOUT_S else None
        if shown is None:
            return LightBarReport(0.0, 0.0, (0.0, 0.0, 0.0), False, len(self._waiting), self._lost)
        lit = bool(shown.pixels.any())
        return LightBarReport(shown.pos, shown.level_frac, shown.colour, lit, len(self._waiting), self._lost)

    def _settle(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            self._shown = self._waiting.popleft()[1]
