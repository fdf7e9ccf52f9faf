from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.library.loudness import loudness_of
from roomctl.calibrate import (
    FILE_NAME,
    NOISE_FRAMES,
    NOISE_PEAK_DBTP,
    TONE_OVER_MUSIC_DB,
    Calibration,
    calibrated,
    cap_gain_db,
    dba_of,
    gain_of,
    keep_calibration,
    pink_block,
    pink_round,
    read_calibrations,
    start_levels,
    usual_gain_db,
)
from roomctl.errors import Invalid, RoomError
from stimuli.frames import FRAME_RATE_HZ

READ = Calibration("room", 60.0, -12.0, 1_800_000_000.0)


def test_the_noise_is_at_minus_20_lufs_and_far_from_clipping() -> None:
    heard = loudness_of(pink_block(0, 20 * FRAME_RATE_HZ))
    assert heard.integrated_lufs == pytest.approx(-20.0, abs=0.1)
    assert heard.true_peak_dbtp < NOISE_PEAK_DBTP


def test_the_noise_is_pink_equal_power_in_every_octave() -> None:
    power = np.abs(np.fft.rfft(pink_round()[:, 0])) ** 2
    hz = np.fft.rfftfreq(NOISE_FRAMES, 1 / FRAME_RATE_HZ)
    octaves = [10 * np.log10(power[(hz >= low) & (hz < 2 * low)].sum()) for low in (63, 125, 250, 500, 1000, 2000, 4000, 8000)]
    assert max(octaves) - min(octaves) < 0.3


def test_a_round_joins_on_to_itself_without_a_click() -> None:
    join = pink_block(NOISE_FRAMES - 50, 100)[:, 0]
    assert np.abs(np.diff(join)).max() <= np.abs(np.diff(pink_round()[:, 0])).max()


@given(st.integers(0, 2**40), st.integers(1, 500), st.integers(1, 500))
def test_any_split_gives_the_same_noise(first: int, one: int, two: int) -> None:
    whole = pink_block(first, one + two)
    assert np.array_equal(np.concatenate((pink_block(first, one), pink_block(first + one, two))), whole)


@given(st.floats(-60, 0), st.floats(-40, -10))
def test_gain_and_dba_are_each_others_inverse(gain_db: float, lufs: float) -> None:
    assert gain_of(READ, dba_of(READ, gain_db, lufs), lufs) == pytest.approx(gain_db)


def test_a_decibel_of_gain_is_a_decibel_in_the_room() -> None:
    assert dba_of(READ, -12.0) == 60.0
    assert dba_of(READ, -15.0) == 57.0
    assert dba_of(READ, -12.0, lufs=-23.0) == 57.0


@given(st.floats(35, 95), st.floats(-60, 0), st.floats(40, 100))
def test_nothing_at_the_cap_gain_is_above_the_cap_or_above_80_dba(dba: float, gain_db: float, cap_dba: float) -> None:
    read = calibrated("room", dba, gain_db, 0.0)
    gain = cap_gain_db(read, cap_dba)
    assert gain <= 0.0
    assert dba_of(read, gain) <= min(cap_dba, 80.0) + 1e-9


@given(st.floats(35, 95), st.floats(-60, 0), st.floats(40, 80))
def test_the_starting_volume_is_whole_and_under_the_cap(dba: float, gain_db: float, cap_dba: float) -> None:
    read = calibrated("headphones", dba, gain_db, 0.0)
    start = usual_gain_db(read, cap_dba)
    assert start == round(start) and -60.0 <= start <= 0.0
    assert start <= max(cap_gain_db(read, cap_dba), -60.0) + 1e-6


@given(st.floats(35, 95), st.floats(-60, 0), st.floats(40, 80))
def test_no_start_level_is_above_the_cap_it_counts_from(dba: float, gain_db: float, cap_dba: float) -> None:
    levels = start_levels({"room": calibrated("room", dba, gain_db, 0.0)}, cap_dba)
    assert levels.volume_db is not None
    assert levels.volume_db <= 0.0 and levels.stimulus_db <= 0.0
    assert levels.volume_db == round(levels.volume_db)


def test_under_a_cap_that_is_softer_than_usual_the_music_starts_at_the_cap() -> None:
    loud = Calibration("room", 90.0, -60.0, 0.0)
    levels = start_levels({"room": loud}, 40.0)
    assert levels.caps_db == {"room": -110.0}
    assert levels.volume_db == 0.0
    assert levels.stimulus_db == -TONE_OVER_MUSIC_DB


@given(st.sampled_from(["room", "headphones"]), st.floats(35, 95), st.floats(-60, 0), st.floats(40, 80))
def test_a_tone_turned_all_the_way_up_keeps_the_cap(output: str, dba: float, gain_db: float, cap_dba: float) -> None:
    reading = calibrated(output, dba, gain_db, 0.0)
    levels = start_levels({output: reading}, cap_dba)
    tone = np.zeros((2 * FRAME_RATE_HZ, 2), np.float32)
    tone[:, 0] = np.sin(2 * np.pi * 1000.0 / FRAME_RATE_HZ * np.arange(len(tone)))
    loudest_lufs = loudness_of(tone).integrated_lufs
    assert levels.stimulus_db <= 0.0
    heard_dba = dba_of(reading, levels.caps_db[output] + levels.stimulus_db, loudest_lufs)
    assert heard_dba <= cap_dba + 1e-6


def test_without_a_reading_tones_are_left_as_they_are() -> None:
    assert start_levels({}, 65.0).stimulus_db == 0.0


def test_the_music_starts_at_its_usual_level_under_the_cap() -> None:
    assert start_levels({"room": READ}, 75.0).volume_db == -14.0
    assert start_levels({"room": READ}, 62.0).volume_db == -4.0
    assert start_levels({"headphones": READ}, 62.0).volume_db is None


def test_the_usual_level_is_58_dba_in_the_room_and_62_on_headphones() -> None:
    assert usual_gain_db(READ, 75.0) == -14.0
    assert usual_gain_db(Calibration("headphones", 60.0, -12.0, 0.0), 75.0) == -10.0


@pytest.mark.parametrize(("dba", "gain_db"), [(20.0, -12.0), (110.0, -12.0), (float("nan"), -12.0), (60.0, 3.0), (60.0, -80.0)])
def test_a_reading_that_cannot_be_true_is_refused(dba: float, gain_db: float) -> None:
    with pytest.raises(Invalid, match=r"can be used|allowed is"):
        calibrated("room", dba, gain_db, 0.0)


def test_readings_are_kept_beside_each_other(tmp_path: Path) -> None:
    other = Calibration("headphones", 66.0, -20.0, 1_800_000_100.0)
    keep_calibration(tmp_path, READ)
    keep_calibration(tmp_path, other)
    keep_calibration(tmp_path, Calibration("room", 61.0, -12.0, 1_800_000_200.0))
    found = read_calibrations(tmp_path)
    assert found["headphones"] == other and found["room"].dba == 61.0
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_without_a_reading_there_is_none(tmp_path: Path) -> None:
    assert read_calibrations(tmp_path) == {}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"room": 3}', '{"room": {"dba": 60}}', '{"room": {"dba": 500, "gain_db": 0, "at_utc_s": 0}}']
)
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(RoomError, match=FILE_NAME):
        keep_calibration(tmp_path, READ)
    assert (tmp_path / FILE_NAME).read_text() == text
