"""What the window shows at a frame, in pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.screen.picture import GROUND_SRGB, Picture, dot_width_px, eased, picture_at, place, quarter_pixels, shaded
from stimuli import motion
from stimuli.paths import point
from stimuli.score import Cue, Score
from stimuli.settings import PATHS, Bls, Light, Path

SET = motion.start(0, 1.0, 4, soft=True)
WIDTH, HEIGHT = 1920, 1080
paths = st.sampled_from(PATHS)


@given(st.floats(0.0, 50.0), paths, st.integers(200, 4000), st.integers(200, 2500), st.floats(1.0, 160.0))
def test_the_whole_dot_is_always_on_the_screen(phase: float, path: Path, width: int, height: int, size: float) -> None:
    dot = dot_width_px(size, width, height)
    x_px, y_px = place(*point(phase, path), path, width, height, dot)
    assert dot / 2 <= x_px <= width - dot / 2
    assert dot / 2 <= y_px <= height - dot / 2


@pytest.mark.parametrize("path", PATHS)
def test_the_set_rests_in_the_middle_of_every_straight_path(path: Path) -> None:
    centre = place(0.0, 0.0, path, WIDTH, HEIGHT, 48.0)
    assert centre == (WIDTH / 2, HEIGHT / 2)


def test_up_is_up_and_right_is_right() -> None:
    x_px, y_px = place(0.5, 0.5, "diagonal-up", WIDTH, HEIGHT, 48.0)
    assert x_px > WIDTH / 2
    assert y_px < HEIGHT / 2


@given(st.floats(0.0, 1.0))
def test_a_circle_is_round_on_a_wide_screen(phase: float) -> None:
    x_px, y_px = place(*point(phase, "circle"), "circle", WIDTH, HEIGHT, 48.0)
    assert np.hypot(x_px - WIDTH / 2, y_px - HEIGHT / 2) == pytest.approx(HEIGHT / 2 - 24 - 0.02 * HEIGHT)


@given(st.floats(1.0, 160.0), st.integers(64, 4000), st.integers(64, 2500))
def test_the_lit_area_stays_a_small_part_of_the_screen(size: float, width: int, height: int) -> None:
    assert dot_width_px(size, width, height) ** 2 <= width * height / 16


def shown(light: Light, frame: int) -> Picture:
    return picture_at(Score(SET, (Cue(0, Bls(light=light)),)), 0.6, frame, WIDTH, HEIGHT)


def test_the_level_stays_within_the_rooms_limit() -> None:
    assert shown(Light(brightness_frac=1.0), 48_000).level_frac == 0.6
    assert shown(Light(brightness_frac=0.3), 48_000).level_frac == pytest.approx(0.3)


def test_the_dot_is_at_the_left_margin_on_the_first_beat() -> None:
    picture = shown(Light(size=48.0), 12_000)
    assert (picture.pos, picture.x_px, picture.y_px) == pytest.approx((-1.0, 24 + 0.02 * HEIGHT, HEIGHT / 2))


@given(st.floats(0.0, 0.6), st.floats(0.0, 1.0), st.floats(0.0, 0.05))
def test_no_level_moves_faster_than_its_fades_allow(wanted: float, last: float, elapsed_s: float) -> None:
    picture = replace(shown(Light(), 48_000), level_frac=wanted, full_frac=0.6)
    level = eased(picture, last, elapsed_s).level_frac
    most = max(0.6, last)
    assert -most * elapsed_s / 0.06 - 1e-9 <= level - last <= most * elapsed_s / 0.1 + 1e-9
    assert min(wanted, last) - 1e-9 <= level <= max(wanted, last) + 1e-9


@pytest.mark.parametrize("brightness", [0.01, 0.2, 0.6])
def test_a_switch_takes_its_time_at_every_brightness(brightness: float) -> None:
    lit = shown(Light(brightness_frac=brightness), 48_000)
    assert eased(lit, 0.0, 0.05).level_frac == pytest.approx(brightness / 2)
    assert eased(replace(lit, level_frac=0.0), brightness, 0.03).level_frac == pytest.approx(brightness / 2)
    assert eased(replace(lit, level_frac=0.0), brightness, 0.06).level_frac == pytest.approx(0.0)


def test_the_sets_own_fade_in_is_not_held_back() -> None:
    last = 0.0
    for frame in range(0, 12_000, 800):
        picture = eased(shown(Light(), frame), last, 800 / 48_000)
        assert picture == shown(Light(), frame)
        last = picture.level_frac


def test_no_light_is_the_ground_itself_and_all_light_is_the_colour() -> None:
    cover = np.array([[0.0, 1.0]])
    assert shaded(cover, 0.0, (1.0, 1.0, 1.0)).tolist() == [[list(GROUND_SRGB)] * 2]
    dark, bright = shaded(cover, 1.0, (0.0, 1.0, 1.0))[0]
    assert dark.tolist() == list(GROUND_SRGB)
    assert bright.tolist() == [GROUND_SRGB[0], 255, 255]


def test_half_the_light_is_half_in_linear_light() -> None:
    assert abs(int(shaded(np.array([[0.5]]), 1.0, (1.0, 1.0, 1.0))[0, 0, 1]) - 188) <= 1


@given(st.floats(-50.0, 5000.0))
def test_a_place_is_whole_pixels_and_quarters(at_px: float) -> None:
    whole, quarter = quarter_pixels(at_px)
    assert 0 <= quarter <= 3
    assert abs(whole + quarter / 4 - at_px) <= 0.125 + 1e-9
