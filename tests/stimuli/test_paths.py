"""The lines that the dot follows on a screen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.paths import EIGHT_HEIGHT, along, alongs, is_closed, point, points
from stimuli.settings import PATHS, Path, Travel
from stimuli.travel import position

STRAIGHT: list[Path] = ["horizontal", "vertical", "diagonal-up", "diagonal-down"]
paths = st.sampled_from(PATHS)
travels = st.sampled_from(["sine", "linear", "eased"])
phases = st.floats(0.0, 1000.0)


@pytest.mark.parametrize(
    ("path", "left", "right"),
    [
        ("horizontal", (-1, 0), (1, 0)),
        ("vertical", (0, -1), (0, 1)),
        ("diagonal-up", (-1, -1), (1, 1)),
        ("diagonal-down", (-1, 1), (1, -1)),
        ("circle", (-1, 0), (1, 0)),
        ("eight", (-1, 0), (1, 0)),
    ],
)
def test_the_beats_of_every_path_lie_where_its_name_says(path: Path, left: tuple[int, int], right: tuple[int, int]) -> None:
    assert point(0.25, path) == pytest.approx(left, abs=1e-12)
    assert point(0.75, path) == pytest.approx(right, abs=1e-12)


@given(phases, paths, travels, st.booleans())
def test_no_path_leaves_the_square(phase: float, path: Path, travel: Travel, saccade: bool) -> None:
    x, y = point(phase, path, travel, saccade=saccade)
    assert max(abs(x), abs(y)) <= 1.0


@given(phases)
def test_a_circle_keeps_its_radius(phase: float) -> None:
    assert math.hypot(*point(phase, "circle", "linear")) == pytest.approx(1.0)


def test_a_circle_runs_leftwards_over_the_top() -> None:
    assert point(0.0, "circle") == pytest.approx((0.0, 1.0))
    assert point(0.1, "circle")[0] < 0.0


def test_an_eight_crosses_the_centre_twice_a_cycle_and_keeps_its_height() -> None:
    turn = np.linspace(0.0, 1.0, 8001)
    x, y = points(turn, "eight")
    assert point(0.0, "eight") == pytest.approx((0.0, 0.0))
    assert point(0.5, "eight") == pytest.approx((0.0, 0.0), abs=1e-12)
    assert (np.max(x), np.max(y), np.min(y)) == pytest.approx((1.0, EIGHT_HEIGHT, -EIGHT_HEIGHT), abs=1e-6)
    assert np.sum(np.abs(np.diff(np.sign(x[1:-1]))) > 1) == 1


@given(phases, travels)
def test_a_bar_shows_the_travels_own_coordinate_of_straight_paths(phase: float, travel: Travel) -> None:
    for path in STRAIGHT:
        assert along(phase, path, travel) == position(phase, travel)


@given(phases, travels)
def test_a_bar_shows_x_of_circle_and_eight(phase: float, travel: Travel) -> None:
    for path in ("circle", "eight"):
        assert is_closed(path)
        assert along(phase, path, travel) == point(phase, path, travel)[0]


@pytest.mark.parametrize("path", PATHS)
def test_a_saccade_jumps_between_the_two_ends_of_every_path(path: Path) -> None:
    before, left, right = (point(phase, path, saccade=True) for phase in (0.1, 0.3, 0.8))
    assert before == pytest.approx((0.0, 0.0))
    assert left == pytest.approx((-right[0], -right[1]))
    assert max(abs(left[0]), abs(left[1])) == 1.0


@given(st.lists(phases, min_size=1, max_size=12), paths, travels, st.booleans())
def test_many_phases_at_once_are_the_same_as_one_by_one(asked: list[float], path: Path, travel: Travel, saccade: bool) -> None:
    x, y = points(np.array(asked), path, travel, saccade=saccade)
    one_by_one = [point(phase, path, travel, saccade=saccade) for phase in asked]
    assert x == pytest.approx([each[0] for each in one_by_one], abs=1e-12)
    assert y == pytest.approx([each[1] for each in one_by_one], abs=1e-12)
    assert alongs(np.array(asked), path, travel, saccade=saccade) == pytest.approx(
        [along(phase, path, travel, saccade=saccade) for phase in asked], abs=1e-12
    )
