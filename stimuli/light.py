"""The moving light: where the dot is, how bright and of what colour, for any session frame.

It fades in calmly at the start of a set, is lit until the set is at rest at the centre, and fades out there. Switched off in a
set it is gone at once, by a short fade; a hard stop leaves it dark from that very frame. `offset_ms` moves the dot and the
set's own fades, never a switch or a stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from stimuli.bar import LedFrame, bar_pixels
from stimuli.colours import Rgb, parse_colour
from stimuli.frames import FRAME_RATE_HZ, FloatArray, FrameArray, frames_of_ms, frames_of_s
from stimuli.motion import Motion
from stimuli.paths import along, alongs, point
from stimuli.score import Cue, Score
from stimuli.settings import Light
from stimuli.tasks import COLOUR_CHANGE_MS, colour_at, reaction_events

__all__ = [
    "DARK",
    "Dot",
    "LedFrame",
    "Lights",
    "bar_pixels",
    "dot_at",
    "light_at",
    "lights_at",
    "runs_on",
    "screen_point_at",
    "set_level_at",
]

FADE_IN_S: Final = 0.2
FADE_OUT_S: Final = 0.25
SWITCH_OFF_S: Final = 0.06
_FADE_IN_FRAMES: Final = FADE_IN_S * FRAME_RATE_HZ
_FADE_OUT_FRAMES: Final = FADE_OUT_S * FRAME_RATE_HZ
_SWITCH_OFF_FRAMES: Final = SWITCH_OFF_S * FRAME_RATE_HZ


@dataclass(frozen=True, slots=True)
class Dot:
    """The dot at one moment: `pos` -1 left to 1 right, `level_frac` 0 to 1 of full light, linear `colour`, `size` as set."""

    pos: float
    level_frac: float
    colour: Rgb
    size: float


DARK: Final = Dot(0.0, 0.0, (0.0, 0.0, 0.0), 3.0)
"""No light, at the centre."""


@dataclass(frozen=True, slots=True)
class Lights:
    """The dot at many frames: `frames`, `pos` and `level_frac` of shape (n,), `colours` of shape (n, 3)."""

    frames: FrameArray
    pos: FloatArray
    level_frac: FloatArray
    colours: FloatArray


def _rise(part: float) -> float:
    """A raised cosine from 0 to 1 as `part` does, level on both sides."""
    return 0.5 - 0.5 * math.cos(math.pi * min(max(part, 0.0), 1.0))


def _rises(parts: FloatArray) -> FloatArray:
    result: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.clip(parts, 0.0, 1.0))
    return result


def set_level_at(motion: Motion, frame: float, offset_frames: float = 0.0) -> float:
    """0 to 1: the calm rise at the set's start and fall after its rest, later by `offset_frames`; 0 from a hard stop on."""
    if motion.cut_frame is not None and frame >= motion.cut_frame:
        return 0.0
    shown = frame - offset_frames
    if shown <= motion.start_frame:
        return 0.0
    level = _rise((shown - motion.start_frame) / _FADE_IN_FRAMES)
    if motion.end_frame is not None and motion.cut_frame is None:
        level *= 1.0 - _rise((shown - motion.end_frame) / _FADE_OUT_FRAMES)
    return level


def _set_levels(motion: Motion, frames: FloatArray, offset_frames: float) -> FloatArray:
    shown = frames - offset_frames
    levels = _rises((shown - motion.start_frame) / _FADE_IN_FRAMES)
    if motion.end_frame is not None and motion.cut_frame is None:
        levels *= 1.0 - _rises((shown - motion.end_frame) / _FADE_OUT_FRAMES)
    if motion.cut_frame is not None:
        levels[frames >= motion.cut_frame] = 0.0
    return levels


def _rests_at_centre(motion: Motion, shown: float) -> bool:
    return motion.end_frame is not None and motion.cut_frame is None and shown >= motion.end_frame


def _pos_at(motion: Motion, light: Light, shown: float) -> float:
    if light.saccade and _rests_at_centre(motion, shown):
        return 0.0
    return along(motion.phase_at(shown), light.path, light.travel, saccade=light.saccade) * light.width_frac


def dot_at(motion: Motion, light: Light, frame: float) -> Dot:
    """The dot at `frame` under settings that never changed; dark if `light.on` is False. Raises ValueError for a bad colour."""
    offset = frames_of_ms(light.offset_ms)
    level = set_level_at(motion, frame, offset) * light.brightness_frac if light.on else 0.0
    return Dot(_pos_at(motion, light, frame - offset), level, parse_colour(light.colour), light.size)


def screen_point_at(motion: Motion, light: Light, frame: float) -> tuple[float, float]:
    """Screen x and y of the dot, -1..1 with y up, at `frame` under `light`."""
    shown = frame - frames_of_ms(light.offset_ms)
    if light.saccade and _rests_at_centre(motion, shown):
        return 0.0, 0.0
    x, y = point(motion.phase_at(shown), light.path, light.travel, saccade=light.saccade)
    return x * light.width_frac, y * light.width_frac


def runs_on(cues: tuple[Cue, ...]) -> Iterator[tuple[float, float]]:
    """(from, until) frames of the stretches in which the light is switched on; the first cue holds for ever before."""
    begin: float | None = None
    for cue in cues:
        if cue.bls.light.on and begin is None:
            begin = -math.inf if cue is cues[0] else float(cue.frame)
        elif not cue.bls.light.on and begin is not None:
            yield begin, float(cue.frame)
            begin = None
    if begin is not None:
        yield begin, math.inf


def _recent(cues: tuple[Cue, ...], frame: float) -> tuple[Cue, ...]:
    """The cues that can still matter to the switch at `frame`: the last settled one and what came after it."""
    first = len(cues) - 1
    while first > 0 and cues[first].frame > frame - _FADE_IN_FRAMES:
        first -= 1
    return cues[first:]


def _switch_level(cues: tuple[Cue, ...], frame: float) -> float:
    """0 to 1: up in the fade-in when switched on, down in the short fade when switched off."""
    level = 0.0
    for begin, until in runs_on(_recent(cues, frame)):
        if frame >= begin:
            level = max(level, _rise((frame - begin) / _FADE_IN_FRAMES) * (1.0 - _rise((frame - until) / _SWITCH_OFF_FRAMES)))
    return level


def _switch_levels(cues: tuple[Cue, ...], frames: FloatArray) -> FloatArray:
    levels = np.zeros_like(frames)
    for begin, until in runs_on(cues):
        run = _rises((frames - begin) / _FADE_IN_FRAMES) * (1.0 - _rises((frames - until) / _SWITCH_OFF_FRAMES))
        np.maximum(levels, run, out=levels)
    return levels


def light_at(score: Score, frame: int) -> Dot:
    """The dot at `frame`, before the room's limits. Raises ValueError for a colour that does not parse."""
    light = score.bls_at(frame).light
    offset = frames_of_ms(light.offset_ms)
    level = set_level_at(score.motion, frame, offset)
    if level > 0.0:
        level *= _switch_level(score.cues, frame) * light.brightness_frac
    return Dot(_pos_at(score.motion, light, frame - offset), level, colour_at(score, frame), light.size)


def lights_at(score: Score, frames: FrameArray) -> Lights:
    """`light_at` for many `frames`, to within rounding; they need no order. Raises ValueError as `light_at` does."""
    at = frames.astype(np.float64)
    pos, levels, colours = np.zeros_like(at), np.zeros_like(at), np.zeros((at.size, 3))
    begins = np.array([cue.frame for cue in score.cues], dtype=np.float64)
    which = np.maximum(np.searchsorted(begins, at, side="right") - 1, 0)
    for index in np.unique(which):
        held = which == index
        light = score.cues[index].bls.light
        offset = frames_of_ms(light.offset_ms)
        shown = at[held] - offset
        phases = score.motion.phases(shown)
        held_pos = alongs(phases, light.path, light.travel, saccade=light.saccade)
        if light.saccade and score.motion.end_frame is not None and score.motion.cut_frame is None:
            held_pos[shown >= score.motion.end_frame] = 0.0
        pos[held] = held_pos * light.width_frac
        levels[held] = _set_levels(score.motion, at[held], offset) * light.brightness_frac
        colours[held] = parse_colour(light.colour)
    _change_colours(score, frames, colours)
    return Lights(frames, pos, levels * _switch_levels(score.cues, at), colours)


def _change_colours(score: Score, frames: FrameArray, colours: FloatArray) -> None:
    """Put a colour-change task's events into `colours`."""
    if not frames.size or not any(cue.bls.tasks.on for cue in score.cues):
        return
    shown = frames_of_ms(COLOUR_CHANGE_MS)
    for event in reaction_events(score, int(frames.min()) - shown, int(frames.max()) + 1):
        for index in np.flatnonzero((frames >= event.frame) & (frames < event.frame + shown)):
            colours[index] = colour_at(score, int(frames[index]))


def frames_paced(first_frame: int, end_frame: int, fps: float) -> FrameArray:
    """The whole session frames of pictures 0, 1, 2 ... at `fps`, each worked out from its own number, in [first, end)."""
    if fps <= 0.0:
        raise ValueError(f"a picture rate must be above 0 per second, not {fps}")
    count = math.ceil((end_frame - first_frame) * fps / FRAME_RATE_HZ) + 1
    frames: FrameArray = first_frame + np.rint(np.arange(max(count, 0)) * (FRAME_RATE_HZ / fps)).astype(np.int64)
    paced: FrameArray = frames[frames < end_frame]
    return paced


def light_ends(motion: Motion, light: Light) -> int | None:
    """The first frame from which `light` stays dark after `motion`; None while the set is open."""
    if motion.cut_frame is not None:
        return motion.cut_frame
    if motion.end_frame is None:
        return None
    return math.ceil(motion.end_frame) + frames_of_s(FADE_OUT_S) + frames_of_ms(light.offset_ms)
