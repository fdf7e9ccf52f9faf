"""The bed: steady in the long run, moving in the short, the same to the bit for every split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.frames import FRAME_RATE_HZ, FloatArray
from stimuli.loudness import k_weight_power, lufs_of_power
from stimuli.ocean import OCEAN_LUFS, ocean_block, ocean_loops

HOUR = 3600 * FRAME_RATE_HZ


@pytest.fixture(scope="module")
def three_minutes() -> FloatArray:
    return ocean_block(1, HOUR, 180 * FRAME_RATE_HZ).astype(np.float64)


def loudness_lufs(sound: FloatArray) -> float:
    spectrum = np.abs(np.fft.rfft(sound, axis=0)) ** 2
    weights = k_weight_power(np.fft.rfftfreq(len(sound), 1.0 / FRAME_RATE_HZ))
    return lufs_of_power(2.0 * float(np.sum(spectrum * weights[:, None])) / len(sound) ** 2)


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 9 * HOUR), splits=st.lists(st.integers(1, 3_000), min_size=1, max_size=12))
def test_any_split_into_blocks_gives_the_same_samples_to_the_bit(first: int, splits: list[int]) -> None:
    starts = first + np.concatenate(([0], np.cumsum(splits)[:-1]))
    pieces = [ocean_block(1, int(start), count) for start, count in zip(starts, splits, strict=True)]
    assert np.array_equal(ocean_block(1, first, sum(splits)), np.concatenate(pieces))


def test_the_bed_is_at_its_loudness_and_never_far_from_it(three_minutes: FloatArray) -> None:
    assert loudness_lufs(three_minutes) == pytest.approx(OCEAN_LUFS, abs=0.5)
    windows = three_minutes.reshape(18, -1, 2)
    assert all(abs(loudness_lufs(window) - OCEAN_LUFS) < 3.0 for window in windows)


def test_it_swells_like_waves(three_minutes: FloatArray) -> None:
    seconds = np.sqrt(np.mean(three_minutes.reshape(180, -1) ** 2, axis=1))
    assert 1.15 < float(seconds.max() / seconds.min()) < 4.0


def test_nothing_lies_outside_the_band_and_it_is_wide(three_minutes: FloatArray) -> None:
    power = np.sum(np.abs(np.fft.rfft(three_minutes * np.hanning(len(three_minutes))[:, None], axis=0)) ** 2, axis=1)
    hz = np.arange(len(power)) / 180.0
    assert power[hz < 35.0].sum() / power.sum() < 1e-4
    assert power[hz > 8_000.0].sum() / power.sum() < 1e-6
    left, right = three_minutes.T
    assert 0.2 <= float(np.mean(left * right) / np.sqrt(np.mean(left**2) * np.mean(right**2))) <= 0.8


def test_a_seed_is_a_sea() -> None:
    assert not np.allclose(ocean_block(1, 0, 1_000), ocean_block(2, 0, 1_000), atol=1e-5)
    assert np.array_equal(ocean_block(1, 0, 1_000), ocean_block(1, 0, 1_000))


def test_the_loops_take_no_more_than_12_mb() -> None:
    assert sum(loop.samples.nbytes for loop in ocean_loops(1)) <= 12e6


def test_a_block_of_no_frames_is_empty() -> None:
    assert ocean_block(1, 0, 0).shape == (0, 2)
