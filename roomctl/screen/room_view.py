"""What the window knows of the room: a frozen value, made new by each push of the engine and by Esc. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal

from roomctl.link.client import Push
from roomctl.messages import Heartbeat, Snapshot
from stimuli.motion import Motion, Segment
from stimuli.score import Cue, Score
from stimuli.settings import Bls, Light, Tasks

BAR_LEVEL_UNTOLD: Final = 0.6
"""The room's limit of the bar until the room has said its own: the contract's default."""

Run = tuple[float | None, float | None]

Hush = Literal["none", "asked", "told", "seen"]
"""The window's own STOP: pressed here, taken by the engine, seen in the room's state; RESUME lifts it after that."""

_LIGHT_KEYS: Final = {field.name for field in fields(Light)}
_TASK_KEYS: Final = {field.name for field in fields(Tasks)}


@dataclass(frozen=True, slots=True)
class RoomClock:
    """At monotonic time `mono_ns` the client hears `frame`."""

    frame: float
    mono_ns: int
    frames_per_s: float

    def frame_at(self, mono_ns: int) -> float:
        """The session frame that the client hears at `mono_ns`."""
        return self.frame + (mono_ns - self.mono_ns) * 1e-9 * self.frames_per_s


@dataclass(frozen=True, slots=True)
class RoomView:
    """The room as last heard. Without a clock or a motion there is nothing to show.

    `lit` are the last stretches in which the light is switched on, in frames; None is without a beginning, or without an end.
    Where they were not told, the present settings hold throughout.
    """

    motion: Motion | None = None
    lit: tuple[Run, ...] | None = None
    bls: Bls = field(default_factory=Bls)
    bar_level: float = BAR_LEVEL_UNTOLD
    clock: RoomClock | None = None
    stopped: bool = False
    hush: Hush = "none"

    @property
    def score(self) -> Score | None:
        """The set with its light's switches, as if its other settings had always held; None where there is none."""
        if self.motion is None:
            return None
        if self.lit is None:
            return Score(self.motion, (Cue(self.motion.start_frame, self.bls),))
        first = Cue(self.motion.start_frame, self._lit(on=bool(self.lit) and self.lit[0][0] is None))
        edges = [(frame, on) for run in self.lit for frame, on in zip(run, (True, False), strict=True) if frame is not None]
        return Score(self.motion, (first, *(Cue(round(frame), self._lit(on=on)) for frame, on in edges)))

    def _lit(self, *, on: bool) -> Bls:
        return replace(self.bls, light=replace(self.bls.light, on=on))

    @property
    def may_show(self) -> bool:
        """Whether nobody has pressed STOP, here or anywhere."""
        return not self.stopped and self.hush == "none"


def motion_of(score: Mapping[str, Any] | None) -> Motion | None:
    """The motion of the snapshot's `score`."""
    if score is None:
        return None
    segments = tuple(
        Segment(part["start_frame"], part["phase"], part["rate_hz"], part["slope_hz_per_s"]) for part in score["segments"]
    )
    return Motion(
        start_frame=score["start_frame"],
        segments=segments,
        cycles_total=score["cycles_total"],
        finish_frame=score["finish_frame"],
        end_frame=score["end_frame"],
        cut_frame=score["cut_frame"],
    )


def _lit_of(score: Mapping[str, Any] | None) -> tuple[Run, ...] | None:
    told = None if score is None else score.get("lit")
    return None if told is None else tuple((begin, until) for begin, until in told)


def clock_of(clock: Mapping[str, Any]) -> RoomClock:
    """The clock of a snapshot or heartbeat."""
    return RoomClock(float(clock["frame"]), int(clock["mono_ns"]), float(clock["frames_per_s"]))


def _seen_of(bls: Mapping[str, Any]) -> Bls:
    """What of the settings can be seen."""
    light = {key: value for key, value in bls["light"].items() if key in _LIGHT_KEYS}
    tasks = {key: value for key, value in bls["tasks"].items() if key in _TASK_KEYS}
    return Bls(light=Light(**light), tasks=Tasks(**tasks), seed=bls["seed"])


def changed(view: RoomView, state: Mapping[str, Any]) -> RoomView:
    """`view` with those top-level keys of the room's state that concern the window. Raises KeyError if one lacks a part."""
    if "score" in state:
        view = replace(view, motion=motion_of(state["score"]), lit=_lit_of(state["score"]))
    if "bls" in state:
        view = replace(view, bls=_seen_of(state["bls"]))
    if "room" in state:
        view = replace(view, bar_level=float(state["room"]["limits"]["bar_level"]))
    if state.get("clock") is not None:
        view = replace(view, clock=clock_of(state["clock"]))
    if "stopped" in state:
        view = replace(view, stopped=bool(state["stopped"]))
    return view


def heard(view: RoomView, push: Push) -> RoomView:
    """`view` after `push`. Raises KeyError where the push lacks what the contract promises."""
    if isinstance(push, Heartbeat):
        return replace(view, clock=clock_of(push.clock))
    state = push.state if isinstance(push, Snapshot) else push.changed
    view = changed(RoomView(hush=view.hush) if isinstance(push, Snapshot) else view, state)
    return replace(view, hush=_hush_after(view, whole=isinstance(push, Snapshot)))


def _hush_after(view: RoomView, *, whole: bool) -> Hush:
    if view.hush == "none":
        return "none"
    if view.stopped:
        return "seen"
    return "none" if view.hush == "seen" or (view.hush == "told" and whole) else view.hush


def pressed(view: RoomView) -> RoomView:
    """`view` after Esc: dark from here on until the room says that it is no longer stopped."""
    return replace(view, hush="seen" if view.stopped else "asked")


def taken(view: RoomView) -> RoomView:
    """`view` after the engine has taken this window's STOP."""
    return replace(view, hush="told") if view.hush == "asked" else view
