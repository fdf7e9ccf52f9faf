"""Faults on order: when they hold, and what a stub does meanwhile."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hardware.faults import Fault, FaultPlan


def plan_at(faults: list[Fault], speed: float = 1.0) -> tuple[FaultPlan, list[float]]:
    now = [1000.0]
    plan = FaultPlan(faults, speed, now=lambda: now[0])
    plan.begin()
    return plan, now


def test_a_fault_holds_from_its_moment_for_its_length() -> None:
    plan, now = plan_at([Fault(30.0, "unplug", 5.0)])
    seen = []
    for elapsed_s in (0.0, 29.999, 30.0, 34.999, 35.0):
        now[0] = 1000.0 + elapsed_s
        seen.append(plan.on("unplug"))
    assert seen == [False, False, True, True, False]


def test_nothing_holds_before_the_device_is_opened() -> None:
    plan = FaultPlan([Fault(0.0, "refuse", 10.0)], now=lambda: 5.0)
    assert not plan.on("refuse")
    assert not plan.any_on
    assert plan.elapsed_s == 0.0


def test_opening_again_does_not_start_the_faults_over() -> None:
    plan, now = plan_at([Fault(1.0, "drop", 1.0)])
    now[0] += 1.5
    plan.begin()
    assert plan.on("drop")


def test_in_simulated_time_the_seconds_are_simulated() -> None:
    plan, now = plan_at([Fault(60.0, "slow", 60.0)], speed=60.0)
    now[0] += 1.5
    assert plan.on("slow")
    assert plan.left_s("slow") == pytest.approx(0.5)
    assert plan.next_edge_s() == pytest.approx(0.5)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=4), st.floats(0, 300))
def test_the_next_edge_is_where_something_changes_and_not_before(times: list[tuple[float, float]], at_s: float) -> None:
    plan, now = plan_at([Fault(begin_s, "drop", for_s) for begin_s, for_s in times])
    now[0] += at_s
    before, edge_s = plan.on("drop"), plan.next_edge_s()
    now[0] += min(edge_s, 50.0) / 2
    assert plan.on("drop") == before or edge_s < 1e-9
    if edge_s < math.inf:
        assert edge_s > 0.0


@pytest.mark.parametrize(("do", "words"), [("unplug", "unplugged"), ("refuse", "refuses")])
def test_a_device_that_is_away_says_why(do: str, words: str) -> None:
    plan, _ = plan_at([Fault(0.0, do, 1.0)])  # type: ignore[arg-type]
    with pytest.raises(OSError, match=words):
        plan.raise_if_away()


def test_a_room_file_writes_faults_as_the_manual_does() -> None:
    text = 'faults = [{ at_s = 30, do = "unplug", for_s = 5 }, { at_s = 60, do = "slow" }]'
    faults = TypeAdapter(tuple[Fault, ...]).validate_python(tomllib.loads(text)["faults"])
    assert faults == (Fault(30.0, "unplug", 5.0), Fault(60.0, "slow", 5.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_s": -1.0, "do": "drop"},
        {"at_s": 1.0, "do": "explode"},
        {"at_s": math.nan, "do": "drop"},
        {"at_s": 1.0, "do": "drop", "for_s": math.inf},
        {"at_s": 1.0, "do": "drop", "fro_s": 1.0},
    ],
)
def test_a_fault_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Fault).validate_python(wrong)
