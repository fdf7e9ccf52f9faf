"""Paced breathing leads in and out in the ratio asked, with no corner, and the bar's sweep keeps with it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.breath import breath_motion, breath_parts_s, fill_at, lead_in_s, swell_db_at, swell_gains
from playlists.program import Breath
from stimuli.frames import FRAME_RATE_HZ

ratios = st.tuples(st.floats(1.0, 3.0), st.floats(0.0, 2.0), st.floats(1.0, 3.0), st.floats(0.0, 2.0))
breaths = st.builds(Breath, per_min=st.floats(5.0, 7.0), ratio=ratios)


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
    motion = breath_motion(Breath(6.0, (4.0, 0.0, 6.0, 0.0)), 1000, 3)
    first_in = 1000 + 3 * FRAME_RATE_HZ
    for number in range(3):
        begun = first_in + number * 10 * FRAME_RATE_HZ
        assert motion.phase_at(begun) == pytest.approx(0.25 + number)
        assert motion.phase_at(begun + 4 * FRAME_RATE_HZ) == pytest.approx(0.75 + number)
    assert motion.end_frame == first_in + 30 * FRAME_RATE_HZ


def test_a_pause_is_a_rest_at_the_edge() -> None:
    motion = breath_motion(Breath(6.0, (4.0, 2.0, 4.0, 0.0)), 0, 1)
    full = 2 * FRAME_RATE_HZ + 4 * FRAME_RATE_HZ
    assert motion.phase_at(full) == pytest.approx(0.75)
    assert motion.phase_at(full + 2 * FRAME_RATE_HZ - 1) == pytest.approx(0.75)
    assert motion.phase_at(full + 3 * FRAME_RATE_HZ) > 0.8


@given(breaths)
def test_the_motion_has_no_jump_in_phase(breath: Breath) -> None:
    segments = breath_motion(breath, 0, 4).segments
    for before, after in itertools.pairwise(segments):
        assert before.phase_at(after.start_frame) == pytest.approx(after.phase, abs=1e-6)
        assert 0.0 <= after.rate_hz <= 0.5


@given(breaths, st.lists(st.floats(-5.0, 4000.0), min_size=1, max_size=20))
def test_the_swell_as_amplitudes_is_the_swell_in_decibels(breath: Breath, elapsed_s: list[float]) -> None:
    gains = swell_gains(breath, np.array(elapsed_s))
    assert gains.dtype == np.float32
    # the breath's place is a remainder of seconds, of which thousands leave some 1e-12; its slope is under 20 dB a second
    assert 20.0 * np.log10(gains) == pytest.approx([swell_db_at(breath, each) for each in elapsed_s], abs=1e-4)
    assert gains.max() <= 1.0


def test_the_bar_reaches_the_left_edge_as_the_first_way_in_begins() -> None:
    breath = Breath(6.0, (4.0, 1.0, 5.0, 0.0))
    assert breath_motion(breath, 0, 1).phase_at(lead_in_s(breath) * FRAME_RATE_HZ) == pytest.approx(0.25)
    assert swell_db_at(breath, lead_in_s(breath)) == -breath.pad_swell_db
