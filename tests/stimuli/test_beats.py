"""Beats, tones and taps on their frames: alternating, to the frame after hours, by every alignment."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli import motion
from stimuli.beats import (
    RANDOM_SPAN_CYCLES,
    Beat,
    Placing,
    beats_between,
    exact_frame,
    side_of,
    taps_between,
    tones_between,
    unit_random,
)
from stimuli.frames import FRAME_RATE_HZ
from stimuli.motion import Motion
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls, Tap, Tone

EVER = 10**12
PLACINGS: tuple[Placing, ...] = ("edge", "centre", "random", "own")
rates = st.integers(5, 200).map(lambda hundredths: hundredths / 100)


def all_beats(moving: Motion, placing: Placing = "edge", **more: float) -> list[Beat]:
    assert moving.end_frame is not None
    return beats_between(moving, -FRAME_RATE_HZ, int(moving.end_frame) + FRAME_RATE_HZ, placing, **more)  # type: ignore[arg-type]


def score_of(bls: Bls, cycles: int | None = 24) -> Score:
    return Score(motion.start(0, bls.rate_hz, cycles, soft=True), (Cue(0, bls),))


@pytest.mark.parametrize("soft", [True, False])
def test_a_set_of_24_cycles_has_48_alternating_beats_from_the_left(soft: bool) -> None:
    beats = all_beats(motion.start(0, 1.0, 24, soft=soft))
    assert [beat.side for beat in beats] == ["left", "right"] * 24
    assert [beat.cycle for beat in beats] == [number // 2 + 1 for number in range(48)]
    assert [beat.frame for beat in beats] == [12_000 + 24_000 * number for number in range(48)]


@given(hundredths=st.integers(5, 200), start=st.integers(0, 10**9), index=st.integers(0, 200_000))
def test_an_edge_beat_is_the_nearest_frame_to_its_exact_time(hundredths: int, start: int, index: int) -> None:
    exact = start + Fraction(FRAME_RATE_HZ * (2 * index + 1) * 100, 4 * hundredths)
    moving = motion.start(start, hundredths / 100, None, soft=True)
    found = exact_frame(moving, index, "edge")
    assert abs(found - float(exact)) < 1e-3
    assert int(np.rint(found)) == round(exact)


def test_the_last_onset_after_eight_hours_is_still_on_its_frame() -> None:
    eight_hours = 8 * 3600 * FRAME_RATE_HZ
    moving = motion.start(0, 0.7, None, soft=True)
    last = beats_between(moving, eight_hours - 2 * FRAME_RATE_HZ, eight_hours)[-1]
    assert last.frame == round(Fraction(FRAME_RATE_HZ * (2 * last.index + 1) * 10, 4 * 7))
    assert last.index == 40_319


@given(
    rate_hz=rates,
    cycles=st.integers(1, 12),
    cut=st.integers(1, 40_000),
    placing=st.sampled_from(PLACINGS),
    seed=st.integers(0, 99),
)
def test_beats_do_not_depend_on_how_time_is_split(rate_hz: float, cycles: int, cut: int, placing: Placing, seed: int) -> None:
    moving = motion.start(5_000, rate_hz, cycles, soft=True)
    assert moving.end_frame is not None
    end = int(moving.end_frame) + FRAME_RATE_HZ
    whole = beats_between(moving, 0, end, placing, 0.9, seed)
    edges = [*range(0, end, max(cut, end // 300)), end]
    split = [beat for low, high in pairwise(edges) for beat in beats_between(moving, low, high, placing, 0.9, seed)]
    assert split == whole


@given(rate_hz=rates, cycles=st.integers(1, 20), placing=st.sampled_from(PLACINGS), seed=st.integers(0, 2**32 - 1))
def test_every_alignment_alternates_in_order_and_misses_none(rate_hz: float, cycles: int, placing: Placing, seed: int) -> None:
    moving = motion.start(0, rate_hz, cycles, soft=True)
    beats = all_beats(moving, placing, own_rate_hz=rate_hz, seed=seed)
    assert [beat.index for beat in beats] == list(range(len(beats)))
    assert [beat.side for beat in beats] == [side_of(beat.index) for beat in beats]
    assert np.all(np.diff([beat.frame for beat in beats]) > 0)
    if placing != "own":
        assert len(beats) == 2 * cycles


def test_centre_events_fall_where_the_dot_crosses_the_centre() -> None:
    moving = motion.start(0, 1.0, 3, soft=True)
    for beat in all_beats(moving, "centre"):
        assert moving.phase_at(beat.frame) * 2 == pytest.approx(beat.index, abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
def test_random_events_stay_inside_their_half_cycle(seed: int) -> None:
    for beat in all_beats(motion.start(0, 1.0, 10, soft=True), "random", seed=seed):
        middle = (2 * beat.index + 1) / 4
        phase = beat.frame / FRAME_RATE_HZ
        if phase < 9.75:
            assert abs(phase - middle) <= RANDOM_SPAN_CYCLES / 2 + 1e-4


def test_random_events_follow_from_the_seed_alone_and_fill_their_span() -> None:
    moving = motion.start(0, 1.0, 50, soft=True)
    one, again, other = (all_beats(moving, "random", seed=seed) for seed in (1, 1, 2))
    assert one == again != other
    values = [unit_random(3, index) for index in range(4_000)]
    counts, _ = np.histogram(values, bins=10, range=(0.0, 1.0))
    assert np.all(np.abs(counts - 400) < 100), "five standard deviations of a fair draw"


def test_events_of_an_own_rate_ignore_the_motions_rate() -> None:
    moving = motion.change_rate(motion.start(0, 1.0, None, soft=True), 50_000, 2.0, soft=True)
    beats = beats_between(moving, 0, 10 * FRAME_RATE_HZ, "own", 0.5)
    assert [beat.frame for beat in beats] == [24_000 + 48_000 * number for number in range(10)]


def test_own_rate_events_end_with_the_set() -> None:
    moving = motion.start(0, 1.0, 2, soft=False)
    assert [beat.frame for beat in all_beats(moving, "own", own_rate_hz=1.3)][-1] < 2 * FRAME_RATE_HZ


@given(old_hz=rates, new_hz=rates, at=st.integers(1, 200_000))
def test_beats_before_a_change_of_rate_stay_and_those_after_fall_on_the_edges(old_hz: float, new_hz: float, at: int) -> None:
    before = motion.start(0, old_hz, 30, soft=True)
    after = motion.change_rate(before, at, new_hz, soft=True)
    assert beats_between(before, 0, at) == beats_between(after, 0, at)
    for beat in beats_between(after, at, at + 500_000):
        slack = after.rate_at(beat.frame) / FRAME_RATE_HZ
        assert abs(after.phase_at(beat.frame) - (2 * beat.index + 1) / 4) <= 0.5 * slack + 1e-6


def test_a_finish_keeps_the_beats_of_the_cycle_it_ends_on() -> None:
    finished = motion.finish(motion.start(0, 1.0, None, soft=True), round(2.3 * FRAME_RATE_HZ))
    assert [beat.index for beat in all_beats(finished)] == list(range(6))


def test_nothing_begins_at_a_cut_or_after() -> None:
    moving = motion.cut(motion.start(0, 1.0, None, soft=True), 60_000)
    assert [beat.frame for beat in beats_between(moving, 0, EVER)] == [12_000, 36_000]
    delayed = beats_between(moving, 0, EVER, offset_frames=2_000)
    assert [beat.frame for beat in delayed] == [14_000, 38_000]
    assert beats_between(moving, 0, EVER, offset_frames=24_000) == [Beat(0, 36_000, "left")]


def test_an_offset_moves_every_event_by_the_same_frames() -> None:
    moving = motion.start(0, 1.0, 5, soft=True)
    plain = [beat.frame for beat in all_beats(moving)]
    late = [beat.frame for beat in all_beats(moving, offset_frames=4_800)]
    assert late == [frame + 4_800 for frame in plain]


def test_nothing_falls_before_the_set_or_after_it() -> None:
    moving = motion.start(1_000_000, 1.0, 2, soft=True)
    assert beats_between(moving, 0, 1_000_000) == []
    assert beats_between(moving, 1_200_000, EVER) == []
    assert beats_between(moving, 5, 5) == []


def test_tones_with_the_tap_fall_where_the_taps_fall() -> None:
    bls = Bls(tone=Tone(align="tap"), tap=Tap(align="centre"))
    tones, taps = (between(score_of(bls), 0, EVER) for between in (tones_between, taps_between))
    assert [beat for beat, _ in tones] == [beat for beat, _ in taps]


def test_tones_and_taps_keep_their_own_offsets() -> None:
    bls = Bls(tone=Tone(offset_ms=100.0), tap=Tap(offset_ms=-50.0))
    assert tones_between(score_of(bls), 0, EVER)[0][0].frame == 12_000 + 4_800
    assert taps_between(score_of(bls), 0, EVER)[0][0].frame == 12_000 - 2_400


def test_an_output_that_is_off_places_nothing() -> None:
    bls = Bls(tone=Tone(on=False), tap=Tap(on=False))
    assert tones_between(score_of(bls), 0, EVER) == []
    assert taps_between(score_of(bls), 0, EVER) == []


def test_each_tone_is_played_with_the_settings_of_its_own_moment() -> None:
    quiet = Bls(tone=Tone(volume_db=-30.0))
    score = with_settings(score_of(Bls()), 100_000, quiet)
    for beat, tone in tones_between(score, 0, EVER):
        assert tone.volume_db == (-18.0 if beat.frame < 100_000 else -30.0)


@settings(deadline=None)
@given(
    frames=st.lists(st.integers(1, 1_000_000), max_size=5, unique=True),
    on=st.lists(st.booleans(), min_size=6, max_size=6),
    step=st.integers(1_000, 90_000),
)
def test_tones_do_not_depend_on_how_time_is_split(frames: list[int], on: list[bool], step: int) -> None:
    score = score_of(Bls())
    for frame, is_on in zip(sorted(frames), on, strict=False):
        score = with_settings(score, frame, replace(Bls(), tone=Tone(on=is_on)))
    whole = tones_between(score, 0, 1_200_000)
    split = [tone for low in range(0, 1_200_000, step) for tone in tones_between(score, low, min(low + step, 1_200_000))]
    assert split == whole
