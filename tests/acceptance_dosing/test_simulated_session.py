"""`roomctl simulate`: a whole session under a file of moves, in simulated time, as a person calls it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from roomctl.cli import main

DOSE_S = 900.0
MOVES = """
{"at_s": 60, "do": "done", "prompt": "vitals-baseline", "value": {"bp": "124/78", "hr": 70}}
{"at_s": 900, "do": "dose", "mg": 70}
{"at_s": 2100, "do": "hold"}
{"at_s": 2820, "do": "release"}
{"at_s": 3000, "do": "booster", "mg": 30}
{"at_s": 3060, "do": "extend", "minutes": 10}
{"at_s": 3120, "do": "extend", "minutes": 10}
{"at_s": 3300, "do": "calm"}
{"at_s": 3480, "do": "resume"}
{"at_s": 9000, "do": "end"}
"""
"""The dose when the arrival's 15 min are over; hold at T+20, release at T+32; booster at T+35; calm from T+40 to T+43."""


def simulated(folder: Path, program: str, moves: str = "", seed: int = 1) -> list[dict[str, Any]]:
    asked, told = folder / "moves.jsonl", folder / "told.jsonl"
    asked.write_text(moves, encoding="utf-8")
    line = ["simulate", "--program", program, "--moves", str(asked), "--events", str(told), "--seed", str(seed)]
    assert main(line) == 0
    return [json.loads(each) for each in told.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The intramuscular program under all of these moves."""
    return simulated(tmp_path_factory.mktemp("session"), "ketamine-im", MOVES)


def of_kind(events: list[dict[str, Any]], kind: str, **more: Any) -> list[dict[str, Any]]:
    return [each for each in events if each["kind"] == kind and all(each.get(key) == value for key, value in more.items())]


def test_no_move_was_refused(session: list[dict[str, Any]]) -> None:
    assert of_kind(session, "refused") == []


def test_every_phase_begins_where_the_rules_put_it(session: list[dict[str, Any]]) -> None:
    ascent_s = 3000.0 + 7 * 60 + 2 * 600 + 180
    assert [(each["name"], each["t_s"]) for each in of_kind(session, "phase")] == [
        ("arrival", 0.0),
        ("settle", DOSE_S),
        ("onset", DOSE_S + 3 * 60),
        ("ascent", DOSE_S + 8 * 60),
        ("peak", DOSE_S + 15 * 60),
        ("ascent", 3000.0),
        ("peak", ascent_s),
        ("return", ascent_s + 25 * 60),
        ("landing", ascent_s + 45 * 60),
        ("debrief", ascent_s + 65 * 60),
    ]


def test_without_the_hold_the_peak_ends_at_its_own_minute(tmp_path: Path) -> None:
    events = simulated(tmp_path, "ketamine-im", '{"at_s": 2100, "do": "hold"}\n{"at_s": 2820, "do": "release"}\n')
    held = next(each["t_s"] for each in of_kind(events, "phase", name="return"))
    free = next(each["t_s"] for each in of_kind(simulated(tmp_path, "ketamine-im"), "phase", name="return"))
    assert held - free == 720.0


def test_every_prompt_is_due_on_the_medicine_clock_whatever_was_done(session: list[dict[str, Any]]) -> None:
    due = {each["id"]: each["t_s"] for each in of_kind(session, "prompt", state="due")}
    assert {id: at_s for id, at_s in due.items() if id.startswith("vitals-") and id != "vitals-baseline"} == {
        f"vitals-{minute}": DOSE_S + 60.0 * minute for minute in (5, 15, 30, 45, 60, 90)
    }
    assert due["booster-decision"] == DOSE_S + 12 * 60
    assert due["booster-vitals-b1"] == 3000.0 + 15 * 60
    assert [each["t_s"] for each in of_kind(session, "prompt", id="vitals-baseline", state="done")] == [60.0]


def test_prompts_that_nobody_answers_become_overdue_also_in_calm(session: list[dict[str, Any]]) -> None:
    overdue = {each["id"]: each["t_s"] for each in of_kind(session, "prompt", state="overdue")}
    assert overdue["vitals-45"] == DOSE_S + 45 * 60 + 300
    assert overdue["booster-decision"] == DOSE_S + 15 * 60


def test_fades_take_the_times_of_the_rules(session: list[dict[str, Any]]) -> None:
    acts = {each["action"]: each for each in of_kind(session, "music") if each["action"] in ("calm", "resume", "end")}
    assert {name: each["fade_s"] for name, each in acts.items()} == {"calm": 6.0, "resume": 4.0, "end": 45.0}
    assert {name: each["t_s"] for name, each in acts.items()} == {"calm": 3300.0, "resume": 3480.0, "end": 9000.0}
    changes = {each["t_s"]: each["fade_s"] for each in of_kind(session, "music", action="crossfade")}
    assert changes[DOSE_S] == 6.0, "the operator brought it there"
    assert changes[DOSE_S + 3 * 60] == 20.0, "a phase that follows by itself"


def test_calm_takes_the_music_to_the_bed_6_db_under_it_and_the_light_to_25(session: list[dict[str, Any]]) -> None:
    music = [each for each in of_kind(session, "music", action="level") if 3300.0 <= each["t_s"] < 3480.0]
    trim_db = next(each["gain_db"] for each in reversed(of_kind(session, "music", action="level")) if each["t_s"] <= 3300.0)
    assert music[-1]["t_s"] == pytest.approx(3306.0)
    assert music[-1]["gain_db"] == -120.0
    assert music[-1]["bed_db"] == pytest.approx(trim_db - 6.0, abs=0.01)
    light = [each for each in of_kind(session, "roomlight") if 3300.0 <= each["t_s"] < 3480.0]
    assert next(each["t_s"] for each in light if each["level_l"] == 25.0) == 3310.0
    assert light[-1]["cct_k"] == pytest.approx(2200.0)


@pytest.mark.parametrize("program", ["ketamine-iv", "ketamine-im", "ketamine-lozenge", "esketamine-in", "psilocybin", "mdma"])
def test_a_whole_program_runs_to_its_end_and_goes_on_sounding(program: str, tmp_path: Path) -> None:
    events = simulated(tmp_path, program)
    levels = [each for each in of_kind(events, "music", action="level") if each["t_s"] > 60.0]
    assert min(each["gain_db"] for each in levels) > -30.0
    assert events[-1]["t_s"] >= (8 * 3600.0 if program == "mdma" else 100 * 60.0)


def test_the_light_never_moves_faster_than_it_may(session: list[dict[str, Any]]) -> None:
    light = of_kind(session, "roomlight")
    for before, after in pairwise(light):
        took_s = after["t_s"] - before["t_s"]
        assert abs(after["level_l"] - before["level_l"]) <= 5.0 * max(took_s, 1e-9) + 1e-3 or took_s == 0.0


def test_two_runs_with_one_seed_are_equal_to_the_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        simulated(folder, "ketamine-im", MOVES, seed=7)
    assert (tmp_path / "one" / "told.jsonl").read_bytes() == (tmp_path / "two" / "told.jsonl").read_bytes()


def test_plus_ten_twenty_times_only_makes_the_phase_longer(tmp_path: Path) -> None:
    moves = "".join(f'{{"at_s": {2000 + number}, "do": "extend", "minutes": 10}}\n' for number in range(20))
    events = simulated(tmp_path, "ketamine-im", moves)
    assert of_kind(events, "refused") == []
    assert next(each["t_s"] for each in of_kind(events, "phase", name="return")) == DOSE_S + (40 + 200) * 60.0


def test_a_booster_before_the_dose_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    events = simulated(tmp_path, "ketamine-im", '{"at_s": 300, "do": "booster", "mg": 30}\n')
    refused = of_kind(events, "refused")
    assert [(each["do"], each["state"]) for each in refused] == [("booster", "arrival")]
    assert "the dose was not given yet" in refused[0]["error"]
    assert [each for each in events if each["kind"] != "refused"] == simulated(tmp_path, "ketamine-im")
