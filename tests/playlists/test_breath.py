"""Paced breathing leads in and out in the ratio asked, with no corner, and the bar's sweep keeps with it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.breath import (
    Course,
    breath_motion,
    breath_parts_s,
    course_of,
    fill_at,
    lead_in_s,
    next_breath_s,
    pace_at,
    repaced,
    swell_db_at,
    swell_gains,
)
from playlists.program import Breath
from stimuli.frames import FRAME_RATE_HZ

ratios = st.tuples(st.floats(1.0, 3.0), st.floats(0.0, 2.0), st.floats(1.0, 3.0), st.floats(0.0, 2.0))
breaths = st.builds(Breath, per_min=st.floats(5.0, 7.0), ratio=ratios)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """A breath that is led, and changed up to three times."""
    course, now_s = course_of(draw(breaths), 0.0), 0.0
    for _ in range(draw(st.integers(0, 3))):
        now_s += draw(st.floats(0.0, 200.0))
        course = repaced(course, now_s, draw(breaths))
    return course


def test_the_parts_are_in_the_ratio_asked() -> None:
    assert breath_parts_s(Breath(6.0, (4.0, 0.0, 6.0, 0.0))) == pytest.approx((4.0, 0.0, 6.0, 0.0))
    assert breath_parts_s(Breath(5.0, (1.0, 1.0, 1.0, 1.0))) == pytest.approx((3.0, 3.0, 3.0, 3.0))


@given(breaths)
def test_a_breath_lasts_as_long_as_its_rate_says(breath: Breath) -> None:
    assert sum(breath_parts_s(breath)) == pytest.approx(60.0 / breath.per_min)


@given(breaths, st.floats(0.0, 3600.0))
def test_the_fill_is_between_empty_and_full_and_never_jumps(breath: Breath, elapsed_s: float) -> None:
    here, soon = fill_at(breath, elapsed_s), fill_at(breath, elapsed_s + 0.001)
    assert 0.0 <= here <= 1.0
    assert abs(soon - here) < 0.005


def test_the_breath_is_full_at_the_end_of_the_way_in_and_empty_at_the_end_of_the_way_out() -> None:
    breath = Breath(6.0, (4.0, 0.0, 6.0, 0.0))
    assert fill_at(breath, 0.0) == 0.0
    assert fill_at(breath, 2.0) == pytest.approx(0.5)
    assert fill_at(breath, 4.0) == pytest.approx(1.0)
    assert fill_at(breath, 7.0) == pytest.approx(0.5)
    assert fill_at(breath, 10.0) == pytest.approx(0.0)
    assert fill_at(breath, -3.0) == 0.0


def test_the_bar_goes_right_on_the_way_in_and_left_on_the_way_out() -> None:
    motion = breath_motion(course_of(Breath(6.0, (4.0, 0.0, 6.0, 0.0)), 0.0), 1000, 33.0, zero_frame=1000)
    first_in = 1000 + 3 * FRAME_RATE_HZ
    for number in range(3):
        begun = first_in + number * 10 * FRAME_RATE_HZ
        assert motion.phase_at(begun) == pytest.approx(0.25 + number)
        assert motion.phase_at(begun + 4 * FRAME_RATE_HZ) == pytest.approx(0.75 + number)
    assert motion.end_frame == first_in + 30 * FRAME_RATE_HZ


def test_a_pause_is_a_rest_at_the_edge() -> None:
    motion = breath_motion(course_of(Breath(6.0, (4.0, 2.0, 4.0, 0.0)), 0.0), 0, 10.0)
    full = 2 * FRAME_RATE_HZ + 4 * FRAME_RATE_HZ
    assert motion.phase_at(full) == pytest.approx(0.75)
    assert motion.phase_at(full + 2 * FRAME_RATE_HZ - 1) == pytest.approx(0.75)
    assert motion.phase_at(full + 3 * FRAME_RATE_HZ) > 0.8


@given(breaths)
def test_the_motion_has_no_jump_in_phase(breath: Breath) -> None:
    segments = breath_motion(course_of(breath, 0.0), 0, 50.0).segments
    for before, after in itertools.pairwise(segments):
        assert before.phase_at(after.start_frame) == pytest.approx(after.phase, abs=1e-6)
        assert 0.0 <= after.rate_hz <= 0.5


@given(courses(), st.lists(st.floats(-5.0, 4000.0), min_size=1, max_size=20))
def test_the_swell_as_amplitudes_is_the_swell_in_decibels(course: Course, elapsed_s: list[float]) -> None:
    gains = swell_gains(course, np.array(elapsed_s))
    assert gains.dtype == np.float32
    # the breath's place is a remainder of seconds, of which thousands leave some 1e-12; its slope is under 20 dB a second
    assert 20.0 * np.log10(gains) == pytest.approx([swell_db_at(course, each) for each in elapsed_s], abs=1e-4)
    assert gains.max() <= 1.0


def test_the_bar_reaches_the_left_edge_as_the_first_way_in_begins() -> None:
    breath = Breath(6.0, (4.0, 1.0, 5.0, 0.0))
    course = course_of(breath, 0.0)
    assert breath_motion(course, 0, 10.0).phase_at(lead_in_s(breath) * FRAME_RATE_HZ) == pytest.approx(0.25)
    assert swell_db_at(course, lead_in_s(breath)) == -breath.pad_swell_db


@given(courses(), st.floats(0.0, 900.0))
def test_another_pace_takes_over_with_a_way_in_and_nothing_jumps(course: Course, t_s: float) -> None:
    for before, after in itertools.pairwise(course):
        whole_s = 60.0 / before.breath.per_min
        breaths_before = (after.since_s - before.since_s) / whole_s
        assert breaths_before == pytest.approx(round(breaths_before), abs=1e-6)
    assert abs(swell_db_at(course, t_s + 0.001) - swell_db_at(course, t_s)) < 0.1
    motion = breath_motion(course, 0, 1000.0)
    for pace in course:
        assert motion.phase_at(pace.since_s * FRAME_RATE_HZ) % 1.0 == pytest.approx(0.25, abs=1e-6)
    for before_, after_ in itertools.pairwise(motion.segments):
        assert before_.phase_at(after_.start_frame) == pytest.approx(after_.phase, abs=1e-6)


@given(courses(), st.floats(0.0, 900.0), st.integers(0, 10_000_000))
def test_a_sweep_begun_at_any_moment_keeps_with_the_swell(course: Course, begun_s: float, zero_frame: int) -> None:
    start_frame = zero_frame + round(begun_s * FRAME_RATE_HZ)
    motion = breath_motion(course, start_frame, 60.0, zero_frame)
    assert motion.phase_at(start_frame) == 0.0
    joined_s = next_breath_s(course, begun_s + lead_in_s(pace_at(course, begun_s).breath))
    for breath_s in (joined_s, next_breath_s(course, joined_s + 1.0)):
        at = motion.phase_at(zero_frame + breath_s * FRAME_RATE_HZ)
        assert at % 1.0 == pytest.approx(0.25, abs=1e-5)
        assert swell_db_at(course, breath_s) == pytest.approx(-pace_at(course, breath_s).breath.pad_swell_db, abs=1e-4)


@given(courses(), breaths, st.floats(0.0, 300.0), st.floats(0.0, 300.0))
def test_a_change_leaves_all_that_was_before_it(course: Course, breath: Breath, begun_s: float, after_s: float) -> None:
    changed_s = max(begun_s + after_s, course[-1].since_s)
    start_frame = round(begun_s * FRAME_RATE_HZ)
    before = breath_motion(course, start_frame, 1000.0)
    after = breath_motion(repaced(course, changed_s, breath), start_frame, 1000.0)
    seen = np.linspace(start_frame, changed_s * FRAME_RATE_HZ, 50)
    assert after.phases(seen) == pytest.approx(before.phases(seen), abs=1e-9)


def test_a_pace_asked_for_again_before_it_came_takes_the_place_of_the_first() -> None:
    course = course_of(Breath(6.0), 0.0)
    twice = repaced(repaced(course, 21.0, Breath(5.0)), 22.0, Breath(7.0))
    assert [(pace.since_s, pace.breath.per_min) for pace in twice] == [(3.0, 6.0), (23.0, 7.0)]
