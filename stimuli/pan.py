"""Equal-power panning: the sum of the squares of both gains is 1 wherever the sound stands."""

from __future__ import annotations

import math

import numpy as np

from stimuli.beats import Side
from stimuli.frames import FloatArray


def pan_gains(position: float) -> tuple[float, float]:
    """Gains of the left and the right channel at `position`, -1 (left alone) to 1 (right alone); 0 is the centre."""
    if abs(position) >= 1.0:
        return (1.0, 0.0) if position < 0.0 else (0.0, 1.0)
    angle = (position + 1.0) * math.pi / 4.0
    return math.cos(angle), math.sin(angle)


def side_gains(side: Side, pan_frac: float) -> tuple[float, float]:
    """Gains of a tone on `side`: `pan_frac` 1 is that side alone, 0 the centre."""
    return pan_gains(-pan_frac if side == "left" else pan_frac)


def pan_gains_along(positions: FloatArray) -> FloatArray:
    """`pan_gains` at each of `positions`: shape (n, 2)."""
    angles = (np.clip(positions, -1.0, 1.0) + 1.0) * (np.pi / 4.0)
    gains: FloatArray = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    gains[positions >= 1.0, 0] = 0.0
    return gains
