"""Levels over time as straight lines between points: closed in form, so any split into blocks gives the same gains to the bit.

A level is either in dB, where a line is a fade at an even rate, or a share from 0 to 1 that `share_gain` turns into an
amplitude: of two shares that add up to 1, the powers add up to 1 too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from stimuli.frames import FloatArray

SILENT_DB: Final = -120.0

KEPT_POINTS: Final = 30
"""Points before a new move that are kept: `frame` may lie ahead, and a fade that runs now must not change its way."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Straight lines through `points`, (frame, value) in the order of frames; level before the first and after the last."""

    points: tuple[tuple[int, float], ...]

    def at(self, frame: int) -> float:
        """The value at `frame`."""
        index = bisect_right(self.points, frame, key=lambda point: point[0])
        if index == 0:
            return self.points[0][1]
        if index == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[index - 1], self.points[index]
        return (y1 - y0) / (x1 - x0) * (frame - x0) + y0

    def to(self, frame: int, value: float, frames: int) -> Envelope:
        """Led from its value at `frame` to `value` in `frames`; whatever was to come after `frame` is dropped."""
        now = self.at(frame)
        past = tuple(point for point in self.points if point[0] < frame)
        return Envelope((*past[-KEPT_POINTS:], (frame, now), (frame + max(frames, 1), value)))

    @property
    def target(self) -> float:
        """Where it ends up."""
        return self.points[-1][1]

    @property
    def settles_frame(self) -> int:
        """From this frame on it keeps its value."""
        return self.points[-1][0]

    def steady(self, first_frame: int, frames: int) -> float | None:
        """The one value it has in these frames, or None where it moves."""
        if first_frame >= self.points[-1][0]:
            return self.points[-1][1]
        if first_frame + frames <= self.points[0][0]:
            return self.points[0][1]
        index = bisect_right(self.points, first_frame, key=lambda point: point[0])
        if index == 0 or first_frame + frames - 1 > self.points[index][0]:
            return None
        value = self.points[index][1]
        return value if value == self.points[index - 1][1] else None

    def values(self, first_frame: int, frames: int) -> FloatArray:
        """The value at each of `frames` frames from `first_frame`."""
        at = np.arange(first_frame, first_frame + frames, dtype=np.float64)
        points = np.array(self.points, dtype=np.float64)
        result: FloatArray = np.interp(at, points[:, 0], points[:, 1])
        return result


def steady(value: float) -> Envelope:
    """An envelope that stays at `value`."""
    return Envelope(((0, value),))


def share_gain(envelope: Envelope, first_frame: int, frames: int) -> float | FloatArray:
    """Amplitudes of an envelope of shares: a number where it is steady, else one for each frame."""
    still = envelope.steady(first_frame, frames)
    if still is not None:
        return float(np.sin(0.5 * np.pi * np.array([still]))[0])
    result: FloatArray = np.sin(0.5 * np.pi * envelope.values(first_frame, frames))
    return result


def db_gain(envelope: Envelope, first_frame: int, frames: int) -> float | FloatArray:
    """Amplitudes of an envelope in dB: a number where it is steady, else one for each frame; SILENT_DB and less is 0."""
    still = envelope.steady(first_frame, frames)
    if still is not None:
        return 0.0 if still <= SILENT_DB else float(np.power(10.0, np.array([still]) / 20.0)[0])
    decibels = envelope.values(first_frame, frames)
    result: FloatArray = np.where(decibels <= SILENT_DB, 0.0, np.power(10.0, decibels / 20.0))
    return result
