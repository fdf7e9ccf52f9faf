"""The room as it runs: launcher, engine and panel's server, asked over HTTP and the WebSocket, and killed in parts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from roomctl.sign_in import SignIn

WAIT_S = 30.0


def until(happened: Callable[[], Any]) -> Any:
    """What `happened` gives once it gives something."""
    pause, end_s = threading.Event(), time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        value = happened()
        if value:
            return value
        pause.wait(0.05)
    raise AssertionError("it did not happen")


@dataclass(frozen=True)
class WholeRoom:
    """A running room."""

    data: Path
    url: str
    client: httpx.Client
    token: str

    def state(self) -> dict[str, Any]:
        answer = self.client.get("/api/state")
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def pid(self, name: str, other_than: int = 0) -> int:
        def written() -> int:
            try:
                found = int((self.data / "run" / name).read_text())
            except (FileNotFoundError, ValueError):
                return 0
            return found if found != other_than else 0

        return int(until(written))

    def answers(self, status: int) -> bool:
        """Whether the state is answered so; False while there is nobody to answer."""
        try:
            return self.client.get("/api/state").status_code == status
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeRoom]:
    data = tmp_path_factory.mktemp("room")
    with (data / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "roomctl", "run", "--data", str(data), "--port", "0"], stdout=said, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: process.poll() is not None or b"Pairing code" in (data / "said").read_bytes())
        assert process.poll() is None, (data / "said").read_text()
        url = (data / "run" / "address").read_text().strip()
        store = SignIn(data / "sign_in.db")
        token = store.new_token("control", "whole room")[1]
        store.close()
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S) as client:
            found = WholeRoom(data, url, client, token)
            until(lambda: found.answers(200))
            yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


def test_a_session_with_a_set_a_rating_and_a_stop(room: WholeRoom) -> None:
    client = room.client
    session = client.post("/api/sessions", json={"kind": "emdr", "client_code": "K-1"}).json()["id"]
    assert client.post("/api/bls/preset", json={"preset": "desensitise"}).status_code == 200
    assert client.post("/api/set/start").status_code == 200
    refused = client.post("/api/set/start")
    assert (refused.status_code, "error" in refused.json()) == (409, True)
    assert client.put("/api/bls", json={"rate_hz": 9}).status_code == 422
    assert client.put("/api/bls", json={"rat_hz": 1}).status_code == 422
    assert client.post("/api/bls/preset", json={"preset": "none"}).status_code in (409, 422)
    assert client.post("/api/stop").status_code == 200
    assert room.state()["stopped"] is True
    assert client.post("/api/resume").status_code == 200
    assert client.post("/api/rating", json={"scale": "sud", "value": 4}).status_code == 200
    assert client.post("/api/rating", json={"scale": "sud", "value": 11}).status_code == 422
    assert client.post(f"/api/sessions/{session}/close").status_code == 200
    assert client.post("/api/sessions/none/close").status_code == 404
    kept = client.get(f"/api/sessions/{session}").json()
    assert [rating["value"] for rating in kept["ratings"]] == [4.0]
    assert [entry["why_stopped"] for entry in kept["sets"]] == ["stop"]
    assert client.get(f"/api/sessions/{session}/export", params={"format": "pdf"}).content.startswith(b"%PDF")


def test_an_unknown_preset_is_422_and_names_those_there_are(room: WholeRoom) -> None:
    answer = room.client.post("/api/bls/preset", json={"preset": "none"})
    assert (answer.status_code, "desensitise" in answer.text) == (422, True)


def test_a_stale_rev_is_409(room: WholeRoom) -> None:
    before = room.state()["rev"]
    room.client.put("/api/bls", json={"rate_hz": 1.1})
    assert room.state()["rev"] == before + 1
    assert room.client.post("/api/set/start", json={"rev": before}).status_code == 409


def test_the_socket_follows_a_change_and_the_clock(room: WholeRoom) -> None:
    with connect(
        room.url.replace("http", "ws", 1) + "/ws", additional_headers={"Authorization": f"Bearer {room.token}"}
    ) as panel:
        first = json.loads(panel.recv(WAIT_S))
        assert first["type"] == "snapshot"
        assert set(first) - {"type"} == set(room.state())
        room.client.put("/api/bls", json={"rate_hz": 0.7})
        heard = [json.loads(panel.recv(WAIT_S)) for _ in range(4)]
        delta = next(message for message in heard if message["type"] == "delta" and "bls" in message["changed"])
        assert delta["changed"]["bls"]["rate_hz"] == 0.7
        assert [message for message in heard if message["type"] == "heartbeat"]


def test_kill_9_of_the_panels_server_leaves_the_set_running_and_the_sign_in_good(room: WholeRoom) -> None:
    room.client.put("/api/bls", json={"open": True})
    assert room.client.post("/api/set/start").status_code == 200
    boot_id, pid = room.state()["boot_id"], room.pid("web.pid")
    os.kill(pid, signal.SIGKILL)
    room.pid("web.pid", other_than=pid)
    until(lambda: room.answers(200))
    state = room.state()
    assert (state["boot_id"], state["set"]["state"]) == (boot_id, "running")
    assert room.client.post("/api/stop").status_code == 200
    assert room.client.post("/api/resume").status_code == 200


def test_kill_9_of_the_engine_is_503_and_then_another_engine_that_resumes_no_set(room: WholeRoom) -> None:
    room.client.put("/api/bls", json={"open": True})
    assert room.client.post("/api/set/start").status_code == 200
    boot_id, pid = room.state()["boot_id"], room.pid("engine.pid")
    os.kill(pid, signal.SIGKILL)
    until(lambda: room.answers(503) or room.pid("engine.pid") != pid)
    until(lambda: room.answers(200) and room.state()["boot_id"] != boot_id)
    assert room.state()["set"]["state"] == "idle"
