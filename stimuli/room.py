"""The large room around the pad: a seeded impulse response with a reverberation time of 5 to 7 seconds."""

from __future__ import annotations

from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray
from stimuli.loops import SPECTRUM_PARTS

IMPULSE_RATE_HZ: Final = FRAME_RATE_HZ // SPECTRUM_PARTS
IMPULSE_S: Final = 7.0
BUILD_UP_S: Final = 0.05
"""Large rooms answer as a swell rather than a slap."""

BANDS: Final = ((60.0, 350.0, 6.4), (350.0, 1400.0, 6.0), (1400.0, 5200.0, 5.2))
"""Lower and upper edge in Hz of a band, and how long it takes to decay by 60 dB, in s: air takes the high ones first."""

SHARED: Final = 0.7
"""How much of the two ears' answers is one and the same; the rest is each side's own."""


def _band(noise: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    at_hz = np.fft.rfftfreq(noise.size, 1.0 / IMPULSE_RATE_HZ)
    rise = 1.0 / (1.0 + (low_hz / np.maximum(at_hz, 1.0)) ** 8)
    fall = 1.0 / (1.0 + (at_hz / high_hz) ** 8)
    band: FloatArray = np.fft.irfft(np.fft.rfft(noise) * np.sqrt(rise * fall), noise.size)
    return band


def _decaying(noise: FloatArray) -> FloatArray:
    seconds = np.arange(noise.size) / IMPULSE_RATE_HZ
    answer = np.zeros(noise.size)
    for low_hz, high_hz, rt60_s in BANDS:
        answer += _band(noise, low_hz, high_hz) * 10.0 ** (-3.0 * seconds / rt60_s)
    answer *= 1.0 - np.exp(-seconds / BUILD_UP_S)
    return answer


def impulse_response(seed: int) -> tuple[FloatArray, FloatArray]:
    """What each ear hears of one impulse, at 12 kHz, with a power of 1 in each."""
    rng = np.random.default_rng((seed, 1))
    frames = round(IMPULSE_S * IMPULSE_RATE_HZ)
    middle, left, right = (_decaying(rng.standard_normal(frames)) for _ in range(3))
    own = np.sqrt(1.0 - SHARED * SHARED)
    sides = (SHARED * middle + own * left, SHARED * middle + own * right)
    return sides[0] / np.sqrt(np.sum(sides[0] ** 2)), sides[1] / np.sqrt(np.sum(sides[1] ** 2))
