"""Dosing programs from outside: the medicine clock, holds, prompts, the minimum stay, and what is possible when."""

from __future__ import annotations

from typing import Any

import pytest

PROGRAMS = [
    "body-scan",
    "breathing",
    "esketamine-in",
    "grounding",
    "ketamine-im",
    "ketamine-iv",
    "ketamine-lozenge",
    "mdma",
    "parts-work",
    "psilocybin",
    "silence",
]


def move(room: Any, verb: str, **body: Any) -> dict[str, Any]:
    answer = room.post(f"program/{verb}", body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def due_of(room: Any) -> dict[str, Any]:
    return {prompt["id"]: prompt["due_frame"] for prompt in room.state()["program"]["prompts"]}


def starts_of(room: Any) -> dict[str, Any]:
    return {phase["id"]: phase["start_min"] for phase in room.state()["program"]["phases"]}


@pytest.fixture
def dosed(room: Any) -> Any:
    """Ketamine IV, the dose given, in the peak."""
    assert room.post("program/start", {"program": "ketamine-iv"}).status_code == 200
    move(room, "dose", mg=35)
    move(room, "skip", phase="peak")
    return room


def test_the_programs_are_those_of_the_contract(room: Any) -> None:
    listed = room.http.get("/api/programs").json()
    assert sorted(program["id"] for program in listed) == PROGRAMS
    for program in PROGRAMS:
        assert room.http.get(f"/api/programs/{program}").json()["id"] == program


def test_the_arrival_waits_for_the_dose_and_says_what_is_possible_meanwhile(room: Any) -> None:
    move(room, "start", program="ketamine-iv")
    assert room.state()["program"]["medicine_s"] is None
    for verb, body in (("hold", {}), ("extend", {"minutes": 5}), ("booster", {"mg": 10}), ("next", {}), ("release", {})):
        answer = room.post(f"program/{verb}", body)
        assert (answer.status_code, answer.json()["state"]) == (409, "arrival")
        assert "program/dose" in answer.json()["possible"]


def test_a_set_and_a_second_program_are_refused_while_one_runs(dosed: Any) -> None:
    for path, body in (("set/start", {}), ("program/start", {"program": "mdma"})):
        answer = dosed.post(path, body)
        assert answer.status_code == 409
        assert answer.json()["possible"] == ["program/end"]


def test_hold_freezes_what_is_left_and_release_shifts_the_later_phases(dosed: Any) -> None:
    before, prompts = starts_of(dosed), due_of(dosed)
    held = move(dosed, "hold")
    medicine_s = held["medicine_s"]
    later = dosed.until(lambda state: state["program"]["medicine_s"] > medicine_s + 1.0, "held for a second")["program"]
    assert later["held"] is True
    assert later["phase_left_s"] == held["phase_left_s"]
    released = move(dosed, "release")
    shift_min = (released["medicine_s"] - medicine_s) / 60
    after = starts_of(dosed)
    for phase in ("return", "landing", "debrief"):
        assert after[phase] - before[phase] == pytest.approx(shift_min, abs=1e-6), phase
    assert due_of(dosed) == prompts


def test_hold_twice_and_release_without_a_hold_are_409(dosed: Any) -> None:
    assert dosed.post("program/release").status_code == 409
    move(dosed, "hold")
    assert dosed.post("program/hold").json()["state"] == "held"


def test_extend_moves_no_prompt_that_is_anchored_to_the_dose(dosed: Any) -> None:
    prompts, left_s = due_of(dosed), dosed.state()["program"]["phase_left_s"]
    extended = move(dosed, "extend", minutes=10)
    assert extended["phase_left_s"] == pytest.approx(left_s + 600, abs=5)
    assert due_of(dosed) == prompts


@pytest.mark.parametrize("minutes", [0, -5, 10**6])
def test_an_extension_out_of_bounds_is_422(dosed: Any, minutes: int) -> None:
    answer = dosed.post("program/extend", {"minutes": minutes})
    assert answer.status_code == 422
    assert "at most 120 min" in answer.json()["error"]
    assert answer.json().get("allowed") != []


def test_milligrams_count_and_a_second_dose_is_a_booster(dosed: Any) -> None:
    assert "booster" in dosed.post("program/dose", {"mg": 35}).json()["error"]
    assert dosed.post("program/booster", {"mg": -1}).status_code == 422
    assert move(dosed, "booster", mg=20)["phase"] == "ascent"


def test_psilocybins_minimum_stay_follows_from_the_milligrams_given_in_all(room: Any) -> None:
    move(room, "start", program="psilocybin")
    first = move(room, "dose", mg=20)["stay_left_s"]
    move(room, "skip", phase="peak")
    boosted = move(room, "booster", mg=10)["stay_left_s"]
    assert boosted > first + 3_000


def test_the_end_before_the_minimum_stay_wants_a_reason(dosed: Any) -> None:
    for body in ({}, {"override_reason": ""}, {"override_reason": "  "}):
        answer = dosed.post("program/end", body)
        assert answer.status_code == 409
        assert "override_reason" in answer.json()["error"]
    assert move(dosed, "end", override_reason="the client asked")["state"] == "ended"
    after = dosed.post("program/next")
    assert (after.status_code, after.json()["state"]) == (409, "ended")
    assert "program/start" in after.json()["possible"]


def test_stop_pauses_the_program_resume_leaves_it_paused_and_the_medicine_clock_goes_on(dosed: Any) -> None:
    before_s = dosed.state()["program"]["medicine_s"]
    dosed.post("stop")
    refused = dosed.post("program/resume")
    assert (refused.status_code, refused.json()["state"]) == (409, "stopped")
    dosed.post("resume")
    program = dosed.until(lambda state: state["program"]["medicine_s"] > before_s + 0.5, "going on")["program"]
    assert program["paused"] is True
    assert move(dosed, "resume")["state"] == "running"


def test_pause_calm_attention_and_check_light_are_taken_and_pause_twice_is_not(dosed: Any) -> None:
    assert move(dosed, "pause")["state"] == "paused"
    assert dosed.post("program/pause").status_code == 409
    assert move(dosed, "resume")["state"] == "running"
    assert move(dosed, "calm")["state"] == "calm"
    assert dosed.state()["lights"]["target_l"] == 25.0
    assert move(dosed, "attention")["state"] == "attention"
    assert dosed.state()["lights"]["target_l"] == 100.0
    move(dosed, "check-light")


def test_anchors_are_named_and_the_dose_is_none_of_them(dosed: Any) -> None:
    unknown = dosed.post("program/anchor", {"name": "nope"})
    assert (unknown.status_code, unknown.json()["allowed"]) == (422, ["pump-stop"])
    assert dosed.post("program/anchor", {"name": "T0"}).status_code == 422
    move(dosed, "anchor", name="pump-stop")


def test_a_prompt_is_snoozed_answered_once_and_asked_for_by_its_id(dosed: Any) -> None:
    assert dosed.post("prompts/vitals-baseline/snooze").status_code == 200
    wrong = dosed.post("prompts/vitals-baseline/done", {"value": {"mood": 1}})
    assert (wrong.status_code, wrong.json()["allowed"]) == (422, ["bp", "hr", "spo2", "text"])
    assert dosed.post("prompts/vitals-baseline/done", {"value": {"bp": "120/80", "hr": 66}}).status_code == 200
    assert dosed.post("prompts/vitals-baseline/done").status_code == 409
    assert dosed.post("prompts/nope/done").status_code == 404
    assert dosed.post("prompts/nope/snooze").status_code == 404


def test_a_stale_revision_moves_nothing(dosed: Any) -> None:
    before = dosed.state()
    answer = dosed.post("program/next", {"rev": before["rev"] - 1})
    assert (answer.status_code, answer.json()["rev"]) == (409, before["rev"])
    assert dosed.state()["program"]["phase"] == "peak"


def test_music_moves_want_music_and_an_announcement_its_own_folder(dosed: Any) -> None:
    for verb in ("duck", "unduck", "next"):
        assert dosed.post(f"music/{verb}").status_code == 200
    for name in ("../../etc/passwd", "nope.wav"):
        answer = dosed.post("music/announce", {"file": name})
        assert answer.status_code == 422
        assert "announcements" in answer.json()["error"]


def test_without_a_program_its_moves_are_409_and_say_so(room: Any) -> None:
    for verb in ("dose", "next", "hold", "end", "calm"):
        answer = room.post(f"program/{verb}")
        assert answer.status_code == 409
        assert "program/start" in answer.json()["possible"]


def test_while_stop_stands_what_would_sound_is_refused_and_what_is_noted_is_taken(dosed: Any) -> None:
    dosed.post("stop")
    for verb, body in (("next", {}), ("previous", {}), ("resume", {}), ("calm", {})):
        refused = dosed.post(f"program/{verb}", body)
        said = refused.json()
        assert (refused.status_code, said["state"]) == (409, "stopped"), verb
        assert "resume" in said["possible"] and "program/end" in said["possible"]
        assert f"program/{verb}" not in said["possible"]
    prompt = dosed.state()["program"]["prompts"][0]["id"]
    assert dosed.post(f"prompts/{prompt}/snooze").status_code == 200
    assert dosed.post("program/extend", {"minutes": 5}).status_code == 200
    dosed.post("resume")
    assert dosed.post("program/next").status_code == 200


def test_a_stale_revision_is_told_with_the_programs_own_state(dosed: Any) -> None:
    assert dosed.post("program/pause").status_code == 200
    stale = dosed.post("program/next", {"rev": dosed.state()["rev"] - 1})
    assert (stale.status_code, stale.json()["state"]) == (409, "paused")
    assert stale.json()["rev"] == dosed.state()["rev"]


def test_the_breath_is_led_at_another_pace_and_ratio_over_http(room: Any) -> None:
    move(room, "start", program="breathing")
    assert room.state()["program"]["breath"] == {"per_min": 6.0, "ratio": [4.0, 0.0, 6.0, 0.0]}
    move(room, "breath", ratio=[4, 1, 5, 1])
    move(room, "breath", per_min=5.5)
    assert room.state()["program"]["breath"] == {"per_min": 5.5, "ratio": [4.0, 1.0, 5.0, 1.0]}
    for body in ({}, {"per_min": 9}, {"ratio": [4, 1]}, {"ratio": [0, 0, 1, 0]}, {"ratio": "4:6"}, {"per_min": "6"}):
        answer = room.post("program/breath", body)
        assert answer.status_code == 422, body
    move(room, "end")
    assert room.post("program/breath", {"per_min": 6}).status_code == 409
