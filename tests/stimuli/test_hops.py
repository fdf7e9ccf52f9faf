"""Lines between hop edges: on the edges themselves, straight between, the same for every block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.hops import HOP_FRAMES, Lines, hop_lines, hop_span


def lines_of(first: int, frames: int) -> Lines:
    low, high = hop_span(first, frames)
    edges = np.sin(np.arange(low, high + 1)).astype(np.float32)
    return hop_lines(edges, first, frames)


def test_an_edge_has_its_own_value_and_the_middle_the_mean() -> None:
    lines = hop_lines(np.array([1.0, 3.0, 2.0], np.float32), 0, 2 * HOP_FRAMES)
    assert lines[0] == 1.0 and lines[HOP_FRAMES] == 3.0
    assert lines[HOP_FRAMES // 2] == 2.0
    assert np.all(np.diff(lines[: HOP_FRAMES + 1]) == pytest.approx(2.0 / HOP_FRAMES, rel=1e-3))


def test_the_span_holds_the_edges_on_both_sides() -> None:
    assert hop_span(0, HOP_FRAMES) == (0, 1)
    assert hop_span(HOP_FRAMES - 1, 2) == (0, 2)
    assert hop_span(-1, 1) == (-1, 0)


@given(first=st.integers(-2_000, 10**10), splits=st.lists(st.integers(1, 1_500), min_size=1, max_size=10))
def test_any_split_gives_the_same_values_to_the_bit(first: int, splits: list[int]) -> None:
    starts = first + np.concatenate(([0], np.cumsum(splits)[:-1]))
    pieces = [lines_of(int(start), count) for start, count in zip(starts, splits, strict=True)]
    assert np.array_equal(lines_of(first, sum(splits)), np.concatenate(pieces))
