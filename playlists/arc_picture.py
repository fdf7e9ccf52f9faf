"""The arc as a picture: lines of music and light, spans of phases and marks of prompts over the minutes."""

from __future__ import annotations

import math
from typing import Any, Final

from playlists.arc import Arc, Move, planned_end_s, prompts_at, stay_from
from playlists.arc_snapshot import zero_s
from playlists.curves import Curve, at, corners_s
from playlists.moves import moved
from playlists.program import Program, ends_at_min
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
    zero = zero_s(arc)
    end_s = planned_end_s(arc) + AFTER_MIN * 60.0
    if isinstance(of, Program):
        end_s = max(end_s, zero + ends_at_min(of) * 60.0)
    if now_s is not None:
        end_s = max(end_s, now_s + AFTER_MIN * 60.0)
    stay_s = arc.stay_until_s if arc.stay_until_s is not None else stay_from(arc)
    levels = arc.levels

    def minute(moment_s: float) -> float:
        return round((moment_s - zero) / 60.0, 4)

    def line(curve: Curve) -> list[list[float]]:
        inside = [moment for moment in corners_s(curve) if arc.started_s < moment < end_s]
        return [[minute(moment), round(at(curve, moment), 4)] for moment in (arc.started_s, *inside, end_s)]

    return {
        "id": arc.program.id,
        "title": arc.program.title,
        "from_min": minute(arc.started_s),
        "to_min": minute(end_s),
        "t0_min": 0.0 if arc.program.clock else None,
        "now_min": None if now_s is None else minute(now_s),
        "phases": _phases(arc, minute, end_s),
        "intensity": line(levels.intensity),
        "gain_db": line(levels.trim),
        "light": line(levels.light),
        "cct": [[at_min, round(1e6 / mired)] for at_min, mired in line(levels.mired)],
        "prompts": [
            {"id": prompt.id, "text": prompt.text, "at_min": minute(prompt.due_s), "state": prompt.state}
            for prompt in prompts_at(arc, arc.started_s if now_s is None else now_s)
            if math.isfinite(prompt.due_s) and prompt.due_s <= end_s
        ],
        "stay_min": None if stay_s is None else minute(stay_s),
        "max_intensity": 5,
    }


def _phases(arc: Arc, minute: Any, end_s: float) -> list[dict[str, Any]]:
    """The visits to phases in order; what is one visit in several stretches is one span."""
    spans: list[dict[str, Any]] = []
    for stretch in arc.plan:
        phase = arc.program.phases[stretch.phase]
        until = minute(min(stretch.end_s, end_s))
        if (
            spans
            and spans[-1]["id"] == phase.id
            and spans[-1]["start_min"] == minute(stretch.entered_s)
            and not stretch.overrun
        ):
            spans[-1]["end_min"] = until
            continue
        spans.append(
            {
                "id": phase.id,
                "title": phase.title,
                "start_min": minute(stretch.start_s),
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
