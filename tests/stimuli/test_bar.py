"""The dot on a row of LEDs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.bar import bar_pixels, coverage, dark, dot_leds, dot_px

positions = st.floats(-1.0, 1.0)
led_counts = st.integers(1, 600)
widths = st.floats(1.0, 15.0)


@given(positions, led_counts, widths)
def test_the_whole_light_never_depends_on_where_the_dot_stands(pos: float, leds: int, width: float) -> None:
    assert coverage(pos, leds, width).sum() == pytest.approx(min(width, leds), rel=1e-9)


@given(positions, led_counts, widths)
def test_every_led_is_covered_between_not_at_all_and_wholly(pos: float, leds: int, width: float) -> None:
    covered = coverage(pos, leds, width)
    assert covered.shape == (leds,)
    assert covered.min() >= 0.0
    assert covered.max() <= 1.0 + 1e-9


@given(positions, st.integers(20, 600), widths)
def test_the_middle_of_the_light_is_where_the_dot_is(pos: float, leds: int, width: float) -> None:
    covered = coverage(pos, leds, width)
    middles = np.arange(leds) + 0.5
    centre = (covered * middles).sum() / covered.sum()
    wanted = leds / 2 + pos * (leds - width) / 2
    assert centre == pytest.approx(wanted, abs=0.5 / width + 1e-9)


@given(positions, st.integers(20, 200), widths)
def test_left_and_right_are_mirror_images(pos: float, leds: int, width: float) -> None:
    assert coverage(pos, leds, width) == pytest.approx(coverage(-pos, leds, width)[::-1], abs=1e-9)


def test_the_dot_touches_both_ends_and_stays_on_the_bar() -> None:
    assert coverage(-1.0, 10, 3.0).tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert coverage(1.0, 10, 3.0).tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert coverage(-7.0, 10, 3.0).tolist() == coverage(-1.0, 10, 3.0).tolist()


def test_a_dot_between_leds_shares_its_edges_by_coverage() -> None:
    quarter_led_right = -1.0 + 2.0 * 0.25 / 7.0
    assert coverage(quarter_led_right, 10, 3.0)[:5] == pytest.approx([0.75, 1.0, 1.0, 0.25, 0.0])


def test_a_slow_dot_changes_no_led_by_a_jump() -> None:
    frames = np.array([coverage(pos, 60, 3.0) for pos in np.linspace(-1.0, 1.0, 20_001)])
    led_per_frame = 57 / 20_000
    assert np.abs(np.diff(frames, axis=0)).max() <= led_per_frame * 1.001


def test_pixels_are_coverage_times_level_times_colour() -> None:
    pixels = bar_pixels(-1.0, 0.5, (0.0, 1.0, 0.4), 8, 3.0)
    assert pixels.shape == (8, 3)
    assert pixels.dtype == np.float32
    assert pixels[0] == pytest.approx([0.0, 0.5, 0.2])
    assert not pixels[3:].any()


@given(positions, led_counts, widths, st.floats(0.0, 1.0), st.tuples(*[st.floats(0.0, 1.0)] * 3))
def test_every_pixel_is_coverage_times_level_times_colour_to_the_bit(
    pos: float, leds: int, size: float, level: float, colour: tuple[float, float, float]
) -> None:
    whole = (coverage(pos, leds, dot_leds(size)) * level)[:, np.newaxis] * np.array(colour)
    assert np.array_equal(bar_pixels(pos, level, colour, leds, size), whole.astype(np.float32))


def test_a_bar_shorter_than_the_dot_is_lit_whole() -> None:
    assert bar_pixels(0.7, 1.0, (1.0, 1.0, 1.0), 2, 15.0) == pytest.approx(np.ones((2, 3)))


@pytest.mark.parametrize("leds", [0, -3])
def test_a_bar_without_leds_is_refused(leds: int) -> None:
    with pytest.raises(ValueError, match="at least 1 LED"):
        bar_pixels(0.0, 1.0, (1.0, 1.0, 1.0), leds, 3.0)


def test_a_dark_bar_has_no_light() -> None:
    assert dark(5).shape == (5, 3)
    assert not dark(5).any()


@pytest.mark.parametrize(
    ("size", "leds", "px"),
    [(1.0, 1.0, 16.0), (3.0, 3.0, 48.0), (10.0, 10.0, 160.0), (15.0, 15.0, 160.0), (16.0, 1.0, 16.0), (48.0, 3.0, 48.0)],
)
def test_a_size_counts_leds_up_to_15_and_pixels_from_16(size: float, leds: float, px: float) -> None:
    assert (dot_leds(size), dot_px(size)) == (leds, px)


@given(st.floats(1.0, 160.0))
def test_every_size_is_within_what_bar_and_screen_show(size: float) -> None:
    assert 1.0 <= dot_leds(size) <= 15.0
    assert 16.0 <= dot_px(size) <= 160.0
