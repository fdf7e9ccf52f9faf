"""What the window shows at a frame: where the dot is in pixels, how large, how bright. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.bar import dot_px
from stimuli.colours import Rgb, linear_of_srgb, srgb_of_linear
from stimuli.light import light_at, screen_point_at
from stimuli.paths import EIGHT_HEIGHT
from stimuli.score import Score
from stimuli.settings import DotShape, Path

GROUND_SRGB: Final = (4, 5, 7)
"""The dark background, near black: a lit one would be a whole-screen change."""

MARGIN_FRAC: Final = 0.02
"""Left free at each edge of the screen, of its smaller side."""

MOST_OF_SCREEN_FRAC: Final = 0.25
"""The dot is never wider than this part of the screen's smaller side: what is lit stays small (DOMAIN 4)."""

RISE_S: Final = 0.1
FALL_S: Final = 0.06
"""The least time the level takes between dark and the brightness asked, so that no switch makes a jump of light."""

_TABLE_STEPS: Final = 16_384


@dataclass(frozen=True, slots=True)
class Picture:
    """A dot of `shape` `width_px` wide, its centre at `x_px`, `y_px` from the top left; `pos` is the bar's -1..1.

    `level_frac` is its light in this picture, `full_frac` what it is when the set has faded in.
    """

    pos: float
    level_frac: float
    full_frac: float
    colour: Rgb
    shape: DotShape
    width_px: float
    x_px: float
    y_px: float


def dot_width_px(size: float, width: int, height: int) -> float:
    """The dot's width on a screen of `width` x `height` pixels."""
    return min(dot_px(size), MOST_OF_SCREEN_FRAC * min(width, height))


def place(x: float, y: float, path: Path, width: int, height: int, dot_width_px: float) -> tuple[float, float]:
    """Pixels from the top left of the point x, y (-1..1, y up), the whole dot on the screen.

    Straight paths use the whole screen; circle and eight keep their shape.
    """
    margin = dot_width_px / 2.0 + MARGIN_FRAC * min(width, height)
    across, up = width / 2.0 - margin, height / 2.0 - margin
    if path == "circle":
        across = up = min(across, up)
    elif path == "eight":
        across = up = min(across, up / EIGHT_HEIGHT)
    return width / 2.0 + x * across, height / 2.0 - y * up


def picture_at(score: Score, bar_level: float, frame: int, width: int, height: int) -> Picture:
    """What the score shows at `frame` on a screen of `width` x `height` pixels, within the room's `bar_level`.

    Raises ValueError where the colour is not one.
    """
    light = score.bls_at(frame).light
    size_px = dot_width_px(light.size, width, height)
    dot = light_at(score, frame)
    x_px, y_px = place(*screen_point_at(score.motion, light, frame), light.path, width, height, size_px)
    level, full = min(dot.level_frac, bar_level), min(light.brightness_frac, bar_level)
    return Picture(dot.pos, level, full, dot.colour, light.dot, size_px, x_px, y_px)


def eased(picture: Picture, last_level_frac: float, elapsed_s: float) -> Picture:
    """`picture` with its level no further from the last one than the elapsed time allows."""
    range_frac = max(picture.full_frac, last_level_frac) * max(elapsed_s, 0.0)
    most, least = last_level_frac + range_frac / RISE_S, last_level_frac - range_frac / FALL_S
    return replace(picture, level_frac=min(max(picture.level_frac, least), most))


def _encoding_table() -> npt.NDArray[np.uint8]:
    light = np.arange(_TABLE_STEPS) / (_TABLE_STEPS - 1)
    return np.array([round(255.0 * srgb_of_linear(float(value))) for value in light], dtype=np.uint8)


_SRGB_OF_LIGHT: Final = _encoding_table()
_GROUND_LIGHT: Final = np.array([linear_of_srgb(value / 255.0) for value in GROUND_SRGB])


def shaded(coverage: npt.NDArray[np.float64], level_frac: float, colour: Rgb) -> npt.NDArray[np.uint8]:
    """sRGB pixels, shape (rows, columns, 3), of a dot whose light is added to the background's in linear light."""
    light = _GROUND_LIGHT + coverage[:, :, np.newaxis] * (level_frac * np.asarray(colour))
    index = np.rint(np.minimum(light, 1.0) * (_TABLE_STEPS - 1)).astype(np.int64)
    pixels: npt.NDArray[np.uint8] = _SRGB_OF_LIGHT[index]
    return pixels


def quarter_pixels(at_px: float) -> tuple[int, int]:
    """A place as whole pixels and quarters of one, to the nearest quarter."""
    quarters = math.floor(at_px * 4.0 + 0.5)
    return divmod(quarters, 4)
