"""The moves of a running program: each makes a new arc that goes on from what light and music are at its moment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from playlists.arc import Arc, ArcInvalid, ArcRefused, Move, has_ended, prompts_until, state_at, staying
from playlists.breath import PER_MIN_LEAST, PER_MIN_MOST, ratio_problem, repaced
from playlists.curves import at
from playlists.levels import (
    RESTART_FADE_S,
    RESUME_FADE_S,
    checked_levels,
    ended_levels,
    lit,
    paused_levels,
    restarted_levels,
    resumed_levels,
    without_future,
)
from playlists.plan import Pausing, Stretch, continued, open_end, replanned, stretch_at
from playlists.program import T0
from playlists.prompts import Answer, Prompt, point_of, value_of
from playlists.retiming import back_to_ascent, going_on, longer_peak, retimed, settled, visited

EXTEND_MAX_MIN: Final = 120.0
MG_MAX: Final = 10_000.0

VERBS: Final = (
    "dose",
    "next",
    "previous",
    "skip",
    "hold",
    "release",
    "extend",
    "booster",
    "anchor",
    "pause",
    "resume",
    "calm",
    "attention",
    "check-light",
    "breath",
    "end",
)
"""The program verbs of the contract."""


def moved(arc: Arc, move: Move) -> Arc:
    """`arc` after `move`; raises ArcRefused where it is not possible in this state, ArcInvalid where a value is not allowed.

    A move stamped before the last one counts as made right after it.
    """
    make = _MOVES.get(move.do)
    if make is None:
        raise ArcInvalid(f'there is no move "{move.do}"; allowed are {", ".join(_MOVES)}', tuple(_MOVES))
    if not (math.isfinite(move.at_s) and math.isfinite(move.utc_s)):
        raise ArcInvalid(f'the time of "{move.do}" is not a number')
    move = replace(move, at_s=max(move.at_s, arc.last_s))
    if has_ended(arc, move.at_s) and move.do not in _AFTER_THE_END:
        raise refused(arc, move.at_s, "the program has ended; start it again for another")
    made = make(arc, move.at_s, move)
    return replace(made, moves=(*arc.moves, move))


def refused(arc: Arc, t_s: float, why: str) -> ArcRefused:
    """The refusal of a move at `t_s`, with the state and what is possible in it."""
    return ArcRefused(why, state_at(arc, t_s), possible_at(arc, t_s))


def possible_at(arc: Arc, t_s: float) -> tuple[str, ...]:
    """The program verbs that would be taken at `t_s`. `end` is among them before the minimum stay too: it takes a reason."""
    if has_ended(arc, t_s):
        return ("check-light",)
    stretch = stretch_at(arc.plan, t_s)
    phases = arc.program.phases
    away = stretch.paused is not None or arc.awaiting
    before = stretch.waits
    tests = {
        "dose": before and not arc.latched,
        "next": not before and not arc.latched and stretch.phase + 1 < len(phases),
        "previous": not before and not arc.latched and stretch.phase > (1 if arc.program.clock else 0),
        "skip": not before and not arc.latched and len(phases) > 2,
        "hold": phases[stretch.phase].hold and not stretch.held and not before and not stretch.overrun,
        "release": stretch.held,
        "extend": math.isfinite(stretch.left_s) and not before,
        "booster": arc.t0_s is not None and arc.program.booster.retime != "none",
        "anchor": arc.t0_s is not None and len(arc.anchors) < len(arc.program.anchors),
        "pause": not away,
        "resume": away and not arc.latched,
        "calm": not arc.latched,
        "attention": True,
        "check-light": True,
        "breath": bool(arc.breath),
        "end": True,
    }
    return tuple(verb for verb in VERBS if tests[verb])


def _dose(arc: Arc, t_s: float, move: Move) -> Arc:
    if not arc.program.clock:
        raise refused(arc, t_s, f'"{arc.program.title}" has no medicine clock, so there is no dose to give')
    if arc.t0_s is not None:
        raise refused(arc, t_s, "the dose was given already; a second one is a booster")
    _refuse_latched(arc, t_s)
    mg = _mg(move)
    dosed = staying(replace(arc, t0_s=t_s, t0_utc_s=move.utc_s, total_mg=mg))
    return visited(dosed, 1, t_s)


def _mg(move: Move) -> float | None:
    return _number(move, "mg", 0.0, MG_MAX, "mg") if move.args.get("mg") is not None else None


def _number(move: Move, name: str, above: float, most: float, unit: str) -> float:
    raw = move.args.get(name)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not above < raw <= most:
        raise ArcInvalid(
            f"{move.do}: {name}: {raw!r} is not allowed; allowed is more than {above:g} and at most {most:g} {unit}"
        )
    return float(raw)


def _after_dose(arc: Arc, t_s: float, move: Move) -> Stretch:
    stretch = stretch_at(arc.plan, t_s)
    if stretch.waits:
        raise refused(arc, t_s, f'"{move.do}" is not possible in the arrival: it waits for the dose')
    return stretch


def _refuse_latched(arc: Arc, t_s: float) -> None:
    """While STOP stands nothing begins to sound or to move; what only notes, holds back, lights up or ends is taken."""
    if arc.latched:
        raise ArcRefused("STOP stands; resume the room first", "stopped", possible_at(arc, t_s))


def _next(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = _after_dose(arc, t_s, move)
    _refuse_latched(arc, t_s)
    if stretch.phase + 1 >= len(arc.program.phases):
        raise refused(arc, t_s, f'"{arc.program.phases[-1].title}" is the last phase; extend it, go back, or end the program')
    return visited(arc, stretch.phase + 1, t_s)


def _previous(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = _after_dose(arc, t_s, move)
    _refuse_latched(arc, t_s)
    first = 1 if arc.program.clock else 0
    if stretch.phase <= first:
        raise refused(
            arc, t_s, f'"{arc.program.phases[first].title}" is the first phase; there is none before it to go back to'
        )
    return visited(arc, stretch.phase - 1, t_s)


def _skip(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = _after_dose(arc, t_s, move)
    reachable = tuple(phase.id for phase in arc.program.phases if not phase.waits)
    wanted = move.args.get("phase")
    if wanted not in reachable:
        raise ArcInvalid(f'skip: there is no phase "{wanted}" to go to; allowed are {", ".join(reachable)}', reachable)
    _refuse_latched(arc, t_s)
    if wanted == arc.program.phases[stretch.phase].id and not stretch.overrun:
        raise refused(arc, t_s, f'the program is in "{wanted}" already')
    return visited(arc, arc.program.index_of(wanted), t_s)


def _hold(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = _after_dose(arc, t_s, move)
    phase = arc.program.phases[stretch.phase]
    if stretch.held:
        raise refused(arc, t_s, f'"{phase.title}" is held already')
    if not phase.hold or stretch.overrun:
        names = ", ".join(each.title for each in arc.program.phases if each.hold) or "none"
        raise refused(arc, t_s, f'"{phase.title}" cannot be held; those that can: {names}. Extend it instead')
    return going_on(arc, replace(continued(stretch, t_s), held=True))


def _release(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = stretch_at(arc.plan, t_s)
    if not stretch.held:
        raise refused(arc, t_s, "nothing is held")
    return going_on(arc, replace(continued(stretch, t_s), held=False))


def _extend(arc: Arc, t_s: float, move: Move) -> Arc:
    minutes = _number(move, "minutes", 0.0, EXTEND_MAX_MIN, "min")
    stretch = _after_dose(arc, t_s, move)
    if not math.isfinite(stretch.left_s):
        raise refused(arc, t_s, f'"{arc.program.phases[stretch.phase].title}" has no end to put off')
    if stretch.overrun:
        return visited(arc, stretch.phase, t_s, minutes * 60.0)
    longer = continued(stretch, t_s)
    return going_on(arc, replace(longer, left_s=longer.left_s + minutes * 60.0))


def _booster(arc: Arc, t_s: float, move: Move) -> Arc:
    booster = arc.program.booster
    if booster.retime == "none":
        raise refused(arc, t_s, f'"{arc.program.title}" has no booster')
    if arc.t0_s is None:
        raise refused(arc, t_s, "a booster comes after the dose, and the dose was not given yet")
    mg = _mg(move)
    counted = mg is not None and arc.total_mg is not None
    total_mg = (arc.total_mg or 0.0) + mg if mg is not None and counted else arc.total_mg
    given = replace(
        arc,
        boosters_s=(*arc.boosters_s, t_s),
        total_mg=total_mg,
        uncounted=arc.uncounted or not counted,
    )
    given = staying(given)
    if booster.retime == "ascent":
        return back_to_ascent(given, t_s)
    return longer_peak(given, t_s, booster.peak_min * 60.0) if booster.retime == "longer-peak" else given


def _anchor(arc: Arc, t_s: float, move: Move) -> Arc:
    names = tuple(each.name for each in arc.program.anchors)
    wanted = str(move.args.get("name") or "").strip().lower().replace(" ", "-").replace("_", "-")
    if wanted == T0.lower():
        raise ArcInvalid("anchor: T0 is marked by giving the dose", names)
    if wanted not in names:
        allowed = ", ".join(names) or "none in this program"
        raise ArcInvalid(f'anchor: there is no "{move.args.get("name")}"; allowed are {allowed}', names)
    if arc.t0_s is None:
        raise refused(arc, t_s, f'"{wanted}" comes after the dose, and the dose was not given yet')
    if wanted in dict(arc.anchors):
        raise refused(arc, t_s, f'"{wanted}" was marked already')
    return retimed(replace(arc, anchors=(*arc.anchors, (wanted, t_s))), wanted, t_s)


def _paused(kind: Pausing) -> Callable[[Arc, float, Move], Arc]:
    def make(arc: Arc, t_s: float, move: Move) -> Arc:
        stretch = stretch_at(arc.plan, t_s)
        if stretch.paused == kind and kind != "pause":
            return arc
        if kind == "pause" and (stretch.paused is not None or arc.awaiting):
            raise refused(arc, t_s, "the program is paused already")
        if kind == "calm":
            _refuse_latched(arc, t_s)
        still = open_end(replace(continued(stretch, t_s), paused=kind))
        audible = 0.0 if arc.program.silent else 1.0
        return replace(
            arc,
            plan=replanned(arc.program, arc.plan, still, arc.extras),
            levels=paused_levels(arc.levels, t_s, kind, audible),
            awaiting=False,
        )

    return make


def _resume(arc: Arc, t_s: float, move: Move) -> Arc:
    stretch = stretch_at(arc.plan, t_s)
    _refuse_latched(arc, t_s)
    if stretch.paused is None and not arc.awaiting:
        raise refused(arc, t_s, "nothing is paused")
    fade_s = RESTART_FADE_S if arc.awaiting else RESUME_FADE_S
    on = open_end(replace(continued(stretch, t_s), paused=None))
    arc = replace(arc, plan=replanned(arc.program, arc.plan, on, arc.extras), awaiting=False)
    now = without_future(arc.levels, t_s)
    return settled(replace(arc, levels=resumed_levels(now, arc.program, on, fade_s=fade_s)), t_s)


def _check_light(arc: Arc, t_s: float, move: Move) -> Arc:
    return replace(arc, levels=checked_levels(arc.levels, t_s))


def _breath(arc: Arc, t_s: float, move: Move) -> Arc:
    if not arc.breath:
        raise refused(arc, t_s, f'"{arc.program.title}" leads no breath')
    changed = arc.breath[-1].breath
    per_min, ratio = move.args.get("per_min"), move.args.get("ratio")
    if per_min is None and ratio is None:
        raise ArcInvalid("breath: give per_min (5 to 7 breaths a minute), ratio (in, pause, out, pause), or both")
    if per_min is not None:
        changed = replace(changed, per_min=_per_min(per_min))
    if ratio is not None:
        changed = replace(changed, ratio=_ratio(ratio))
    return replace(arc, breath=repaced(arc.breath, t_s, changed))


def _per_min(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not PER_MIN_LEAST <= given <= PER_MIN_MOST:
        allowed = f"{PER_MIN_LEAST:g} to {PER_MIN_MOST:g} breaths a minute"
        raise ArcInvalid(f"breath: per_min: {given!r} is not allowed; allowed is {allowed}")
    return float(given)


def _ratio(given: Any) -> tuple[float, float, float, float]:
    numbers = isinstance(given, list | tuple) and all(isinstance(part, int | float) for part in given)
    if not numbers or len(given) != 4 or any(isinstance(part, bool) for part in given):
        raise ArcInvalid(f"breath: ratio: {given!r} is not allowed; it is four numbers: in, pause, out, pause")
    way_in, full, way_out, empty = (float(part) for part in given)
    ratio = (way_in, full, way_out, empty)
    problem = ratio_problem(ratio)
    if problem is not None:
        raise ArcInvalid(f"breath: ratio: {problem}")
    return ratio


def _end(arc: Arc, t_s: float, move: Move) -> Arc:
    reason = str(move.args.get("override_reason") or "").strip()
    if arc.stay_until_s is not None and t_s < arc.stay_until_s and not reason:
        left_min = math.ceil((arc.stay_until_s - t_s) / 60.0)
        raise refused(
            arc, t_s, f"the minimum stay lasts {left_min} min more; to end before it, give a reason (override_reason)"
        )
    last = replace(continued(stretch_at(arc.plan, t_s), t_s), waits=True, end_s=math.inf)
    plan = replanned(arc.program, arc.plan, last, arc.extras)
    return replace(arc, plan=plan, levels=ended_levels(arc.levels, arc.program, t_s), ended_s=t_s, awaiting=False)


def _stop(arc: Arc, t_s: float, move: Move) -> Arc:
    return replace(_paused("stop")(arc, t_s, move), latched=True)


def _resume_room(arc: Arc, t_s: float, move: Move) -> Arc:
    return replace(arc, latched=False)


def _light(arc: Arc, t_s: float, move: Move) -> Arc:
    """The operator's own light, until the next phase brings another; what is not given goes on as it was."""
    level_l, cct_k, fade_s = (_given(move, name, low, high) for name, low, high in _LIGHT_RANGES)
    running = without_future(arc.levels, t_s)
    led = lit(
        running,
        t_s,
        at(running.light, t_s) if level_l is None else level_l,
        1e6 / at(running.mired, t_s) if cct_k is None else cct_k,
        fade_s or 0.0,
        asked=True,
    )
    chosen = replace(
        running,
        light=running.light if level_l is None else led.light,
        mired=running.mired if cct_k is None else led.mired,
    )
    return going_on(replace(arc, levels=chosen), continued(stretch_at(arc.plan, t_s), t_s))


_LIGHT_RANGES: Final = (("level_l", 0.0, 100.0), ("cct_k", 1500.0, 6500.0), ("fade_s", 0.0, 3600.0))


def _given(move: Move, name: str, low: float, high: float) -> float | None:
    raw = move.args.get(name)
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
        raise ArcInvalid(f"light: {name}: {raw!r} is not allowed; allowed is {low:g} to {high:g}")
    return float(raw)


def _restart(arc: Arc, t_s: float, move: Move) -> Arc:
    """The engine was gone: the bed comes back by itself, the rest waits for the operator."""
    ended = has_ended(arc, t_s)
    audible = 0.0 if arc.program.silent or arc.latched or ended else 1.0
    light_l = float(move.args.get("light_l", at(arc.levels.light, t_s)))
    cct_k = float(move.args.get("cct_k", 1e6 / at(arc.levels.mired, t_s)))
    return replace(arc, levels=restarted_levels(arc.levels, t_s, light_l, cct_k, audible), awaiting=not ended)


def _done(arc: Arc, t_s: float, move: Move) -> Arc:
    prompt = _open_prompt(arc, t_s, move)
    try:
        value = value_of(prompt.rule, move.args.get("value"))
    except ValueError as error:
        raise ArcInvalid(str(error), prompt.rule.asks) from error
    return replace(arc, answers=(*arc.answers, Answer(prompt.id, t_s, "done", value)))


def _snooze(arc: Arc, t_s: float, move: Move) -> Arc:
    prompt = _open_prompt(arc, t_s, move)
    if point_of(prompt, arc.answers, t_s, arc.ended_s).state == "waiting":
        raise refused(arc, t_s, f'prompt "{prompt.id}" is not due yet, so it cannot be put off')
    return replace(arc, answers=(*arc.answers, Answer(prompt.id, t_s, "snooze")))


def _open_prompt(arc: Arc, t_s: float, move: Move) -> Prompt:
    known = {prompt.id: prompt for prompt in prompts_until(arc, t_s)}
    prompt = known.get(str(move.args.get("prompt")))
    if prompt is None:
        raise ArcInvalid(f'there is no prompt "{move.args.get("prompt")}"; allowed are {", ".join(known)}', tuple(known))
    point = point_of(prompt, arc.answers, t_s, arc.ended_s)
    if point.state == "done":
        raise refused(arc, t_s, f'prompt "{prompt.id}" is done already')
    if not math.isfinite(prompt.due_s):
        raise refused(arc, t_s, f'prompt "{prompt.id}" has no time yet: it counts from {prompt.rule.anchor}')
    return prompt


def _note_track(arc: Arc, t_s: float, move: Move) -> Arc:
    return replace(arc, playing=move.args.get("track"))


_MOVES: Final[Mapping[str, Callable[[Arc, float, Move], Arc]]] = {
    "dose": _dose,
    "next": _next,
    "previous": _previous,
    "skip": _skip,
    "hold": _hold,
    "release": _release,
    "extend": _extend,
    "booster": _booster,
    "anchor": _anchor,
    "pause": _paused("pause"),
    "resume": _resume,
    "calm": _paused("calm"),
    "attention": _paused("attention"),
    "check-light": _check_light,
    "breath": _breath,
    "end": _end,
    "stop": _stop,
    "resume-room": _resume_room,
    "light": _light,
    "restart": _restart,
    "done": _done,
    "snooze": _snooze,
    "note_track": _note_track,
}

_AFTER_THE_END: Final = frozenset({"done", "snooze", "note_track", "stop", "resume-room", "restart", "check-light"})


def replayed(arc: Arc, moves: list[Move]) -> Arc:
    """`arc` after all of `moves`."""
    for move in moves:
        arc = moved(arc, move)
    return arc


def args_of(move: Mapping[str, Any]) -> dict[str, Any]:
    """What a move given as a table says beside `do` and its times."""
    return {key: value for key, value in move.items() if key not in ("do", "at_s", "utc_s") and value is not None}
