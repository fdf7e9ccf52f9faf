"""The room's limits say no before a set begins, with the number that is allowed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from roomctl.errors import Invalid
from roomctl.limits import Limits, check_bls, set_length_s
from stimuli.settings import Bls

DARK = replace(Bls().light, on=False)
LEAPING = replace(Bls().light, saccade=True)


def limits(**values: Any) -> Limits:
    """As a room file's `[limits]` is read."""
    return TypeAdapter(Limits).validate_python(values)


def test_the_limits_of_a_room_that_says_nothing_are_the_domains() -> None:
    assert limits() == Limits(light_hz=2.0, saccade_hz=1.5, peak_dbfs=-1.0, cap_dba=75.0, bar_level=0.6, set_max_s=600.0)


@pytest.mark.parametrize(
    "values",
    [
        {"light_hz": 2.01},
        {"saccade_hz": 1.51},
        {"peak_dbfs": -0.9},
        {"cap_dba": 80.1},
        {"bar_level": 0.61},
        {"set_max_s": 601},
        {"light_hz": float("nan")},
        {"peak_dbfs": float("inf")},
        {"light_hz": 0.0},
        {"set_max_s": 4},
        {"flash_hz": 3},
    ],
)
def test_a_room_file_may_only_tighten_them(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        limits(**values)


@pytest.mark.parametrize("name", [item.name for item in fields(Limits)])
def test_every_limit_can_be_tightened(name: str) -> None:
    assert getattr(limits(**{name: getattr(Limits(), name) - 0.01}), name) < getattr(Limits(), name)


def test_the_length_of_a_set_is_known_by_its_own_numbers() -> None:
    assert set_length_s(Bls(rate_hz=0.5, set_cycles=24)) == 48.0
    assert set_length_s(Bls(set_cycles=None, set_s=30.0)) == 30.0
    assert set_length_s(Bls(set_cycles=None, open=True)) is None


def test_the_defaults_are_allowed() -> None:
    check_bls(Bls(), Limits())


def test_light_faster_than_the_room_allows_is_refused_with_the_reason() -> None:
    with pytest.raises(Invalid, match=r"rate_hz is 1\.2; with light this room allows at most 1 Hz: flicker") as refusal:
        check_bls(Bls(rate_hz=1.2), Limits(light_hz=1.0))
    assert refusal.value.details == {"allowed": {"le": 1.0}}
    assert refusal.value.status == 422


def test_without_light_the_rate_is_free() -> None:
    check_bls(Bls(rate_hz=2.0, light=DARK), Limits(light_hz=1.0, saccade_hz=0.5))
    check_bls(Bls(rate_hz=1.9, light=replace(DARK, saccade=True)), Limits())


def test_a_leaping_light_has_a_lower_limit_than_a_sweeping_one() -> None:
    check_bls(Bls(rate_hz=1.6), Limits())
    check_bls(Bls(rate_hz=1.5, light=LEAPING), Limits())
    with pytest.raises(Invalid, match=r"rate_hz is 1\.6; a light that jumps from edge to edge may go at most 1\.5 Hz"):
        check_bls(Bls(rate_hz=1.6, light=LEAPING), Limits())


def test_a_set_longer_than_the_longest_is_refused_with_both_lengths() -> None:
    with pytest.raises(Invalid, match=r"a set of 100 cycles at 0\.5 Hz takes 200 s; this room's longest set is 120 s"):
        check_bls(Bls(rate_hz=0.5, set_cycles=100), Limits(set_max_s=120.0))


def test_a_set_of_exactly_the_longest_and_an_open_one_are_allowed() -> None:
    check_bls(Bls(rate_hz=0.1, set_cycles=60), Limits())
    check_bls(Bls(set_cycles=None, set_s=5.0), Limits(set_max_s=5.0))
    check_bls(Bls(set_cycles=None, open=True), Limits(set_max_s=5.0))


def test_a_set_of_seconds_that_is_too_long_is_said_in_seconds() -> None:
    with pytest.raises(Invalid, match="a set of 300 s is asked for; this room's longest set is 60 s: ask for fewer seconds"):
        check_bls(Bls(set_cycles=None, set_s=300.0), Limits(set_max_s=60.0))


@given(st.floats(0.05, 2.0), st.integers(1, 200), st.floats(5.0, 600.0), st.floats(0.05, 2.0), st.booleans())
def test_what_is_let_through_is_within_every_limit(
    rate_hz: float, set_cycles: int, set_max_s: float, light_hz: float, leaps: bool
) -> None:
    bls = Bls(rate_hz=rate_hz, set_cycles=set_cycles, light=replace(Bls().light, saccade=leaps))
    within = rate_hz <= light_hz and (not leaps or rate_hz <= 1.5) and set_cycles / rate_hz <= set_max_s + 1e-9
    try:
        check_bls(bls, Limits(light_hz=light_hz, set_max_s=set_max_s))
    except Invalid:
        assert not within
    else:
        assert within
