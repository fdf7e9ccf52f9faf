"""The bilateral half of the room as a frozen value: settings in force, preset, and the score of the last or running set.

Pure: every move takes the value, says from which frame it holds, and returns a new value or refuses with a sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from pydantic import TypeAdapter

from playlists.bls_patch import END_KEYS
from playlists.presets import Preset
from roomctl.errors import Invalid, Refused
from roomctl.limits import Limits, check_bls
from roomctl.validation import validated
from stimuli import motion
from stimuli.colours import parse_colour
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms, frames_of_s
from stimuli.motion import MotionState
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls

_BLS: Final = TypeAdapter(Bls)

COMFORT_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "light": ("dot", "size", "colour", "brightness_frac", "width_frac", "offset_ms"),
    "tone": ("timbre", "hz", "pan_frac", "volume_db", "offset_ms"),
    "tap": ("strength_frac", "offset_ms"),
    "continuous": ("source", "volume_db"),
}
"""What belongs to this client and this room rather than to a protocol: kept when a preset says nothing of it."""

RING_OUT_FRAMES: Final = frames_of_ms(500)
"""How long a set's last tone may still ring after its motion is at rest."""


@dataclass(frozen=True, slots=True)
class Bilateral:
    """Settings in force, the preset they came from, and the scores that can still be heard or seen (newest last)."""

    bls: Bls = field(default_factory=Bls)
    preset: Preset | None = None
    scores: tuple[Score, ...] = ()

    @property
    def score(self) -> Score | None:
        """The newest set's score."""
        return self.scores[-1] if self.scores else None

    def state_at(self, frame: float) -> MotionState:
        """Idle, running or finishing. A set that is about to start counts as running, one that was cut as idle."""
        score = self.score
        if score is None or score.motion.cut_frame is not None:
            return "idle"
        return score.motion.state_at(max(frame, score.motion.start_frame))


def merged(bls: Bls, change: Mapping[str, Any]) -> Bls:
    """`bls` with any part changed; raises Invalid. Giving one end of a set takes the place of the other two."""
    whole = asdict(bls)
    _refuse_disguised_numbers(whole, change)
    ends = [key for key in END_KEYS if change.get(key) not in (None, False)]
    if len(ends) > 1:
        raise Invalid(f"settings: {' and '.join(ends)} are both given; a set ends by one of {', '.join(END_KEYS)}")
    if ends:
        whole.update(set_cycles=None, set_s=None, open=False)
    for key, value in change.items():
        part = whole.get(key)
        whole[key] = {**part, **value} if isinstance(part, dict) and isinstance(value, Mapping) else value
    result = validated(_BLS, Bls, whole, "settings")
    if not (result.set_cycles or result.set_s or result.open):
        raise Invalid("settings: a set must end somehow; give one of set_cycles (1-200), set_s (5-300) or open = true")
    _check_colour(result)
    return replace(result, rate_hz=round(result.rate_hz, 2))


def _refuse_disguised_numbers(whole: Mapping[str, Any], change: Mapping[str, Any], at: str = "") -> None:
    """A number in quotes, or true for 1, is a mistake of the caller's and not a number."""
    for key, value in change.items():
        known = whole.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            _refuse_disguised_numbers(known, value, f"{at}{key}.")
        is_number = isinstance(known, int | float) and not isinstance(known, bool)
        if (is_number or key in ("set_cycles", "set_s")) and isinstance(value, str | bool):
            raise Invalid(f"settings: {at}{key}: {json.dumps(value)} is not allowed; it must be a number")


def _check_colour(bls: Bls) -> None:
    try:
        parse_colour(bls.light.colour)
    except ValueError as problem:
        raise Invalid(f"settings: light.colour: {problem}") from problem


def with_preset(bls: Bls, preset: Preset) -> Bls:
    """The preset's settings, with what is the client's own comfort kept where the preset says nothing of it."""
    whole, kept = asdict(preset.settings), asdict(bls)
    for part, keys in COMFORT_KEYS.items():
        said = preset.bls.get(part, {})
        whole[part].update({key: kept[part][key] for key in keys if key not in said})
    whole["seed"] = bls.seed
    return validated(_BLS, Bls, whole, "settings")


def choose_preset(room: Bilateral, preset: Preset, limits: Limits, frame: float) -> Bilateral:
    """Take a preset's settings; refused in a set."""
    state = room.state_at(frame)
    if state != "idle":
        raise Refused(f"a set is {state}; a preset is chosen between sets", state=state, possible=["set/finish", "stop", "bls"])
    bls = with_preset(room.bls, preset)
    check_bls(bls, limits)
    return replace(room, bls=bls, preset=preset)


def check_preset_rules(preset: Preset | None, old: Bls, new: Bls) -> None:
    """Raise Invalid where the preset in force forbids the change."""
    if preset is None:
        return
    if preset.light_locked and new.light.on:
        raise Invalid(f'settings: light.on: the preset "{preset.title}" keeps the light off; choose another preset for light')
    ends_old, ends_new = ((bls.set_cycles, bls.set_s, bls.open) for bls in (old, new))
    if preset.fixed and ends_old != ends_new:
        raise Invalid(
            f'settings: the preset "{preset.title}" has a fixed set of {old.set_cycles} cycles;'
            " choose another preset for another length"
        )


def change_settings(
    room: Bilateral, change: Mapping[str, Any], limits: Limits, frame: int, *, ending: bool = False
) -> Bilateral:
    """Any part of the settings changed from `frame` on, in the running set too. Raises Invalid.

    A set that was told to end (`ending`) takes up outputs, but neither a rate nor a total: these are the next set's.
    """
    bls = merged(room.bls, change)
    check_preset_rules(room.preset, room.bls, bls)
    check_bls(bls, limits)
    state = room.state_at(frame)
    score = room.score
    if score is None or state == "idle":
        return replace(room, bls=bls)
    changed = with_settings(score, max(frame, score.motion.start_frame), bls)
    if state == "running" and not ending:
        changed = replace(changed, motion=_follow(changed.motion, room.bls, bls, limits, frame))
    return replace(room, bls=bls, scores=(*room.scores[:-1], changed))


def _follow(moving: motion.Motion, old: Bls, new: Bls, limits: Limits, frame: int) -> motion.Motion:
    """The motion of a running set under changed settings: rate by a ramp, totals counted from its start."""
    frame = max(frame, moving.start_frame)
    if new.rate_hz != old.rate_hz:
        moving = motion.change_rate(moving, frame, new.rate_hz, soft=new.finish == "soft")
    ends_changed = (old.set_cycles, old.set_s, old.open) != (new.set_cycles, new.set_s, new.open)
    if not (ends_changed or new.finish != old.finish or (new.rate_hz != old.rate_hz and new.set_cycles is None)):
        return moving
    total, passed = _total(moving, new, limits, frame)
    return motion.end_at_cycles(moving, total, soft=passed or new.finish == "soft" or new.open)


def _total(moving: motion.Motion, bls: Bls, limits: Limits, frame: int) -> tuple[int, bool]:
    """The whole cycles to end at, never past the room's longest set, and whether the wish lay in the past already."""
    least = motion.next_whole_cycles(moving, frame)
    most = max(least, _most_cycles(moving, limits))
    if bls.set_cycles is not None:
        return min(most, max(least, bls.set_cycles)), bls.set_cycles < least
    if bls.set_s is None:
        return most, False
    passed = (frame - moving.start_frame) / FRAME_RATE_HZ > bls.set_s
    return min(most, motion.cycles_after(moving, frame, bls.set_s, bls.rate_hz)), passed


def _most_cycles(moving: motion.Motion, limits: Limits) -> int:
    """The whole cycles after which a motion that goes on as it does is at rest within the room's longest set.

    A soft end takes as long from its last beat as half a cycle at full rate: it is over where the phase would be a quarter on.
    """
    going_on = motion.Motion(moving.start_frame, moving.open_segments or moving.segments)
    return math.floor(going_on.phase_at(moving.start_frame + frames_of_s(limits.set_max_s)) - motion.LAST_BEAT_BEFORE_REST)


def start_set(room: Bilateral, limits: Limits, frame: int) -> Bilateral:
    """A set from `frame` on. Raises Refused while one runs or finishes, Invalid where the settings are not allowed."""
    state = room.state_at(frame)
    if state != "idle":
        raise Refused(f"a set is already {state}", state=state, possible=["set/finish", "stop", "bls"])
    check_bls(room.bls, limits)
    score = new_score(room.bls, limits, frame)
    return replace(room, scores=(*_ringing(room.scores, frame), score))


def new_score(bls: Bls, limits: Limits, frame: int) -> Score:
    """The whole score of a set that starts at `frame`. An open one finishes softly at the room's longest set."""
    soft = bls.finish == "soft"
    if bls.set_cycles is not None:
        moving = motion.start(frame, bls.rate_hz, bls.set_cycles, soft=soft)
    elif bls.set_s is not None:
        moving = motion.start(frame, bls.rate_hz, max(1, round(bls.set_s * bls.rate_hz)), soft=soft)
    else:
        most = max(1, math.floor(limits.set_max_s * bls.rate_hz - motion.LAST_BEAT_BEFORE_REST))
        moving = motion.start(frame, bls.rate_hz, most, soft=True)
    return Score(moving, (Cue(frame, bls),))


def _ringing(scores: tuple[Score, ...], frame: int) -> tuple[Score, ...]:
    """The scores whose last tone can still be heard at `frame`."""
    return tuple(
        score
        for score in scores[-1:]
        if score.motion.end_frame is not None and score.motion.end_frame + RING_OUT_FRAMES > frame
    )


def finish_set(room: Bilateral, frame: int) -> Bilateral:
    """End the running set: softly at the next whole cycle, or at once where its settings say so."""
    state = room.state_at(frame)
    score = room.score
    if score is None or state != "running":
        possible = ["set/start", "preset"] if state == "idle" else ["stop"]
        raise Refused(
            "no set is running" if state == "idle" else "the set is already finishing", state=state, possible=possible
        )
    if score.bls_at(frame).finish == "hard":
        return stop_set(room, frame)
    return _with_motion(room, score, motion.finish(score.motion, max(frame, score.motion.start_frame)))


def finish_softly(room: Bilateral, frame: int) -> Bilateral:
    """End the running set softly, whatever its settings say; nothing changes where none runs."""
    score = room.score
    if score is None or room.state_at(frame) != "running":
        return room
    return _with_motion(room, score, motion.finish(score.motion, max(frame, score.motion.start_frame)))


def stop_set(room: Bilateral, frame: int) -> Bilateral:
    """End the set at `frame`, at once; nothing changes where none runs."""
    score = room.score
    if score is None or room.state_at(frame) == "idle":
        return room
    return _with_motion(room, score, motion.cut(score.motion, max(frame, score.motion.start_frame)))


def _with_motion(room: Bilateral, score: Score, moving: motion.Motion) -> Bilateral:
    return replace(room, scores=(*room.scores[:-1], replace(score, motion=moving)))


def delivered(score: Score, frame: float) -> dict[str, float]:
    """What of a set has been given by `frame`: whole cycles done, and seconds."""
    moving = score.motion
    until = frame if moving.end_frame is None else min(frame, moving.end_frame)
    elapsed_s = max(0.0, (until - moving.start_frame) / FRAME_RATE_HZ)
    return {"cycles": cycles_done(score, frame), "elapsed_s": round(elapsed_s, 3)}


def cycles_done(score: Score, frame: float) -> int:
    """Whole cycles passed: a cycle is done at its right beat's return to the centre."""
    return int(score.motion.phase_at(frame) + 1e-6)
