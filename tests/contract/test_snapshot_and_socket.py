"""The snapshot's keys and types, and what the WebSocket tells and takes."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

NUMBER = (int, float)
NONE = type(None)
SHAPE: dict[str, Any] = {
    "boot_id": str,
    "rev": int,
    "stopped": bool,
    "stop": (dict, NONE),
    "set": {
        "state": str,
        "cycles": int,
        "cycles_total": (int, NONE),
        "elapsed_s": NUMBER,
        "rate_hz": NUMBER,
        "preset": (str, NONE),
        "outputs": {"light": bool, "tone": bool, "tap": bool},
    },
    "session": (dict, NONE),
    "program": (dict, NONE),
    "music": {"volume_db": NUMBER, "now": (dict, NONE), "next": (dict, NONE), "ducked": bool},
    "lights": {"level_l": NUMBER, "cct_k": NUMBER, "target_l": NUMBER},
    "devices": [
        {"name": str, "kind": str, "driver": str, "link": str, "since": NUMBER, "why": str, "verified": bool},
    ],
    "timing": {
        "onset_sd_ms": (*NUMBER, NONE),
        "light_skew_ms": (*NUMBER, NONE),
        "tap_skew_ms": (*NUMBER, NONE),
        "underruns": int,
        "loop_p99_ms": (*NUMBER, NONE),
    },
    "panels": list,
    "bls": {
        "rate_hz": NUMBER,
        "set_cycles": (int, NONE),
        "set_s": (*NUMBER, NONE),
        "open": bool,
        "finish": str,
        "light": {
            "on": bool,
            "path": str,
            "travel": str,
            "saccade": bool,
            "dot": str,
            "size": NUMBER,
            "colour": str,
            "brightness_frac": NUMBER,
            "width_frac": NUMBER,
            "offset_ms": NUMBER,
        },
        "tone": {
            "on": bool,
            "timbre": str,
            "hz": NUMBER,
            "ms": NUMBER,
            "pan_frac": NUMBER,
            "volume_db": NUMBER,
            "align": str,
            "offset_ms": NUMBER,
        },
        "tap": {"on": bool, "ms": NUMBER, "strength_frac": NUMBER, "align": str, "offset_ms": NUMBER},
        "continuous": {"on": bool, "source": str},
        "tasks": {"on": bool, "kind": str},
        "seed": int,
    },
    "score": (dict, NONE),
    "clock": {"frame": NUMBER, "mono_ns": int, "frames_per_s": NUMBER},
    "notices": list,
    "last_change": (dict, NONE),
    "preset": (dict, NONE),
    "tasks": (dict, NONE),
    "room": {
        "name": str,
        "site": str,
        "mode": str,
        "demo": bool,
        "speed": NUMBER,
        "limits": {
            "light_hz": NUMBER,
            "saccade_hz": NUMBER,
            "peak_dbfs": NUMBER,
            "cap_dba": NUMBER,
            "bar_level": NUMBER,
            "set_max_s": NUMBER,
        },
    },
}


def check(value: Any, shape: Any, at: str) -> None:
    """`value` has every key of `shape`, each of its type; a key the contract does not name is a plain word."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), at
        for key, inner in shape.items():
            assert key in value, f"{at}.{key} is missing"
            check(value[key], inner, f"{at}.{key}")
        assert all(key.isidentifier() and not key.startswith("_") for key in value), f"{at}: {list(value)}"
    elif isinstance(shape, list):
        assert value, at
        for index, item in enumerate(value):
            check(item, shape[0], f"{at}[{index}]")
    else:
        assert isinstance(value, shape), f"{at} is {value!r}"
        if isinstance(value, float):
            assert math.isfinite(value), at


def test_the_snapshot_has_every_key_of_the_contract(room: Any) -> None:
    check(room.state(), SHAPE, "state")


def test_the_snapshot_of_a_running_set_in_a_session(room: Any) -> None:
    session = room.post("sessions", {"kind": "art", "client_code": "K 1"}).json()["id"]
    assert room.post("rating", {"scale": "art", "value": 7}).status_code == 200
    room.start(rate_hz=2.0, set_cycles=2)
    room.until(lambda state: state["set"]["state"] == "idle", "idle")
    room.start()
    state = room.state()
    check(state, SHAPE, "state")
    assert state["score"]["segments"][0] == {
        "start_frame": state["score"]["start_frame"],
        "phase": 0.0,
        "rate_hz": 2.0,
        "slope_hz_per_s": 0.0,
    }
    assert {"start_frame", "end_frame", "finish_frame", "cut_frame", "cycles_total"} <= set(state["score"])
    shown = state["session"]
    assert (shown["id"], shown["kind"], shown["client_code"]) == (session, "art", "K 1")
    assert {key: shown["ratings"][0][key] for key in ("scale", "value", "after_set")} == {
        "scale": "art",
        "value": 7.0,
        "after_set": 0,
    }
    done = shown["sets"][0]
    assert (done["number"], done["why_stopped"], done["delivered"]["cycles"]) == (1, "done", 2)
    assert done["asked"]["rate_hz"] == 2.0


def test_the_snapshot_of_a_program(room: Any) -> None:
    assert room.post("program/start", {"program": "ketamine-iv"}).status_code == 200
    program = room.state()["program"]
    wanted = {
        "id": str,
        "phase": str,
        "phases": list,
        "medicine_s": NONE,
        "phase_elapsed_s": NUMBER,
        "phase_left_s": NUMBER,
        "held": bool,
        "paused": bool,
        "prompts": [{"id": str, "text": str, "state": str}],
    }
    check(program, wanted, "program")
    assert [phase["id"] for phase in program["phases"]][:2] == ["arrival", "settle"]


def test_the_sockets_first_word_is_the_whole_snapshot(room: Any) -> None:
    with room.socket() as socket:
        first = json.loads(socket.recv(10))
        assert first.pop("type") == "snapshot"
        check(first, SHAPE, "snapshot")
        assert set(first) == set(room.state())


def test_a_change_is_a_delta_and_each_second_has_a_heartbeat(room: Any) -> None:
    with room.socket() as socket:
        first = json.loads(socket.recv(10))
        assert room.put("bls", {"rate_hz": 1.2}).status_code == 200
        delta = next(
            message for message in iter(lambda: json.loads(socket.recv(10)), None) if "bls" in message.get("changed", {})
        )
        assert set(delta) == {"type", "boot_id", "rev", "changed"}
        assert (delta["type"], delta["boot_id"], delta["rev"]) == ("delta", first["boot_id"], first["rev"] + 1)
        assert delta["changed"]["bls"]["rate_hz"] == 1.2
        assert "clock" not in delta["changed"]
        beat = next(message for message in iter(lambda: json.loads(socket.recv(10)), None) if message["type"] == "heartbeat")
        check(beat["clock"], SHAPE["clock"], "clock")


def test_a_socket_is_refused_without_a_sign_in_and_from_another_page(room: Any) -> None:
    address = f"{room.address.replace('http', 'ws', 1)}/ws"
    with pytest.raises(InvalidStatus) as nobody, connect(address):
        pass
    assert nobody.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as elsewhere, room.socket(origin="http://evil.example"):
        pass
    assert elsewhere.value.response.status_code == 403


@pytest.mark.parametrize("garbage", ["garbage", "{}", "[1]", "null", "NaN", '{"type": "start"}', b"\x00\xff", "[" * 5_000])
def test_garbage_on_the_socket_is_answered_and_harms_nothing(room: Any, garbage: str | bytes) -> None:
    rev = room.state()["rev"]
    with room.socket() as socket:
        socket.recv(10)
        socket.send(garbage)
        message = next(message for message in iter(lambda: json.loads(socket.recv(10)), None) if message["type"] == "error")
        assert "POST" in message["error"]
    assert room.state()["rev"] == rev


def test_megabytes_on_the_socket_close_it_and_not_the_room(room: Any) -> None:
    with pytest.raises(ConnectionClosed), room.socket() as socket:
        socket.send("x" * 10_000_000)
        while True:
            socket.recv(10)
    assert room.http.get("/api/health").status_code == 200


def test_a_paired_tablet_has_a_cookie_and_stands_among_the_panels(room: Any, roomctl: Any) -> None:
    said = roomctl("pair", "--data", room.data)
    code = said.out.split("Code:")[1].split("(")[0].strip()
    with httpx.Client(base_url=room.address, timeout=20.0) as tablet:
        wrong = tablet.post("/api/pair", json={"code": "0000 0000", "name": "Tablet"})
        assert (wrong.status_code, "roomctl pair" in wrong.json()["error"]) == (422, True)
        assert tablet.post("/api/pair", json={"code": code, "name": "Tablet"}).status_code == 200
        cookie = tablet.cookies.jar
        assert all(each.has_nonstandard_attr("HttpOnly") for each in cookie)
        assert tablet.get("/api/state").status_code == 200
        headers = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in cookie)}
        address = f"{room.address.replace('http', 'ws', 1)}/ws"
        with connect(address, additional_headers=headers, origin=room.address, max_size=None) as socket:
            assert json.loads(socket.recv(10))["type"] == "snapshot"
            panel = room.until(lambda state: state["panels"], "shown a panel")["panels"][0]
            assert (panel["role"], isinstance(panel["id"], str), isinstance(panel["seen_s"], NUMBER)) == ("control", True, True)
    used = httpx.post(f"{room.address}/api/pair", json={"code": code, "name": "Again"})
    assert used.status_code == 422
