"""A running program as a frozen value over session time: any moment of it, past or future, is a pure function of it.

Session time is seconds of session frames. The medicine clock counts from T0, the dose. Moves (`playlists.moves`) make a new arc
out of an arc; what they cannot know by themselves, such as the lamp's level after a restart, they carry with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from playlists.breath import Course, swell_db_at
from playlists.curves import at, target_at
from playlists.levels import Levels
from playlists.plan import Extras, Plan, Stretch, stretch_at
from playlists.program import Program, ends_at_min, stay_s
from playlists.prompts import Answer, Prompt, PromptPoint, anchored, point_of, prompts_of

ArcState = Literal[
    "arrival", "running", "held", "paused", "calm", "attention", "stopped", "overrun", "awaiting-resume", "ended"
]


class ArcRefused(Exception):
    """A move that is not possible in the arc's state; `possible` are the moves that are."""

    def __init__(self, message: str, state: ArcState, possible: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.state = state
        self.possible = possible


class ArcInvalid(ValueError):
    """A move with a value that is not allowed; `allowed` are those that are, where they can be listed."""

    def __init__(self, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happened to the arc: `do` at session time `at_s`, `utc_s` of the wall clock, with what it says."""

    do: str
    at_s: float
    utc_s: float
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arc:
    """A program and all that has happened to it, exact from its last move on.

    `t0_s` and `t0_utc_s` are the dose, `stay_until_s` the end of the minimum stay. `awaiting`: the engine was gone and the
    operator has not yet said to go on. `latched`: STOP stands. `breath` is how the breath is led, empty where none is.
    """

    program: Program
    started_s: float
    started_utc_s: float
    plan: Plan
    levels: Levels
    moves: tuple[Move, ...]
    t0_s: float | None = None
    t0_utc_s: float | None = None
    anchors: tuple[tuple[str, float], ...] = ()
    boosters_s: tuple[float, ...] = ()
    total_mg: float | None = None
    uncounted: bool = False
    extras: Extras = ()
    answers: tuple[Answer, ...] = ()
    stay_until_s: float | None = None
    ended_s: float | None = None
    awaiting: bool = False
    latched: bool = False
    playing: str | None = None
    breath: Course = ()

    @property
    def last_s(self) -> float:
        """The session time of the last move."""
        return self.moves[-1].at_s


@dataclass(frozen=True, slots=True)
class MusicAim:
    """What the music should be at a moment.

    A change of `changed_s` asks for other music, out of `pools` or the pad, crossfaded in `crossfade_s` and chosen for the
    intensity `begins`, nothing tagged `voice` or `percussion` where these are False. `intensity` is the present one, on the way
    there at first. `gain_db` is from the target loudness; `music_frac` and `bed_frac` are amplitudes 0-1 beside it, 0 silent.
    `swell_db` is the breath's, at most 0.
    """

    phase: str
    pools: tuple[str, ...]
    pad: bool
    voice: bool
    percussion: bool
    changed_s: float
    crossfade_s: float
    begins: float
    intensity: float
    gain_db: float
    music_frac: float
    bed_db: float
    bed_frac: float
    swell_db: float


@dataclass(frozen=True, slots=True)
class LightAim:
    """Where the room light is at a moment, and the L* it is on the way to."""

    level_l: float
    cct_k: float
    target_l: float


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """The arc at a moment. `phase_left_s` is None where the phase has no end or the program has ended."""

    t_s: float
    state: ArcState
    phase: str
    phase_index: int
    phase_elapsed_s: float
    phase_left_s: float | None
    held: bool
    paused: bool
    overrun: bool
    over_max: bool
    medicine_s: float | None
    stay_s: float | None
    stay_left_s: float | None
    music: MusicAim
    light: LightAim
    prompts: tuple[PromptPoint, ...]


def arc_at(arc: Arc, t_s: float) -> ArcPoint:
    """The whole arc at session time `t_s`, of its last move or later."""
    stretch = stretch_at(arc.plan, t_s)
    phase = arc.program.phases[stretch.phase]
    ended = has_ended(arc, t_s)
    elapsed_s = stretch.elapsed_at(t_s)
    left_s = stretch.left_at(t_s)
    stay_left_s = None if arc.stay_until_s is None else max(0.0, arc.stay_until_s - t_s)
    return ArcPoint(
        t_s=t_s,
        state=state_at(arc, t_s),
        phase=phase.id,
        phase_index=stretch.phase,
        phase_elapsed_s=elapsed_s,
        phase_left_s=None if ended or not math.isfinite(left_s) else left_s,
        held=stretch.held and not ended,
        paused=(stretch.paused is not None or arc.awaiting) and not ended,
        overrun=stretch.overrun,
        over_max=not ended and not stretch.waits and elapsed_s > phase.max_min * 60.0,
        medicine_s=medicine_at(arc, t_s),
        stay_s=None if arc.stay_until_s is None or arc.t0_s is None else arc.stay_until_s - arc.t0_s,
        stay_left_s=stay_left_s,
        music=music_at(arc, t_s),
        light=light_at(arc, t_s),
        prompts=tuple(prompts_at(arc, t_s)),
    )


def state_at(arc: Arc, t_s: float) -> ArcState:
    """What the arc is doing at `t_s`, in one word."""
    stretch = stretch_at(arc.plan, t_s)
    if has_ended(arc, t_s):
        return "ended"
    if arc.awaiting:
        return "awaiting-resume"
    if stretch.paused is not None:
        words: dict[str, ArcState] = {"pause": "paused", "calm": "calm", "attention": "attention", "stop": "stopped"}
        return words[stretch.paused]
    if stretch.held:
        return "held"
    if stretch.waits:
        return "arrival"
    return "overrun" if stretch.overrun else "running"


def has_ended(arc: Arc, t_s: float) -> bool:
    """Whether the program was ended by `t_s`."""
    return arc.ended_s is not None and t_s >= arc.ended_s


def medicine_at(arc: Arc, t_s: float) -> float | None:
    """Seconds on the medicine clock; None before the dose, and where there is none."""
    return None if arc.t0_s is None else t_s - arc.t0_s


def light_at(arc: Arc, t_s: float) -> LightAim:
    """The room light at `t_s`: the program's, and what a look with the side lamp adds."""
    look_l = at(arc.levels.check, t_s)
    level_l = min(100.0, max(0.0, at(arc.levels.light, t_s) + look_l))
    return LightAim(level_l, 1e6 / at(arc.levels.mired, t_s), target_at(arc.levels.light, t_s))


def music_at(arc: Arc, t_s: float) -> MusicAim:
    """What the music should be at `t_s`."""
    stretch = stretch_at(arc.plan, t_s)
    phase = arc.program.phases[arc.program.overrun if stretch.overrun else stretch.phase]
    levels = arc.levels
    return MusicAim(
        phase=phase.id,
        pools=phase.pools,
        pad=phase.pad,
        voice=phase.voice,
        percussion=phase.percussion,
        changed_s=changed_s(arc, stretch),
        crossfade_s=stretch.crossfade_s,
        begins=phase.intensity[0],
        intensity=at(levels.intensity, t_s),
        gain_db=at(levels.trim, t_s),
        music_frac=at(levels.music, t_s),
        bed_db=at(levels.bed_db, t_s),
        bed_frac=at(levels.bed, t_s),
        swell_db=_swell_db(arc, t_s),
    )


def changed_s(arc: Arc, stretch: Stretch) -> float:
    """When the music of `stretch` came in: where its visit or the overrun began."""
    if not stretch.overrun:
        return stretch.entered_s
    visit = [each for each in arc.plan if each.overrun and each.entered_s == stretch.entered_s]
    return visit[0].start_s if visit else stretch.start_s


def _swell_db(arc: Arc, t_s: float) -> float:
    return swell_db_at(arc.breath, t_s) if arc.breath else 0.0


def prompts_at(arc: Arc, t_s: float) -> list[PromptPoint]:
    """Every prompt known at `t_s`, in order of time, each in its state."""
    return [point_of(prompt, arc.answers, t_s, arc.ended_s) for prompt in prompts_until(arc, t_s)]


def prompts_until(arc: Arc, t_s: float) -> list[Prompt]:
    """Every prompt known, repeating ones beyond `t_s`."""
    anchors = anchored(dict(arc.anchors), arc.started_s, arc.t0_s)
    return prompts_of(arc.program, anchors, arc.boosters_s, t_s)


def stay_from(arc: Arc) -> float | None:
    """The session time until which the client stays at least, as far as dose and boosters say; None before the dose."""
    if arc.t0_s is None:
        return None
    least_s = arc.t0_s + stay_s(arc.program, arc.total_mg, uncounted=arc.uncounted)
    after_s = [booster_s + arc.program.booster.stay_after_min * 60.0 for booster_s in arc.boosters_s]
    return max([least_s, *after_s])


def staying(arc: Arc) -> Arc:
    """`arc` with its minimum stay worked out anew, and never shorter than it was."""
    until_s = stay_from(arc)
    if until_s is None:
        return arc
    return replace(arc, stay_until_s=max(until_s, arc.stay_until_s or until_s))


def planned_end_s(arc: Arc) -> float:
    """The session time at which the last phase is over if nobody moves; the minimum stay where it has no end."""
    ends = [stretch.start_s for stretch in arc.plan if stretch.overrun]
    if ends:
        return ends[0]
    if arc.stay_until_s is not None:
        return max(arc.stay_until_s, arc.plan[-1].start_s)
    return arc.started_s + (arc.program.phases[0].nominal_s if arc.program.clock else ends_at_min(arc.program) * 60.0)
