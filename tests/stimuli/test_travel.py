"""Where the dot stands between its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.settings import Travel
from stimuli.travel import position, positions

TRAVELS: list[Travel] = ["sine", "linear", "eased"]
travels = st.sampled_from(TRAVELS)
phases = st.floats(0.0, 30_000.0)


@pytest.mark.parametrize("travel", TRAVELS)
@pytest.mark.parametrize(("phase", "pos"), [(0.0, 0.0), (0.25, -1.0), (0.5, 0.0), (0.75, 1.0), (1.0, 0.0), (17.25, -1.0)])
def test_every_travel_meets_the_edges_on_the_beat_and_the_centre_between(travel: Travel, phase: float, pos: float) -> None:
    assert position(phase, travel) == pytest.approx(pos, abs=1e-12)


@given(phases, travels)
def test_no_travel_leaves_the_line(phase: float, travel: Travel) -> None:
    assert -1.0 <= position(phase, travel) <= 1.0


@given(st.floats(0.0, 100.0), travels)
def test_left_and_right_are_mirror_images_half_a_cycle_apart(phase: float, travel: Travel) -> None:
    assert position(phase + 0.5, travel) == pytest.approx(-position(phase, travel), abs=1e-10)


@pytest.mark.parametrize("travel", TRAVELS)
def test_a_travel_moves_one_way_between_two_beats(travel: Travel) -> None:
    way = positions(np.linspace(0.25, 0.75, 2001), travel)
    assert np.all(np.diff(way) >= 0.0)


def test_linear_travel_keeps_one_speed() -> None:
    steps = np.diff(positions(np.linspace(0.25, 0.75, 1001), "linear"))
    assert steps == pytest.approx(np.full(1000, 2.0 / 1000))


@pytest.mark.parametrize(("travel", "speed"), [("sine", 2 * np.pi), ("linear", 4.0), ("eased", 7.5)])
def test_the_speed_at_the_centre_is_the_travels_own(travel: Travel, speed: float) -> None:
    slope = (position(0.5 + 1e-6, travel) - position(0.5 - 1e-6, travel)) / 2e-6
    assert slope == pytest.approx(speed, rel=1e-6)


def test_eased_travel_lingers_longest_at_the_edges() -> None:
    within_a_tenth = {
        travel: np.mean(np.abs(positions(np.linspace(0.0, 1.0, 4001), travel)) > 0.9) for travel in ("linear", "sine", "eased")
    }
    assert within_a_tenth["linear"] < within_a_tenth["sine"] < within_a_tenth["eased"]


@pytest.mark.parametrize(
    ("phase", "pos"),
    [(0.0, 0.0), (0.2499, 0.0), (0.25, -1.0), (0.5, -1.0), (0.7499, -1.0), (0.75, 1.0), (1.2499, 1.0), (1.25, -1.0)],
)
def test_a_saccade_stands_at_its_edge_from_its_beat_to_the_next(phase: float, pos: float) -> None:
    assert position(phase, saccade=True) == pos


@given(st.lists(phases, min_size=1, max_size=20), travels, st.booleans())
def test_many_phases_at_once_are_the_same_as_one_by_one(asked: list[float], travel: Travel, saccade: bool) -> None:
    found = positions(np.array(asked), travel, saccade=saccade)
    assert found == pytest.approx([position(phase, travel, saccade=saccade) for phase in asked], abs=1e-12)
