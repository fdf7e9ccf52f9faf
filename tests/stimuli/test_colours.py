"""Colours by name or hexadecimal digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.colours import COLOURS, DEFAULT_COLOUR, is_saturated_red, linear_of_srgb, parse_colour, srgb_of_linear
from stimuli.settings import Light


def test_there_are_ten_named_colours_or_more_and_the_default_is_one() -> None:
    assert len(COLOURS) >= 10
    assert DEFAULT_COLOUR in COLOURS
    assert Light().colour == DEFAULT_COLOUR


@pytest.mark.parametrize("name", COLOURS)
def test_no_named_colour_is_a_saturated_red(name: str) -> None:
    assert not is_saturated_red(parse_colour(name))


@pytest.mark.parametrize(("text", "saturated"), [("#ff0000", True), ("#ff3030", True), ("#ff9090", False), ("#000000", False)])
def test_saturated_reds_are_told_by_their_share_of_the_light(text: str, saturated: bool) -> None:
    assert is_saturated_red(parse_colour(text)) is saturated


def test_hexadecimal_digits_are_srgb_and_the_light_is_linear() -> None:
    assert parse_colour("#ff8000") == pytest.approx((1.0, 0.21586, 0.0), abs=1e-5)
    assert parse_colour("#FF8000") == parse_colour("#ff8000")
    assert parse_colour("#0a0a0a") == pytest.approx((10 / 255 / 12.92,) * 3)


@pytest.mark.parametrize("name", COLOURS)
def test_a_name_is_its_hexadecimal_digits(name: str) -> None:
    assert parse_colour(name) == parse_colour(COLOURS[name])


@given(st.floats(0.0, 1.0))
def test_srgb_and_linear_light_are_each_others_inverse(value_frac: float) -> None:
    assert srgb_of_linear(linear_of_srgb(value_frac)) == pytest.approx(value_frac, abs=1e-6)


@pytest.mark.parametrize("text", ["", "reddish", "#12345", "#1234567", "123456", "#12345g", "Blue-Green", "#١٢٣٤٥٦", " blue "])
def test_what_is_no_colour_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"blue-green.*#rrggbb") as refused:
        parse_colour(text)
    assert f'"{text}"' in str(refused.value)


def test_a_very_long_colour_is_refused_in_a_short_sentence() -> None:
    with pytest.raises(ValueError, match=r"\.\.\.") as refused:
        parse_colour("x" * 100_000)
    assert len(str(refused.value)) < 400


@given(st.text(max_size=12))
def test_any_text_is_a_colour_or_a_refusal(text: str) -> None:
    try:
        colour = parse_colour(text)
    except ValueError:
        assert text not in COLOURS
    else:
        assert all(0.0 <= value <= 1.0 for value in colour)
