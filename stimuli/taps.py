"""Pulses in the hands: which of them leave, how long they may be, and how they sound on a card's tap channels.

A pulse lasts at most 90 % of the way to the next one and at least 30 ms, and never overlaps one in the other hand. On audio
channels it is a burst of a low sine under a raised-cosine envelope: a voice coil wants a tone it can follow, and no step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.beats import Beat, Side, tap_placing, taps_between
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_ms
from stimuli.score import Score
from stimuli.settings import Tap

MIN_PULSE_MS: Final = 30.0
MAX_PULSE_MS: Final = 1000.0
LONGEST_PULSE_FRAMES: Final = frames_of_ms(MAX_PULSE_MS)
MAX_SHARE_OF_GAP: Final = 0.9
RELEASE_MS: Final = 10.0
"""How long a cut set's last burst takes to fall to nothing."""

_LOOK_AHEAD_FRAMES: Final = frames_of_ms(MAX_PULSE_MS / MAX_SHARE_OF_GAP) + 1

Burst = npt.NDArray[np.float32]
"""One transducer's signal: float32 of shape (frames,)."""


@dataclass(frozen=True, slots=True)
class TapLimits:
    """What a room allows of its taps; a room file may raise `min_ms` (a slow motor) and lower the other two."""

    min_ms: float = MIN_PULSE_MS
    max_ms: float = MAX_PULSE_MS
    max_strength_frac: float = 1.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse: `frames` long from `frame`, in one hand."""

    frame: int
    frames: int
    side: Side
    strength_frac: float
    index: int = 0

    @property
    def end_frame(self) -> int:
        """The first frame at which the hand is still again."""
        return self.frame + self.frames

    @property
    def ms(self) -> float:
        """The pulse's length."""
        return self.frames * 1000.0 / FRAME_RATE_HZ


@dataclass(frozen=True, slots=True)
class TapChannels:
    """How taps are rendered for transducers: the tone's pitch (40-200 Hz), the envelope's ramps, the channels' full level."""

    hz: float = 80.0
    ramp_ms: float = 10.0
    level_frac: float = 1.0
    limits: TapLimits = TapLimits()


def limit_pulse(pulse: Pulse, gap_frames: float, limits: TapLimits, previous: Pulse | None = None) -> Pulse | None:
    """`pulse` as it may leave, `gap_frames` before the next one; None where it may not.

    A pulse that would have to be shorter than `limits.min_ms` is left out, and so is one that begins before `previous` in the
    other hand has ended. Strength is held to its limit; not-a-number anywhere leaves the pulse out.
    """
    longest_ms = min(gap_frames * MAX_SHARE_OF_GAP * 1000.0 / FRAME_RATE_HZ, limits.max_ms)
    strength_frac = min(pulse.strength_frac, limits.max_strength_frac)
    if not (min(longest_ms, pulse.ms) >= limits.min_ms and strength_frac > 0.0):
        return None
    if previous is not None and previous.side != pulse.side and pulse.frame < previous.end_frame:
        return None
    frames = min(pulse.frames, int(longest_ms * FRAME_RATE_HZ / 1000.0))
    return Pulse(pulse.frame, frames, pulse.side, strength_frac, pulse.index)


def half_cycle_frames(score: Score, frame: int, tap: Tap) -> float:
    """Frames between two taps at the rate that holds at `frame`; infinite at rest."""
    placing, own_rate_hz = tap_placing(tap)
    rate_hz = own_rate_hz if placing == "own" else score.motion.rate_at(frame)
    return FRAME_RATE_HZ / (2.0 * rate_hz) if rate_hz > 0.0 else float("inf")


def _gaps(score: Score, taps: list[tuple[Beat, Tap]]) -> list[float]:
    """For each tap, the frames until the next one, or half a cycle at its own rate where that is sooner."""
    nexts = [*(beat.frame for beat, _ in taps[1:]), float("inf")][: len(taps)]
    pairs = zip(taps, nexts, strict=True)
    return [min(later - beat.frame, half_cycle_frames(score, beat.frame, tap)) for (beat, tap), later in pairs]


def pulses_between(score: Score, first_frame: int, end_frame: int, limits: TapLimits | None = None) -> list[Pulse]:
    """The pulses that begin in [`first_frame`, `end_frame`), in order, each already within `limits` and clear of the next."""
    limits = limits or TapLimits()
    taps = sorted(taps_between(score, first_frame, end_frame + _LOOK_AHEAD_FRAMES), key=lambda pair: pair[0].frame)
    found = []
    for (beat, tap), gap in zip(taps, _gaps(score, taps), strict=True):
        asked = Pulse(beat.frame, frames_of_ms(tap.ms), beat.side, tap.strength_frac, beat.index)
        allowed = limit_pulse(asked, gap, limits) if beat.frame < end_frame else None
        if allowed is not None:
            found.append(allowed)
    return found


@lru_cache(maxsize=64)
def _unit_burst(frames: int, hz: float, ramp_frames: int) -> Burst:
    """A burst of full scale; cached, so that every block is cut from the same samples."""
    index = np.arange(frames, dtype=np.float64)
    ramp = max(1, min(ramp_frames, frames // 2))
    edge = np.minimum(np.minimum(index, frames - 1 - index) / ramp, 1.0)
    samples = np.sin(2.0 * np.pi * hz / FRAME_RATE_HZ * index) * (0.5 - 0.5 * np.cos(np.pi * edge))
    burst = samples.astype(np.float32)
    burst.flags.writeable = False
    return burst


def burst(ms: float, strength_frac: float, hz: float, ramp_ms: float = 10.0) -> Burst:
    """One pulse for one transducer: a sine of `hz` from phase 0 under raised-cosine ramps, peak at most `strength_frac`.

    Returns float32 of shape (frames,), frames the nearest whole number to `ms`; its first and last sample are 0.
    """
    return _unit_burst(frames_of_ms(ms), hz, frames_of_ms(ramp_ms)) * np.float32(strength_frac)


def add_pulse(block: Samples, first_frame: int, pulse: Pulse, config: TapChannels) -> None:
    """Add to `block`, which begins at `first_frame`, the part of `pulse` that lies in it."""
    begin, end = max(pulse.frame, first_frame), min(pulse.end_frame, first_frame + len(block))
    if begin >= end:
        return
    unit = _unit_burst(pulse.frames, config.hz, frames_of_ms(config.ramp_ms))
    gain = np.float32(pulse.strength_frac * config.level_frac)
    channel = 0 if pulse.side == "left" else 1
    block[begin - first_frame : end - first_frame, channel] += unit[begin - pulse.frame : end - pulse.frame] * gain


def tap_block(score: Score, first_frame: int, frames: int, config: TapChannels | None = None) -> Samples:
    """Render the taps of `score` for two transducers, `frames` frames from `first_frame`.

    Returns float32 of shape (frames, 2), left hand then right; the same samples whatever the split into blocks. A cut set falls
    silent within 10 ms of its cut.
    """
    config = config or TapChannels()
    block = np.zeros((frames, 2), dtype=np.float32)
    earliest = first_frame - frames_of_ms(MAX_PULSE_MS)
    for pulse in pulses_between(score, earliest, first_frame + frames, config.limits):
        add_pulse(block, first_frame, pulse, config)
    cut_frame = score.motion.cut_frame
    if cut_frame is not None and first_frame + frames > cut_frame:
        block *= _release(first_frame, frames, cut_frame)[:, np.newaxis]
    return block


def _release(first_frame: int, frames: int, cut_frame: int) -> Burst:
    """Gain of each frame: 1 before the cut, a raised cosine down to 0 in `RELEASE_MS`, 0 after."""
    past = np.arange(first_frame - cut_frame, first_frame - cut_frame + frames, dtype=np.float64)
    down = np.clip(past / frames_of_ms(RELEASE_MS), 0.0, 1.0)
    gain = np.interp(down, _RELEASE_AT, _RELEASE_GAIN)
    return gain.astype(np.float32)


_RELEASE_AT: Final = np.linspace(0.0, 1.0, frames_of_ms(RELEASE_MS) + 1)
_RELEASE_GAIN: Final = 0.5 + 0.5 * np.cos(np.pi * _RELEASE_AT)
