"""Lightness, its quantisation and colour temperature."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.lightness import (
    DITHER_PHASES,
    bytes16,
    code8,
    code8_dithered,
    code16,
    cold_share,
    k_of_mired,
    l_of_luminance,
    luminance_of_l,
    mired_of_k,
    rgb_of_cct,
    towards_cct,
    xy_of_cct,
)

levels_l = st.floats(0.0, 100.0)


@pytest.mark.parametrize(
    ("level_l", "luminance"), [(0.0, 0.0), (8.0, 0.008856), (50.0, 0.184187), (76.06926, 0.5), (100.0, 1.0)]
)
def test_lightness_has_the_published_luminances(level_l: float, luminance: float) -> None:
    assert luminance_of_l(level_l) == pytest.approx(luminance, abs=2e-6)


@given(levels_l)
def test_lightness_and_luminance_are_each_others_inverse(level_l: float) -> None:
    assert l_of_luminance(luminance_of_l(level_l)) == pytest.approx(level_l, abs=1e-9)


def test_the_curve_has_no_step_where_its_two_parts_meet() -> None:
    assert luminance_of_l(8.0 + 1e-9) - luminance_of_l(8.0) == pytest.approx(0.0, abs=1e-11)


def test_what_is_out_of_range_is_clipped() -> None:
    assert (luminance_of_l(-3.0), luminance_of_l(140.0)) == (0.0, 1.0)
    assert (l_of_luminance(-0.1), l_of_luminance(1.2)) == (0.0, 100.0)
    assert (code16(1.5), code16(-1.0), code8(1.5), code8_dithered(2.0, 3), code8_dithered(-1.0, 7)) == (65535, 0, 255, 255, 0)


@given(levels_l)
def test_sixteen_bits_are_within_seven_thousandths_of_a_lightness_step(level_l: float) -> None:
    assert l_of_luminance(code16(luminance_of_l(level_l)) / 65535) == pytest.approx(level_l, abs=0.007)


def test_a_ten_minute_fade_on_sixteen_bits_has_no_step_above_a_tenth_of_lightness() -> None:
    codes = [code16(luminance_of_l(60.0 - 55.0 * picture / 24_000)) for picture in range(24_001)]
    shown = [l_of_luminance(code / 65535) for code in codes]
    assert max(abs(later - sooner) for sooner, later in pairwise(shown)) <= 0.1


@given(st.floats(0.0, 1.0))
def test_a_pair_of_channels_holds_the_sixteen_bits(level_frac: float) -> None:
    coarse, fine = bytes16(level_frac)
    assert coarse * 256 + fine == code16(level_frac)
    assert 0 <= coarse <= 255
    assert 0 <= fine <= 255


def mean_l(level_l: float, first_picture: int, pictures: int) -> float:
    """Lightness of the mean light of `pictures` dithered pictures in a row."""
    level = luminance_of_l(level_l)
    total = sum(code8_dithered(level, first_picture + index) for index in range(pictures))
    return l_of_luminance(total / pictures / 255)


@given(levels_l, st.integers(0, 10**9))
def test_dithering_at_80_pictures_a_second_holds_lightness_within_100_ms(level_l: float, first_picture: int) -> None:
    assert mean_l(level_l, first_picture, 8) == pytest.approx(level_l, abs=0.3)


@given(st.floats(20.0, 100.0), st.integers(0, 10**9))
def test_dithering_at_40_pictures_a_second_holds_lightness_from_20_up(level_l: float, first_picture: int) -> None:
    assert mean_l(level_l, first_picture, 4) == pytest.approx(level_l, abs=0.3)


@given(levels_l, st.integers(0, 10**9))
def test_dithering_at_40_pictures_a_second_is_never_further_off_than_it_says(level_l: float, first_picture: int) -> None:
    assert mean_l(level_l, first_picture, 4) == pytest.approx(level_l, abs=0.67)


def test_plain_eight_bits_miss_what_dithering_holds() -> None:
    assert abs(l_of_luminance(code8(luminance_of_l(5.2)) / 255) - 5.2) > 1.0


@given(st.floats(0.0, 1.0), st.integers(0, 10**6))
def test_dithered_pictures_lie_on_the_two_steps_around_the_level(level_frac: float, picture: int) -> None:
    assert abs(code8_dithered(level_frac, picture) - level_frac * 255) < 1.0
    assert code8_dithered(level_frac, picture) == code8_dithered(level_frac, picture + DITHER_PHASES)


@pytest.mark.parametrize(
    ("cct_k", "x", "y"),
    [(2000.0, 0.5267, 0.4133), (2856.0, 0.4476, 0.4075), (4000.0, 0.3805, 0.3768), (6500.0, 0.3135, 0.3237)],
)
def test_whites_lie_on_the_tabulated_planckian_locus(cct_k: float, x: float, y: float) -> None:
    assert xy_of_cct(cct_k) == pytest.approx((x, y), abs=0.0006)


def test_daylight_is_near_neutral_and_candle_light_is_warm() -> None:
    assert min(rgb_of_cct(6500.0)) > 0.9
    red, green, blue = rgb_of_cct(1800.0)
    assert red == 1.0
    assert red > green > blue >= 0.0


@given(st.floats(1000.0, 30_000.0))
def test_every_white_is_a_colour_a_lamp_can_show(cct_k: float) -> None:
    colour = rgb_of_cct(cct_k)
    assert max(colour) == 1.0
    assert min(colour) >= 0.0


@given(st.floats(1800.0, 6500.0))
def test_mired_and_kelvin_are_each_others_inverse(cct_k: float) -> None:
    assert k_of_mired(mired_of_k(cct_k)) == pytest.approx(cct_k)


@given(st.floats(1800.0, 6500.0), st.floats(1800.0, 6500.0), st.floats(0.1, 50.0))
def test_a_colour_step_is_never_longer_than_asked_and_ends_on_its_target(
    now_k: float, target_k: float, most_mired: float
) -> None:
    reached = towards_cct(now_k, target_k, most_mired)
    assert abs(mired_of_k(reached) - mired_of_k(now_k)) <= most_mired + 1e-9
    assert min(now_k, target_k) - 1e-6 <= reached <= max(now_k, target_k) + 1e-6
    if abs(mired_of_k(target_k) - mired_of_k(now_k)) <= most_mired:
        assert reached == target_k


def test_a_tunable_lamp_mixes_from_all_warm_to_all_cold() -> None:
    assert cold_share(2700.0, 2700.0, 6500.0) == 0.0
    assert cold_share(6500.0, 2700.0, 6500.0) == pytest.approx(1.0)
    assert cold_share(1800.0, 2700.0, 6500.0) == 0.0
    assert cold_share(9000.0, 2700.0, 6500.0) == 1.0


def cct_of_mix(share: float, warm_k: float, cold_k: float) -> float:
    """Colour temperature of two whites mixed by flux (C. S. McCamy 1992, doi 10.1002/col.5080170211)."""
    (warm_x, warm_y), (cold_x, cold_y) = xy_of_cct(warm_k), xy_of_cct(cold_k)
    warm, cold = (1.0 - share) / warm_y, share / cold_y
    x, y = (warm * warm_x + cold * cold_x) / (warm + cold), (warm * warm_y + cold * cold_y) / (warm + cold)
    n = (x - 0.3320) / (0.1858 - y)
    return 449.0 * n**3 + 3525.0 * n**2 + 6823.3 * n + 5520.33


@given(st.floats(2700.0, 6500.0))
def test_a_mix_looks_within_15_mired_of_what_was_asked(cct_k: float) -> None:
    mixed_k = cct_of_mix(cold_share(cct_k, 2700.0, 6500.0), 2700.0, 6500.0)
    assert mired_of_k(mixed_k) == pytest.approx(mired_of_k(cct_k), abs=15.0)


@pytest.mark.parametrize(
    "call", [lambda: mired_of_k(0.0), lambda: k_of_mired(-1.0), lambda: cold_share(3000.0, 6500.0, 2700.0)]
)
def test_impossible_whites_are_refused_with_a_sentence(call: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        call()  # type: ignore[operator]
