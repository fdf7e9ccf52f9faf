"""The dot on a row of LEDs and on a screen: how wide it is, and how much of it each LED shows."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.colours import Rgb
from stimuli.frames import FloatArray

LedFrame = npt.NDArray[np.float32]
"""Linear light of each LED: float32 of shape (leds, 3), red, green, blue, 0 to 1."""

PX_PER_LED: Final = 16.0
LEDS_MAX: Final = 15.0
PX_MAX: Final = 160.0
_FIRST_PX_SIZE: Final = 16.0


def dot_leds(size: float) -> float:
    """Width of the dot in LEDs: `size` up to 15 counts LEDs, from 16 on it counts screen pixels, 16 to an LED."""
    return min(size, LEDS_MAX) if size < _FIRST_PX_SIZE else size / PX_PER_LED


def dot_px(size: float) -> float:
    """Width of the dot in screen pixels: `size` up to 15 counts LEDs of 16 pixels each, up to 160; from 16 on it is pixels."""
    return min(size * PX_PER_LED, PX_MAX) if size < _FIRST_PX_SIZE else min(size, PX_MAX)


@lru_cache(maxsize=32)
def _left_edges(leds: int) -> FloatArray:
    edges = np.arange(leds, dtype=np.float64)
    edges.flags.writeable = False
    return edges


def _span(pos: float, leds: int, width_leds: float) -> tuple[float, float]:
    """Where the dot begins and ends, in LEDs from the left end."""
    if leds < 1:
        raise ValueError(f"a light bar needs at least 1 LED, not {leds}")
    width = min(width_leds, float(leds))
    left = (min(max(pos, -1.0), 1.0) + 1.0) / 2.0 * (leds - width)
    return left, left + width


def coverage(pos: float, leds: int, width_leds: float) -> FloatArray:
    """How much of each LED the dot covers, 0 to 1, shape (leds,); the sum is the dot's width wherever it stands.

    At `pos` -1 the dot touches the left end of the bar, at 1 the right end. Raises ValueError for a bar without LEDs.
    """
    left, right = _span(pos, leds, width_leds)
    edges = _left_edges(leds)
    covered: FloatArray = np.minimum(edges + 1.0, right) - np.maximum(edges, left)
    return np.maximum(covered, 0.0, out=covered)


def bar_pixels(pos: float, level_frac: float, colour: Rgb, leds: int, size: float) -> LedFrame:
    """One picture of the bar: a dot of `size` at `pos`, anti-aliased by coverage, so its whole light never depends on `pos`.

    Equal to the bit to `coverage` times level and colour, worked out for the few lit LEDs alone: a hundred times a second each
    step in numpy would cost more than all of these sums. Raises ValueError for a bar without LEDs.
    """
    left, right = _span(pos, leds, dot_leds(size))
    first, end = int(left), min(leds, int(right) + 1)
    red, green, blue = colour
    lit = [max(min(edge + 1.0, right) - max(float(edge), left), 0.0) * level_frac for edge in range(first, end)]
    pixels: LedFrame = np.zeros((leds, 3), dtype=np.float32)
    pixels[first:end] = [(share * red, share * green, share * blue) for share in lit]
    return pixels


def dark(leds: int) -> LedFrame:
    """A bar with no light."""
    return np.zeros((leds, 3), dtype=np.float32)
