"""How loud a spectrum is to the ear, after ITU-R BS.1770-5: the K-weighting of each frequency, and LUFS of a power."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray

LUFS_OFFSET_DB: Final = -0.691
"""BS.1770-5 Annex 1: loudness is this plus ten times the logarithm of the weighted mean squares' sum."""

_SHELF: Final = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def k_weight_power(hz: FloatArray) -> FloatArray:
    """The factor that K-weighting puts on the power at each of `hz`, for sound at 48 kHz."""
    z = np.exp(-2j * np.pi * hz / FRAME_RATE_HZ)
    power = np.ones_like(hz)
    for above, below in (_SHELF, _HIGH_PASS):
        response = np.polyval(above[::-1], z) / np.polyval(below[::-1], z)
        power *= np.abs(response) ** 2
    return power


def lufs_of_power(power: float) -> float:
    """LUFS of a sound whose channels' K-weighted mean squares add up to `power`."""
    return LUFS_OFFSET_DB + 10.0 * math.log10(power)


def power_of_lufs(lufs: float) -> float:
    """The K-weighted mean square, summed over channels, of a sound of `lufs`."""
    return float(10.0 ** ((lufs - LUFS_OFFSET_DB) / 10.0))
