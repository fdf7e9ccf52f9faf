"""The arc as the state's `program` object: plain JSON for panels and scripts."""

from __future__ import annotations

import math
from typing import Any

from playlists.arc import Arc, ArcPoint, arc_at, changed_s, planned_end_s
from playlists.moves import possible_at
from playlists.plan import stretch_at
from playlists.prompts import PromptPoint
from stimuli.frames import frames_of_s


def snapshot_of(arc: Arc, t_s: float, frame_offset: int = 0) -> dict[str, Any]:
    """The contract's `program` object at session time `t_s`.

    `id, title, kind, state, phase, phases[], medicine_s, phase_elapsed_s, phase_left_s, held, paused, overrun, over_max,
    prompts[], stay, anchors[], boosters_s[], total_mg, possible[], started_frame, t0_frame, phase_frame, phase_end_frame,
    breath, music, light`. What runs (`medicine_s`, `phase_elapsed_s`, `phase_left_s`, `stay.left_s`) is as of `t_s`; a browser
    works it out from the `..._frame` beside it and the clock. `frame_offset` is the session frame of session time 0.
    """
    point = arc_at(arc, t_s)
    stretch = stretch_at(arc.plan, t_s)

    def frame(moment_s: float | None) -> int | None:
        return None if moment_s is None or not math.isfinite(moment_s) else frames_of_s(moment_s) + frame_offset

    return {
        "id": arc.program.id,
        "title": arc.program.title,
        "kind": arc.program.kind,
        "note": arc.program.note,
        "state": point.state,
        "phase": point.phase,
        "phases": _phases(arc, t_s),
        "medicine_s": point.medicine_s,
        "phase_elapsed_s": point.phase_elapsed_s,
        "phase_left_s": point.phase_left_s,
        "held": point.held,
        "paused": point.paused,
        "overrun": point.overrun,
        "over_max": point.over_max,
        "stopped": arc.latched,
        "prompts": [_prompt(arc, prompt, frame(prompt.due_s), frame(prompt.again_s)) for prompt in point.prompts],
        "stay": _stay(arc, point, frame(arc.stay_until_s)),
        "anchors": _anchors(arc),
        "boosters_s": [_medicine(arc, booster_s) for booster_s in arc.boosters_s],
        "booster": arc.program.booster.retime,
        "total_mg": arc.total_mg,
        "possible": list(possible_at(arc, t_s)),
        "started_frame": frame(arc.started_s),
        "t0_frame": frame(arc.t0_s),
        "t0_utc_s": arc.t0_utc_s,
        "phase_frame": frame(stretch.entered_s),
        "phase_end_frame": frame(stretch.start_s + stretch.left_s) if point.phase_left_s and not stretch.frozen else None,
        "ends_in_s": None if point.state == "ended" else max(0.0, planned_end_s(arc) - t_s),
        "breath": _breath(arc),
        "music": _music(arc, point),
        "light": {"level_l": point.light.level_l, "cct_k": point.light.cct_k, "target_l": point.light.target_l},
    }


def _phases(arc: Arc, t_s: float) -> list[dict[str, Any]]:
    """Each phase, with the minutes it was, is or will be run at on the medicine clock, or the program's.

    A phase that comes again, after a booster or a step back, is the one that comes.
    """
    now = stretch_at(arc.plan, t_s)
    rows = []
    for index, phase in enumerate(arc.program.phases):
        visits = [each for each in arc.plan if each.phase == index and not each.overrun]
        begun = [each for each in visits if each.start_s <= t_s]
        again = [each for each in visits if each.start_s > t_s] if index != now.phase else []
        here = again[0] if again else begun[-1] if begun else None
        start_s = here.entered_s if here is not None else None
        end_s = visits[-1].end_s if visits else None
        rows.append(
            {
                "id": phase.id,
                "title": phase.title,
                "state": "now" if index == now.phase else "past" if begun and not again else "next",
                "start_min": _minutes(arc, start_s),
                "end_min": _minutes(arc, end_s),
                "nominal_min": None if phase.end_min is None else phase.nominal_s / 60.0,
                "min_min": phase.min_min,
                "max_min": phase.max_min,
                "hold": phase.hold,
                "waits": phase.waits,
            }
        )
    return rows


def _breath(arc: Arc) -> dict[str, Any] | None:
    """The pace that was asked for last; it holds from the breath that begins next."""
    return {"per_min": arc.breath[-1].breath.per_min, "ratio": list(arc.breath[-1].breath.ratio)} if arc.breath else None


def _minutes(arc: Arc, moment_s: float | None) -> float | None:
    if moment_s is None or not math.isfinite(moment_s):
        return None
    return (moment_s - zero_s(arc)) / 60.0


def zero_s(arc: Arc) -> float:
    """The session time that minutes count from: T0, as planned while the arrival waits; the start where there is no dose."""
    if not arc.program.clock:
        return arc.started_s
    return arc.t0_s if arc.t0_s is not None else arc.started_s + arc.program.phases[0].nominal_s


def _medicine(arc: Arc, moment_s: float) -> float | None:
    return None if arc.t0_s is None else moment_s - arc.t0_s


def _prompt(arc: Arc, prompt: PromptPoint, due_frame: int | None, again_frame: int | None) -> dict[str, Any]:
    return {
        "id": prompt.id,
        "text": prompt.text,
        "state": prompt.state,
        "due_min": _minutes(arc, prompt.due_s),
        "due_frame": due_frame,
        "again_frame": again_frame,
        "asks": list(prompt.asks),
        "needs": list(prompt.needs),
        "baseline": prompt.baseline,
        "value": prompt.value,
        "answered_min": _minutes(arc, prompt.answered_s),
        "beyond": list(prompt.beyond),
    }


def _stay(arc: Arc, point: ArcPoint, until_frame: int | None) -> dict[str, Any] | None:
    if point.stay_s is None or point.stay_left_s is None:
        minutes = arc.program.minimum_stay_min
        return {"minimum_s": minutes * 60.0, "left_s": None, "met": False, "until_frame": None} if arc.program.clock else None
    return {
        "minimum_s": point.stay_s,
        "left_s": point.stay_left_s,
        "met": point.stay_left_s <= 0.0,
        "until_frame": until_frame,
    }


def _anchors(arc: Arc) -> list[dict[str, Any]]:
    marked = dict(arc.anchors)
    return [
        {
            "name": each.name,
            "title": each.title,
            "nominal_min": each.nominal_min,
            "marked_min": _minutes(arc, marked.get(each.name)),
        }
        for each in arc.program.anchors
    ]


def _music(arc: Arc, point: ArcPoint) -> dict[str, Any]:
    music = point.music
    return {
        "phase": music.phase,
        "pools": list(music.pools),
        "intensity": music.intensity,
        "gain_db": music.gain_db,
        "music_frac": music.music_frac,
        "bed_db": music.bed_db,
        "bed_frac": music.bed_frac,
        "since_s": point.t_s - changed_s(arc, stretch_at(arc.plan, point.t_s)),
        "playing": arc.playing,
    }
