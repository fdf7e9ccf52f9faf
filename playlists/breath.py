"""Paced breathing: how full the breath is at a moment, the pad's swell, and the sweep of the bar that leads it.

A breath is led by a *course*: paces one after another, each from the way in with which it begins. Another pace takes over where
the next breath begins, so neither the sweep nor the swell jumps. Seconds are the session's.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from playlists.program import Breath
from stimuli.frames import FRAME_RATE_HZ, FloatArray
from stimuli.motion import Motion, Segment

HALF_CYCLE: Final = 0.5

SHORTEST_LEAD_IN: Final = 0.5
"""A sweep that is late still leads into the next way in while so much of its lead-in is left; else into the one after."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`breath` as it is led from `since_s` on, when its first way in begins."""

    since_s: float
    breath: Breath


Course = tuple[Pace, ...]


PER_MIN_LEAST: Final = 5.0
PER_MIN_MOST: Final = 7.0
"""Breaths a minute: the domain's paced breathing."""


def ratio_problem(ratio: Sequence[float]) -> str | None:
    """What is wrong with in : pause : out : pause, as a sentence; None where nothing is."""
    way_in, _, way_out, _ = ratio
    if min(ratio) < 0 or way_in <= 0 or way_out <= 0 or not math.isfinite(sum(ratio)):
        return "in and out are more than 0, the pauses 0 or more; allowed is for instance [4, 0, 6, 0]"
    if max(way_in, way_out) > 3 * min(way_in, way_out):
        return "one way is more than three times as long as the other; allowed is at most 3 to 1"
    return None


def course_of(breath: Breath, started_s: float) -> Course:
    """`breath` led from `started_s` on: half a way out, and then the first way in."""
    return (Pace(started_s + lead_in_s(breath), breath),)


def repaced(course: Course, t_s: float, breath: Breath) -> Course:
    """`course` that goes over to `breath` at `t_s` with the next way in; never with the first, which is led into already."""
    first = course[0]
    since_s = next_breath_s(course, max(t_s, first.since_s + 60.0 / first.breath.per_min))
    return (*(pace for pace in course if pace.since_s < since_s), Pace(since_s, breath))


def pace_at(course: Course, t_s: float) -> Pace:
    """The pace in force at `t_s`; the first one before it."""
    return course[max(0, bisect_right(course, t_s, key=lambda pace: pace.since_s) - 1)]


def next_breath_s(course: Course, t_s: float) -> float:
    """When the first way in at `t_s` or later begins."""
    pace = pace_at(course, t_s)
    if t_s <= pace.since_s:
        return pace.since_s
    whole_s = 60.0 / pace.breath.per_min
    return pace.since_s + math.ceil((t_s - pace.since_s) / whole_s - 1e-9) * whole_s


def breath_parts_s(breath: Breath) -> tuple[float, float, float, float]:
    """Seconds of in, pause, out and pause, which together are one breath."""
    whole = 60.0 / breath.per_min
    total = sum(breath.ratio)
    way_in, full, way_out, empty = (whole * part / total for part in breath.ratio)
    return way_in, full, way_out, empty


def fill_at(breath: Breath, elapsed_s: float) -> float:
    """How full the breath is `elapsed_s` after its first way in began: 0 empty, 1 full, with no corner at either."""
    if elapsed_s <= 0.0:
        return 0.0
    way_in, full, way_out, _ = breath_parts_s(breath)
    into_s = math.fmod(elapsed_s, 60.0 / breath.per_min)
    if into_s < way_in:
        return 0.5 - 0.5 * math.cos(math.pi * into_s / way_in)
    if into_s < way_in + full:
        return 1.0
    out_s = into_s - way_in - full
    return 0.5 + 0.5 * math.cos(math.pi * out_s / way_out) if out_s < way_out else 0.0


def lead_in_s(breath: Breath) -> float:
    """How long before the first way in the leading begins: half a way out, from the centre to the left edge."""
    return breath_parts_s(breath)[2] / 2.0


def swell_db_at(course: Course, t_s: float) -> float:
    """The pad's swell at `t_s`: 0 dB at the top of the breath, `pad_swell_db` less at the bottom."""
    pace = pace_at(course, t_s)
    return pace.breath.pad_swell_db * (fill_at(pace.breath, t_s - pace.since_s) - 1.0)


def swell_gains(course: Course, seconds: FloatArray) -> npt.NDArray[np.float32]:
    """The same as an amplitude for each of `seconds`."""
    decibels = np.empty(len(seconds))
    for pace, until_s in _ruling(course):
        here = seconds < until_s if pace is course[0] else (seconds >= pace.since_s) & (seconds < until_s)
        if here.any():
            decibels[here] = pace.breath.pad_swell_db * (_fills(pace, seconds[here]) - 1.0)
    gains: npt.NDArray[np.float32] = (10.0 ** (decibels / 20.0)).astype(np.float32)
    return gains


def _ruling(course: Course) -> Iterator[tuple[Pace, float]]:
    """Each pace, and when the next one takes over."""
    for pace, following in pairwise(course):
        yield pace, following.since_s
    yield course[-1], math.inf


def _fills(pace: Pace, seconds: FloatArray) -> FloatArray:
    way_in, full, way_out, _ = breath_parts_s(pace.breath)
    since_s = seconds - pace.since_s
    into_s = np.fmod(since_s, 60.0 / pace.breath.per_min)
    rising = 0.5 - 0.5 * np.cos(np.pi * np.clip(into_s / way_in, 0.0, 1.0))
    falling = 0.5 + 0.5 * np.cos(np.pi * np.clip((into_s - way_in - full) / way_out, 0.0, 1.0))
    fills: FloatArray = np.where(since_s <= 0.0, 0.0, np.minimum(rising, falling))
    return fills


def breath_motion(course: Course, start_frame: int, seconds: float, zero_frame: int = 0) -> Motion:
    """The bar's motion from `start_frame` on, for about `seconds`: right on the way in, left on the way out.

    `zero_frame` is the frame of second 0. The dot stands at the centre until half a way out before a breath, goes left, and
    then keeps with the course. A breath is one cycle from left edge to left edge, each way at its own rate; a sine's speed is
    nothing at the edges, so the dot turns without a jerk. A pause is a rest at the edge. A course that is changed at a moment
    gives the same motion up to that moment.
    """
    start_s = (start_frame - zero_frame) / FRAME_RATE_HZ
    whole_lead_s = lead_in_s(pace_at(course, start_s).breath)
    breath_s = next_breath_s(course, start_s + SHORTEST_LEAD_IN * whole_lead_s)
    lead_s = min(whole_lead_s, breath_s - start_s)

    def frame_of(moment_s: float) -> float:
        return zero_frame + moment_s * FRAME_RATE_HZ

    segments = [Segment(frame_of(breath_s - lead_s), 0.0, 0.25 / lead_s)]
    if segments[0].start_frame > start_frame:
        segments.insert(0, Segment(float(start_frame), 0.0, 0.0))
    phase = 0.25
    while breath_s < start_s + seconds:
        breath = pace_at(course, breath_s + 1e-6).breath
        way_in, full, way_out, empty = breath_parts_s(breath)
        for way_s, pause_s in ((way_in, full), (way_out, empty)):
            segments.append(Segment(frame_of(breath_s), phase, HALF_CYCLE / way_s))
            breath_s, phase = breath_s + way_s, phase + HALF_CYCLE
            if pause_s > 0.0:
                segments.append(Segment(frame_of(breath_s), phase, 0.0))
                breath_s += pause_s
    return Motion(start_frame, tuple(segments), end_frame=frame_of(breath_s))
