"""The bilateral motion: a list of closed-form segments whose phase can be had for any frame, past or future.

Phase counts cycles. It is 0 at the centre, moving left; the left edge lies at 1/4, the centre again at 1/2, the right edge at
3/4. Beat k (0, 1, 2 ...) falls at phase (2k + 1) / 4, so beats go left, right, left. Within a segment the phase is a
quadratic in time, so nothing is accumulated and the 1,000th hour is as exact as the first second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray

RATE_RAMP_S: Final = 1.0
"""How long a change of rate takes, as a linear ramp of the rate."""

LAST_BEAT_BEFORE_REST: Final = 0.25
"""A set comes to rest a quarter of a cycle after its last beat."""

MotionState = Literal["idle", "running", "finishing"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Motion with a linearly changing rate from `start_frame` (which may lie between frames) to the next segment's start."""

    start_frame: float
    phase: float
    rate_hz: float
    slope_hz_per_s: float = 0.0

    def phase_at(self, frame: float) -> float:
        """Phase in cycles at `frame`."""
        elapsed_s = (frame - self.start_frame) / FRAME_RATE_HZ
        return self.phase + (self.rate_hz + 0.5 * self.slope_hz_per_s * elapsed_s) * elapsed_s

    def rate_at(self, frame: float) -> float:
        """Rate in Hz at `frame`."""
        return self.rate_hz + self.slope_hz_per_s * (frame - self.start_frame) / FRAME_RATE_HZ

    def seconds_to(self, phase: float) -> float:
        """Seconds from this segment's start until it reaches `phase`; infinite where it never does.

        The root of the quadratic in the form that stays exact for small slopes and at the point of rest.
        """
        distance = phase - self.phase
        discriminant = self.rate_hz * self.rate_hz + 2.0 * self.slope_hz_per_s * distance
        if discriminant < -1e-12:
            return float("inf")
        divisor = self.rate_hz + float(np.sqrt(max(discriminant, 0.0)))
        return 2.0 * distance / divisor if divisor > 0.0 else float("inf")


@dataclass(frozen=True, slots=True)
class Motion:
    """One set's motion, whole: from `start_frame` at phase 0 to rest.

    `cycles_total` is the phase it comes to rest at, None while it is open. `finish_frame` is where it begins to finish and
    `end_frame` where it is at rest. `cut_frame` is a hard stop: from there everything placed by the motion falls silent.
    `open_segments` are the segments as they would go on if nothing ended them: what a later change starts from.
    """

    start_frame: int
    segments: tuple[Segment, ...]
    cycles_total: int | None = None
    finish_frame: float | None = None
    end_frame: float | None = None
    cut_frame: int | None = None
    open_segments: tuple[Segment, ...] = ()

    @property
    def brake_frame(self) -> float | None:
        """Where the soft deceleration begins, which is the last beat; None while open, and where the end is hard."""
        if self.cycles_total is None or self.finish_frame is None:
            return None
        return self.segments[-1].start_frame

    def state_at(self, frame: float) -> MotionState:
        """Whether a set is idle, running or finishing at `frame`."""
        if frame < self.start_frame or (self.end_frame is not None and frame >= self.end_frame):
            return "idle"
        if self.finish_frame is not None and frame >= self.finish_frame:
            return "finishing"
        return "running"

    def _segment_at(self, frame: float) -> Segment:
        for segment in reversed(self.segments):
            if frame >= segment.start_frame:
                return segment
        return self.segments[0]

    def phase_at(self, frame: float) -> float:
        """Phase in cycles at `frame`: 0 before the start, the resting phase after the end."""
        if frame <= self.start_frame:
            return 0.0
        if self.end_frame is not None and frame > self.end_frame:
            frame = max(self.end_frame, float(self.start_frame))
        return self._segment_at(frame).phase_at(frame)

    def rate_at(self, frame: float) -> float:
        """Rate in Hz at `frame`, 0 at rest."""
        if self.state_at(frame) == "idle":
            return 0.0
        return self._segment_at(frame).rate_at(frame)

    def phases(self, frames: FloatArray) -> FloatArray:
        """Phase in cycles at each of `frames`; elementwise equal to `phase_at`, whatever the split into blocks."""
        clipped = frames if self.end_frame is None else np.minimum(frames, self.end_frame)
        clipped = np.maximum(clipped, float(self.start_frame))
        starts = np.array([segment.start_frame for segment in self.segments])
        index = np.maximum(np.searchsorted(starts, clipped, side="right") - 1, 0)
        elapsed_s = (clipped - starts[index]) / FRAME_RATE_HZ
        phase = np.array([segment.phase for segment in self.segments])[index]
        rate = np.array([segment.rate_hz for segment in self.segments])[index]
        slope = np.array([segment.slope_hz_per_s for segment in self.segments])[index]
        result: FloatArray = phase + (rate + 0.5 * slope * elapsed_s) * elapsed_s
        return result

    def frame_at_phase(self, phase: float) -> float:
        """The exact (fractional) frame at which `phase` is reached; infinite where it never is."""
        if self.cycles_total is not None and phase > self.cycles_total:
            return float("inf")
        chosen = self.segments[0]
        for segment in self.segments:
            if segment.phase <= phase:
                chosen = segment
        frame = chosen.start_frame + chosen.seconds_to(phase) * FRAME_RATE_HZ
        return float("inf") if self.end_frame is not None and frame > self.end_frame + 1e-6 else frame


def start(frame: int, rate_hz: float, cycles_total: int | None, *, soft: bool) -> Motion:
    """A motion that starts at the centre at `frame` and, where `cycles_total` is given, ends by itself."""
    steady = (Segment(float(frame), 0.0, rate_hz),)
    motion = Motion(start_frame=frame, segments=steady, open_segments=steady)
    return motion if cycles_total is None else end_at_cycles(motion, cycles_total, soft=soft)


def end_at_cycles(motion: Motion, cycles_total: int, *, soft: bool) -> Motion:
    """`motion` ended at phase `cycles_total`: at rest there after a soft deceleration, or at full rate up to it.

    Soft, the rate falls linearly to nothing from the last beat at `cycles_total` - 1/4; a quarter cycle at a mean of half
    the rate takes 1 / (2 rate) seconds. An end that lies in the past already would rewrite it: ask `next_whole_cycles`.
    """
    moving = motion.open_segments or motion.segments
    open_motion = Motion(motion.start_frame, moving, open_segments=moving)
    if not soft:
        end = open_motion.frame_at_phase(float(cycles_total))
        kept = tuple(segment for segment in moving if segment.start_frame < end)
        return replace(open_motion, segments=kept, cycles_total=cycles_total, end_frame=end)
    last_beat_phase = cycles_total - LAST_BEAT_BEFORE_REST
    last_beat = open_motion.frame_at_phase(last_beat_phase)
    rate_hz = open_motion._segment_at(last_beat).rate_at(last_beat)
    rest_s = 2.0 * LAST_BEAT_BEFORE_REST / rate_hz
    braking = Segment(last_beat, last_beat_phase, rate_hz, -rate_hz / rest_s)
    kept = tuple(segment for segment in moving if segment.start_frame < last_beat)
    return replace(
        open_motion,
        segments=(*kept, braking),
        cycles_total=cycles_total,
        finish_frame=last_beat,
        end_frame=last_beat + rest_s * FRAME_RATE_HZ,
    )


def change_rate(motion: Motion, frame: int, rate_hz: float, *, soft: bool, ramp_s: float = RATE_RAMP_S) -> Motion:
    """`motion` with its rate led from what it is at `frame` to `rate_hz`; the phase never jumps and the end's cycle stays.

    A motion already braking or at rest is returned as it is; one that was asked to finish goes on finishing, softly.
    """
    frame = max(frame, motion.start_frame)
    brake = motion.brake_frame
    if (motion.end_frame is not None and frame >= motion.end_frame) or (brake is not None and frame >= brake):
        return motion
    phase, rate_now_hz = motion.phase_at(frame), motion._segment_at(frame).rate_at(frame)
    ramp = Segment(float(frame), phase, rate_now_hz, (rate_hz - rate_now_hz) / ramp_s)
    after = frame + ramp_s * FRAME_RATE_HZ
    steady = Segment(after, ramp.phase_at(after), rate_hz)
    kept = tuple(segment for segment in motion.open_segments or motion.segments if segment.start_frame < frame)
    moving = (*kept, ramp, steady)
    moved = Motion(motion.start_frame, moving, open_segments=moving)
    if motion.cycles_total is None:
        return moved
    asked = motion.finish_frame is not None and motion.finish_frame <= frame
    ended = end_at_cycles(moved, motion.cycles_total, soft=soft or asked)
    return replace(ended, finish_frame=motion.finish_frame) if asked else ended


def next_whole_cycles(motion: Motion, frame: int) -> int:
    """The fewest whole cycles that `motion` can still end at softly when asked at `frame`."""
    return max(1, int(np.ceil(motion.phase_at(frame) + LAST_BEAT_BEFORE_REST - 1e-9)))


def finish(motion: Motion, frame: int) -> Motion:
    """`motion` brought to rest softly at the next whole cycle it can reach, called finishing from `frame` on.

    Never later than it would have ended by itself, and never later for being asked again.
    """
    if motion.state_at(frame) == "finishing" or (motion.end_frame is not None and frame >= motion.end_frame):
        return motion
    cycles_total = next_whole_cycles(motion, frame)
    if motion.cycles_total is not None and cycles_total > motion.cycles_total:
        return motion
    return replace(end_at_cycles(motion, cycles_total, soft=True), finish_frame=float(frame))


def cut(motion: Motion, frame: int) -> Motion:
    """`motion` stopped at `frame`, at once: at rest where it is, with everything it placed falling silent from there.

    A motion at rest already stays where it is, but what still sounds of it is cut; an earlier cut stands.
    """
    if motion.cut_frame is not None and motion.cut_frame <= frame:
        return motion
    if motion.end_frame is not None and motion.end_frame <= frame:
        return replace(motion, cut_frame=frame)
    finishing = motion.finish_frame if motion.state_at(frame) == "finishing" else None
    return replace(motion, finish_frame=finishing, end_frame=float(frame), cut_frame=frame)


def cycles_after(motion: Motion, frame: int, seconds: float, rate_hz: float) -> int:
    """The whole cycles that a motion led to `rate_hz` at `frame` has nearest to `seconds` from its start; one at least."""
    left_s = seconds - (frame - motion.start_frame) / FRAME_RATE_HZ
    wanted = round(motion.phase_at(frame) + left_s * rate_hz)
    return max(next_whole_cycles(motion, frame), wanted)
