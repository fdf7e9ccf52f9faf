"""Sets from outside: START, FINISH, what may change in one, what counts, and what a stale or repeated command comes to."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import pytest

PRESETS = [
    "emdr-test",
    "safe-place",
    "desensitise",
    "desensitise-long",
    "desensitise-fast",
    "emdr-2",
    "installation",
    "body-scan",
    "closure",
    "art-scene",
    "art-sensation",
    "art-replace",
    "flash",
    "child",
    "low-load",
    "seizure-safe",
    "group",
]


def is_running(state: dict[str, Any]) -> bool:
    return bool(state["set"]["state"] == "running")


def is_idle(state: dict[str, Any]) -> bool:
    return bool(state["set"]["state"] == "idle")


def test_the_presets_are_those_of_the_contract_and_each_can_be_chosen(room: Any) -> None:
    assert [preset["id"] for preset in room.http.get("/api/presets").json()] == PRESETS
    for preset in PRESETS:
        assert room.post("bls/preset", {"preset": preset}).status_code == 200
        assert room.state()["set"]["preset"] == preset


def test_a_set_without_a_session_runs_its_count_and_ends_by_itself(room: Any) -> None:
    assert room.state()["session"] is None
    began = room.start(rate_hz=2.0, set_cycles=2)
    running = room.state()
    assert running["set"]["state"] == "running"
    assert running["set"]["cycles_total"] == 2
    assert running["score"]["start_frame"] == began["start_frame"]
    ended = room.until(is_idle, "idle")
    assert ended["stopped"] is False


def test_start_while_one_runs_finishes_or_stop_stands_is_409_and_says_what_is_possible(room: Any) -> None:
    room.start(rate_hz=0.1, set_cycles=20)
    refused = room.post("set/start")
    assert (refused.status_code, refused.json()["state"]) == (409, "running")
    assert "set/finish" in refused.json()["possible"]
    assert room.post("set/finish").json() == {"set": "finishing"}
    refused = room.post("set/start")
    assert refused.status_code == 409
    room.post("stop")
    refused = room.post("set/start")
    assert (refused.status_code, refused.json()["state"], refused.json()["possible"]) == (409, "stopped", ["resume"])
    refused = room.post("set/finish")
    assert (refused.status_code, refused.json()["state"], refused.json()["possible"]) == (409, "stopped", ["resume"])


def test_two_starts_at_once_are_one_set_and_one_refusal(room: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda key: room.press_start(headers={"Idempotency-Key": key}), ["a-start", "b-start"]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_a_set_told_to_finish_says_so_at_once_and_no_setting_brings_it_back(room: Any) -> None:
    room.start(rate_hz=0.5, set_cycles=20)
    room.until(is_running, "running")
    assert room.post("set/finish").status_code == 200
    assert room.state()["set"]["state"] == "finishing"
    again = room.post("set/finish")
    assert (again.status_code, again.json()["state"]) == (409, "finishing")
    end = room.state()["score"]["end_frame"]
    assert room.put("bls", {"set_cycles": 100, "rate_hz": 0.4}).status_code == 200
    assert room.state()["score"]["end_frame"] == end
    assert room.until(is_idle, "idle")["bls"]["set_cycles"] == 100


def test_finish_without_a_set_is_409(room: Any) -> None:
    refused = room.post("set/finish")
    assert (refused.status_code, refused.json()["state"]) == (409, "idle")
    assert "set/start" in refused.json()["possible"]


def test_a_preset_changed_in_a_running_set_is_409(room: Any) -> None:
    room.start(set_cycles=24)
    refused = room.post("bls/preset", {"preset": "child"})
    assert (refused.status_code, refused.json()["state"]) == (409, "running")
    assert "bls" in refused.json()["possible"]


def test_settings_changed_in_a_running_set_apply_to_it(room: Any) -> None:
    room.start(rate_hz=1.0, set_cycles=24)
    assert room.put("bls", {"rate_hz": 1.5, "tone": {"on": False}, "set_cycles": 30}).status_code == 200
    state = room.state()
    assert (state["set"]["cycles_total"], state["set"]["outputs"]["tone"]) == (30, False)
    assert state["score"]["segments"][-1]["phase"] > 0
    room.until(lambda state: abs(state["set"]["rate_hz"] - 1.5) < 1e-6, "at the new rate")


def test_a_total_already_passed_finishes_softly(room: Any) -> None:
    room.start(rate_hz=2.0, set_cycles=100, finish="hard")
    room.until(lambda state: state["set"]["cycles"] >= 3, "three cycles on")
    assert room.put("bls", {"set_cycles": 1}).status_code == 200
    score = room.state()["score"]
    assert score["cycles_total"] >= 3
    assert score["finish_frame"] is not None and score["finish_frame"] < score["end_frame"]
    room.until(is_idle, "idle")


def test_an_open_set_ends_softly_at_the_rooms_longest(room: Any) -> None:
    room.start(open=True, rate_hz=1.0)
    state = room.state()
    score = state["score"]
    assert state["set"]["cycles_total"] is None
    assert 590 < (score["end_frame"] - score["start_frame"]) / 48_000 <= state["room"]["limits"]["set_max_s"]
    assert score["finish_frame"] < score["end_frame"]


def test_lights_tests_sessions_and_programs_wait_until_the_set_is_over(room: Any) -> None:
    room.start(set_cycles=24)
    for method, path, body in (
        ("PUT", "lights", {"level_l": 40}),
        ("POST", "devices/bar/test", {"side": "left"}),
        ("POST", "sessions", {"kind": "emdr"}),
        ("POST", "program/start", {"program": "silence"}),
    ):
        refused = room.http.request(method, f"/api/{path}", json=body)
        assert (refused.status_code, refused.json()["state"]) == (409, "running"), path


def test_a_stale_revision_is_409_and_says_the_current_one(room: Any) -> None:
    rev = room.state()["rev"]
    assert room.put("bls", {"rate_hz": 1.1}).status_code == 200
    refused = room.post("set/start", {"rev": rev})
    assert (refused.status_code, refused.json()["rev"]) == (409, rev + 1)
    assert room.state()["set"]["state"] == "idle"
    assert room.press_start({"rev": rev + 1}).status_code == 200


def test_what_runs_by_itself_does_not_change_the_revision(room: Any) -> None:
    room.start(rate_hz=2.0, set_cycles=40)
    rev = room.state()["rev"]
    assert room.until(lambda state: state["set"]["cycles"] >= 2, "two cycles on")["rev"] == rev


def test_a_command_sent_twice_with_one_key_is_done_once(room: Any) -> None:
    key = {"Idempotency-Key": "twice"}
    first = room.press_start(headers=key)
    again = room.post("set/start", headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


def test_one_key_for_two_commands_is_422_and_never_the_other_ones_answer(room: Any) -> None:
    key = {"Idempotency-Key": "reused"}
    assert room.post("notes", {"text": "one"}, headers=key).json() == {"kept": True}
    refused = room.post("sessions", {"kind": "emdr"}, headers=key)
    assert refused.status_code == 422
    assert "a key of its own" in refused.json()["error"]
    assert room.state()["session"] is None
    assert room.post("stop", headers=key).status_code == 200


@pytest.mark.parametrize(("sent", "kept"), [(1.234567, 1.23), (0.05, 0.05), (2.0, 2.0)])
def test_a_rate_is_kept_to_the_hundredth(room: Any, sent: float, kept: float) -> None:
    assert room.put("bls", {"rate_hz": sent, "set_cycles": 2}).json()["rate_hz"] == kept
