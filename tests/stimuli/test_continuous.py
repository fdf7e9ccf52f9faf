"""Continuous sound along the dot's path: where it is, when it is there, and the same for every split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stimuli import motion
from stimuli.continuous import END_FRAMES, FADE_FRAMES, continuous_block, continuous_source
from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls, Continuous, Light

ON = Continuous(on=True, volume_db=0.0)
ONE_CYCLE = FRAME_RATE_HZ


def score_of(continuous: Continuous = ON, cycles: int | None = 6, *, soft: bool = True, light: Light | None = None) -> Score:
    bls = Bls(continuous=continuous, light=light or Light())
    return Score(motion.start(0, 1.0, cycles, soft=soft), (Cue(0, bls),))


def ones(frames: int) -> Samples:
    return np.ones((frames, 2), np.float32)


def gains(score: Score, frames: int, first: int = 0) -> Samples:
    return continuous_block(score, first, frames, ones(frames))


def level(sound: Samples) -> Samples:
    return np.sqrt(np.sum(sound.astype(np.float64) ** 2, axis=1)).astype(np.float32)


def test_the_sound_stands_where_the_dot_stands() -> None:
    heard = gains(score_of(), 3 * ONE_CYCLE)
    left, centre, right = (heard[ONE_CYCLE + ONE_CYCLE * quarter // 4] for quarter in (1, 2, 3))
    assert left == pytest.approx([1.0, 0.0], abs=1e-3)
    assert centre == pytest.approx([np.sqrt(0.5)] * 2, abs=1e-3)
    assert right == pytest.approx([0.0, 1.0], abs=1e-3)


def test_the_power_is_the_same_all_along_the_path() -> None:
    steady = level(gains(score_of(), 4 * ONE_CYCLE))[FADE_FRAMES:]
    assert steady == pytest.approx(np.ones_like(steady), abs=2e-3), "lines between points 10 ms apart lose 0.1 %"


def test_a_saccade_crosses_in_10_ms_without_a_step() -> None:
    heard = gains(score_of(light=Light(saccade=True)), 3 * ONE_CYCLE)[ONE_CYCLE:]
    assert float(np.max(np.abs(np.diff(heard, axis=0)))) <= 1.01 / 480
    assert np.mean(heard.max(axis=1) > 0.999) > 0.97


def test_it_rises_within_200_ms_and_sinks_with_the_soft_finish() -> None:
    score = score_of(cycles=2)
    assert score.motion.brake_frame is not None and score.motion.end_frame is not None
    brake, end = round(score.motion.brake_frame), round(score.motion.end_frame)
    shown = level(gains(score, end + 1_000))
    assert shown[0] == 0.0
    assert np.all(np.diff(shown[:FADE_FRAMES]) > -2e-4)
    assert shown[FADE_FRAMES] == pytest.approx(1.0, abs=2e-3)
    assert shown[brake] == pytest.approx(1.0, abs=2e-3)
    assert 0.4 < shown[(brake + end) // 2] < 0.6
    assert not shown[end:].any()


def test_a_hard_end_takes_it_away_within_10_ms() -> None:
    shown = level(gains(score_of(cycles=2, soft=False), 3 * ONE_CYCLE))
    assert shown[2 * ONE_CYCLE - 1] > 0.99
    assert not shown[2 * ONE_CYCLE + END_FRAMES :].any()


@pytest.mark.parametrize("cut_s", [1.3, 5.9])
def test_a_cut_takes_it_away_within_10_ms_and_never_lets_it_rise(cut_s: float) -> None:
    score = score_of(cycles=6)
    at = round(cut_s * FRAME_RATE_HZ)
    uncut = level(gains(score, 8 * ONE_CYCLE))
    cut = level(gains(replace(score, motion=motion.cut(score.motion, at)), 8 * ONE_CYCLE))
    assert np.array_equal(cut[:at], uncut[:at])
    assert float(cut[at:].max()) <= float(uncut[at]) + 1e-3
    assert not cut[at + END_FRAMES :].any()


def test_switches_and_levels_change_over_200_ms_from_where_they_are() -> None:
    off, quiet = (
        replace(score_of().cues[0].bls, continuous=part) for part in (Continuous(on=False), replace(ON, volume_db=-20.0))
    )
    score = with_settings(with_settings(score_of(), 60_000, off), 64_800, quiet)
    shown = level(gains(score, 2 * ONE_CYCLE))
    assert shown[60_000] == pytest.approx(1.0, abs=2e-3)
    assert shown[64_800] == pytest.approx(0.5, abs=2e-3)
    assert shown[64_800 + FADE_FRAMES] == pytest.approx(0.1, abs=2e-3)
    assert float(np.max(np.abs(np.diff(shown)))) < 3.0 / FADE_FRAMES


def test_the_volume_is_in_db() -> None:
    assert level(gains(score_of(replace(ON, volume_db=-24.0)), 60_000))[50_000] == pytest.approx(10 ** (-24 / 20), rel=2e-3)


def test_a_mono_source_and_the_middle_of_a_stereo_one_sound_the_same() -> None:
    rng = np.random.default_rng(1)
    mono = rng.standard_normal(20_000).astype(np.float32)
    side = rng.standard_normal(20_000).astype(np.float32)
    stereo = np.stack((mono + side, mono - side), axis=1)
    heard = continuous_block(score_of(), 30_000, 20_000, mono)
    assert np.array_equal(heard, continuous_block(score_of(), 30_000, 20_000, mono[:, None]))
    assert heard == pytest.approx(continuous_block(score_of(), 30_000, 20_000, stereo), abs=1e-5)


def test_nothing_is_needed_while_nothing_is_heard() -> None:
    score = score_of(cycles=2)
    assert continuous_source(score, -5_000, 5_000) is None
    assert continuous_source(score, -5_000, 5_001) == "pad"
    assert continuous_source(score, 10 * ONE_CYCLE, 5_000) is None
    assert continuous_source(score_of(Continuous(on=False)), 0, 5_000) is None


def test_the_source_is_needed_until_its_fade_is_over() -> None:
    music = score_of(replace(ON, source="music"))
    off = with_settings(music, 60_000, replace(music.cues[0].bls, continuous=Continuous(on=False)))
    assert continuous_source(off, 60_000 + FADE_FRAMES - 1, 1) == "music"
    assert continuous_source(off, 60_000 + FADE_FRAMES, 1) is None
    assert not gains(off, 1_000, first=60_000 + FADE_FRAMES).any()


@settings(max_examples=60, deadline=None)
@example(block=1, first=9_302, volumes=[(1, 0.0, False), (2, -1.0, False)], light=Light(), cut=None, soft=False)
@given(
    block=st.sampled_from([1, 64, 256, 1_000, 48_000]),
    first=st.integers(-500, 200_000),
    volumes=st.lists(st.tuples(st.integers(1, 150_000), st.floats(-60.0, 0.0), st.booleans()), max_size=4),
    light=st.builds(Light, travel=st.sampled_from(["sine", "linear", "eased"]), saccade=st.booleans()),
    cut=st.one_of(st.none(), st.integers(0, 200_000)),
    soft=st.booleans(),
)
def test_any_split_into_blocks_gives_the_same_samples_to_the_bit(
    block: int, first: int, volumes: list[tuple[int, float, bool]], light: Light, cut: int | None, soft: bool
) -> None:
    score = score_of(light=light, soft=soft, cycles=3)
    for frame, volume_db, on in sorted(volumes):
        bls = replace(score.cues[0].bls, continuous=Continuous(on=on, volume_db=volume_db))
        score = with_settings(score, frame, bls)
    if cut is not None:
        score = replace(score, motion=motion.cut(score.motion, cut))
    frames = 300 if block == 1 else 3_000
    source = np.random.default_rng(first + 500).standard_normal((frames, 2)).astype(np.float32)
    whole = continuous_block(score, first, frames, source)
    pieces = [
        continuous_block(score, first + at, min(block, frames - at), source[at : at + block]) for at in range(0, frames, block)
    ]
    assert np.array_equal(whole, np.concatenate(pieces))
