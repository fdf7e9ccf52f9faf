"""What an arc does in a span of session time, as the contract's events: phase, music, room light, prompts and sets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from playlists.arc import Arc, has_ended, light_at, music_at, prompts_until
from playlists.curves import Curve, at
from playlists.plan import Stretch
from playlists.prompts import Prompt, point_of, turns_of
from stimuli.frames import frames_of_s

Event = dict[str, Any]

EACH_S: Final = 1.0
"""A level that moves is told this often."""

PER_SWELL: Final = 8
SILENT_DB: Final = -120.0
TRACK: Final = "pad"


def event(t_s: float, kind: str, **values: Any) -> Event:
    """One event at session time `t_s`, which is the intended moment at the client."""
    return {"t_s": round(t_s, 4), "frame": frames_of_s(t_s), "kind": kind, **values}


def events_in(arc: Arc, from_s: float, until_s: float) -> list[Event]:
    """The events of `arc` in [`from_s`, `until_s`), in order of time; at one time phase, music, light, prompts, sets."""
    found = [
        *_phases(arc, from_s, until_s),
        *_music(arc, from_s, until_s),
        *_light(arc, from_s, until_s),
        *_prompts(arc, from_s, until_s),
    ]
    return sorted(found, key=lambda each: each["t_s"])


def turns_in(arc: Arc, from_s: float, until_s: float) -> list[Event]:
    """Of those events the ones that people should see at once: phases that begin, and prompts that change."""
    return sorted([*_phases(arc, from_s, until_s), *_prompts(arc, from_s, until_s)], key=lambda each: each["t_s"])


def visits_in(arc: Arc, from_s: float, until_s: float) -> Iterator[Stretch]:
    """The stretches that begin in the span and bring another phase or the overrun."""
    before: Stretch | None = None
    for stretch in arc.plan:
        again = before is not None and (before.phase, before.entered_s, before.overrun) == (
            stretch.phase,
            stretch.entered_s,
            stretch.overrun,
        )
        if not again and from_s <= stretch.start_s < until_s and not has_ended(arc, stretch.start_s):
            yield stretch
        before = stretch


def _phases(arc: Arc, from_s: float, until_s: float) -> Iterator[Event]:
    for stretch in visits_in(arc, from_s, until_s):
        if not stretch.overrun:
            yield event(stretch.start_s, "phase", name=arc.program.phases[stretch.phase].id)


def _music(arc: Arc, from_s: float, until_s: float) -> Iterator[Event]:
    if arc.program.silent:
        return
    for stretch in visits_in(arc, from_s, until_s):
        sound = arc.program.phases[arc.program.overrun if stretch.overrun else stretch.phase]
        yield event(
            stretch.start_s,
            "music",
            action="start" if stretch.start_s == arc.started_s else "crossfade",
            track=TRACK,
            gain_db=sound.trim_db,
            pools=list(sound.pools),
            intensity=sound.intensity[0],
            fade_s=stretch.crossfade_s,
        )
    levels = arc.levels
    for t_s in _samples((levels.music, levels.bed, levels.trim, levels.bed_db), from_s, until_s):
        aim = music_at(arc, t_s)
        yield event(
            t_s,
            "music",
            action="level",
            track=TRACK,
            gain_db=_decibels(aim.gain_db, aim.music_frac),
            bed_db=_decibels(aim.bed_db, aim.bed_frac),
        )


def _decibels(gain_db: float, frac: float) -> float:
    return SILENT_DB if frac <= 0.0 else round(max(SILENT_DB, gain_db + 20.0 * math.log10(frac)), 3)


def _light(arc: Arc, from_s: float, until_s: float) -> Iterator[Event]:
    levels = arc.levels
    for t_s in _samples((levels.light, levels.mired, levels.check), from_s, until_s):
        aim = light_at(arc, t_s)
        yield event(
            t_s,
            "roomlight",
            level_l=round(aim.level_l, 4),
            cct_k=round(aim.cct_k, 2),
            target_l=round(aim.target_l, 4),
        )


def _samples(curves: Iterable[Curve], from_s: float, until_s: float) -> list[float]:
    """Moments at which to tell levels: each second of every ramp that moves, and its end."""
    moments: set[float] = set()
    for curve in curves:
        for index, ramp in enumerate(curve):
            over_s = curve[index + 1].start_s if index + 1 < len(curve) else math.inf
            if ramp.swell:
                moments.update(_grid(ramp.start_s, over_s, EACH_S / max(1.0, PER_SWELL * ramp.swell_hz), from_s, until_s))
            if ramp.value != ramp.end_value:
                moments.update(_grid(ramp.start_s, min(ramp.end_s, over_s), EACH_S, from_s, until_s))
                if from_s <= ramp.end_s < min(until_s, over_s):
                    moments.add(ramp.end_s)
            elif index == 0 or at((curve[index - 1],), ramp.start_s) != ramp.value:
                moments.update(moment for moment in (ramp.start_s,) if from_s <= moment < until_s)
    return sorted(moments)


def _grid(start_s: float, end_s: float, step_s: float, from_s: float, until_s: float) -> Iterator[float]:
    first = max(0, math.ceil((from_s - start_s) / step_s))
    last_s = min(end_s, until_s)
    number = first
    while (moment := start_s + number * step_s) < last_s:
        yield moment
        number += 1


def _prompts(arc: Arc, from_s: float, until_s: float) -> Iterator[Event]:
    for prompt in prompts_until(arc, until_s):
        for turn_s in sorted(set(turns_of(prompt, arc.answers))):
            if from_s <= turn_s < until_s:
                state = point_of(prompt, arc.answers, turn_s, arc.ended_s).state
                if state != _state_before(arc, prompt, turn_s):
                    yield event(turn_s, "prompt", id=prompt.id, state=state, text=prompt.rule.text)


def _state_before(arc: Arc, prompt: Prompt, turn_s: float) -> str:
    """The state just before `turn_s`: with the answers given by then, a moment earlier."""
    earlier = [answer for answer in arc.answers if answer.at_s < turn_s]
    return point_of(prompt, earlier, math.nextafter(turn_s, -math.inf), arc.ended_s).state
