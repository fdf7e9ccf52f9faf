"""A set as it would be heard, seen and felt, without a room: rendered faster than real time, and every time the same.

Frame 0 of the file is where the set begins, unless an output is set so early that it begins before; then the set begins later
by as much. The sound does not depend on the size of the blocks it is made in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from roomctl.bilateral import new_score
from roomctl.engine.light_governor import LightGovernor
from roomctl.errors import Invalid, RoomError
from roomctl.limits import Limits, check_bls
from roomctl.wav_file import WavFile
from stimuli import motion
from stimuli.beats import beats_between, taps_between, tones_between
from stimuli.colours import srgb_of_linear
from stimuli.frames import FRAME_RATE_HZ, FrameArray, Samples, frames_of_s
from stimuli.light import DARK, lights_at
from stimuli.limiter import LIMITER_DELAY_FRAMES, Limiter
from stimuli.pad import Pad
from stimuli.score import Cue, Score
from stimuli.settings import Bls, Source
from stimuli.stimulus import stimulus_block
from stimuli.taps import TapLimits, pulses_between

BLOCK_FRAMES: Final = 48_000
TAIL_S: Final = 1.0
"""How long after its rest a set is recorded: the last tone rings out, the light is dark."""

LONGEST_S: Final = 48 * 3600.0
PAD_INTENSITY: Final = 2.0
_EVENTS_FRAMES: Final = frames_of_s(10.0)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OfflineRoom:
    """The room as far as a render knows it: its limits, its bar, and the seed of the built-in pad."""

    limits: Limits = field(default_factory=Limits)
    leds: int = 60
    fps: float = 40.0
    taps: TapLimits = field(default_factory=TapLimits)
    pad_seed: int = 1


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written: `frames` of sound, of which the largest sample is `peak`, and `events`; None where none were asked."""

    frames: int
    peak: float
    events: int | None


def score_of(bls: Bls, limits: Limits, seconds: float | None = None) -> Score:
    """The score of one set of `bls`; `seconds` stands for the set's own end and may pass the room's longest set.

    It then has the whole cycles nearest to `seconds`, one at least. Raises Invalid for what the room does not do.
    """
    if seconds is None:
        check_bls(bls, limits)
        score = new_score(bls, limits, 0)
    else:
        if not 0.0 < seconds <= LONGEST_S:
            raise Invalid(f"{seconds:g} s cannot be rendered; allowed is more than 0 and at most {LONGEST_S:g} s")
        check_bls(replace(bls, set_cycles=None, set_s=None, open=True), limits)
        cycles = max(1, round(seconds * bls.rate_hz))
        score = Score(motion.start(0, bls.rate_hz, cycles, soft=bls.finish == "soft"), (Cue(0, bls),))
    early = _early_frames(score)
    if early == 0:
        return score
    moving, total = score.motion, score.motion.cycles_total
    later = motion.start(early, bls.rate_hz, total, soft=moving.brake_frame is not None)
    return Score(later, (Cue(early, bls),))


def _early_frames(score: Score) -> int:
    """How long before the set its first tone or tap falls."""
    first = [beat.frame for beat, _ in tones_between(score, -FRAME_RATE_HZ, 0)]
    first += [beat.frame for beat, _ in taps_between(score, -FRAME_RATE_HZ, 0)]
    return -min(first, default=0)


def set_frames(score: Score) -> int:
    """Frames from the file's start until the set has come to rest and rung out. Raises Invalid for a set without an end."""
    end = score.motion.end_frame
    if end is None:
        raise Invalid("this set is open, so it has no end to render to; give --seconds or --minutes")
    return math.ceil(end) + frames_of_s(TAIL_S)


def sound_blocks(score: Score, frames: int, room: OfflineRoom, block_frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
    """`frames` frames of sound from frame 0, rendered `block_frames` at a time and limited, in order and without a gap."""
    limiter, sound = Limiter(room.limits.peak_dbfs), PadOnly(Pad(room.pad_seed))
    early, left = LIMITER_DELAY_FRAMES, frames
    for first in range(0, frames + LIMITER_DELAY_FRAMES, block_frames):
        stimulus = stimulus_block(score, first, block_frames, sound)
        heard, music = limiter.process(stimulus, np.zeros_like(stimulus))
        mixed = (heard + music)[early : early + left]
        early = max(0, early - block_frames)
        left -= len(mixed)
        if len(mixed):
            yield mixed


@dataclass(frozen=True, slots=True)
class PadOnly:
    """The continuous sound of a render: without a clinic's own music the pad stands in for it."""

    pad: Pad

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        """The pad, whatever the source."""
        return self.pad.block(first_frame, frames, PAD_INTENSITY)


def set_events(score: Score, frames: int, room: OfflineRoom, first_frame: int = 0) -> Iterator[Event]:
    """What happens in the set from `first_frame` to before `frames`, in order: beats, tones, taps, pictures, states."""
    bar = _Bar(LightGovernor(room.limits.bar_level, room.leds))
    for first in range(first_frame, frames, _EVENTS_FRAMES):
        end = min(first + _EVENTS_FRAMES, frames)
        found = [
            *_state_events(score, first, end),
            *_beat_events(score, first, end, room),
            *bar.events(score, first, end, room),
        ]
        yield from sorted(found, key=_frame_of)


def _frame_of(event: Event) -> int:
    return int(event["frame"])


def _event(kind: str, frame: int, **values: Any) -> Event:
    return {"t_s": round(frame / FRAME_RATE_HZ, 6), "frame": frame, "kind": kind, **values}


def _state_events(score: Score, first: int, end: int) -> Iterator[Event]:
    moving = score.motion
    states = {"running": moving.start_frame, "finishing": moving.finish_frame, "idle": moving.end_frame}
    for state, exact in states.items():
        frame = None if exact is None else math.ceil(exact)
        if frame is not None and first <= frame < end:
            yield _event("set", frame, state=state)


def _beat_events(score: Score, first: int, end: int, room: OfflineRoom) -> Iterator[Event]:
    for beat in beats_between(score.motion, first, end):
        yield _event("beat", beat.frame, side=beat.side, cycle=beat.cycle)
    for beat, tone in tones_between(score, first, end):
        yield _event("tone", beat.frame, side=beat.side, hz=tone.hz, ms=tone.ms, timbre=tone.timbre)
    for pulse in pulses_between(score, first, end, room.taps):
        yield _event("tap", pulse.frame, side=pulse.side, ms=round(pulse.ms, 3), strength=round(pulse.strength_frac, 4))


class _Bar:
    """The bar's pictures, each under the room's limits, in order."""

    def __init__(self, governor: LightGovernor) -> None:
        self._governor = governor
        self._lit = False

    def events(self, score: Score, first: int, end: int, room: OfflineRoom) -> Iterator[Event]:
        """Every picture from `first` to `end` that is lit, and the dark one after."""
        if not any(cue.bls.light.on for cue in score.cues):
            return
        lights = lights_at(score, _pictures(first, end, room.fps))
        columns = (lights.frames, lights.pos, lights.level_frac, lights.colours)
        for frame, pos, level, colour in zip(*(column.tolist() for column in columns), strict=True):
            shown = self._governor.limit(replace(DARK, level_frac=level), frame).level_frac
            if shown > 0.0 or self._lit:
                yield _event("light", frame, pos=round(pos, 5), level=round(shown, 5), colour=_hex(*colour))
            self._lit = shown > 0.0


def _pictures(first: int, end: int, fps: float) -> FrameArray:
    """The frames in [`first`, `end`) of the pictures that are shown `fps` times a second from frame 0."""
    begin = math.ceil(first * fps / FRAME_RATE_HZ) - 1
    numbers = np.arange(max(0, begin), math.ceil(end * fps / FRAME_RATE_HZ) + 1)
    frames: FrameArray = np.rint(numbers * (FRAME_RATE_HZ / fps)).astype(np.int64)
    shown: FrameArray = frames[(frames >= first) & (frames < end)]
    return shown


@lru_cache(maxsize=64)
def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(255 * srgb_of_linear(part)):02x}" for part in (red, green, blue))


def render_set(
    score: Score,
    frames: int,
    out: Path,
    events: Path | None = None,
    room: OfflineRoom | None = None,
    block_frames: int = BLOCK_FRAMES,
) -> Rendered:
    """Write `frames` frames of the set's sound to `out` (24-bit WAV) and what happens to `events` (JSON lines).

    Both appear whole or not at all. Raises RoomError where a file cannot be written.
    """
    room = room or OfflineRoom()
    try:
        with WavFile(out, frames) as wav:
            peak = 0.0
            for sound in sound_blocks(score, frames, room, block_frames):
                wav.write(sound)
                peak = max(peak, float(np.max(np.abs(sound))))
        count = None if events is None else write_events(events, set_events(score, frames, room))
    except OSError as problem:
        raise RoomError(f"{problem.filename or out}: cannot be written ({problem.strerror or problem})") from problem
    return Rendered(frames, peak, count)


def write_events(path: Path, events: Iterable[Event]) -> int:
    """Write `events` as JSON lines; returns how many. May raise OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for event in events:
                file.write(json.dumps(event) + "\n")
                count += 1
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
