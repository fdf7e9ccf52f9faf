"""A pair of vibrating motors, as a model: each comes up to speed and runs down, only one is driven, and none for ever."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from hardware.seams import TapPulse
from stimuli.beats import Side

RISE_S: Final = 0.040
"""Time constant of a small eccentric-mass motor coming up to speed."""

FALL_S: Final = 0.060
"""Time constant of the same motor running down."""

TIMEOUT_S: Final = 1.0
"""The longest a motor is driven without another word from the room."""


@dataclass(frozen=True, slots=True)
class TapperReport:
    """How strongly each hand is shaken now, 0 to 1. `cut_short` counts pulses ended by one for the other hand."""

    left_frac: float
    right_frac: float
    cut_short: int


@dataclass(frozen=True, slots=True)
class _Drive:
    """A motor driven towards `target_frac` from `start_frac`, from `since_s` until `until_s`."""

    start_frac: float = 0.0
    target_frac: float = 0.0
    since_s: float = 0.0
    until_s: float = 0.0

    def amplitude(self, now_s: float) -> float:
        """How far the motor swings at `now_s`."""
        driven_s = min(now_s, self.until_s) - self.since_s
        reached = self.target_frac + (self.start_frac - self.target_frac) * math.exp(-max(0.0, driven_s) / RISE_S)
        return reached * math.exp(-max(0.0, now_s - self.until_s) / FALL_S)


class MotorsModel:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._drives: dict[Side, _Drive] = {"left": _Drive(), "right": _Drive()}
        self._cut_short = 0

    def take(self, pulse: TapPulse, now_s: float) -> None:
        """A pulse begins at `now_s`; one that runs in the other hand ends."""
        other: Side = "right" if pulse.side == "left" else "left"
        if self._drives[other].until_s > now_s:
            self._cut_short += 1
            self._end(other, now_s)
        until_s = now_s + min(pulse.ms / 1000, TIMEOUT_S)
        before = self._drives[pulse.side].amplitude(now_s)
        self._drives[pulse.side] = _Drive(before, pulse.strength_frac, now_s, until_s)

    def still(self, now_s: float) -> None:
        """Both motors are driven no more."""
        self._end("left", now_s)
        self._end("right", now_s)

    def driven(self, now_s: float) -> tuple[bool, bool]:
        """Whether left and right are driven at `now_s`; never both."""
        return self._drives["left"].until_s > now_s, self._drives["right"].until_s > now_s

    def report(self, now_s: float) -> TapperReport:
        """What the hands feel at `now_s`."""
        return TapperReport(self._drives["left"].amplitude(now_s), self._drives["right"].amplitude(now_s), self._cut_short)

    def _end(self, side: Side, now_s: float) -> None:
        drive = self._drives[side]
        if drive.until_s > now_s:
            self._drives[side] = _Drive(drive.start_frac, drive.target_frac, drive.since_s, now_s)
