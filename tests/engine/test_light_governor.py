"""The last stage of the light: whatever it is given, what leaves is small, dim enough, and rises calmly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.engine.light_governor import MOST_LIT_FRAC, RISE_S, LightGovernor
from stimuli.bar import bar_pixels, coverage, dot_leds
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import DARK, Dot

S = FRAME_RATE_HZ
DOT = Dot(0.3, 0.2, (0.0, 0.5, 0.5), 3.0)


@pytest.fixture
def governor() -> LightGovernor:
    """Of a bar of 60 LEDs that may be 0.6 bright, lit for a while."""
    made = LightGovernor(0.6, 60)
    made.limit(replace(DOT, level_frac=0.6), 10 * S)
    return made


def test_a_dot_within_the_limits_passes_untouched(governor: LightGovernor) -> None:
    assert governor.limit(DOT, 11 * S) == DOT


def test_no_light_is_brighter_than_the_rooms_limit(governor: LightGovernor) -> None:
    assert governor.limit(replace(DOT, level_frac=1.0), 11 * S).level_frac == 0.6


def test_from_dark_to_full_takes_a_tenth_of_a_second() -> None:
    governor = LightGovernor(0.6, 60)
    governor.limit(DARK, S)
    levels = [governor.limit(replace(DOT, level_frac=0.6), S + S * step / 40).level_frac for step in range(1, 8)]
    assert levels == pytest.approx([0.15, 0.3, 0.45, 0.6, 0.6, 0.6, 0.6])


def test_the_first_picture_of_a_bar_does_not_flash() -> None:
    assert LightGovernor(0.6, 60).limit(replace(DOT, level_frac=0.6), S / 40).level_frac == pytest.approx(0.15)


def test_dark_is_dark_at_once(governor: LightGovernor) -> None:
    assert governor.limit(DARK, 11 * S).level_frac == 0.0


def test_after_a_stop_the_light_rises_anew(governor: LightGovernor) -> None:
    governor.shown(0.0, 10 * S)
    governor.rewind()
    assert governor.limit(DOT, 10 * S + S / 100).level_frac == pytest.approx(0.06)


def test_pictures_that_were_never_shown_let_nothing_rise() -> None:
    governor = LightGovernor(0.6, 60)
    governor.limit(DARK, S)
    governor.shown(0.0, S)
    ahead = [governor.limit(replace(DOT, level_frac=0.6), S + S * step / 40).level_frac for step in range(1, 5)]
    governor.rewind()
    again = [governor.limit(replace(DOT, level_frac=0.6), S + S * step / 40).level_frac for step in range(1, 5)]
    assert ahead == again == pytest.approx([0.15, 0.3, 0.45, 0.6])


def test_a_picture_that_was_shown_is_where_the_next_one_rises_from(governor: LightGovernor) -> None:
    governor.shown(0.3, 10 * S)
    governor.rewind()
    assert governor.limit(replace(DOT, level_frac=0.6), 10 * S + S / 100).level_frac == pytest.approx(0.36)


def test_a_frame_of_the_past_lets_nothing_rise() -> None:
    governor = LightGovernor(0.6, 60)
    governor.limit(DARK, 20 * S)
    assert governor.limit(DOT, 10 * S).level_frac == 0.0


@pytest.mark.parametrize(
    ("leds", "size", "left"), [(60, 3.0, 3.0), (60, 15.0, 15.0), (40, 15.0, 10.0), (8, 15.0, 2.0), (3, 3.0, 1.0), (1, 9.0, 1.0)]
)
def test_a_dot_covers_at_most_a_quarter_of_the_bar_and_at_least_one_led(leds: int, size: float, left: float) -> None:
    assert LightGovernor(0.6, leds).narrowed(size) == left


def test_a_size_in_screen_pixels_is_narrowed_as_the_leds_it_covers() -> None:
    assert LightGovernor(0.6, 60).narrowed(48.0) == 3.0
    assert LightGovernor(0.6, 20).narrowed(160.0) == 5.0


@given(st.integers(1, 300), st.floats(1.0, 160.0), st.floats(-1.0, 1.0))
def test_whatever_the_size_the_lit_part_of_the_bar_stays_small(leds: int, size: float, pos: float) -> None:
    narrowed = LightGovernor(0.6, leds).narrowed(size)
    # The governor's width goes through the same reading as a setting's on its way to the LEDs.
    assert dot_leds(narrowed) == narrowed
    assert float(np.sum(coverage(pos, leds, dot_leds(narrowed)))) <= max(1.0, leds * MOST_LIT_FRAC) + 1e-9


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 1.0)), min_size=1, max_size=40), st.floats(0.01, 0.6))
def test_no_sequence_of_pictures_rises_faster_or_higher_than_allowed(
    pictures: list[tuple[float, float]], bar_level: float
) -> None:
    governor, frame, before = LightGovernor(bar_level, 60), 0.0, 0.0
    for wait_s, asked in pictures:
        frame += wait_s * S
        level = governor.limit(replace(DOT, level_frac=asked), frame).level_frac
        assert 0.0 <= level <= min(asked, bar_level)
        assert level - before <= bar_level * wait_s / RISE_S + 1e-9
        before = level


def test_the_pixels_of_a_limited_dot_are_never_brighter_than_the_limit(governor: LightGovernor) -> None:
    dot = governor.limit(Dot(0.0, 1.0, (1.0, 1.0, 1.0), 15.0), 11 * S)
    assert bar_pixels(dot.pos, dot.level_frac, dot.colour, 60, dot.size).max() <= np.float32(0.6)
