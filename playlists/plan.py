"""Where the program is and where it goes if nobody moves it: stretches of phases over session time, past and planned."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal

from playlists.program import Program

Pausing = Literal["pause", "calm", "attention", "stop"]
Plan = tuple["Stretch", ...]
Extras = tuple[tuple[int, float], ...]
"""(phase, seconds) by which phases to come are longer, or shorter, than their file says."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a visit to phase `phase` in which nothing about it changes.

    `left_s` is the time left in the phase at `start_s`, infinite where it has no end; it runs down unless `frozen`.
    `elapsed_s` is how long the visit lasted before. `overrun`: the program is over and goes on with its landing music.
    `crossfade_s` is how the visit's music came in.
    """

    phase: int
    start_s: float
    end_s: float
    left_s: float
    elapsed_s: float = 0.0
    held: bool = False
    paused: Pausing | None = None
    waits: bool = False
    overrun: bool = False
    crossfade_s: float = 20.0

    @property
    def frozen(self) -> bool:
        """Whether the time left stands still."""
        return self.held or self.paused is not None

    def left_at(self, t_s: float) -> float:
        """Seconds left in the phase at `t_s`: never below 0, infinite where the phase has no end."""
        return self.left_s if self.frozen else max(0.0, self.left_s - (t_s - self.start_s))

    def elapsed_at(self, t_s: float) -> float:
        """Seconds since the visit to the phase began."""
        return self.elapsed_s + (t_s - self.start_s)

    @property
    def entered_s(self) -> float:
        """When the visit to the phase began."""
        return self.start_s - self.elapsed_s


def stretch_at(plan: Plan, t_s: float) -> Stretch:
    """The stretch that holds at `t_s`; the first one before the program."""
    index = bisect_right(plan, t_s, key=lambda stretch: stretch.start_s)
    return plan[max(0, index - 1)]


def open_end(stretch: Stretch) -> Stretch:
    """`stretch` with the end that its own state gives it."""
    if stretch.frozen or stretch.waits or stretch.overrun:
        return replace(stretch, end_s=math.inf)
    return replace(stretch, end_s=stretch.start_s + stretch.left_s)


def entering(
    program: Program,
    phase: int,
    t_s: float,
    extras: Extras,
    paused: Pausing | None = None,
    crossfade_s: float | None = None,
) -> Stretch:
    """The beginning of a visit to `phase` at `t_s`, with the whole of its time left; crossfade None is the phase's own."""
    chosen = program.phases[phase]
    left_s = max(chosen.nominal_s + extra_s(extras, phase), 0.0)
    crossfade_s = chosen.crossfade_s if crossfade_s is None else crossfade_s
    return open_end(Stretch(phase, t_s, math.inf, left_s, paused=paused, waits=chosen.waits, crossfade_s=crossfade_s))


def extra_s(extras: Extras, phase: int) -> float:
    """By how much `phase` is longer than its file says."""
    return sum(seconds for index, seconds in extras if index == phase)


def onward(program: Program, current: Stretch, extras: Extras) -> Plan:
    """`current` and all that follows it if nobody moves: the phases in order, then the overrun without end."""
    stretches = [open_end(current)]
    while math.isfinite(stretches[-1].end_s):
        last = stretches[-1]
        if last.phase + 1 < len(program.phases):
            stretches.append(entering(program, last.phase + 1, last.end_s, extras))
        else:
            elapsed_s = last.elapsed_at(last.end_s)
            crossfade_s = program.phases[program.overrun].crossfade_s
            over = Stretch(last.phase, last.end_s, math.inf, 0.0, elapsed_s, overrun=True, crossfade_s=crossfade_s)
            stretches.append(over)
    return tuple(stretches)


def continued(stretch: Stretch, t_s: float) -> Stretch:
    """`stretch` cut at `t_s`: the same visit, with what is left of it then."""
    return replace(stretch, start_s=t_s, left_s=stretch.left_at(t_s), elapsed_s=stretch.elapsed_at(t_s))


def replanned(program: Program, plan: Plan, current: Stretch, extras: Extras) -> Plan:
    """`plan` up to the start of `current`, and from there on `current` and what follows it."""
    past = tuple(
        replace(stretch, end_s=min(stretch.end_s, current.start_s)) for stretch in plan if stretch.start_s < current.start_s
    )
    return (*past, *onward(program, current, extras))
