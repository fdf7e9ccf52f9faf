"""The built-in pad: the same to the bit for every split, gliding, and within its figures over minutes.

The figures over eight hours are measured by `benchmarks/pad_acceptance.py`.
"""

from __future__ import annotations

import threading
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.loudness import k_weight_power, lufs_of_power
from stimuli.pad import GLIDE_PER_S, HOP_FRAMES, PAD_LUFS, VOICES, Pad, pad_loops, voice_swells

SEED = 1
HOUR = 3600 * FRAME_RATE_HZ


def minute(intensity: float, first: int = HOUR) -> Samples:
    return Pad(SEED).block(first, 60 * FRAME_RATE_HZ, intensity)


def loudness_lufs(sound: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64), axis=0)) ** 2
    weights = k_weight_power(np.fft.rfftfreq(len(sound), 1.0 / FRAME_RATE_HZ))
    return lufs_of_power(2.0 * float(np.sum(spectrum * weights[:, None])) / len(sound) ** 2)


@settings(max_examples=30, deadline=None)
@given(
    first=st.integers(0, 9 * HOUR),
    intensity=st.floats(0.0, 5.0),
    later=st.floats(0.0, 5.0),
    splits=st.lists(st.integers(1, 3_000), min_size=1, max_size=12),
    turn=st.integers(1, 5_000),
)
def test_any_split_into_blocks_gives_the_same_samples_to_the_bit(
    first: int, intensity: float, later: float, splits: list[int], turn: int
) -> None:
    """The intensity asked changes once, `turn` frames in."""
    whole, split = Pad(SEED), Pad(SEED)
    rest = sum(splits)
    expected = np.concatenate((whole.block(first, turn, intensity), whole.block(first + turn, rest, later)))
    pieces = [split.block(first, turn // 2, intensity), split.block(first + turn // 2, turn - turn // 2, intensity)]
    at = first + turn
    for count in splits:
        pieces.append(split.block(at, count, later))
        at += count
    assert np.array_equal(expected, np.concatenate(pieces))


def test_blocks_of_one_frame_give_the_same_samples() -> None:
    whole, split = Pad(SEED), Pad(SEED)
    pieces = [split.block(HOUR + at, 1, 3.3) for at in range(1_000)]
    assert np.array_equal(whole.block(HOUR, 1_000, 3.3), np.concatenate(pieces))


def test_a_pad_that_is_asked_anew_sounds_as_one_that_went_on() -> None:
    went_on = Pad(SEED)
    went_on.block(HOUR, 5 * FRAME_RATE_HZ, 2.0)
    assert np.array_equal(
        went_on.block(HOUR + 5 * FRAME_RATE_HZ, 4_000, 2.0), Pad(SEED).block(HOUR + 5 * FRAME_RATE_HZ, 4_000, 2.0)
    )


def test_seeds_sound_different_and_one_seed_the_same() -> None:
    one = Pad(1).block(HOUR, 4_000, 2.0)
    other = Pad(2).block(HOUR, 4_000, 2.0)
    assert not np.allclose(one, other, atol=1e-3)
    assert np.array_equal(one, Pad(1).block(HOUR, 4_000, 2.0))


@pytest.mark.parametrize("intensity", [0.0, 1.0, 2.5, 4.0, 5.0])
def test_every_intensity_is_at_one_loudness_and_under_the_peak(intensity: float) -> None:
    sound = minute(intensity)
    assert loudness_lufs(sound) == pytest.approx(PAD_LUFS, abs=2.5), "a minute lies within a few LU of the long run"
    assert float(np.max(np.abs(sound))) < 10.0 ** (-4.0 / 20.0), "well under the true-peak limit of -3 dBTP"


@pytest.mark.parametrize("intensity", [0.0, 2.0, 5.0])
def test_no_sample_step_clicks_and_nothing_lies_outside_the_band(intensity: float) -> None:
    sound = minute(intensity)
    assert float(np.max(np.abs(np.diff(sound, axis=0)))) <= 0.05
    power = np.sum(np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0)) ** 2, axis=1)
    hz = np.arange(len(power)) / 60.0
    assert power[hz < 35.0].sum() / power.sum() < 1e-6
    assert power[hz > 8_000.0].sum() / power.sum() < 1e-6
    assert 250.0 <= float(power @ hz / power.sum()) <= 1_200.0


def test_the_pad_grows_brighter_with_intensity() -> None:
    centroids = []
    for intensity in (0.0, 2.0, 5.0):
        power = np.zeros(60 * FRAME_RATE_HZ // 2 + 1)
        for part in range(3):
            sound = minute(intensity, HOUR + part * 600 * FRAME_RATE_HZ)
            power += np.sum(np.abs(np.fft.rfft(sound, axis=0)) ** 2, axis=1)
        centroids.append(float(power @ (np.arange(len(power)) / 60.0) / power.sum()))
    assert centroids == sorted(centroids)


@pytest.mark.parametrize("intensity", [0.0, 3.0, 5.0])
def test_the_ears_hear_neither_the_same_nor_strangers(intensity: float) -> None:
    left, right = minute(intensity).T.astype(np.float64)
    assert 0.2 <= float(np.mean(left * right) / np.sqrt(np.mean(left**2) * np.mean(right**2))) <= 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_two_partials_that_can_meet_beat_4_to_12_times_a_second(seed: int) -> None:
    swells = [swell for number, voice in enumerate(VOICES) for swell in voice_swells(voice, number, seed)]
    apart = [abs(one.hz - other.hz) for one, other in combinations(swells, 2)]
    assert not [hz for hz in apart if 2.0 < hz < 16.0]


def test_a_change_of_intensity_glides() -> None:
    pad = Pad(SEED)
    before = pad.block(HOUR, HOP_FRAMES * 100, 0.0)
    after = pad.block(HOUR + HOP_FRAMES * 100, FRAME_RATE_HZ, 5.0)
    low = Pad(SEED).block(HOUR + HOP_FRAMES * 100, FRAME_RATE_HZ, 0.0)
    high = Pad(SEED).block(HOUR + HOP_FRAMES * 100, FRAME_RATE_HZ, 5.0)
    assert float(np.max(np.abs(after[0] - before[-1]))) < 0.05
    first = slice(0, HOP_FRAMES)
    assert float(np.max(np.abs(after[first] - low[first]))) < 0.05 * float(np.max(np.abs(high[first] - low[first])) + 0.05)


def test_a_glide_arrives_at_what_was_asked() -> None:
    pad = Pad(SEED)
    pad.block(HOUR, 1_000, 0.0)
    glide = round(5.0 / GLIDE_PER_S + 1.0) * FRAME_RATE_HZ
    pad.block(HOUR + 1_000, glide, 5.0)
    at = HOUR + 1_000 + glide
    assert np.array_equal(pad.block(at, 2_000, 5.0), Pad(SEED).block(at, 2_000, 5.0))


def test_intensities_out_of_range_are_held_to_it() -> None:
    assert np.array_equal(Pad(SEED).block(HOUR, 500, 9.0), Pad(SEED).block(HOUR, 500, 5.0))
    assert np.array_equal(Pad(SEED).block(HOUR, 500, -1.0), Pad(SEED).block(HOUR, 500, 0.0))


def test_the_constructor_builds_nothing_and_prepare_may_be_called_in_a_thread() -> None:
    pad = Pad(SEED)
    assert not pad.ready
    thread = threading.Thread(target=pad.prepare)
    thread.start()
    thread.join(timeout=60.0)
    assert pad.ready


def test_the_loops_take_no_more_than_48_mb_and_have_the_periods_of_the_domain() -> None:
    loops = pad_loops(SEED)
    assert sum(loop.samples.nbytes for loop in loops) <= 48e6
    lengths = [len(loop.samples) for loop in loops]
    assert all(17 * FRAME_RATE_HZ <= length <= 41 * FRAME_RATE_HZ for length in lengths)
    for one, other in combinations(lengths, 2):
        assert np.lcm(one, other) / FRAME_RATE_HZ > 100.0, "no two loops meet again within some rounds"


def test_a_block_of_no_frames_is_empty() -> None:
    assert Pad(SEED).block(0, 0, 1.0).shape == (0, 2)
