"""The lines that the dot follows on a screen, in a square from -1 to 1 with y up.

Straight paths are the travel's own coordinate turned: -1 is left, and on the vertical path it is the bottom. Circle and figure
of eight are closed curves that run at the pace of the phase whatever the travel, with the same x as a sine travel.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stimuli.frames import FloatArray
from stimuli.settings import Path, Travel
from stimuli.travel import position, positions

EIGHT_HEIGHT: Final = 0.5
"""Height of the lying figure of eight (a lemniscate of Gerono), as a part of its width."""

_DIRECTION: Final[dict[Path, tuple[float, float]]] = {
    "horizontal": (1.0, 0.0),
    "vertical": (0.0, 1.0),
    "diagonal-up": (1.0, 1.0),
    "diagonal-down": (1.0, -1.0),
}


def is_closed(path: Path) -> bool:
    """Whether `path` is a curve of its own rather than a straight line."""
    return path not in _DIRECTION


def along(phase: float, path: Path, travel: Travel = "sine", *, saccade: bool = False) -> float:
    """The one coordinate that a bar shows of `path`, in -1..1: the travel's own, and x for circle and eight."""
    return position(phase, "sine" if is_closed(path) else travel, saccade=saccade)


def alongs(phases: FloatArray, path: Path, travel: Travel = "sine", *, saccade: bool = False) -> FloatArray:
    """`along` at each of `phases`, to within rounding."""
    return positions(phases, "sine" if is_closed(path) else travel, saccade=saccade)


def point(phase: float, path: Path, travel: Travel = "sine", *, saccade: bool = False) -> tuple[float, float]:
    """Screen x and y in -1..1 at `phase` cycles.

    A saccade on a closed path stands at its left and right end in turn, at half height.
    """
    pos = along(phase, path, travel, saccade=saccade)
    if path in _DIRECTION:
        across, up = _DIRECTION[path]
        return across * pos, up * pos
    if saccade:
        return pos, 0.0
    if path == "circle":
        return pos, math.cos(2.0 * math.pi * phase)
    return pos, EIGHT_HEIGHT * math.sin(4.0 * math.pi * phase)


def points(phases: FloatArray, path: Path, travel: Travel = "sine", *, saccade: bool = False) -> tuple[FloatArray, FloatArray]:
    """`point` at each of `phases`, to within rounding: x and y apart."""
    pos = alongs(phases, path, travel, saccade=saccade)
    if path in _DIRECTION:
        across, up = _DIRECTION[path]
        return across * pos, up * pos
    if saccade:
        return pos, np.zeros_like(pos)
    if path == "circle":
        return pos, np.cos(2.0 * np.pi * phases)
    return pos, EIGHT_HEIGHT * np.sin(4.0 * np.pi * phases)
