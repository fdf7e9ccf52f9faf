"""A level over time is continuous, whatever is led where."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.curves import Ramp, at, corners_s, hold, lead, left_s, steady, target_at, upto

values = st.floats(-100.0, 100.0)
leads = st.lists(st.tuples(st.floats(0.01, 50.0), values, st.floats(0.0, 60.0), st.floats(0.0, 5.0)), max_size=8)


def test_a_ramp_goes_straight_and_stays() -> None:
    ramp = Ramp(10.0, 2.0, 20.0, 4.0)
    assert [ramp.at(t_s) for t_s in (0, 10, 15, 20, 1e9)] == [2, 2, 3, 4, 4]


def test_a_ramp_of_no_length_is_its_end_at_once() -> None:
    assert Ramp(10.0, 2.0, 10.0, 4.0).at(10.0) == 4.0


def test_a_swell_begins_at_nothing_and_goes_on() -> None:
    ramp = Ramp(0.0, 5.0, 0.0, 5.0, swell=2.0, swell_hz=0.25)
    assert ramp.at(0.0) == 5.0
    assert ramp.at(1.0) == pytest.approx(7.0)
    assert ramp.at(1003.0) == pytest.approx(3.0)


@given(leads)
def test_leading_anywhere_any_number_of_times_never_jumps(given_leads: list[tuple[float, float, float, float]]) -> None:
    curve = (steady(0.0, 10.0),)
    now_s = 0.0
    for wait_s, value, duration_s, swell in given_leads:
        now_s += wait_s
        before = at(curve, now_s)
        curve = lead(curve, now_s, value, max(duration_s, 0.001), swell, 0.1)
        assert at(curve, now_s) == pytest.approx(before, abs=1e-9)
        assert math.isclose(at(curve, math.nextafter(now_s, math.inf)), before, abs_tol=1e-5)
        assert target_at(curve, now_s) == value


@given(values, st.floats(0.0, 30.0))
def test_a_level_held_stays_what_it_was(value: float, now_s: float) -> None:
    held = hold(lead((steady(0.0, 1.0),), 0.0, value, 20.0), now_s)
    assert at(held, now_s + 100.0) == pytest.approx(at(lead((steady(0.0, 1.0),), 0.0, value, 20.0), now_s))
    assert left_s(held, now_s) == 0.0


def test_what_has_begun_goes_on_and_what_was_planned_is_dropped() -> None:
    curve = (steady(0.0, 1.0), Ramp(5.0, 1.0, 15.0, 2.0), Ramp(20.0, 2.0, 30.0, 9.0))
    assert upto(curve, 10.0) == curve[:2]
    assert upto(curve, 5.0) == curve[:2]
    assert upto(curve, -1.0) == curve[:1]


def test_corners_are_where_the_direction_changes() -> None:
    assert corners_s((steady(0.0, 1.0), Ramp(5.0, 1.0, 15.0, 2.0))) == [0.0, 5.0, 15.0]
