"""A simulated session has every phase, fade and prompt where the rules put them, and is the same each time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

import pytest

from playlists.program import Program
from playlists.simulate import MovesError, lines_of, moves_of, simulated
from stimuli.frames import FRAME_RATE_HZ

MINUTE_S = 60.0
DOSE_S = 600.0

MOVES = """
{"at_s": 600, "do": "dose", "mg": 50}
{"at_s": 620, "do": "done", "prompt": "vitals-baseline", "value": "124/78"}
{"at_s": 1800, "do": "hold"}
{"at_s": 2520, "do": "release"}
{"at_s": 2700, "do": "booster", "mg": 25}
{"at_s": 2760, "do": "extend", "minutes": 5}
{"at_s": 2820, "do": "extend", "minutes": 5}
{"at_s": 3000, "do": "calm"}
{"at_s": 3120, "do": "resume"}
{"at_s": 6100, "do": "end"}
"""


def events_of(program: Program, moves: str = "", seed: int = 1) -> list[dict[str, Any]]:
    return list(simulated(program, moves_of(moves), seed))


def named(events: Iterable[dict[str, Any]], kind: str, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(each[key] for key in ("t_s", *keys)) for each in events if each["kind"] == kind]


def music_at(events: list[dict[str, Any]], t_s: float, key: str) -> float:
    return next(float(each[key]) for each in events if each["kind"] == "music" and each["t_s"] == t_s and key in each)


def test_held_released_boosted_extended_and_calmed_phases_fall_where_the_rules_put_them(programs: dict[str, Program]) -> None:
    events = events_of(programs["ketamine-im"], MOVES)
    assert named(events, "phase", "name") == [
        (0.0, "arrival"),
        (DOSE_S, "settle"),
        (DOSE_S + 3 * MINUTE_S, "onset"),
        (DOSE_S + 8 * MINUTE_S, "ascent"),
        (DOSE_S + 15 * MINUTE_S, "peak"),
        (2700.0, "ascent"),
        (2700.0 + 7 * MINUTE_S + 2 * 5 * MINUTE_S + 120.0, "peak"),
        (2700.0 + 7 * MINUTE_S + 2 * 5 * MINUTE_S + 120.0 + 25 * MINUTE_S, "return"),
    ]
    assert not named(events, "refused", "do")


def test_prompts_stay_on_the_medicine_clock_whatever_is_done(programs: dict[str, Program]) -> None:
    events = events_of(programs["ketamine-im"], MOVES)
    due = {prompt_id: t_s for t_s, prompt_id, state in named(events, "prompt", "id", "state") if state == "due"}
    for minute in (5, 15, 30, 45, 60, 90):
        assert due[f"vitals-{minute}"] == DOSE_S + minute * MINUTE_S
    assert due["vitals-baseline"] == 0
    assert due["booster-decision"] == DOSE_S + 12 * MINUTE_S
    assert due["booster-vitals-b1"] == 2700 + 15 * MINUTE_S


def test_a_prompt_answered_says_done_once(programs: dict[str, Program]) -> None:
    events = events_of(programs["ketamine-im"], MOVES)
    turns = [(t_s, state) for t_s, prompt_id, state in named(events, "prompt", "id", "state") if prompt_id == "vitals-baseline"]
    assert turns == [(0.0, "due"), (600.0, "overdue"), (620.0, "done")]


def test_a_snoozed_prompt_comes_back_after_two_minutes(programs: dict[str, Program]) -> None:
    moves = '{"at_s": 0, "do": "dose"}\n{"at_s": 310, "do": "snooze", "prompt": "vitals-5"}'
    events = events_of(programs["ketamine-im"], moves)
    turns = [(t_s, state) for t_s, prompt_id, state in named(events, "prompt", "id", "state") if prompt_id == "vitals-5"]
    assert turns == [(300.0, "due"), (310.0, "snoozed"), (430.0, "due"), (600.0, "overdue")]


def test_calm_and_resume_are_in_the_music_and_in_the_light(programs: dict[str, Program]) -> None:
    events = events_of(programs["ketamine-im"], MOVES)
    actions = named([each for each in events if each.get("action") != "level"], "music", "action", "track", "gain_db", "fade_s")
    assert (3000.0, "calm", "bed", -7.0, 6.0) in actions
    assert (3120.0, "resume", "pad", -1.0, 4.0) in actions
    assert (6100.0, "end", "pad", -120.0, 45.0) in actions
    assert music_at(events, 3006.0, "gain_db") == -120.0
    light = dict(named(events, "roomlight", "level_l"))
    assert light[3010.0] == 25.0


def test_light_in_the_events_keeps_its_rates(programs: dict[str, Program]) -> None:
    events = events_of(programs["ketamine-im"], MOVES)
    rows = named(events, "roomlight", "level_l", "cct_k")
    for (before_s, before_l, before_k), (after_s, after_l, after_k) in itertools.pairwise(rows):
        passed_s = after_s - before_s
        assert abs(after_l - before_l) <= 5.0 * passed_s + 1e-3
        assert abs(1e6 / after_k - 1e6 / before_k) <= 5.0 * passed_s + 0.05
    assert len(rows) > 500


def test_without_moves_the_dose_is_given_when_the_arrival_is_over_and_the_landing_music_goes_on(
    programs: dict[str, Program],
) -> None:
    events = events_of(programs["ketamine-iv"])
    assert (900.0, "settle") in named(events, "phase", "name")
    last = [each for each in events if each.get("action") == "crossfade"][-1]
    assert last["t_s"] == 900.0 + 105 * MINUTE_S
    assert last["pools"] == ["landing"]
    assert not [each for each in events if each["t_s"] > 60 and each["kind"] == "music" and each["gain_db"] <= -60.0]


@pytest.mark.parametrize("program_id", ["psilocybin", "mdma", "breathing", "silence", "esketamine-in"])
def test_events_are_in_order_and_each_has_its_frame(programs: dict[str, Program], program_id: str) -> None:
    events = events_of(programs[program_id])
    times = [each["t_s"] for each in events]
    assert times == sorted(times)
    assert all(abs(each["frame"] - each["t_s"] * FRAME_RATE_HZ) <= 0.0001 * FRAME_RATE_HZ for each in events)
    assert {each["kind"] for each in events} >= {"phase", "roomlight"}


def test_only_silence_has_no_music_events(programs: dict[str, Program]) -> None:
    kinds = {program_id: {each["kind"] for each in events_of(program)} for program_id, program in programs.items()}
    assert [program_id for program_id, found in kinds.items() if "music" not in found] == ["silence"]


def test_stop_is_in_the_events_with_who_pressed_it_and_the_program_stays_paused(programs: dict[str, Program]) -> None:
    moves = (
        '{"at_s": 0, "do": "dose"}\n{"at_s": 1000, "do": "stop", "by": "pedal"}\n'
        '{"at_s": 1010, "do": "resume"}\n{"at_s": 1020, "do": "resume-room"}\n{"at_s": 1100, "do": "resume"}'
    )
    events = events_of(programs["ketamine-im"], moves)
    assert named(events, "stop", "by") == [(1000.0, "pedal")]
    assert named(events, "refused", "do", "state") == [(1010.0, "resume", "stopped")]
    assert (900.0 + 100.0 + 25 * MINUTE_S, "return") in named(events, "phase", "name")


def test_a_refused_move_is_told_and_changes_nothing(programs: dict[str, Program]) -> None:
    moves = '{"at_s": 10, "do": "booster"}\n{"at_s": 20, "do": "extend"}\n{"at_s": 30, "do": "skip", "phase": "moon"}'
    events = events_of(programs["ketamine-im"], moves)
    refused = [each for each in events if each["kind"] == "refused"]
    assert [each["do"] for each in refused] == ["booster", "extend", "skip"]
    assert "the dose was not given yet" in refused[0]["error"]
    rest = [each for each in events if each["kind"] != "refused"]
    assert rest == events_of(programs["ketamine-im"])


def test_equal_seeds_give_equal_bytes(programs: dict[str, Program]) -> None:
    first, second = ("".join(lines_of(simulated(programs["mdma"], moves_of(MOVES), 7))) for _ in range(2))
    assert first == second
    assert all(json.loads(line)["kind"] for line in first.splitlines())


def test_moves_are_made_in_order_of_time_whatever_their_order_in_the_file() -> None:
    assert [move.do for move in moves_of('{"at_s": 9, "do": "next"}\n\n{"at_s": 3, "do": "dose"}')] == ["dose", "next"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hold at 20", "line 1: is not JSON"),
        ("[1, 2]", "is not an object"),
        ('{"do": "hold"}', "at_s: None is not allowed"),
        ('{"at_s": "20", "do": "hold"}', "at_s: '20' is not allowed"),
        ('{"at_s": -1, "do": "hold"}', "0 to 172800"),
        ('{"at_s": NaN, "do": "hold"}', "at_s: nan is not allowed"),
        ('{"at_s": 1, "do": "fly"}', "do: 'fly' is not allowed; allowed are dose, next"),
        ('{"at_s": 1, "do": ["x"]}', "is not allowed"),
        ('{"at_s": 1, "do": "hold", "minutes": 5}', "minutes: there is no such key for hold"),
    ],
)
def test_a_mistake_in_a_moves_file_is_told_by_its_line(line: str, said: str) -> None:
    with pytest.raises(MovesError, match="moves: line 1") as caught:
        moves_of(line)
    assert said in str(caught.value)
