"""Equal power wherever a sound stands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.pan import pan_gains, pan_gains_along, side_gains

positions = st.floats(-1.0, 1.0)


@given(position=positions)
def test_the_power_is_the_same_everywhere(position: float) -> None:
    left, right = pan_gains(position)
    assert left * left + right * right == pytest.approx(1.0, abs=1e-12)
    assert left >= 0.0 and right >= 0.0


def test_the_ends_are_one_side_alone() -> None:
    assert pan_gains(-1.0) == (1.0, 0.0)
    assert pan_gains(1.0) == (0.0, 1.0)


def test_full_width_is_that_side_alone_and_none_is_the_centre() -> None:
    assert side_gains("left", 1.0) == (1.0, 0.0)
    assert side_gains("right", 1.0) == (0.0, 1.0)
    assert side_gains("left", 0.0) == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))


@given(width=st.floats(0.01, 1.0))
def test_left_and_right_mirror_each_other(width: float) -> None:
    left, right = side_gains("left", width), side_gains("right", width)
    assert left == pytest.approx(right[::-1], abs=1e-12)
    assert left[0] > left[1]


@given(points=st.lists(positions, min_size=1, max_size=40))
def test_many_positions_at_once_equal_each_alone(points: list[float]) -> None:
    together = pan_gains_along(np.array(points))
    assert together == pytest.approx(np.array([pan_gains(point) for point in points]), abs=1e-12)


def test_positions_beyond_the_edge_stay_at_it() -> None:
    assert pan_gains_along(np.array([-1.2, 1.2])) == pytest.approx(np.array([[1.0, 0.0], [0.0, 1.0]]))
