"""The last stage of the light: whatever the score says, a dot that leaves is small, dim enough, and never appears at a jump.

A dot that covers at most a quarter of the bar is small in the sense of the flash rule (DOMAIN 4), so no movement of it is a
whole-field flash; a wider one is narrowed to that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from stimuli.bar import dot_leds
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import Dot

MOST_LIT_FRAC: Final = 0.25
RISE_S: Final = 0.1
"""From dark to the room's full level takes at least this long."""


@dataclass(slots=True)
class LightGovernor:
    """Limits of one bar; holds the level it let through last, and the one that was shown last."""

    bar_level: float
    leds: int
    _level_frac: float = 0.0
    _frame: float = 0.0
    _shown: tuple[float, float] = (0.0, 0.0)

    def limit(self, dot: Dot, frame: float) -> Dot:
        """`dot` as it may leave at `frame`."""
        elapsed_s = min(max(0.0, (frame - self._frame) / FRAME_RATE_HZ), RISE_S)
        most = self._level_frac + self.bar_level * elapsed_s / RISE_S
        level = min(dot.level_frac, self.bar_level, most)
        self._level_frac, self._frame = level, frame
        return replace(dot, level_frac=level, size=self.narrowed(dot.size))

    def narrowed(self, size: float) -> float:
        """The dot's size, at most a quarter of the bar and at least one LED."""
        return min(dot_leds(size), max(1.0, self.leds * MOST_LIT_FRAC))

    def shown(self, level_frac: float, frame: float) -> None:
        """The bar shows `level_frac` since `frame`."""
        self._shown = (level_frac, frame)

    def rewind(self) -> None:
        """What was let through since the last picture that was shown is thrown away."""
        self._level_frac, self._frame = self._shown
