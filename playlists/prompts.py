"""Reminders: when each is due, what was answered, and in which state it is at a moment.

A prompt's moment follows from its anchor alone. Nothing that is done to the program moves it, and pausing does not stop it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from playlists.program import BOOSTER, START, T0, Program, PromptRule, ends_at_min

SNOOZE_S: Final = 120.0
"""The domain's table of prompts: done, value, or snooze 2 min."""

State = Literal["waiting", "due", "overdue", "snoozed", "done"]
Answered = Literal["done", "snooze"]

RANGES: Final = {"sys": (40.0, 300.0), "dia": (20.0, 200.0), "hr": (20.0, 300.0), "spo2": (40.0, 100.0)}
"""What can have been measured at all; outside is a slip of the finger."""

MOST_TEXT: Final = 2000
_PRESSURE: Final = re.compile(r"\s*(\d{2,3})\s*/\s*(\d{2,3})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One reminder. `due_s` is session time, infinite while its anchor has not come."""

    id: str
    rule: PromptRule
    due_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done about prompt `prompt` at `at_s`."""

    prompt: str
    at_s: float
    answer: Answered
    value: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PromptPoint:
    """A prompt at a moment. `beyond` names the values above the rule's limits."""

    id: str
    text: str
    state: State
    due_s: float
    asks: tuple[str, ...]
    needs: tuple[str, ...]
    baseline: bool
    value: dict[str, Any] | None
    answered_s: float | None
    again_s: float | None
    beyond: tuple[str, ...]


def prompts_of(program: Program, anchors: Mapping[str, float], boosters_s: Sequence[float], until_s: float) -> list[Prompt]:
    """Every prompt known, in order of time; a rule that repeats without an end gives one beyond `until_s` at least.

    `anchors` are the session times of START and of what was marked, in seconds.
    """
    found: list[Prompt] = []
    for rule in program.prompts:
        if rule.anchor == BOOSTER:
            for number, booster_s in enumerate(boosters_s, start=1):
                found += [
                    _prompt(rule, minute, booster_s, f"-b{number}") for minute in _minutes(program, rule, booster_s, until_s)
                ]
        else:
            anchor_s = anchors.get(rule.anchor, math.inf)
            found += [_prompt(rule, minute, anchor_s, "") for minute in _minutes(program, rule, anchor_s, until_s)]
    return sorted(found, key=lambda prompt: (prompt.due_s, prompt.id))


def _prompt(rule: PromptRule, minute: float, anchor_s: float, suffix: str) -> Prompt:
    several = rule.every_min is not None or len(rule.at_min) > 1
    name = f"{rule.id}{suffix}-{minute:g}".replace(".", "-") if several else f"{rule.id}{suffix}"
    return Prompt(name, rule, anchor_s + minute * 60.0)


def _minutes(program: Program, rule: PromptRule, anchor_s: float, until_s: float) -> Iterator[float]:
    """The minutes from its anchor at which `rule` is due; one without an end, as far as the program reaches or has come."""
    yield from rule.at_min
    if rule.every_min is None:
        return
    first = rule.from_min if rule.from_min is not None else rule.every_min
    last = rule.until_min
    if last is None:
        planned = max(ends_at_min(program), program.minimum_stay_min)
        reached = (until_s - anchor_s) / 60.0 if math.isfinite(anchor_s) else 0.0
        last = max(planned, reached + rule.every_min)
    for number in range(math.floor((last - first) / rule.every_min + 1e-9) + 1):
        minute = first + number * rule.every_min
        if minute not in rule.at_min:
            yield minute


def point_of(prompt: Prompt, answers: Sequence[Answer], t_s: float, ended_s: float | None) -> PromptPoint:
    """`prompt` at `t_s`, after those of `answers` given until then. What was not due when the program ended waits."""
    given = [answer for answer in answers if answer.prompt == prompt.id and answer.at_s <= t_s]
    last = given[-1] if given else None
    state, again_s = _state(prompt, last, t_s, ended_s)
    value = last.value if last is not None and last.answer == "done" else None
    rule = prompt.rule
    return PromptPoint(
        id=prompt.id,
        text=rule.text,
        state=state,
        due_s=prompt.due_s,
        asks=rule.asks,
        needs=rule.needs,
        baseline=rule.baseline,
        value=value,
        answered_s=last.at_s if last is not None else None,
        again_s=again_s,
        beyond=beyond(rule, value),
    )


def _state(prompt: Prompt, last: Answer | None, t_s: float, ended_s: float | None) -> tuple[State, float | None]:
    if last is not None and last.answer == "done":
        return "done", None
    if t_s < prompt.due_s or (ended_s is not None and prompt.due_s > ended_s):
        return "waiting", None
    if last is not None and t_s < last.at_s + SNOOZE_S:
        return "snoozed", last.at_s + SNOOZE_S
    return ("overdue" if t_s >= prompt.due_s + prompt.rule.overdue_min * 60.0 else "due"), None


def turns_of(prompt: Prompt, answers: Sequence[Answer]) -> list[float]:
    """The moments at which the state of `prompt` changes, answers included."""
    given = [answer for answer in answers if answer.prompt == prompt.id]
    turns = [prompt.due_s, prompt.due_s + prompt.rule.overdue_min * 60.0, *(answer.at_s for answer in given)]
    turns += [answer.at_s + SNOOZE_S for answer in given if answer.answer == "snooze"]
    return sorted(turns)


def beyond(rule: PromptRule, value: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The values above the rule's limits."""
    limits = {"sys": rule.limits.sys, "dia": rule.limits.dia, "hr": rule.limits.hr}
    measured = {**((value or {}).get("bp") or {}), "hr": (value or {}).get("hr")}
    return tuple(
        name
        for name, limit in limits.items()
        if limit is not None and measured.get(name) is not None and measured[name] > limit
    )


def value_of(rule: PromptRule, given: Mapping[str, Any] | str | float | None) -> dict[str, Any] | None:
    """`given` as the values the rule asks for: {"bp": {"sys", "dia"}, "hr", "spo2", "text"}, None where nothing was given.

    "120/80" is a blood pressure, a plain number the one figure that is asked, other text a remark. Raises ValueError with a
    sentence where a value is not asked, cannot have been measured, or is missing though the prompt cannot be done without it.
    """
    named = _named(rule, given)
    value: dict[str, Any] = {}
    for name, raw in named.items():
        if name not in rule.asks:
            raise ValueError(f'prompt "{rule.id}" does not ask for "{name}"; allowed are {", ".join(rule.asks) or "no values"}')
        if raw is not None and str(raw).strip():
            value[name] = _pressure(raw) if name == "bp" else _text(raw) if name == "text" else _figure(name, raw)
    missing = [name for name in rule.needs if name not in value]
    if missing:
        raise ValueError(
            f'prompt "{rule.id}" cannot be done without {" and ".join(missing)}; give it as {_example(missing[0])}'
        )
    return value or None


def _example(name: str) -> str:
    return '{"bp": "120/80"}' if name == "bp" else f'{{"{name}": ...}}'


def _named(rule: PromptRule, given: Mapping[str, Any] | str | float | None) -> Mapping[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        loose = {key: given[key] for key in ("sys", "dia") if key in given}
        return {**{key: raw for key, raw in given.items() if key not in loose}, "bp": loose} if loose else given
    if isinstance(given, str):
        if "bp" in rule.asks and _PRESSURE.fullmatch(given):
            return {"bp": given}
        return {"text": given} if given.strip() else {}
    figures = [name for name in rule.asks if name in ("hr", "spo2")]
    if len(figures) != 1:
        raise ValueError(f'prompt "{rule.id}": {given:g} could be anything; allowed is {{"hr": ...}} with the name beside it')
    return {figures[0]: given}


def _figure(name: str, raw: Any) -> float:
    low, high = RANGES[name]
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"{name}: {raw!r} is not a number; allowed is {low:g} to {high:g}")
    try:
        figure = float(raw)
    except ValueError as error:
        raise ValueError(f'{name}: "{raw}" is not a number; allowed is {low:g} to {high:g}') from error
    if not low <= figure <= high:
        raise ValueError(f"{name}: {figure:g} cannot be; allowed is {low:g} to {high:g}")
    return figure


def _pressure(raw: Any) -> dict[str, float]:
    if isinstance(raw, str):
        match = _PRESSURE.fullmatch(raw)
        if match is None:
            raise ValueError(f'bp: "{raw[:40]}" is not a blood pressure; allowed is systolic/diastolic, as in 120/80')
        raw = {"sys": match.group(1), "dia": match.group(2)}
    if isinstance(raw, list | tuple) and len(raw) == 2:
        raw = {"sys": raw[0], "dia": raw[1]}
    if not isinstance(raw, Mapping) or set(raw) != {"sys", "dia"}:
        raise ValueError(f'bp: {str(raw)[:40]} is not a blood pressure; allowed is "120/80" or {{"sys": 120, "dia": 80}}')
    pressure = {name: _figure(name, raw[name]) for name in ("sys", "dia")}
    if pressure["sys"] <= pressure["dia"]:
        raise ValueError(f"bp: {pressure['sys']:g}/{pressure['dia']:g} cannot be; allowed is systolic above diastolic")
    return pressure


def _text(raw: Any) -> str:
    text = str(raw).strip()
    if len(text) > MOST_TEXT:
        raise ValueError(f"text: {len(text)} letters are too many; allowed are {MOST_TEXT}")
    return text


def anchored(anchors: Mapping[str, float], start_s: float, t0_s: float | None) -> dict[str, float]:
    """All anchors with their session times: START, T0 where the dose was given, and the marked ones."""
    return {START: start_s, **({} if t0_s is None else {T0: t0_s}), **anchors}
