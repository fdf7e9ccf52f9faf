"""Light and music of a program over session time: where each level goes in each stretch of the plan, and how fast it may.

Every change starts from the level's present value, so nothing jumps. Times and rates are the domain's sound and light
defaults; calm, attention and STOP are the named exceptions with times of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from playlists.curves import Curve, Ramp, at, hold, lead, left_s, steady, upto
from playlists.plan import Pausing, Plan, Stretch
from playlists.program import Phase, Program
from playlists.program_rules import MIRED_PER_S, UNASKED_FADE_S, UNASKED_L_PER_S, mired_of

ASKED_FADE_S: Final = 3.0
ASKED_L_PER_S: Final = 5.0
"""An operator's move of the room light takes at least 3 s and at most 5 L*/s."""

COLOUR_SLOWER: Final = 1.25
"""The colour takes longer than the level by this factor at least: it goes slower than the level."""

TRIM_DB_PER_S: Final = 6.0
"""Volume slew."""

START_FADE_S: Final = 20.0
MOVE_CROSSFADE_S: Final = 6.0
PAUSE_FADE_S: Final = 2.0
RESUME_FADE_S: Final = 4.0
RESTART_FADE_S: Final = 10.0
RESTART_BED_S: Final = 3.0
END_FADE_S: Final = 45.0
STOP_FADE_S: Final = 2.0
STOP_L: Final = 20.0
STOP_K: Final = 2200.0
"""The room's dim scene after STOP: never dark and never full."""

CALM_MUSIC_S: Final = 6.0
CALM_LIGHT_S: Final = 10.0
CALM_L: Final = 25.0
CALM_K: Final = 2200.0
CALM_DB: Final = -6.0

ATTENTION_MUSIC_S: Final = 1.5
ATTENTION_LIGHT_S: Final = 2.0
ATTENTION_L: Final = 100.0
ATTENTION_K: Final = 4000.0

RESUME_LIGHT_S: Final = 30.0
"""After a pause the light goes back to the phase's in this time, or what its own fade had left."""

BED_DB: Final = -14.0
"""The bed lies at -34 LUFS under a target of -20 LUFS. Gains here count from the target."""

CHECK_L: Final = 10.0
CHECK_S: Final = 60.0
CHECK_FADE_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Levels:
    """Every level as a curve over session time.

    `light` CIE L*; `mired` colour temperature; `check` L* added for a look; `intensity` 0-5; `trim` dB from the target
    loudness; `music` and `bed` amplitude 0-1, so that silence is 0; `bed_db` the bed's level from the target loudness.
    """

    light: Curve
    mired: Curve
    check: Curve
    intensity: Curve
    trim: Curve
    music: Curve
    bed_db: Curve
    bed: Curve


def first_levels(program: Program, t_s: float, light_l: float, cct_k: float) -> Levels:
    """Before the program begins at `t_s`: the room light as it is, and no sound."""
    silent = (steady(t_s, 0.0),)
    first = program.phases[0]
    return Levels(
        light=(steady(t_s, light_l),),
        mired=(steady(t_s, mired_of(cct_k)),),
        check=silent,
        intensity=(steady(t_s, first.intensity[0]),),
        trim=(steady(t_s, first.trim_db),),
        music=(Ramp(t_s, 0.0, t_s + START_FADE_S, 0.0 if program.silent else 1.0),),
        bed_db=(steady(t_s, BED_DB),),
        bed=(Ramp(t_s, 0.0, t_s + START_FADE_S, 0.0 if program.silent else 1.0),),
    )


def without_future(levels: Levels, t_s: float) -> Levels:
    """`levels` with what runs at `t_s` going on, and without what was planned after it."""
    return replace(
        levels,
        light=upto(levels.light, t_s),
        mired=upto(levels.mired, t_s),
        intensity=upto(levels.intensity, t_s),
        trim=upto(levels.trim, t_s),
    )


def followed(levels: Levels, program: Program, plan: Plan, t_s: float) -> Levels:
    """`levels`, which have no future, with what `plan` brings by itself after `t_s`."""
    for stretch in plan:
        if stretch.start_s > t_s:
            levels = entered(levels, program, stretch, asked=False)
    return levels


def entered(levels: Levels, program: Program, stretch: Stretch, *, asked: bool) -> Levels:
    """`levels` led into the phase of `stretch` from its start; `asked` where the operator moved there."""
    t_s = stretch.start_s
    phase = program.phases[stretch.phase]
    sound = program.phases[program.overrun] if stretch.overrun else phase
    lit = levels if stretch.overrun else lit_to(levels, t_s, phase, phase.light_fade_s, asked=asked)
    return trimmed(intensified(lit, stretch, sound), t_s, sound.trim_db, stretch.crossfade_s)


def lit_to(levels: Levels, t_s: float, phase: Phase, fade_s: float, *, asked: bool) -> Levels:
    """The room light led to that of `phase`, in `fade_s` or as fast as it may."""
    swell, swell_hz = phase.light_swell_l / 2.0, phase.light_swell_hz
    return lit(levels, t_s, phase.light_l, phase.light_k, fade_s, asked=asked, swell=swell, swell_hz=swell_hz)


def lit(
    levels: Levels,
    t_s: float,
    light_l: float,
    cct_k: float,
    fade_s: float,
    *,
    asked: bool,
    swell: float = 0.0,
    swell_hz: float = 0.0,
) -> Levels:
    """The room light led to a level and a colour, in `fade_s` or as fast as it may; the colour slower than the level."""
    least_s, per_s = (ASKED_FADE_S, ASKED_L_PER_S) if asked else (UNASKED_FADE_S, UNASKED_L_PER_S)
    level_s = max(fade_s, least_s, abs(light_l - at(levels.light, t_s)) / per_s)
    colour_s = max(level_s * COLOUR_SLOWER, abs(mired_of(cct_k) - at(levels.mired, t_s)) / MIRED_PER_S)
    return replace(
        levels,
        light=lead(levels.light, t_s, light_l, level_s, swell, swell_hz),
        mired=lead(levels.mired, t_s, mired_of(cct_k), colour_s),
    )


def intensified(levels: Levels, stretch: Stretch, sound: Phase) -> Levels:
    """The intensity led to the first value of `sound` within the crossfade, then to its second at the end of `stretch`."""
    low, high = sound.intensity
    into = max(stretch.crossfade_s, ASKED_FADE_S)
    curve = lead(levels.intensity, stretch.start_s, low, into)
    return replace(levels, intensity=_towards(curve, stretch, high))


def _towards(curve: Curve, stretch: Stretch, value: float) -> Curve:
    """`curve` led on from where its ramp at the start of `stretch` comes to rest, to `value` at the end of the phase."""
    end_s = stretch.start_s + stretch.left_s
    begin_s = curve[-1].end_s
    if stretch.frozen or not math.isfinite(end_s) or end_s <= begin_s:
        return curve
    return (*curve, Ramp(begin_s, curve[-1].end_value, end_s, value))


def reintensified(levels: Levels, program: Program, stretch: Stretch) -> Levels:
    """The intensity of a visit that goes on, led to its end as `stretch` now has it; kept where it is while frozen."""
    t_s = stretch.start_s
    sound = program.phases[program.overrun if stretch.overrun else stretch.phase]
    curve = upto(levels.intensity, t_s)
    fading_in = t_s < stretch.entered_s + max(stretch.crossfade_s, ASKED_FADE_S)
    if not fading_in:
        curve = hold(curve, t_s)
    return replace(levels, intensity=_towards(curve, stretch, sound.intensity[1]))


def trimmed(levels: Levels, t_s: float, trim_db: float, fade_s: float) -> Levels:
    """The trim led to `trim_db`, in `fade_s` or as fast as the volume may change."""
    fade_s = max(fade_s, abs(trim_db - at(levels.trim, t_s)) / TRIM_DB_PER_S)
    return replace(levels, trim=lead(levels.trim, t_s, trim_db, fade_s))


def sounding(levels: Levels, t_s: float, music: float, bed: float, fade_s: float, bed_db: float = BED_DB) -> Levels:
    """Music and bed led to an amplitude each."""
    return replace(
        levels,
        music=lead(levels.music, t_s, music, fade_s),
        bed=lead(levels.bed, t_s, bed, fade_s),
        bed_db=lead(levels.bed_db, t_s, bed_db, fade_s),
    )


def standing(levels: Levels, t_s: float) -> Levels:
    """Light, colour, intensity and trim kept from `t_s` on at what they are then."""
    return replace(
        levels,
        light=hold(levels.light, t_s),
        mired=hold(levels.mired, t_s),
        intensity=hold(levels.intensity, t_s),
        trim=hold(levels.trim, t_s),
    )


def paused_levels(levels: Levels, t_s: float, kind: Pausing, audible: float) -> Levels:
    """`levels` from a pause, calm, attention or STOP on. `audible` is 0 in a program that is silent, else 1."""
    still = standing(levels, t_s)
    if kind == "pause":
        return sounding(still, t_s, 0.0, audible, PAUSE_FADE_S)
    if kind == "stop":
        return sounding(lit(still, t_s, STOP_L, STOP_K, ASKED_FADE_S, asked=True), t_s, 0.0, 0.0, STOP_FADE_S)
    if kind == "attention":
        bright = lead(still.light, t_s, ATTENTION_L, ATTENTION_LIGHT_S)
        white = lead(still.mired, t_s, mired_of(ATTENTION_K), ATTENTION_LIGHT_S)
        return sounding(replace(still, light=bright, mired=white), t_s, 0.0, 0.0, ATTENTION_MUSIC_S)
    colour_s = max(CALM_LIGHT_S * COLOUR_SLOWER, abs(mired_of(CALM_K) - at(still.mired, t_s)) / MIRED_PER_S)
    dim = lead(still.light, t_s, CALM_L, CALM_LIGHT_S)
    warm = lead(still.mired, t_s, mired_of(CALM_K), colour_s)
    bed_db = at(still.trim, t_s) + CALM_DB
    return sounding(replace(still, light=dim, mired=warm), t_s, 0.0, audible, CALM_MUSIC_S, bed_db)


def resumed_levels(levels: Levels, program: Program, stretch: Stretch, *, fade_s: float) -> Levels:
    """`levels` led back to what the phase of `stretch` asks for, from what they are at its start."""
    t_s = stretch.start_s
    phase = program.phases[stretch.phase]
    sound = program.phases[program.overrun] if stretch.overrun else phase
    audible = 0.0 if program.silent else 1.0
    light_s = max(RESUME_LIGHT_S, phase.light_fade_s - stretch.elapsed_s)
    lit_again = lit_to(levels, t_s, phase, light_s, asked=True)
    loud = sounding(trimmed(lit_again, t_s, sound.trim_db, fade_s), t_s, audible, audible, fade_s)
    low, high = sound.intensity
    whole_s = phase.nominal_s if math.isfinite(phase.nominal_s) and phase.nominal_s > 0.0 else math.inf
    done = 1.0 if stretch.overrun else 1.0 - min(1.0, stretch.left_s / whole_s) if math.isfinite(whole_s) else 0.0
    curve = lead(loud.intensity, t_s, low + (high - low) * done, max(fade_s, ASKED_FADE_S))
    return replace(loud, intensity=_towards(curve, stretch, high))


def ended_levels(levels: Levels, program: Program, t_s: float) -> Levels:
    """`levels` to the end of the program: silence, and the light of the last phase."""
    last = program.phases[-1]
    lit_up = lit(standing(levels, t_s), t_s, last.light_l, last.light_k, END_FADE_S, asked=True)
    return sounding(lit_up, t_s, 0.0, 0.0, END_FADE_S)


def restarted_levels(levels: Levels, t_s: float, light_l: float, cct_k: float, audible: float) -> Levels:
    """`levels` after the engine was gone: the lamps as they were left, no music, the bed coming back by itself."""
    return replace(
        levels,
        light=(steady(t_s, light_l),),
        mired=(steady(t_s, mired_of(cct_k)),),
        check=(steady(t_s, 0.0),),
        intensity=hold(levels.intensity, t_s),
        trim=hold(levels.trim, t_s),
        music=(steady(t_s, 0.0),),
        bed=(Ramp(t_s, 0.0, t_s + RESTART_BED_S, audible),),
        bed_db=(steady(t_s, BED_DB),),
    )


def checked_levels(levels: Levels, t_s: float) -> Levels:
    """The side lamp up for a look of `CHECK_S`, and back."""
    up = lead(levels.check, t_s, CHECK_L, CHECK_FADE_S)
    down_s = t_s + CHECK_S
    return replace(levels, check=(*up, Ramp(down_s, CHECK_L, down_s + CHECK_FADE_S, 0.0)))


def unchecked(levels: Levels, t_s: float) -> Levels:
    """The look with the side lamp ended early."""
    settled = at(levels.check, t_s) == 0.0 and left_s(levels.check, t_s) == 0.0
    return levels if settled else replace(levels, check=lead(levels.check, t_s, 0.0, CHECK_FADE_S))
