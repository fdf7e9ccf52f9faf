"""The bed under everything: a calm sea, three bands of noise that swell like waves and never together in the same way."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples
from stimuli.hops import HOP_FRAMES, hop_lines, hop_span
from stimuli.loops import Loop, add_loop, line_hz, loop_frames, loop_of, noise_spectrum
from stimuli.loudness import power_of_lufs

OCEAN_LUFS: Final = -34.0
"""Loudness of the bed as it comes, in the long run."""

SHARED: Final = 0.65
"""How much of each wave both ears share, so that the sea is wide and has a middle."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One band of the sea between `low_hz` and `high_hz`: `share` of the power, swelling by `depth_frac` over two periods."""

    loop_s: float
    low_hz: float
    high_hz: float
    share: float
    depth_frac: float
    swells_s: tuple[float, float]


WAVES: Final = (
    Wave(21.7, 70.0, 420.0, 0.40, 0.35, (13.7, 31.3)),
    Wave(17.9, 250.0, 1_100.0, 0.38, 0.60, (9.1, 23.9)),
    Wave(13.3, 700.0, 3_200.0, 0.22, 0.80, (10.3, 19.7)),
)


def _band_shape(wave: Wave, hz: FloatArray) -> FloatArray:
    """Falling like the sea's own spectrum inside the band, gently at its edges."""
    above = (hz / wave.low_hz) ** 6
    shape: FloatArray = above / (1.0 + above) / (1.0 + (hz / wave.high_hz) ** 2) ** 1.5
    return shape


def _wave_loop(wave: Wave, rng: np.random.Generator) -> Loop:
    frames = loop_frames(wave.loop_s)
    shape = _band_shape(wave, line_hz(frames))
    middle, left, right = (noise_spectrum(shape, frames, rng) for _ in range(3))
    shared, own = np.sqrt(SHARED), np.sqrt(1.0 - SHARED)
    return loop_of(shared * middle + own * left, shared * middle + own * right, frames)


@lru_cache(maxsize=1)
def _built_loops(seed: int) -> tuple[Loop, ...]:
    rng = np.random.default_rng((seed, 3))
    return tuple(_wave_loop(wave, rng) for wave in WAVES)


_BUILDING: Final = threading.Lock()


def ocean_loops(seed: int) -> tuple[Loop, ...]:
    """The loops of `seed`, built when first asked for, in a fraction of a second, and kept for one seed."""
    with _BUILDING:
        return _built_loops(seed)


def _swell(wave: Wave, seconds: FloatArray) -> FloatArray:
    """The wave's level at each of `seconds`, about 1: two slow swells upon each other."""
    turns = [seconds / period_s for period_s in wave.swells_s]
    slow, slower = (np.sin(2.0 * np.pi * (turn - np.floor(turn))) for turn in turns)
    swell: FloatArray = 1.0 + wave.depth_frac * (0.65 * slow + 0.35 * slower)
    return swell


def _gain(wave: Wave, loop: Loop, first: int, last: int) -> Samples:
    """The gain of the loop's steps at hop edges `first` to `last`."""
    seconds = np.arange(first, last + 1, dtype=np.float64) * (HOP_FRAMES / FRAME_RATE_HZ)
    mean_square = 1.0 + 0.5 * wave.depth_frac**2 * (0.65**2 + 0.35**2)
    power = wave.share * power_of_lufs(OCEAN_LUFS) / (loop.k_power * mean_square)
    gains: Samples = (_swell(wave, seconds) * (np.sqrt(power) * loop.scale)).astype(np.float32)
    return gains


def ocean_block(seed: int, first_frame: int, frames: int) -> Samples:
    """The bed for `frames` frames from `first_frame`: float32 of shape (frames, 2), the same to the bit for any split."""
    out: Samples = np.zeros((frames, 2), np.float32)
    if frames == 0:
        return out
    first, last = hop_span(first_frame, frames)
    for wave, loop in zip(WAVES, ocean_loops(seed), strict=True):
        add_loop(out, loop, first_frame, hop_lines(_gain(wave, loop, first, last), first_frame, frames))
    return out
