"""Prompts are due at their minute, put off by two, overdue in their time, and take what can have been measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import ArcInvalid, ArcRefused
from playlists.program import Limits, PromptRule
from playlists.prompts import beyond, value_of

Rehearse = Callable[..., Any]

VITALS = PromptRule("vitals", "Vitals", at_min=(5,), asks=("bp", "hr", "spo2", "text"), limits=Limits(160, 90, 100))
PRESSURE = PromptRule("bp", "BP", at_min=(5,), asks=("bp",), needs=("bp",))
PULSE = PromptRule("hr", "Pulse", at_min=(5,), asks=("hr",))
PLAIN = PromptRule("site", "Site", at_min=(5,))


def test_a_prompt_waits_is_due_and_then_overdue(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    assert session.prompt("vitals-15", 14.99) == "waiting"
    assert session.prompt("vitals-15", 15) == "due"
    assert session.prompt("vitals-15", 19.99) == "due"
    assert session.prompt("vitals-15", 20) == "overdue"


def test_the_baseline_is_due_from_the_start(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", dosed=False)
    assert session.prompt("vitals-baseline", -10) == "due"


def test_before_the_dose_what_counts_from_it_waits_without_a_time(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", dosed=False)
    assert session.prompt("vitals-90", 500) == "waiting"
    with pytest.raises(ArcRefused, match="counts from T0"):
        session.at(0, "done", prompt="vitals-90")


def test_snooze_puts_it_off_by_two_minutes(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(16, "snooze", prompt="vitals-15")
    assert session.prompt("vitals-15", 16) == "snoozed"
    assert session.prompt("vitals-15", 17.99) == "snoozed"
    assert session.prompt("vitals-15", 18) == "due"
    assert session.prompt("vitals-15", 20) == "overdue"


def test_what_is_not_due_cannot_be_put_off(rehearse: Rehearse) -> None:
    with pytest.raises(ArcRefused, match="not due yet"):
        rehearse("ketamine-im").at(10, "snooze", prompt="vitals-15")


def test_done_is_done_once_and_keeps_its_value(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(16, "done", prompt="vitals-15", value={"bp": "172/88", "hr": 104})
    done = next(each for each in session.point(17).prompts if each.id == "vitals-15")
    assert done.state == "done"
    assert done.value == {"bp": {"sys": 172, "dia": 88}, "hr": 104}
    assert done.beyond == ("sys", "hr")
    with pytest.raises(ArcRefused, match="done already"):
        session.at(18, "done", prompt="vitals-15")


def test_a_prompt_may_be_done_a_little_early(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(14, "done", prompt="vitals-15", value="120/80")
    assert session.prompt("vitals-15", 15) == "done"


def test_an_unknown_prompt_is_named_with_those_there_are(rehearse: Rehearse) -> None:
    with pytest.raises(ArcInvalid, match="vitals-15"):
        rehearse("ketamine-im").at(16, "done", prompt="vitals-16")


def test_a_prompt_that_needs_a_pressure_is_not_done_without_it(rehearse: Rehearse) -> None:
    session = rehearse("mdma")
    with pytest.raises(ArcInvalid, match="cannot be done without bp"):
        session.at(95, "done", prompt="supplement", value={"hr": 80})
    assert session.prompt("supplement", 95) == "due"


def test_what_repeats_without_an_end_goes_on_in_the_overrun(rehearse: Rehearse) -> None:
    session = rehearse("mdma")
    assert session.prompt("check-in-600", 600) == "due"
    assert session.prompt("check-in-1200", 1200) == "due"


def test_repeats_and_minutes_share_one_rule(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    dues = [round((each.due_s - session.zero_s) / 60) for each in session.point(0).prompts if each.id.startswith("vitals-")]
    assert dues == [-10, 10, 20, 30, 40, 60, 75, 90, 105]


def test_prompts_that_were_due_stay_after_the_end_and_later_ones_never_come(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    session.at(101, "end")
    assert session.prompt("discharge", 200) == "overdue"
    assert session.prompt("vitals-105", 200) == "waiting"


@pytest.mark.parametrize(
    ("rule", "given", "value"),
    [
        (VITALS, None, None),
        (VITALS, {}, None),
        (VITALS, "", None),
        (VITALS, "120/80", {"bp": {"sys": 120, "dia": 80}}),
        (VITALS, "a bit sleepy", {"text": "a bit sleepy"}),
        (VITALS, {"bp": {"sys": 120, "dia": 80}, "hr": "72"}, {"bp": {"sys": 120, "dia": 80}, "hr": 72}),
        (VITALS, {"bp": [120, 80]}, {"bp": {"sys": 120, "dia": 80}}),
        (VITALS, {"sys": 120, "dia": 80, "spo2": 97}, {"bp": {"sys": 120, "dia": 80}, "spo2": 97}),
        (VITALS, {"hr": None, "text": " "}, None),
        (PULSE, 72, {"hr": 72}),
        (PLAIN, None, None),
    ],
)
def test_a_value_is_understood_however_it_is_given(rule: PromptRule, given: Any, value: Any) -> None:
    assert value_of(rule, given) == value


@pytest.mark.parametrize(
    ("rule", "given", "said"),
    [
        (VITALS, {"temperature": 37}, 'does not ask for "temperature"'),
        (VITALS, {"bp": "high"}, "as in 120/80"),
        (VITALS, {"bp": "80/120"}, "systolic above diastolic"),
        (VITALS, {"bp": "999/80"}, "999 cannot be"),
        (VITALS, {"bp": 120}, "is not a blood pressure"),
        (VITALS, {"bp": {"sys": 120}}, "is not a blood pressure"),
        (VITALS, {"hr": 0}, "allowed is 20 to 300"),
        (VITALS, {"hr": float("nan")}, "cannot be"),
        (VITALS, {"hr": True}, "is not a number"),
        (VITALS, {"spo2": 101}, "allowed is 40 to 100"),
        (VITALS, {"hr": "fast"}, '"fast" is not a number'),
        (VITALS, 72, "could be anything"),
        (VITALS, {"text": "x" * 2001}, "too many"),
        (PRESSURE, None, "cannot be done without bp"),
        (PLAIN, "something", 'does not ask for "text"'),
    ],
)
def test_a_slip_of_the_finger_is_refused_with_what_is_allowed(rule: PromptRule, given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        value_of(rule, given)


def test_only_what_is_above_its_limit_is_beyond() -> None:
    assert beyond(VITALS, {"bp": {"sys": 160, "dia": 91}, "hr": 100}) == ("dia",)
    assert beyond(VITALS, None) == ()
    assert beyond(PULSE, {"hr": 200}) == ()
