from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.calibrate import NOISE_PEAK_DBTP, Calibration, dba_of, pink_block
from roomctl.calibration_noise import FADE_S, MOST_S, RISE_DB_PER_S, START_DB, Noise, noise_gain_db
from stimuli.frames import FRAME_RATE_HZ, Samples


def sounded(noise: Noise, frames: int, block_frames: int = 480) -> Samples:
    return np.concatenate([noise.block(block_frames) for _ in range(frames // block_frames)])


def test_the_noise_rises_gently_to_its_gain() -> None:
    noise = Noise(-12.0)
    assert not noise.begun.is_set()
    sound = sounded(noise, 5 * FRAME_RATE_HZ)
    assert noise.begun.is_set() and not noise.done.is_set()
    assert np.abs(sound[:2400]).max() < 10 ** ((START_DB + 1.0) / 20)
    full = pink_block(4 * FRAME_RATE_HZ, 9600) * 10 ** (-12 / 20)
    assert np.allclose(sound[4 * FRAME_RATE_HZ : 4 * FRAME_RATE_HZ + 9600], full, atol=1e-6)
    assert np.array_equal(sound[:, 0], sound[:, 1])


def test_it_goes_without_a_click_when_told() -> None:
    noise = Noise(-12.0)
    before = sounded(noise, 4 * FRAME_RATE_HZ)
    noise.finish.set()
    after = sounded(noise, FRAME_RATE_HZ // 2)
    assert noise.done.is_set()
    fade_frames = round(FADE_S * FRAME_RATE_HZ)
    assert np.abs(after[:fade_frames]).max() > 0.0
    assert np.all(after[fade_frames + 1 :] == 0.0)
    whole = np.concatenate((before, after))[:, 0]
    assert np.abs(np.diff(whole)).max() <= np.abs(np.diff(pink_block(0, 10 * FRAME_RATE_HZ)[:, 0])).max() * 10 ** (-12 / 20)


def test_it_ends_by_itself() -> None:
    noise = Noise(0.0, most_s=2.0)
    sound = sounded(noise, 3 * FRAME_RATE_HZ)
    assert noise.done.is_set() and noise.left_s == 0.0
    assert np.abs(sound[: 2 * FRAME_RATE_HZ]).max() > 0.0
    assert np.all(sound[round((2.0 + FADE_S) * FRAME_RATE_HZ) + 1 :] == 0.0)
    assert Noise(0.0).left_s == MOST_S


@pytest.mark.parametrize("block_frames", [64, 256, 1000, 48_000])
def test_any_split_gives_the_same_noise(block_frames: int) -> None:
    whole = sounded(Noise(-6.0), 48_000, 48_000)
    split = sounded(Noise(-6.0), 48_000 + block_frames, block_frames)[:48_000]
    assert np.array_equal(split, whole)


@given(st.floats(-60, 0), st.floats(-60, -1), st.floats(40, 80), st.floats(35, 95), st.floats(-60, 0))
def test_no_gain_passes_the_rooms_peak_nor_a_cap_that_is_known(
    asked_db: float, peak_dbfs: float, cap_dba: float, dba: float, read_db: float
) -> None:
    known = Calibration("room", dba, read_db, 0.0)
    gain_db = noise_gain_db(asked_db, peak_dbfs, cap_dba, known)
    assert gain_db <= asked_db
    assert gain_db + NOISE_PEAK_DBTP <= peak_dbfs + 1e-9
    assert dba_of(known, gain_db) <= cap_dba + 1e-9


def test_a_room_that_was_never_read_plays_it_as_asked() -> None:
    assert noise_gain_db(0.0, -1.0, 75.0) == 0.0
    assert noise_gain_db(-18.0, -1.0, 75.0) == -18.0


def test_the_rise_takes_five_seconds_to_full() -> None:
    assert -START_DB / RISE_DB_PER_S == 5.0
