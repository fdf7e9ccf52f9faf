"""What a program does bilaterally by itself, as a projection of the arc: the sweep that leads a breath, slow alternate taps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from playlists.arc import Arc, state_at
from playlists.breath import breath_motion
from playlists.programs import program_settings
from stimuli import motion
from stimuli.frames import frames_of_s
from stimuli.motion import Motion
from stimuli.score import Cue, Score
from stimuli.settings import Bls

LONGEST_S: Final = 2.0 * 3600.0
"""A motion that nobody pauses or ends comes to rest by itself after two hours."""

MOVING: Final = ("running", "held", "overrun")


def wants_motion(arc: Arc, t_s: float) -> bool:
    """Whether the program's own motion should be there at `t_s`: not while it is paused, and not once it has ended."""
    return arc.program.bls is not None and state_at(arc, t_s) in MOVING


def own_motion(arc: Arc, bls: Bls, start_frame: int, zero_frame: int = 0) -> Motion:
    """The motion from `start_frame` on, led by the breath or at the settings' rate; `zero_frame` is that of second 0."""
    if arc.breath:
        return breath_motion(arc.breath, start_frame, LONGEST_S, zero_frame)
    return motion.start(start_frame, bls.rate_hz, round(bls.rate_hz * LONGEST_S), soft=True)


def own_scores(arc: Arc, seed: int = 1) -> tuple[Score, ...]:
    """The scores of a session that went, and goes on, as `arc` has it: one from each start or resume, in order of frame.

    A pause and the end finish the motion softly, STOP cuts it; frames count from the arc's second 0.
    """
    bls = program_settings(arc.program)
    if bls is None:
        return ()
    bls = replace(bls, seed=seed)
    scores: list[Score] = []
    for begin_s, end_s in _spans(arc):
        frame = max(frames_of_s(begin_s), math.ceil(scores[-1].motion.end_frame or 0) if scores else 0)
        if frame >= frames_of_s(min(end_s, 48 * 3600.0)):
            continue
        moving = own_motion(arc, bls, frame)
        if math.isfinite(end_s):
            end = motion.cut if _stopped_at(arc, end_s) else motion.finish
            moving = end(moving, frames_of_s(end_s))
        scores.append(Score(moving, (Cue(frame, bls),)))
    return tuple(scores)


def _stopped_at(arc: Arc, t_s: float) -> bool:
    return state_at(arc, t_s) == "stopped"


def _spans(arc: Arc) -> Iterator[tuple[float, float]]:
    """(from, until) of the times in which the motion is wanted."""
    begin_s: float | None = None
    turns_s = {stretch.start_s for stretch in arc.plan} | ({arc.ended_s} if arc.ended_s is not None else set())
    for turn_s in sorted(turns_s):
        wanted = wants_motion(arc, turn_s)
        if wanted and begin_s is None:
            begin_s = turn_s
        elif not wanted and begin_s is not None:
            yield begin_s, turn_s
            begin_s = None
    if begin_s is not None:
        yield begin_s, math.inf
