"""Getting to another place in the program, with light and music going on from what they are."""

from __future__ import annotations

from dataclasses import replace

from playlists.arc import Arc, Move
from playlists.breath import course_of
from playlists.levels import MOVE_CROSSFADE_S, entered, first_levels, followed, reintensified, without_future
from playlists.plan import Stretch, continued, entering, extra_s, onward, open_end, replanned, stretch_at
from playlists.program import Program


def start_arc(program: Program, at_s: float, utc_s: float, *, light_l: float, cct_k: float) -> Arc:
    """`program` begun at `at_s` with its arrival, or its first phase, the room light being at `light_l` and `cct_k`."""
    first = entering(program, 0, at_s, ())
    begun = Move("start", at_s, utc_s, {"program": program.id, "light_l": light_l, "cct_k": cct_k})
    arc = Arc(
        program=program,
        started_s=at_s,
        started_utc_s=utc_s,
        plan=onward(program, first, ()),
        levels=first_levels(program, at_s, light_l, cct_k),
        moves=(begun,),
        breath=() if program.breath is None else course_of(program.breath, at_s),
    )
    return arrived(arc, first)


def arrived(arc: Arc, stretch: Stretch) -> Arc:
    """`arc` with its levels led into `stretch`, where the operator brought it, and on from there."""
    now = without_future(arc.levels, stretch.start_s)
    return settled(replace(arc, levels=entered(now, arc.program, stretch, asked=True)), stretch.start_s)


def visited(arc: Arc, phase: int, t_s: float, left_s: float | None = None) -> Arc:
    """`arc` brought to the beginning of `phase` at `t_s`; paused where it was paused."""
    now = stretch_at(arc.plan, t_s)
    stretch = entering(arc.program, phase, t_s, arc.extras, now.paused, MOVE_CROSSFADE_S)
    if left_s is not None:
        stretch = open_end(replace(stretch, left_s=left_s))
    arc = replace(arc, plan=replanned(arc.program, arc.plan, stretch, arc.extras))
    if stretch.paused is not None or arc.awaiting:
        return replace(arc, levels=without_future(arc.levels, t_s))
    return arrived(arc, stretch)


def settled(arc: Arc, t_s: float) -> Arc:
    """`arc`, whose levels have no future, with what the plan brings after `t_s`; not while they wait for the operator."""
    plan = () if arc.awaiting else arc.plan
    return replace(arc, levels=followed(arc.levels, arc.program, plan, t_s))


def going_on(arc: Arc, stretch: Stretch) -> Arc:
    """`arc` with the visit it is in changed to `stretch`, light and music going on as they were."""
    stretch = open_end(stretch)
    levels = without_future(arc.levels, stretch.start_s)
    if stretch.paused is None and not arc.awaiting:
        levels = reintensified(levels, arc.program, stretch)
    arc = replace(arc, plan=replanned(arc.program, arc.plan, stretch, arc.extras), levels=levels)
    return settled(arc, stretch.start_s)


def back_to_ascent(arc: Arc, t_s: float) -> Arc:
    ascent = arc.program.index_of("ascent")
    return visited(arc, ascent, t_s) if stretch_at(arc.plan, t_s).phase >= ascent else arc


def longer_peak(arc: Arc, t_s: float, longer_s: float) -> Arc:
    """The peak made longer: the one that is to come, the one that is, or, where it is over, one more of that length."""
    peak = arc.program.index_of("peak")
    stretch = stretch_at(arc.plan, t_s)
    if stretch.phase > peak:
        return visited(arc, peak, t_s, longer_s)
    if stretch.phase == peak:
        here = continued(stretch, t_s)
        return going_on(arc, replace(here, left_s=here.left_s + longer_s))
    return going_on(replace(arc, extras=(*arc.extras, (peak, longer_s))), continued(stretch, t_s))


def retimed(arc: Arc, anchor: str, t_s: float) -> Arc:
    """`arc` with the first phase to come that counts from `anchor` beginning at its minute, the one before made to fit."""
    ahead = [each for each in arc.plan if each.start_s > t_s and not each.overrun]
    coming = next((each for each in ahead if arc.program.phases[each.phase].anchor == anchor), None)
    if coming is None:
        return arc
    offset_min = arc.program.phases[coming.phase].start_min
    shift_s = t_s + offset_min * 60.0 - coming.start_s
    before = coming.phase - 1
    now = stretch_at(arc.plan, t_s)
    if now.phase == before:
        here = continued(now, t_s)
        return going_on(arc, replace(here, left_s=max(0.0, here.left_s + shift_s)))
    phase = arc.program.phases[before]
    shortest_s = phase.min_min * 60.0 - phase.nominal_s - extra_s(arc.extras, before)
    extras = (*arc.extras, (before, max(shift_s, min(0.0, shortest_s))))
    return going_on(replace(arc, extras=extras), continued(now, t_s))
