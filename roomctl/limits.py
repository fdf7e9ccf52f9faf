"""The room's limits, and what they say of bilateral settings before a set begins.

Figures: the domain's table of safety figures. A room file may only tighten them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final

from annotated_types import Interval

from playlists.program import Program
from playlists.programs import program_settings
from roomctl.errors import Invalid
from stimuli.settings import STRICT, Bls


@dataclass(frozen=True, slots=True)
class Limits:
    """What leaves the room is never above these."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    light_hz: Annotated[float, Interval(ge=0.05, le=2.0)] = 2.0
    saccade_hz: Annotated[float, Interval(ge=0.05, le=1.5)] = 1.5
    peak_dbfs: Annotated[float, Interval(ge=-60.0, le=-1.0)] = -1.0
    cap_dba: Annotated[float, Interval(ge=40.0, le=80.0)] = 75.0
    bar_level: Annotated[float, Interval(ge=0.01, le=0.6)] = 0.6
    set_max_s: Annotated[float, Interval(ge=5.0, le=600.0)] = 600.0


SEIZURE_REASON: Final = "flicker above it can bring on a seizure"


def check_own_motion(program: Program, limits: Limits) -> None:
    """Raise Invalid where a program's own bilateral motion asks for what the room does not do; its length is the program's."""
    own = program_settings(program)
    if own is None:
        return
    try:
        check_bls(replace(own, set_cycles=None, set_s=None, open=True), limits)
    except Invalid as problem:
        raise Invalid(f'the program "{program.title}": {problem.message}', **problem.details) from problem


def set_length_s(bls: Bls) -> float | None:
    """How long a set of these settings takes by its own numbers, in seconds; None while it is open."""
    if bls.open:
        return None
    if bls.set_s is not None:
        return bls.set_s
    return (bls.set_cycles or 0) / bls.rate_hz


def check_bls(bls: Bls, limits: Limits) -> None:
    """Raise Invalid where the settings ask for what the room does not do."""
    if bls.light.on and bls.rate_hz > limits.light_hz:
        raise Invalid(
            f"rate_hz is {bls.rate_hz:g}; with light this room allows at most {limits.light_hz:g} Hz: {SEIZURE_REASON}",
            allowed={"le": limits.light_hz},
        )
    if bls.light.on and bls.light.saccade and bls.rate_hz > limits.saccade_hz:
        raise Invalid(
            f"rate_hz is {bls.rate_hz:g}; a light that jumps from edge to edge may go at most {limits.saccade_hz:g} Hz:"
            f" {SEIZURE_REASON}",
            allowed={"le": limits.saccade_hz},
        )
    length_s = set_length_s(bls)
    if length_s is not None and length_s > limits.set_max_s + 1e-9:
        longest = f"this room's longest set is {limits.set_max_s:g} s"
        if bls.set_s is not None:
            sentence = f"a set of {length_s:g} s is asked for; {longest}: ask for fewer seconds"
        else:
            asked = f"a set of {bls.set_cycles} cycles at {bls.rate_hz:g} Hz takes {length_s:.0f} s"
            sentence = f"{asked}; {longest}: ask for fewer cycles, or a faster rate"
        raise Invalid(sentence, allowed={"set_max_s": limits.set_max_s})
