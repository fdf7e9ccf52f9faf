"""The dot's shapes as coverage masks: how much of each pixel a shape of a given width covers. Pure."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import FloatArray
from stimuli.settings import DotShape

SAMPLES: Final = 4
"""Samples along each side of a pixel, and so the steps of a shape's place between pixels."""

BORDER_PX: Final = 1
"""Dark pixels around a shape, so that it can move by a fraction of one."""

RING_HOLE: Final = 0.6
STAR_POINTS: Final = 5
STAR_WAIST: Final = 0.45
SQUARE_HALF: Final = math.sqrt(math.pi) / 2.0
"""Half the side of the square whose area is the disc's."""

Inside = npt.NDArray[np.bool_]


def _star(u: FloatArray, v: FloatArray) -> Inside:
    """A star with one point up: each half point is a triangle from the tip to the waist."""
    half = math.pi / STAR_POINTS
    turn = np.arctan2(u, v) % (2.0 * half)
    folded = np.minimum(turn, 2.0 * half - turn)
    radius = np.hypot(u, v)
    along, across = radius * np.cos(folded), radius * np.sin(folded)
    waist_along, waist_across = STAR_WAIST * math.cos(half), STAR_WAIST * math.sin(half)
    edge: Inside = (1.0 - along) * waist_across - across * (1.0 - waist_along) >= 0.0
    return edge


def _ellipse(u: FloatArray, v: FloatArray, centre: tuple[float, float], axes: tuple[float, float], turn: float) -> Inside:
    right, up = u - centre[0], v - centre[1]
    first = right * math.cos(turn) + up * math.sin(turn)
    second = up * math.cos(turn) - right * math.sin(turn)
    inside: Inside = (first / axes[0]) ** 2 + (second / axes[1]) ** 2 <= 1.0
    return inside


def _butterfly(u: FloatArray, v: FloatArray) -> Inside:
    """Two large wings above, two small ones below, and a body between."""
    side = np.abs(u)
    upper = _ellipse(side, v, (0.52, 0.36), (0.54, 0.34), math.radians(40.0))
    lower = _ellipse(side, v, (0.38, -0.42), (0.40, 0.28), math.radians(-48.0))
    return upper | lower | _ellipse(side, v, (0.0, -0.05), (0.07, 0.6), 0.0)


def inside(shape: DotShape, u: FloatArray, v: FloatArray) -> Inside:
    """Whether points lie in `shape`, which spans -1..1 across and up."""
    radius_squared = u * u + v * v
    result: Inside
    if shape == "disc":
        result = radius_squared <= 1.0
    elif shape == "ring":
        result = (radius_squared <= 1.0) & (radius_squared >= RING_HOLE**2)
    elif shape == "square":
        result = np.maximum(np.abs(u), np.abs(v)) <= SQUARE_HALF
    else:
        result = _star(u, v) if shape == "star" else _butterfly(u, v)
    return result


def side_px(width_px: float) -> int:
    """The side of the square of pixels that a dot of this width is drawn in."""
    return math.ceil(width_px) + 2 * BORDER_PX


@lru_cache(maxsize=16)
def _samples(shape: DotShape, width_px: float) -> npt.NDArray[np.uint8]:
    side = side_px(width_px) * SAMPLES
    steps = (np.arange(side) + 0.5 - side / 2.0) / (width_px * SAMPLES / 2.0)
    u, v = np.meshgrid(steps, -steps)
    return inside(shape, u, v).astype(np.uint8)


def coverage(shape: DotShape, width_px: float, right: int = 0, down: int = 0) -> FloatArray:
    """How much of each pixel `shape` covers, 0 to 1, rows from the top, in a square of `side_px`.

    The shape stands in the middle, moved by `right` and `down` quarters of a pixel, each 0 to 3.
    """
    samples = np.roll(_samples(shape, width_px), (down, right), axis=(0, 1))
    side = samples.shape[0] // SAMPLES
    summed: FloatArray = samples.reshape(side, SAMPLES, side, SAMPLES).sum(axis=(1, 3), dtype=np.float64)
    return summed / SAMPLES**2
