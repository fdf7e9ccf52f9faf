"""A program as written in its file: phases, music, light and prompts over the minutes from an anchor, as frozen values.

Minutes count from an anchor: `start` is the program's start, `T0` the dose, any other is declared by the program and marked by
the operator. What a program may hold is checked in `playlists.program_rules`; how it runs is `playlists.arc`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Interval, Len, MinLen

from stimuli.settings import STRICT

Kind = Literal["dosing", "integration"]
Route = Literal["iv", "im", "lozenge", "in", "psilocybin", "mdma", "none"]
Ask = Literal["bp", "hr", "spo2", "text"]
Retime = Literal["ascent", "longer-peak", "stay", "none"]

START: Final = "start"
T0: Final = "T0"
BOOSTER: Final = "booster"

Minutes = Annotated[float, Interval(ge=0.0, le=1440.0)]
Intensity = Annotated[float, Interval(ge=0.0, le=5.0)]
Text = Annotated[str, Len(1, 400)]

ROUTE_STAY_MIN: Final[dict[Route, float]] = {
    "iv": 100,
    "im": 90,
    "lozenge": 120,
    "in": 120,
    "psilocybin": 300,
    "mdma": 480,
    "none": 0,
}
"""The shortest observation from T0 that a program of the route may ask for, minutes: the domain's table of dosing sessions.

Psilocybin's holds where the milligrams are not counted; where they are, OREGON_STAY_MIN does.
"""

OREGON_STAY_MIN: Final = ((10.0, 240.0), (25.0, 300.0), (35.0, 360.0))
"""(from this many mg, minutes to stay): the domain's table of dosing sessions, a second dose counted in."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. Minutes count from `anchor`; without `end_min` it lasts until the operator ends it.

    `waits`: stays until the dose is given. `pools` are where its music comes from, by preference; `pad`: the built-in sound
    where there is none. Without `voice` or `percussion`, music that is tagged as having it is left out. `intensity` goes from
    its first value to its second over the phase. `light_l`, `light_k` are where the room light goes (CIE L*, kelvin) in
    `light_fade_s`; `light_swell_l` is how far it then swells up and down, peak to peak, `light_swell_hz` times a second.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: Text
    title: Text
    start_min: Minutes
    light_l: Annotated[float, Interval(ge=0.0, le=100.0)]
    light_k: Annotated[float, Interval(ge=1500.0, le=6500.0)]
    intensity: tuple[Intensity, Intensity]
    end_min: Minutes | None = None
    min_min: Minutes = 0.0
    max_min: Minutes = 1440.0
    anchor: Text = T0
    waits: bool = False
    hold: bool = False
    pools: tuple[Text, ...] = ()
    pad: bool = True
    voice: bool = True
    percussion: bool = True
    trim_db: Annotated[float, Interval(ge=-30.0, le=0.0)] = 0.0
    crossfade_s: Annotated[float, Interval(ge=0.0, le=120.0)] = 20.0
    light_fade_s: Annotated[float, Interval(ge=0.0, le=3600.0)] = 120.0
    light_swell_hz: Annotated[float, Interval(ge=0.0, le=100.0)] = 0.0
    light_swell_l: Annotated[float, Interval(ge=0.0, le=100.0)] = 0.0

    @property
    def nominal_s(self) -> float:
        """How long the phase lasts when nobody moves it; infinite where it has no end."""
        return math.inf if self.end_min is None else (self.end_min - self.start_min) * 60.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment the operator marks; until then phases are laid out as if it came at `nominal_min` from T0."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Text
    title: Text
    nominal_min: Minutes


@dataclass(frozen=True, slots=True)
class Limits:
    """A measured value above one of these is marked on the panel. It is a reminder, the clinician decides."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    sys: Annotated[float, Interval(ge=60.0, le=260.0)] | None = None
    dia: Annotated[float, Interval(ge=30.0, le=160.0)] | None = None
    hr: Annotated[float, Interval(ge=30.0, le=220.0)] | None = None


@dataclass(frozen=True, slots=True)
class PromptRule:
    """When to remind of what: at each of `at_min`, and every `every_min` from `from_min` to `until_min` (or while it lasts).

    `asks` are the values it offers to note, `needs` those it cannot be done without. Overdue `overdue_min` after it was due.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: Text
    text: Text
    anchor: Text = T0
    at_min: tuple[Minutes, ...] = ()
    every_min: Annotated[float, Interval(ge=1.0, le=1440.0)] | None = None
    from_min: Minutes | None = None
    until_min: Minutes | None = None
    overdue_min: Annotated[float, Interval(ge=1.0, le=240.0)] = 5.0
    asks: tuple[Ask, ...] = ()
    needs: tuple[Ask, ...] = ()
    baseline: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Booster:
    """What a second dose does to what is left.

    `ascent`: back to the phase of that name. `longer-peak`: the peak lasts `peak_min` longer. `stay`: only the minimum stay
    follows the milligrams. `none`: this program has no second dose. `stay_after_min` is a minimum stay from the booster itself.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    retime: Retime = "none"
    peak_min: Minutes = 0.0
    stay_after_min: Minutes = 0.0


@dataclass(frozen=True, slots=True)
class StayByMg:
    """From `from_mg` in total, stay `stay_min` from T0."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    from_mg: Annotated[float, Interval(ge=0.0, le=1000.0)]
    stay_min: Minutes


@dataclass(frozen=True, slots=True)
class Breath:
    """Paced breathing: the bar goes right on the way in and left on the way out, and the pad swells with it.

    `ratio` is in : pause : out : pause, in any unit.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    per_min: Annotated[float, Interval(ge=5.0, le=7.0)] = 6.0
    ratio: tuple[float, float, float, float] = (4.0, 0.0, 6.0, 0.0)
    pad_swell_db: Annotated[float, Interval(ge=0.0, le=12.0)] = 6.0


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program's file: every key it may have. `bls` holds bilateral settings that differ from the defaults."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    title: Text
    kind: Kind
    phase: Annotated[tuple[Phase, ...], MinLen(1)]
    note: str = ""
    route: Route = "none"
    minimum_stay_min: Minutes = 0.0
    stay_by_mg: tuple[StayByMg, ...] = ()
    overrun: Text | None = None
    silent: bool = False
    anchor: tuple[Anchor, ...] = ()
    booster: Booster = field(default_factory=Booster)
    prompt: tuple[PromptRule, ...] = ()
    breath: Breath | None = None
    bls: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A checked program. `overrun` is the phase whose music goes on for ever after the last; `bls` is not to be changed."""

    id: str
    title: str
    kind: Kind
    route: Route
    note: str
    phases: tuple[Phase, ...]
    prompts: tuple[PromptRule, ...]
    anchors: tuple[Anchor, ...]
    booster: Booster
    minimum_stay_min: float
    stay_by_mg: tuple[StayByMg, ...]
    overrun: int
    silent: bool
    breath: Breath | None
    bls: dict[str, Any] | None

    @property
    def clock(self) -> bool:
        """Whether the program runs on a medicine clock."""
        return self.kind == "dosing"

    def index_of(self, phase_id: str) -> int:
        """Where the phase of that id stands; raises KeyError."""
        for index, phase in enumerate(self.phases):
            if phase.id == phase_id:
                return index
        raise KeyError(phase_id)

    def nominal_min_of(self, anchor: str) -> float:
        """Minutes from T0 (or from the start, without a medicine clock) at which `anchor` is expected."""
        return next((each.nominal_min for each in self.anchors if each.name == anchor), 0.0)


def starts_at_min(program: Program, phase: Phase) -> float:
    """Minutes from T0 at which `phase` begins when nobody moves it; from the program's start for one that waits."""
    return program.nominal_min_of(phase.anchor) + phase.start_min


def ends_at_min(program: Program) -> float:
    """Minutes from T0 at which the program's last phase is over; its minimum stay where that has no end."""
    last = program.phases[-1]
    if last.end_min is None:
        return max(program.minimum_stay_min, starts_at_min(program, last))
    return program.nominal_min_of(last.anchor) + last.end_min


def stay_s(program: Program, total_mg: float | None, *, uncounted: bool = False) -> float:
    """The minimum stay in seconds from T0 for `total_mg`; the longest the program knows where a booster was `uncounted`."""
    steps = sorted((step.from_mg, step.stay_min) for step in program.stay_by_mg)
    if not steps:
        return program.minimum_stay_min * 60.0
    if uncounted:
        return max(program.minimum_stay_min, steps[-1][1]) * 60.0
    if total_mg is None:
        return program.minimum_stay_min * 60.0
    reached = [stay for from_mg, stay in steps if total_mg >= from_mg]
    return (reached[-1] if reached else steps[0][1]) * 60.0
