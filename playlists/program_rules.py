"""What a program may not hold, though each of its values is allowed by itself: what makes no sense, and what harms.

Every rule gives sentences that name the key, what is wrong and what is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from playlists.breath import ratio_problem
from playlists.files import ID_PATTERN
from playlists.program import (
    BOOSTER,
    OREGON_STAY_MIN,
    ROUTE_STAY_MIN,
    START,
    T0,
    Phase,
    Program,
    PromptRule,
    ends_at_min,
    starts_at_min,
    stay_s,
)

UNASKED_FADE_S: Final = 30.0
"""An unrequested change of the room light takes at least this long: the domain's light defaults."""

UNASKED_L_PER_S: Final = 0.5
MIRED_PER_S: Final = 5.0
SWELL_HZ_MAX: Final = 2.0
"""No periodic change of light above this: the domain's safety figures."""

SWELL_DEPTH_L_MAX: Final = 10.0
SWELL_L_PER_S: Final = 5.0
"""A swell may be no steeper than an operator's own move, so the faster the shallower: depth <= 5 / (pi * rate)."""

RESERVED_ANCHORS: Final = (START, T0, BOOSTER)


def mired_of(kelvin: float) -> float:
    """The colour temperature in mired, in which equal steps look equal."""
    return 1e6 / kelvin


def problems_of(program: Program, overrun: str | None) -> list[str]:
    """Everything that is wrong with `program`; `overrun` is the phase its file names for the time after the last."""
    return [
        *_ids(program),
        *_kind(program),
        *_layout(program),
        *_lengths(program),
        *_sound(program, overrun),
        *_light(program),
        *_stay(program),
        *_booster(program),
        *_prompts(program),
        *_breath(program),
    ]


def _ids(program: Program) -> Iterator[str]:
    names: dict[str, Iterable[str]] = {
        "phase": [each.id for each in program.phases],
        "prompt": [each.id for each in program.prompts],
        "anchor": [each.name for each in program.anchors],
    }
    for key, ids in names.items():
        seen: set[str] = set()
        for name in ids:
            if name in seen:
                yield f'{key}: "{name}" is there twice; allowed is each id once'
            if not ID_PATTERN.fullmatch(name) or name in RESERVED_ANCHORS:
                letters = f"small letters, digits and hyphens, but not {START} or {BOOSTER}"
                yield f'{key}: "{name}" cannot be an id; allowed are {letters}'
            seen.add(name)
    known = [*RESERVED_ANCHORS, *(each.name for each in program.anchors)]
    for phase in program.phases:
        if phase.anchor not in known or phase.anchor == BOOSTER:
            allowed = ", ".join(name for name in known if name != BOOSTER)
            yield f'phase "{phase.id}": anchor: there is no "{phase.anchor}"; allowed are {allowed}'
    for rule in program.prompts:
        if rule.anchor not in known:
            yield f'prompt "{rule.id}": anchor: there is no "{rule.anchor}"; allowed are {", ".join(known)}'


def _kind(program: Program) -> Iterator[str]:
    first, later = program.phases[0], program.phases[1:]
    if program.clock:
        if program.route == "none":
            yield "route: a dosing program needs one; allowed are iv, im, lozenge, in, psilocybin, mdma"
        if not first.waits or first.anchor != START:
            asked = f'set waits = true, anchor = "{START}"'
            yield f'phase "{first.id}": the first phase of a dosing program waits for the dose; {asked}'
        if not later:
            yield "phase: a dosing program has a phase after the dose at least"
        for phase in later:
            if phase.waits or phase.anchor == START:
                yield f'phase "{phase.id}": comes after the dose, so it neither waits nor counts from {START}; allowed is {T0}'
        return
    if program.route != "none" or program.minimum_stay_min or program.anchors or program.booster.retime != "none":
        yield "kind: an integration program has no medicine clock; leave out route, minimum_stay_min, anchor and booster"
    for phase in program.phases:
        if phase.waits or phase.anchor != START:
            yield f'phase "{phase.id}": without a medicine clock allowed are anchor = "{START}" and waits = false'
    for rule in program.prompts:
        if rule.anchor != START:
            yield f'prompt "{rule.id}": anchor: without a medicine clock allowed is {START}'


def _layout(program: Program) -> Iterator[str]:
    """No gaps and no overlaps, and only the last phase may be without an end."""
    expected: float | None = 0.0
    for number, phase in enumerate(program.phases):
        start_min = starts_at_min(program, phase)
        if expected is not None and not math.isclose(start_min, expected, abs_tol=1e-6):
            kind = "a gap" if start_min > expected else "an overlap"
            allowed = f"allowed is {expected:g} min, where the one before ends"
            yield f'phase "{phase.id}": start_min: {kind}, it begins at {start_min:g} min; {allowed}'
        if phase.end_min is None:
            if number < len(program.phases) - 1:
                yield f'phase "{phase.id}": end_min: is missing; only the last phase may be without an end'
            expected = None
        elif phase.end_min <= phase.start_min:
            allowed = f"allowed is more than {phase.start_min:g} min"
            yield f'phase "{phase.id}": end_min: {phase.end_min:g} min is not after its start; {allowed}'
            expected = None
        else:
            expected = 0.0 if phase.waits else program.nominal_min_of(phase.anchor) + phase.end_min


def _lengths(program: Program) -> Iterator[str]:
    for phase in program.phases:
        if phase.min_min > phase.max_min:
            yield f'phase "{phase.id}": min_min: {phase.min_min:g} is more than max_min; allowed is at most {phase.max_min:g}'
        elif math.isfinite(phase.nominal_s) and not phase.min_min <= phase.nominal_s / 60.0 <= phase.max_min:
            yield (
                f'phase "{phase.id}": it lasts {phase.nominal_s / 60.0:g} min; '
                f"allowed is between min_min = {phase.min_min:g} and max_min = {phase.max_min:g}"
            )


def _sound(program: Program, overrun: str | None) -> Iterator[str]:
    if program.silent and program.clock:
        yield "silent: a dosing program is never without sound; allowed is false"
    for phase in program.phases:
        if not phase.pools and not phase.pad and not program.silent:
            yield f'phase "{phase.id}": has no music and no pad; allowed are pools = ["..."] or pad = true'
    if overrun is not None and overrun not in [phase.id for phase in program.phases]:
        allowed = ", ".join(phase.id for phase in program.phases)
        yield f'overrun: there is no phase "{overrun}"; allowed are {allowed}'


def _light(program: Program) -> Iterator[str]:
    before: Phase | None = None
    for phase in program.phases:
        key = f'phase "{phase.id}": light_fade_s'
        if phase.light_fade_s < UNASKED_FADE_S:
            yield f"{key}: {phase.light_fade_s:g} s is too fast; allowed is at least {UNASKED_FADE_S:g} s"
        if phase.light_fade_s > phase.nominal_s:
            yield f"{key}: {phase.light_fade_s:g} s is longer than the phase; allowed is at most {phase.nominal_s:g} s"
        if before is not None:
            yield from _light_step(before, phase, key)
        yield from _swell(phase)
        before = phase


def _light_step(before: Phase, phase: Phase, key: str) -> Iterator[str]:
    change_l = abs(phase.light_l - before.light_l)
    if change_l / max(phase.light_fade_s, 1e-9) > UNASKED_L_PER_S + 1e-9:
        yield (
            f"{key}: L* {before.light_l:g} to {phase.light_l:g} in {phase.light_fade_s:g} s is a step faster than "
            f"{UNASKED_L_PER_S:g} L*/s; allowed is at least {change_l / UNASKED_L_PER_S:g} s"
        )
    change_s = abs(mired_of(phase.light_k) - mired_of(before.light_k)) / MIRED_PER_S
    if change_s > phase.nominal_s:
        yield (
            f'phase "{phase.id}": light_k: {before.light_k:g} to {phase.light_k:g} K takes {change_s:.0f} s at '
            f"{MIRED_PER_S:g} mired/s, longer than the phase; allowed is a nearer colour"
        )


def _swell(phase: Phase) -> Iterator[str]:
    if not phase.light_swell_hz and not phase.light_swell_l:
        return
    key = f'phase "{phase.id}": light_swell'
    if not phase.light_swell_hz or not phase.light_swell_l:
        yield f"{key}: needs both light_swell_hz and light_swell_l; leave out both for a steady light"
        return
    if phase.light_swell_hz > SWELL_HZ_MAX:
        yield f"{key}_hz: periodic light at {phase.light_swell_hz:g} Hz is too fast; allowed is at most {SWELL_HZ_MAX:g} Hz"
    deepest = min(SWELL_DEPTH_L_MAX, SWELL_L_PER_S / (math.pi * phase.light_swell_hz))
    deepest = min(deepest, 2.0 * phase.light_l, 2.0 * (100.0 - phase.light_l))
    if phase.light_swell_l > deepest:
        yield (
            f"{key}_l: {phase.light_swell_l:g} L* is deeper than allowed at {phase.light_swell_hz:g} Hz around "
            f"L* {phase.light_l:g}; allowed is at most {deepest:.1f} L*"
        )


def _stay(program: Program) -> Iterator[str]:
    shortest = ROUTE_STAY_MIN[program.route]
    if program.minimum_stay_min < shortest:
        yield (
            f"minimum_stay_min: an observation of {program.minimum_stay_min:g} min is shorter than the route's minimum; "
            f'allowed for "{program.route}" is at least {shortest:g} min'
        )
    if program.route == "psilocybin" and program.stay_by_mg:
        for mg, least_min in OREGON_STAY_MIN:
            stay_min = stay_s(program, mg) / 60.0
            if stay_min < least_min:
                yield f"stay_by_mg: {stay_min:g} min at {mg:g} mg is too short; allowed is at least {least_min:g} min"
    stays = [step.stay_min for step in sorted(program.stay_by_mg, key=lambda step: step.from_mg)]
    if stays != sorted(stays):
        yield "stay_by_mg: more milligrams ask for a shorter stay; allowed is as long or longer"


def _booster(program: Program) -> Iterator[str]:
    ids = [phase.id for phase in program.phases]
    retime = program.booster.retime
    if retime == "ascent" and "ascent" not in ids:
        yield 'booster.retime: "ascent" needs a phase of that id; there are ' + ", ".join(ids)
    if retime == "longer-peak" and ("peak" not in ids or not program.booster.peak_min):
        yield 'booster.retime: "longer-peak" needs a phase "peak" and booster.peak_min of more than 0'
    if retime == "stay" and not program.stay_by_mg:
        yield 'booster.retime: "stay" needs stay_by_mg, which says how long for how many mg'


def _prompts(program: Program) -> Iterator[str]:
    for rule in program.prompts:
        key = f'prompt "{rule.id}"'
        if not rule.at_min and rule.every_min is None:
            yield f"{key}: says no time; give at_min = [..] or every_min"
        if rule.every_min is None and (rule.from_min is not None or rule.until_min is not None):
            yield f"{key}: from_min and until_min need every_min"
        if rule.from_min is not None and rule.until_min is not None and rule.from_min > rule.until_min:
            yield f"{key}: from_min: {rule.from_min:g} is after until_min; allowed is at most {rule.until_min:g}"
        last_min = _last_min(program, rule)
        for name, times in (("at_min", rule.at_min), ("from_min", (rule.from_min,)), ("until_min", (rule.until_min,))):
            for minute in times:
                if minute is not None and minute > last_min:
                    allowed = f"allowed is at most {last_min:g} min from {rule.anchor}"
                    yield f"{key}: {name}: {minute:g} min is outside the program; {allowed}"
        missing = [ask for ask in rule.needs if ask not in rule.asks]
        if missing:
            yield f"{key}: needs: {', '.join(missing)} is not asked; add it to asks"


def _last_min(program: Program, rule: PromptRule) -> float:
    """The last minute from the rule's anchor that lies inside the program."""
    if rule.anchor == START:
        waiting = program.phases[0] if program.clock else None
        return ends_at_min(program) if waiting is None else (waiting.nominal_s / 60.0)
    end_min = max(ends_at_min(program), program.minimum_stay_min)
    return end_min - (0.0 if rule.anchor == BOOSTER else program.nominal_min_of(rule.anchor))


def _breath(program: Program) -> Iterator[str]:
    if program.breath is not None and (problem := ratio_problem(program.breath.ratio)) is not None:
        yield f"breath.ratio: {problem}"
