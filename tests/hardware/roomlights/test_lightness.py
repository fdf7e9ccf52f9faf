"""From L* to light."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.roomlights.lightness import luminance_frac, output_frac, steps


@pytest.mark.parametrize(("level_l", "luminance"), [(0.0, 0.0), (8.0, 0.008856), (50.0, 0.18419), (100.0, 1.0)])
def test_luminance_is_the_cies(level_l: float, luminance: float) -> None:
    assert luminance_frac(level_l) == pytest.approx(luminance, abs=1e-5)


@given(level_l=st.floats(-50.0, 200.0), level_frac=st.floats(0.0, 2.0))
def test_a_share_is_never_more_than_the_lamps_full_light(level_l: float, level_frac: float) -> None:
    for curve in ("linear", "perceptual"):
        assert 0.0 <= output_frac(level_l, curve, level_frac) <= min(1.0, level_frac)  # type: ignore[arg-type]


def test_rounding_never_darkens_a_lamp_that_should_glow() -> None:
    assert steps(1e-9, 255) == 1
    assert steps(0.0, 255) == 0
    assert steps(5.0, 255) == 255
