"""The room's timing as it is told: nothing before it is measured, and then what was measured."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.clock import SessionClock
from roomctl.engine.sound import spread_ms
from roomctl.engine.timing import percentile_ms, timing_state

MANY = st.lists(st.floats(-0.1, 0.1), min_size=16, max_size=100)


def told(
    clock: SessionClock | None = None,
    lights: dict[str, list[float]] | None = None,
    taps: dict[str, list[float]] | None = None,
    blocks: list[float] | None = None,
) -> dict[str, Any]:
    def pacers(late: dict[str, list[float]] | None) -> dict[str, Any]:
        return {name: SimpleNamespace(late_s=deque(values)) for name, values in (late or {}).items()}

    rack: Any = SimpleNamespace(light_pacers=pacers(lights), tap_pacers=pacers(taps))
    sound: Any = SimpleNamespace(underruns=3)
    return timing_state(clock or SessionClock(0.0), sound, rack, blocks or [])


def test_before_anything_is_measured_nothing_is_claimed() -> None:
    timing = told()
    measured = ("onset_sd_ms", "light_skew_ms", "light_skew_p99_ms", "tap_skew_ms", "tap_skew_p99_ms", "loop_p99_ms")
    assert {name: timing[name] for name in measured} == dict.fromkeys(measured)
    assert timing["underruns"] == 3
    assert timing["drift_ppm"] == 0.0
    assert timing["realtime"] in (True, False)


def test_fifteen_values_are_too_few_and_sixteen_are_enough() -> None:
    assert told(lights={"bar": [0.001] * 15})["light_skew_ms"] is None
    assert told(lights={"bar": [0.001] * 16})["light_skew_ms"] == 1.0


def test_skews_are_told_in_milliseconds_over_all_devices_of_a_kind() -> None:
    timing = told(lights={"a": [0.001] * 20, "b": [0.003] * 19}, taps={"t": [0.0005] * 98 + [0.010] * 2}, blocks=[0.0002] * 50)
    assert timing["light_skew_ms"] == 1.0
    assert timing["light_skew_p99_ms"] == 3.0
    assert timing["tap_skew_ms"] == 0.5
    assert timing["tap_skew_p99_ms"] > 0.5
    assert timing["loop_p99_ms"] == 0.2


def test_the_cards_spread_and_drift_are_the_clocks() -> None:
    clock = SessionClock(100.0)
    rate = 48_000 * (1 + 60e-6)
    for block in range(20_000):
        clock.observe(block * 256, 100.0 + block * 256 / rate)
    timing = told(clock)
    assert timing["drift_ppm"] == pytest.approx(60.0, abs=2.0)
    assert timing["onset_sd_ms"] == pytest.approx(0.0, abs=0.01)


@given(MANY)
def test_a_percentile_lies_among_the_values_and_rises_with_the_percent(values: list[float]) -> None:
    found = [percentile_ms(values, percent) for percent in (0, 50, 99, 100)]
    assert found == sorted(found, key=lambda each: each or 0.0)
    assert found[0] == round(1000 * min(values), 3)
    assert found[-1] == round(1000 * max(values), 3)


@given(MANY)
def test_the_spread_is_the_standard_deviation(values: list[float]) -> None:
    assert spread_ms(values) == pytest.approx(1000 * float(np.std(values)))
    assert spread_ms(values[:15]) is None
