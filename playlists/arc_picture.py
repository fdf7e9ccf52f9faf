"""The arc as a picture: lines of music and light, spans of phases and marks of prompts over the minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from playlists.arc import Arc, Move, planned_end_s, prompts_at, stay_from
from playlists.arc_snapshot import zero_s
from playlists.curves import Curve, at, corners_s
from playlists.moves import moved
from playlists.program import Program
from playlists.retiming import start_arc

AFTER_MIN: Final = 5.0
"""How far beyond the last phase the picture goes on, to show that the music does."""


def arc_picture(of: Program | Arc, t_s: float | None = None) -> dict[str, Any]:
    """A program as planned, or a running arc as it was and will be if nobody moves it.

    All `..._min` are minutes from T0 (from the program's start where there is no medicine clock); before it they are negative.
    Each line is a list of [minute, value] corners to be joined straight:

        from_min, to_min      what the picture spans
        t0_min                0 where there is a medicine clock, else null
        now_min               the now-line of a running arc at `t_s`, else null
        phases                [{id, title, start_min, end_min, hold, waits, overrun}], in order, without gaps
        intensity             [[min, 0-5], ..]        the music's
        gain_db               [[min, dB], ..]         its trim from the target loudness
        light                 [[min, L* 0-100], ..]   the room light's level
        cct                   [[min, K], ..]          its colour
        prompts               [{id, text, at_min, state}]
        stay_min              the end of the minimum stay, null where there is none
        max_intensity         5
    """
    arc = _planned(of) if isinstance(of, Program) else of
    now_s = None if isinstance(of, Program) else t_s
    frame = _Frame(arc, zero_s(arc), _end_s(arc, now_s))
    stay_s = arc.stay_until_s if arc.stay_until_s is not None else stay_from(arc)
    return {
        "id": arc.program.id,
        "title": arc.program.title,
        "from_min": frame.minute(arc.started_s),
        "to_min": frame.minute(frame.end_s),
        "t0_min": 0.0 if arc.program.clock else None,
        "now_min": None if now_s is None else frame.minute(now_s),
        "phases": _phases(arc, frame),
        "intensity": frame.line(arc.levels.intensity),
        "gain_db": frame.line(arc.levels.trim),
        "light": frame.line(arc.levels.light),
        "cct": [[at_min, round(1e6 / mired)] for at_min, mired in frame.line(arc.levels.mired)],
        "prompts": _prompts(arc, frame, arc.started_s if now_s is None else now_s),
        "stay_min": None if stay_s is None else frame.minute(stay_s),
        "max_intensity": 5,
    }


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the picture spans: from the arc's start to `end_s`, in minutes from `zero_s`."""

    arc: Arc
    zero_s: float
    end_s: float

    def minute(self, moment_s: float) -> float:
        """A session time as minutes."""
        return round((moment_s - self.zero_s) / 60.0, 4)

    def line(self, curve: Curve) -> list[list[float]]:
        """The corners of a curve inside the picture, its edges included."""
        inside = [moment for moment in corners_s(curve) if self.arc.started_s < moment < self.end_s]
        return [[self.minute(moment), round(at(curve, moment), 4)] for moment in (self.arc.started_s, *inside, self.end_s)]


def _end_s(arc: Arc, now_s: float | None) -> float:
    """A little beyond the last phase and beyond now, to show that the music goes on."""
    planned_s = planned_end_s(arc)
    return (planned_s if now_s is None else max(planned_s, now_s)) + AFTER_MIN * 60.0


def _prompts(arc: Arc, frame: _Frame, t_s: float) -> list[dict[str, Any]]:
    return [
        {"id": prompt.id, "text": prompt.text, "at_min": frame.minute(prompt.due_s), "state": prompt.state}
        for prompt in prompts_at(arc, t_s)
        if math.isfinite(prompt.due_s) and prompt.due_s <= frame.end_s
    ]


def _phases(arc: Arc, frame: _Frame) -> list[dict[str, Any]]:
    """The visits to phases in order; what is one visit in several stretches is one span."""
    spans: list[dict[str, Any]] = []
    for stretch in arc.plan:
        phase = arc.program.phases[stretch.phase]
        until = frame.minute(min(stretch.end_s, frame.end_s))
        if (
            spans
            and spans[-1]["id"] == phase.id
            and spans[-1]["start_min"] == frame.minute(stretch.entered_s)
            and not stretch.overrun
        ):
            spans[-1]["end_min"] = until
            continue
        spans.append(
            {
                "id": phase.id,
                "title": phase.title,
                "start_min": frame.minute(stretch.start_s),
                "end_min": until,
                "hold": phase.hold,
                "waits": phase.waits,
                "overrun": stretch.overrun,
            }
        )
    return spans


def _planned(program: Program) -> Arc:
    """The arc of `program` if the dose is given when the arrival's time is over and nobody moves it after that."""
    first = program.phases[0]
    lead_s = first.nominal_s if program.clock else 0.0
    arc = start_arc(program, -lead_s, 0.0, light_l=first.light_l, cct_k=first.light_k)
    return moved(arc, Move("dose", 0.0, 0.0)) if program.clock else arc
