"""The bilateral tone in samples: on its frame, on its side, the same for every split, gone when it should be."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_ms
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import TIMBRES, Bls, Tone
from stimuli.timbres import tone_table
from stimuli.tone import FADE_FRAMES, amplitude, tone_block


def score_of(tone: Tone, rate_hz: float = 1.0, cycles: int | None = 24, start: int = 0) -> Score:
    bls = Bls(rate_hz=rate_hz, tone=tone)
    return Score(motion.start(start, rate_hz, cycles, soft=True), (Cue(start, bls),))


def in_blocks(score: Score, first: int, frames: int, block: int) -> Samples:
    pieces = [tone_block(score, at, min(block, first + frames - at)) for at in range(first, first + frames, block)]
    return np.concatenate(pieces)


def first_sounding(sound: Samples) -> int:
    return int(np.flatnonzero(np.any(sound != 0.0, axis=1))[0])


@pytest.mark.parametrize("timbre", TIMBRES)
def test_the_first_sample_of_a_tone_lies_on_its_beats_frame(timbre: Any) -> None:
    sound = tone_block(score_of(Tone(timbre=timbre)), 0, 60_000)
    assert first_sounding(sound[:, :1]) == 12_000
    assert first_sounding(sound[:, 1:]) == 36_000


@settings(deadline=None)
@given(hundredths=st.integers(5, 200), index=st.integers(0, 3_000))
def test_any_onset_lies_on_the_frame_nearest_to_its_time(hundredths: int, index: int) -> None:
    score = score_of(Tone(ms=20.0), hundredths / 100, None)
    due = round(Fraction(FRAME_RATE_HZ * (2 * index + 1) * 100, 4 * hundredths))
    sound = tone_block(score, due - 1_000, 2_000)
    assert first_sounding(sound) == 1_000


def test_an_onset_after_eight_hours_lies_on_its_frame() -> None:
    score = score_of(Tone(), 0.7, None)
    due = round(Fraction(FRAME_RATE_HZ * (2 * 40_319 + 1) * 10, 4 * 7))
    assert due > 8 * 3600 * FRAME_RATE_HZ - FRAME_RATE_HZ
    assert first_sounding(tone_block(score, due - 5_000, 6_000)) == 5_000


def test_the_last_onset_of_a_soft_finish_after_a_change_of_rate_lies_on_its_frame() -> None:
    score = score_of(Tone(), 1.0)
    moving = motion.finish(motion.change_rate(score.motion, 100_000, 1.37, soft=True), 400_000)
    score = replace(score, motion=moving)
    assert moving.brake_frame is not None
    due = int(np.rint(moving.brake_frame))
    sound = tone_block(score, due - 3_000, 40_000)
    assert first_sounding(sound) == 3_000
    assert not sound[3_000 + frames_of_ms(100.0) :].any()


def test_tones_alternate_and_full_pan_leaves_the_other_side_silent() -> None:
    sound = tone_block(score_of(Tone()), 0, 96_000)
    for number in range(4):
        here = sound[12_000 + 24_000 * number :][:4_800]
        assert here[:, number % 2].any()
        assert not here[:, 1 - number % 2].any()


def test_a_tone_is_its_table_at_its_volume() -> None:
    sound = tone_block(score_of(Tone(volume_db=-6.0, timbre="chime")), 12_000, 4_800)
    expected = tone_table("chime", 250.0, 100.0) * np.float32(amplitude(-6.0))
    assert np.array_equal(sound[:, 0], expected)


def test_half_the_pan_keeps_the_power() -> None:
    wide, narrow = (tone_block(score_of(Tone(pan_frac=pan)), 0, 30_000).astype(np.float64) for pan in (1.0, 0.5))
    assert np.sum(narrow**2) == pytest.approx(np.sum(wide**2), rel=1e-6)
    assert np.sum(narrow[:, 0] ** 2) > np.sum(narrow[:, 1] ** 2) > 0.0


def test_tones_that_overlap_add_up() -> None:
    tone = Tone(ms=400.0, pan_frac=0.0)
    sound = tone_block(score_of(tone, rate_hz=2.0), 0, 60_000)
    table = tone_table("sine", 250.0, 400.0) * np.float32(np.cos(np.pi / 4) * amplitude(-18.0))
    alone = np.zeros(60_000)
    for onset in (6_000, 18_000, 30_000, 42_000, 54_000):
        heard = min(len(table), 60_000 - onset)
        alone[onset : onset + heard] += table[:heard]
    assert sound[:, 0] == pytest.approx(alone, abs=1e-6)


def switched(score: Score, frames: list[int]) -> Score:
    on = True
    for frame in sorted(set(frames)):
        on = not on
        score = with_settings(score, frame, replace(score.cues[0].bls, tone=replace(score.cues[0].bls.tone, on=on)))
    return score


@settings(max_examples=60, deadline=None)
@given(
    rate_hz=st.integers(50, 200).map(lambda hundredths: hundredths / 100),
    tone=st.builds(
        Tone,
        timbre=st.sampled_from(TIMBRES),
        ms=st.sampled_from([20.0, 100.0, 400.0]),
        pan_frac=st.floats(0.0, 1.0),
        align=st.sampled_from(["edge", "centre", "tap", "random", "own"]),
        offset_ms=st.floats(-300.0, 300.0),
    ),
    switches=st.lists(st.integers(1, 60_000), max_size=3),
    change=st.integers(0, 60_000),
    cut=st.one_of(st.none(), st.integers(0, 60_000)),
    block=st.sampled_from([64, 256, 1_000, 48_000]),
    first=st.integers(-2_000, 30_000),
)
def test_any_split_into_blocks_gives_the_same_samples_to_the_bit(
    rate_hz: float, tone: Tone, switches: list[int], change: int, cut: int | None, block: int, first: int
) -> None:
    score = switched(score_of(tone, rate_hz, 3), switches)
    moving = motion.change_rate(score.motion, change, 1.1, soft=True)
    score = replace(score, motion=moving if cut is None else motion.cut(moving, cut))
    whole = tone_block(score, first, 50_000)
    assert np.array_equal(whole, in_blocks(score, first, 50_000, block))


def test_blocks_of_one_frame_give_the_same_samples_over_two_beats() -> None:
    score = score_of(Tone(ms=400.0), rate_hz=2.0)
    assert np.array_equal(tone_block(score, 5_500, 14_000), in_blocks(score, 5_500, 14_000, 1))


def test_a_tone_switched_off_fades_to_nothing_within_10_ms_and_stays_off() -> None:
    score = score_of(Tone(ms=400.0))
    off = with_settings(score, 16_000, replace(score.cues[0].bls, tone=replace(score.cues[0].bls.tone, on=False)))
    on_again = with_settings(off, 17_000, score.cues[0].bls)
    plain, sound = tone_block(score, 12_000, 19_200), tone_block(on_again, 12_000, 19_200)
    assert np.array_equal(sound[:4_000], plain[:4_000])
    assert sound[4_000 : 4_000 + FADE_FRAMES - 1].any()
    assert not sound[4_000 + FADE_FRAMES :].any()
    assert tone_block(on_again, 36_000, 4_800).any()


def test_a_cut_silences_everything_within_10_ms_for_good() -> None:
    score = score_of(Tone(ms=400.0, pan_frac=0.3), rate_hz=2.0)
    cut = replace(score, motion=motion.cut(score.motion, 20_000))
    sound = tone_block(cut, 0, 600_000)
    assert sound[19_000:20_000].any()
    assert not sound[20_000 + FADE_FRAMES :].any()


def test_a_fade_makes_no_step_larger_than_the_tone_itself() -> None:
    score = score_of(Tone(ms=400.0))
    cut = replace(score, motion=motion.cut(score.motion, 15_003))
    slope = 2.0 * np.pi * 250.0 / FRAME_RATE_HZ + np.pi / (2.0 * FADE_FRAMES)
    steps = np.abs(np.diff(tone_block(cut, 0, 30_000), axis=0))
    assert float(steps.max()) <= amplitude(-18.0) * slope * 1.001


def test_a_set_that_ended_rings_out_and_is_silent() -> None:
    score = score_of(Tone(ms=400.0), cycles=1)
    assert not tone_block(score, 36_000 + 19_200, 200_000).any()


def test_a_score_in_the_future_is_silent() -> None:
    assert not tone_block(score_of(Tone(), start=10**9), 0, 48_000).any()
