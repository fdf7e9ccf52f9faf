"""Pulses, their limits, and their bursts on tap channels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls, Tap
from stimuli.taps import MAX_SHARE_OF_GAP, Pulse, TapChannels, TapLimits, burst, limit_pulse, pulses_between, tap_block

LIMITS = TapLimits()


def score_of(rate_hz: float = 1.0, cycles: int | None = 8, soft: bool = True, **tap: object) -> Score:
    bls = replace(Bls(), rate_hz=rate_hz, tap=replace(Tap(), **tap))  # type: ignore[arg-type]
    return Score(motion.start(0, rate_hz, cycles, soft=soft), (Cue(0, bls),))


def end_of(score: Score) -> int:
    return int(score.motion.end_frame or 0) + FRAME_RATE_HZ


def test_a_set_of_eight_cycles_taps_sixteen_times_alternating_from_the_left() -> None:
    score = score_of()
    pulses = pulses_between(score, 0, end_of(score))
    assert [pulse.side for pulse in pulses] == ["left", "right"] * 8
    assert [pulse.frame for pulse in pulses[:4]] == [12_000, 36_000, 60_000, 84_000]
    assert {pulse.frames for pulse in pulses} == {7_200}


def test_a_pulse_is_cut_to_nine_tenths_of_the_way_to_the_next_one() -> None:
    score = score_of(rate_hz=2.0, ms=1000.0)
    pulses = pulses_between(score, 0, end_of(score))
    assert {pulse.frames for pulse in pulses} == {int(12_000 * MAX_SHARE_OF_GAP)}


@given(
    rate_hz=st.floats(0.05, 2.0),
    later_hz=st.floats(0.05, 2.0),
    change_frame=st.integers(1, 400_000),
    ms=st.floats(30.0, 1000.0),
    align=st.sampled_from(["edge", "centre", "own"]),
    later_align=st.sampled_from(["edge", "centre", "own"]),
    offset_ms=st.floats(-300.0, 300.0),
)
@settings(max_examples=150, deadline=None)
def test_both_hands_are_never_felt_at_once(
    rate_hz: float, later_hz: float, change_frame: int, ms: float, align: str, later_align: str, offset_ms: float
) -> None:
    score = score_of(rate_hz=rate_hz, cycles=None, ms=ms, align=align)
    bls = score.cues[0].bls
    changed = replace(bls, rate_hz=later_hz, tap=replace(bls.tap, align=later_align, offset_ms=offset_ms))
    score = with_settings(
        replace(score, motion=motion.change_rate(score.motion, change_frame, later_hz, soft=True)), change_frame, changed
    )
    pulses = pulses_between(score, 0, 960_000)
    for earlier, later in pairwise(pulses):
        assert earlier.end_frame <= later.frame
    assert all(LIMITS.min_ms <= pulse.ms <= LIMITS.max_ms for pulse in pulses)


@given(cuts=st.lists(st.integers(1, 20_000), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_split_into_blocks_gives_the_same_samples(cuts: list[int]) -> None:
    score = score_of(rate_hz=1.3, cycles=2, ms=210.0)
    score = replace(score, motion=motion.cut(score.motion, 48_500))
    whole = tap_block(score, 0, 60_000)
    parts, at = [], 0
    for size in [*cuts, 60_000]:
        size = min(size, 60_000 - at)
        parts.append(tap_block(score, at, size))
        at += size
    assert np.array_equal(np.concatenate(parts), whole)


def test_blocks_of_one_frame_over_two_taps_are_the_same_to_the_bit() -> None:
    score = score_of(rate_hz=2.0, cycles=2, ms=40.0)
    whole = tap_block(score, 5_900, 9_000 - 5_900)
    ones = np.concatenate([tap_block(score, frame, 1) for frame in range(5_900, 9_000)])
    assert np.array_equal(ones, whole)
    assert np.any(whole)


def test_a_burst_lasts_its_frames_and_nothing_outside_them() -> None:
    block = tap_block(score_of(ms=150.0), 0, 24_000)
    sounding = np.flatnonzero(block[:, 0])
    assert sounding[0] == 12_001
    assert sounding[-1] == 12_000 + 7_200 - 2
    assert not np.any(block[:, 1])


def test_the_burst_has_the_pitch_asked_for() -> None:
    samples = burst(1000.0, 1.0, 80.0)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * FRAME_RATE_HZ / len(samples) == pytest.approx(80.0, abs=1.0)  # one bin of a 1 s burst


@given(ms=st.floats(30.0, 1000.0), strength=st.floats(0.01, 1.0), hz=st.floats(40.0, 200.0))
@settings(max_examples=60, deadline=None)
def test_a_burst_stays_under_its_strength_and_has_no_step(ms: float, strength: float, hz: float) -> None:
    samples = burst(ms, strength, hz).astype(np.float64)
    steepest = 2 * np.pi * hz / FRAME_RATE_HZ + 0.5 * np.pi / frames_of_ms(10.0)
    assert np.max(np.abs(samples)) <= strength * (1 + 1e-6)
    assert np.max(np.abs(np.diff(samples))) <= strength * steepest * (1 + 1e-3)
    assert samples[0] == 0.0
    assert abs(samples[-1]) < 1e-6


def test_a_cut_set_falls_silent_within_ten_ms_and_without_a_step() -> None:
    score = score_of(ms=400.0, strength_frac=1.0)
    cut = replace(score, motion=motion.cut(score.motion, 20_000))
    block = tap_block(cut, 0, 48_000)
    assert np.any(block[19_990:20_100])
    assert not np.any(block[20_000 + frames_of_ms(10.0) :])
    assert np.max(np.abs(np.diff(block[:, 0]))) < 0.02  # 80 Hz at full scale moves 0.0105 a frame, the release 0.0033


def test_the_rest_before_and_after_a_set_is_silent() -> None:
    score = score_of(cycles=1)
    assert not np.any(tap_block(score, -10_000, 10_000))
    assert not np.any(tap_block(score, end_of(score), 10_000))


def test_taps_switched_off_make_no_pulses() -> None:
    assert pulses_between(score_of(on=False), 0, 480_000) == []


def test_a_slow_motor_is_not_given_pulses_it_cannot_follow() -> None:
    assert pulses_between(score_of(ms=60.0), 0, 480_000, TapLimits(min_ms=80.0)) == []


def test_strength_is_held_to_the_rooms_limit() -> None:
    pulses = pulses_between(score_of(strength_frac=1.0), 0, 480_000, TapLimits(max_strength_frac=0.6))
    assert {pulse.strength_frac for pulse in pulses} == {0.6}


def test_limit_pulse_refuses_the_other_hand_until_the_first_is_still() -> None:
    first = Pulse(0, 7_200, "left", 0.5)
    assert limit_pulse(Pulse(7_199, 7_200, "right", 0.5), 24_000, LIMITS, first) is None
    assert limit_pulse(Pulse(7_200, 7_200, "right", 0.5), 24_000, LIMITS, first) is not None
    assert limit_pulse(Pulse(3_000, 7_200, "left", 0.5), 24_000, LIMITS, first) is not None


@pytest.mark.parametrize("bad", [Pulse(0, 7_200, "left", float("nan")), Pulse(0, 0, "left", 0.5), Pulse(0, 7_200, "left", 0.0)])
def test_limit_pulse_leaves_out_what_is_not_a_pulse(bad: Pulse) -> None:
    assert limit_pulse(bad, 24_000, LIMITS) is None


def test_limit_pulse_leaves_out_a_pulse_whose_gap_is_not_a_number() -> None:
    assert limit_pulse(Pulse(0, 7_200, "left", 0.5), float("nan"), LIMITS) is None


def test_the_channels_level_scales_both_hands() -> None:
    score = score_of()
    assert np.allclose(tap_block(score, 0, 48_000, TapChannels(level_frac=0.5)), 0.5 * tap_block(score, 0, 48_000), atol=1e-7)
