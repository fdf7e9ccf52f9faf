"""K-weighting against the standard's own figures and against libebur128."""

from __future__ import annotations

import numpy as np
import pyebur128
import pytest

from stimuli.frames import FRAME_RATE_HZ
from stimuli.loudness import k_weight_power, lufs_of_power, power_of_lufs


def test_a_full_scale_sine_at_997_hz_in_one_channel_is_at_minus_3_01_lufs() -> None:
    weighted = 0.5 * float(k_weight_power(np.array([997.0]))[0])
    assert lufs_of_power(weighted) == pytest.approx(-3.01, abs=0.01), "BS.1770-5 Annex 1"


def test_low_frequencies_count_less_and_high_ones_more() -> None:
    low, middle, high = k_weight_power(np.array([30.0, 500.0, 8_000.0]))
    assert low < 0.5 * middle
    assert 10.0 * np.log10(high / middle) == pytest.approx(4.0, abs=0.3)


def test_lufs_and_power_are_each_others_inverse() -> None:
    assert lufs_of_power(power_of_lufs(-23.0)) == pytest.approx(-23.0)


def test_noise_is_as_loud_as_libebur128_says() -> None:
    sound = 0.1 * np.random.default_rng(1).standard_normal((10 * FRAME_RATE_HZ, 2)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(sound, axis=0)) ** 2
    weights = k_weight_power(np.fft.rfftfreq(len(sound), 1.0 / FRAME_RATE_HZ))
    ours = lufs_of_power(2.0 * float(np.sum(spectrum * weights[:, None])) / len(sound) ** 2)
    state = pyebur128.R128State(2, FRAME_RATE_HZ, pyebur128.MeasurementMode.MODE_I)
    state.add_frames(sound.reshape(-1), len(sound))
    assert ours == pytest.approx(pyebur128.get_loudness_global(state), abs=0.05)
