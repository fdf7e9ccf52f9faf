"""Where the moving dot stands between its edges, as a function of phase alone: -1 is the left edge, 0 the centre, 1 the right.

Every travel is at the left edge at phase 1/4, at the centre at 1/2 and at the right edge at 3/4: beats fall at the edges.
"""

from __future__ import annotations

import math

import numpy as np

from stimuli.frames import FloatArray
from stimuli.settings import Travel


def _triangle(phase: float) -> float:
    turned = phase - 0.25
    return 1.0 - abs(4.0 * (turned - math.floor(turned)) - 2.0)


def _ease(triangle: float) -> float:
    return triangle * (15.0 + triangle * triangle * (3.0 * triangle * triangle - 10.0)) / 8.0


def position(phase: float, travel: Travel = "sine", *, saccade: bool = False) -> float:
    """Position in -1..1 at `phase` cycles.

    `sine` is -sin(2 pi phase); `linear` moves at one speed; `eased` lingers at the edges and is quickest at the centre, by the
    quintic 6u^5 - 15u^4 + 10u^3 (K. Perlin 2002, doi 10.1145/566570.566636) between edges. A saccade stands at an edge from its
    beat until the next one, and at the centre before the first.
    """
    if saccade:
        if phase < 0.25:
            return 0.0
        return -1.0 if math.floor(2.0 * (phase - 0.25)) % 2 == 0 else 1.0
    if travel == "sine":
        return -math.sin(2.0 * math.pi * phase)
    triangle = _triangle(phase)
    return triangle if travel == "linear" else _ease(triangle)


def positions(phases: FloatArray, travel: Travel = "sine", *, saccade: bool = False) -> FloatArray:
    """`position` at each of `phases`, to within rounding."""
    result: FloatArray
    if saccade:
        side = np.where(np.floor(2.0 * (phases - 0.25)) % 2 == 0, -1.0, 1.0)
        result = np.where(phases < 0.25, 0.0, side)
        return result
    if travel == "sine":
        result = -np.sin(2.0 * np.pi * phases)
        return result
    turned = phases - 0.25
    triangle: FloatArray = 1.0 - np.abs(4.0 * (turned - np.floor(turned)) - 2.0)
    if travel == "linear":
        return triangle
    result = triangle * (15.0 + triangle * triangle * (3.0 * triangle * triangle - 10.0)) / 8.0
    return result
