"""Continuous sound: the clinic's music or a pad, carried along the dot's path by equal power.

The path is worked out each 10 ms of session time and followed in lines between, so a saccade crosses in 10 ms. The sound rises
in 200 ms at the start of a set, sinks with the soft deceleration, and changes of level and switch are led over 200 ms. A hard
end or a hard stop takes it away within 10 ms.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray, FrameArray, Samples, frames_of_ms
from stimuli.hops import HOP_FRAMES, hop_lines, hop_span
from stimuli.motion import Motion
from stimuli.pan import pan_gains_along
from stimuli.paths import alongs
from stimuli.score import Cue, Score
from stimuli.settings import Continuous, Source

FADE_FRAMES: Final = frames_of_ms(200.0)
END_FRAMES: Final = frames_of_ms(10.0)


def continuous_source(score: Score, first_frame: int, frames: int) -> Source | None:
    """What `continuous_block` needs as its source for these frames; None where it is silent throughout."""
    motion, end_frame = score.motion, first_frame + frames
    gone = motion.cut_frame if motion.cut_frame is not None else motion.end_frame
    if end_frame <= motion.start_frame or (gone is not None and first_frame >= gone + END_FRAMES):
        return None
    source: Source | None = None
    silent_from = -math.inf
    for cue in score.cues:
        if cue.frame >= end_frame and cue is not score.cues[0]:
            break
        if cue.bls.continuous.on:
            source, silent_from = cue.bls.continuous.source, math.inf
        elif silent_from > cue.frame:
            # Each change on the way down leads to silence anew.
            silent_from = cue.frame + FADE_FRAMES
    return source if silent_from > first_frame else None


def continuous_block(score: Score, first_frame: int, frames: int, source: Samples) -> Samples:
    """Render `source` along the motion for `frames` frames from `first_frame`.

    `source` has shape (frames, 2), of which the middle is taken, or (frames,) or (frames, 1). Returns float32 of shape
    (frames, 2), the same to the bit for any split into blocks.
    """
    if continuous_source(score, first_frame, frames) is None:
        return np.zeros((frames, 2), np.float32)
    at = np.arange(first_frame, first_frame + frames)
    level = (_set_level(score.motion, at) * _volume(score.cues, at)).astype(np.float32)
    mono = _mono(source) * level
    out: Samples = np.empty((frames, 2), np.float32)
    for channel, gains in enumerate(_pan_at_hops(score, first_frame, frames)):
        np.multiply(mono, hop_lines(gains, first_frame, frames), out=out[:, channel])
    return out


def _mono(source: Samples) -> Samples:
    sound = source.astype(np.float32, copy=False)
    if sound.ndim == 1:
        return sound
    mono: Samples = sound[:, 0] if sound.shape[1] == 1 else np.float32(0.5) * (sound[:, 0] + sound[:, 1])
    return mono


def _smooth(part: FloatArray) -> FloatArray:
    """0 to 1 as `part` does, level on both sides."""
    held = np.clip(part, 0.0, 1.0)
    result: FloatArray = held * held * (3.0 - 2.0 * held)
    return result


def _set_level(motion: Motion, at: FrameArray) -> FloatArray:
    """0 to 1: in at the start, out with the deceleration or the hard end."""
    level, frames = np.ones(len(at)), at.astype(np.float64)
    if at[0] < motion.start_frame + FADE_FRAMES:
        level *= _smooth((frames - motion.start_frame) / FADE_FRAMES)
    brake = motion.brake_frame
    if brake is not None and at[-1] > brake:
        braking = motion.segments[-1]
        rest_frames = -FRAME_RATE_HZ * braking.rate_hz / braking.slope_hz_per_s
        level *= 1.0 - _smooth((frames - brake) / rest_frames)
    gone = motion.cut_frame if brake is not None or motion.cut_frame is not None else motion.end_frame
    if gone is not None and at[-1] > gone:
        level *= 1.0 - _smooth((frames - gone) / END_FRAMES)
    return level


def _amplitude(settings: Continuous) -> float:
    return float(10.0 ** (settings.volume_db / 20.0)) if settings.on else 0.0


def _volume(cues: tuple[Cue, ...], at: FrameArray) -> FloatArray:
    """The level that the settings ask for, each change led in a line over 200 ms from where the level was."""
    frames, levels = [float(cues[0].frame)], [_amplitude(cues[0].bls.continuous)]
    for cue, before in zip(cues[1:], cues[:-1], strict=True):
        if cue.bls.continuous == before.bls.continuous:
            continue
        if cue.frame > at[-1]:
            break
        now = float(np.interp(cue.frame, frames, levels))
        while frames[-1] > cue.frame:
            frames.pop()
            levels.pop()
        frames += [float(cue.frame), float(cue.frame + FADE_FRAMES)]
        levels += [now, _amplitude(cue.bls.continuous)]
    result: FloatArray = np.interp(at, frames, levels)
    return result


def _pan_at_hops(score: Score, first_frame: int, frames: int) -> Samples:
    """Gains of both channels at the hop edges of these frames: shape (2, edges)."""
    first, last = hop_span(first_frame, frames)
    edges = np.arange(first, last + 1) * HOP_FRAMES
    gains: Samples = np.ascontiguousarray(pan_gains_along(_positions(score, edges)).T, np.float32)
    return gains


def _positions(score: Score, edges: FrameArray) -> FloatArray:
    phases = score.motion.phases(edges.astype(np.float64))
    result = np.empty_like(phases)
    for begin, until, bls in score.spans(int(edges[0]), int(edges[-1] - edges[0]) + 1):
        held = (edges >= begin) & (edges < until)
        result[held] = alongs(phases[held], bls.light.path, bls.light.travel, saccade=bls.light.saccade)
    return result
