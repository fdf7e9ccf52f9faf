"""The dot's shapes as coverage of pixels."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.screen.dot_shapes import RING_HOLE, coverage, side_px
from stimuli.settings import DOT_SHAPES, DotShape

shapes = st.sampled_from(DOT_SHAPES)
quarters = st.integers(0, 3)


def test_every_shape_that_can_be_asked_is_drawn_and_all_differ() -> None:
    masks = [coverage(shape, 48.0).tobytes() for shape in get_args(DotShape)]
    assert len(set(masks)) == len(masks) == 5


@given(shapes, st.floats(16.0, 60.0), quarters, quarters)
def test_coverage_lies_between_nothing_and_all_with_a_dark_border(shape: DotShape, width: float, right: int, down: int) -> None:
    mask = coverage(shape, width, right, down)
    assert mask.shape == (side_px(width), side_px(width))
    assert mask.min() >= 0.0
    assert mask.max() == 1.0
    assert not mask[0].any()
    assert not mask[:, 0].any()


@pytest.mark.parametrize(
    ("shape", "area"),
    [("disc", math.pi / 4), ("ring", math.pi / 4 * (1 - RING_HOLE**2)), ("square", math.pi / 4)],
)
def test_the_lit_area_is_the_shapes_own(shape: DotShape, area: float) -> None:
    assert coverage(shape, 100.0).sum() / 100.0**2 == pytest.approx(area, rel=0.01)


@given(shapes, st.floats(16.0, 60.0), quarters, quarters)
def test_a_move_within_a_pixel_keeps_the_whole_light(shape: DotShape, width: float, right: int, down: int) -> None:
    assert coverage(shape, width, right, down).sum() == pytest.approx(coverage(shape, width).sum())


@given(shapes, quarters, quarters)
def test_a_quarter_of_a_pixel_moves_the_middle_by_a_quarter(shape: DotShape, right: int, down: int) -> None:
    def middle(mask: np.ndarray) -> tuple[float, float]:
        rows, columns = np.indices(mask.shape)
        return float((columns * mask).sum() / mask.sum()), float((rows * mask).sum() / mask.sum())

    still, moved = middle(coverage(shape, 48.0)), middle(coverage(shape, 48.0, right, down))
    a_pixels_light_counts_at_its_middle = 0.01
    assert (moved[0] - still[0], moved[1] - still[1]) == pytest.approx(
        (right / 4, down / 4), abs=a_pixels_light_counts_at_its_middle
    )


@pytest.mark.parametrize("shape", DOT_SHAPES)
def test_every_shape_is_the_same_left_and_right(shape: DotShape) -> None:
    mask = coverage(shape, 64.0)
    assert mask == pytest.approx(mask[:, ::-1])


def test_edges_are_soft_and_a_star_points_up() -> None:
    mask = coverage("star", 80.0)
    assert np.logical_and(mask > 0.0, mask < 1.0).sum() > 50
    lit_rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = mask[lit_rows[0] + 4], mask[lit_rows[-1] - 4]
    assert np.ptp(np.flatnonzero(top)) < 12
    assert np.ptp(np.flatnonzero(bottom)) > 30
