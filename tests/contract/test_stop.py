"""STOP and RESUME from outside: in every state, twice, from two panels at once, over both ways in."""

from __future__ import annotations

import concurrent.futures
import json
from typing import Any

import pytest


@pytest.mark.parametrize("content", [b"", b"{}", b"{garbage", b"stop!", b"x" * 1_000_000])
def test_stop_is_taken_whatever_stands_in_its_body(room: Any, content: bytes) -> None:
    answer = room.http.post("/api/stop", content=content, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200
    assert answer.json()["stopped"] is True
    assert room.state()["stopped"] is True


@pytest.mark.parametrize("state", ["idle", "running", "finishing", "stopped"])
def test_stop_is_taken_in_every_state_and_latches(room: Any, state: str) -> None:
    if state in ("running", "finishing"):
        room.start(rate_hz=0.2, set_cycles=20)
    if state == "finishing":
        room.post("set/finish")
    if state == "stopped":
        room.post("stop")
    answer = room.post("stop")
    assert answer.status_code == 200
    assert answer.json()["not_confirmed"] == []
    now = room.state()
    assert (now["stopped"], now["set"]["state"]) == (True, "idle")
    assert now["stop"]["by"] == "script"


def test_a_second_stop_within_two_seconds_turns_everything_off(room: Any) -> None:
    assert room.post("stop").json()["everything_off"] is False
    assert room.post("stop").json()["everything_off"] is True


def test_two_panels_press_stop_at_once_and_both_are_heard(room: Any) -> None:
    room.start(set_cycles=24)
    other = {"Authorization": f"Bearer {room.token('view')}"}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda headers: room.post("stop", headers=headers), [None, other]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert room.state()["set"]["state"] == "idle"


def test_resume_only_unlatches_and_is_taken_when_nothing_was_stopped(room: Any) -> None:
    assert room.post("resume").json() == {"stopped": False}
    room.start(set_cycles=24)
    room.post("stop")
    assert room.post("resume").json() == {"stopped": False}
    now = room.state()
    assert (now["stopped"], now["stop"], now["set"]["state"]) == (False, None, "idle")


def test_a_stop_over_the_websocket_is_the_same_stop(room: Any) -> None:
    room.start(set_cycles=24)
    with room.socket() as socket:
        assert json.loads(socket.recv(10))["type"] == "snapshot"
        socket.send('{"type": "stop"}')
        while json.loads(socket.recv(10))["type"] != "stopped":
            continue
    assert room.state()["set"]["state"] == "idle"


def test_a_stop_is_in_the_journal_and_says_why_the_set_ended(room: Any) -> None:
    session = room.post("sessions", {"kind": "emdr"}).json()["id"]
    room.start(set_cycles=24)
    room.post("stop")
    room.post("resume")
    assert room.state()["session"]["sets"][0]["why_stopped"] == "stop"
    room.post(f"sessions/{session}/close")
    assert room.http.get(f"/api/sessions/{session}").json()["sets"][0]["why_stopped"] == "stop"
