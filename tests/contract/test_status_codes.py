"""401, 403, 404, 413, 415, 422: each with one plain sentence, and nothing changed by any of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CONTRACT_TEXT = """
GET /api/health
POST /api/pair
GET /api/state
POST /api/stop
POST /api/resume
PUT /api/bls
POST /api/bls/preset
GET /api/presets
POST /api/set/start
POST /api/set/finish
POST /api/sessions
GET /api/sessions
GET /api/sessions/{id}
GET /api/sessions/{id}/export
POST /api/sessions/{id}/close
POST /api/rating
POST /api/notes
GET /api/programs
GET /api/programs/{id}
POST /api/program/start
POST /api/program/dose
POST /api/program/next
POST /api/program/previous
POST /api/program/skip
POST /api/program/hold
POST /api/program/release
POST /api/program/extend
POST /api/program/booster
POST /api/program/anchor
POST /api/program/pause
POST /api/program/resume
POST /api/program/calm
POST /api/program/attention
POST /api/program/check-light
POST /api/program/end
POST /api/prompts/{id}/done
POST /api/prompts/{id}/snooze
PUT /api/music
POST /api/music/next
POST /api/music/duck
POST /api/music/unduck
POST /api/music/announce
GET /api/library
PUT /api/library/{id}/tags
PUT /api/lights
GET /api/devices
POST /api/devices/{name}/test
GET /api/timing
GET /metrics
"""
CONTRACT = CONTRACT_TEXT.strip().splitlines()
OPEN = {"GET /api/health", "POST /api/pair"}
"""What answers without a sign-in."""


def sentence(answer: httpx.Response) -> str:
    said = answer.json()["error"]
    assert isinstance(said, str)
    assert said and "\n" not in said and "Traceback" not in said
    return said


@pytest.mark.parametrize("line", [line for line in CONTRACT if line not in OPEN])
def test_every_address_but_health_and_pairing_wants_a_sign_in(room: Any, line: str) -> None:
    method, path = line.split()
    answer = httpx.request(method, room.address + path, json=None if method == "GET" else {})
    assert answer.status_code == 401
    assert "roomctl pair" in sentence(answer)


def test_health_is_open_and_says_who_answers(room: Any) -> None:
    body = httpx.get(f"{room.address}/api/health").json()
    assert body["status"] == "ok"
    assert body["boot_id"] == room.state()["boot_id"]
    assert body["version"]


def test_the_openapi_document_has_every_address_of_the_contract_with_its_answers(room: Any) -> None:
    paths = room.http.get("/api/openapi.json").json()["paths"]
    for line in CONTRACT:
        method, path = line.split()
        described = paths[path][method.lower()]
        assert described["summary"]
        wanted = {"200"} if line in OPEN else {"200", "401", "403", "503"}
        if method != "GET" and line not in OPEN:
            wanted |= {"409", "413", "415", "422"}
        if "{" in path:
            wanted |= {"404"}
        assert wanted <= set(described["responses"]), line


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"Host": "evil.example"}, 403, "evil.example"),
        ({"Origin": "http://evil.example"}, 403, "evil.example"),
        ({"Authorization": "Bearer nobody"}, 401, "roomctl pair"),
        ({"Content-Type": "text/plain"}, 415, "application/json"),
    ],
)
def test_what_comes_from_elsewhere_is_refused(room: Any, headers: dict[str, str], status: int, word: str) -> None:
    answer = room.http.post("/api/notes", content=b'{"text": "x"}', headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status
    assert word in sentence(answer)


def test_a_panel_that_may_only_look_may_press_stop_and_resume_and_no_more(room: Any) -> None:
    viewer = {"Authorization": f"Bearer {room.token('view')}"}
    assert room.http.get("/api/state", headers=viewer).status_code == 200
    refused = room.put("bls", {"rate_hz": 1.1}, headers=viewer)
    assert refused.status_code == 403
    assert "control" in sentence(refused)
    assert room.post("set/start", headers=viewer).status_code == 403
    assert room.post("stop", headers=viewer).status_code == 200
    assert room.post("resume", headers=viewer).status_code == 200


@pytest.mark.parametrize(
    "content",
    [b"{", b"[1, 2]", b"null", b'"\xff"', b'{"rate_hz": NaN}', b'{"rate_hz": Infinity}', b'{"rate_hz": 1e999}', b"[" * 20_000],
)
def test_a_body_that_is_no_json_object_is_422(room: Any, content: bytes) -> None:
    answer = room.http.put("/api/bls", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "body" in sentence(answer)


def test_a_body_of_ten_megabytes_is_413_however_it_is_sent(room: Any) -> None:
    kind = {"Content-Type": "application/json"}
    whole = room.http.post("/api/notes", content=b'{"text": "' + b"x" * 10_000_000 + b'"}', headers=kind)
    in_parts = room.http.post("/api/notes", content=(b"x" * 100_000 for _ in range(100)), headers=kind)
    for answer in (whole, in_parts):
        assert answer.status_code == 413
        assert "64 KiB" in sentence(answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate_hz": 0}, "rate_hz: 0 is not allowed; allowed is 0.05 to 2"),
        ({"rate_hz": 9}, "allowed is 0.05 to 2"),
        ({"rate_hz": "fast"}, 'rate_hz: "fast" is not allowed; it must be a number'),
        ({"rate_hz": None}, "rate_hz: null is not allowed"),
        ({"rate_hz": True}, "rate_hz: true is not allowed"),
        ({"set_cycles": 0}, "allowed is 1 to 200"),
        ({"set_cycles": 10**9}, "allowed is 1 to 200"),
        ({"set_cycles": 10**300}, "allowed is 1 to 200"),
        ({"set_cycles": 1.5}, "allowed is a whole number, 1 to 200"),
        ({"set_s": 4}, "allowed is 5 to 300"),
        ({"set_cycles": 5, "open": True}, "a set ends by one of"),
        ({"set_cycles": 200, "rate_hz": 0.05}, "this room's longest set is 600 s"),
        ({"seed": -1}, "allowed is 0 to 4294967295"),
        ({"finish": "slow"}, "'soft' or 'hard'"),
        ({"light": 3}, "it must hold keys; allowed are on, path"),
        ({"light": {"colour": "ultra"}}, "blue-green"),
        ({"light": {"colour": "#12345"}}, "#rrggbb"),
        ({"light": {"path": "zigzag"}}, "diagonal-up"),
        ({"light": {"travel": "x"}}, "eased"),
        ({"light": {"dot": "x"}}, "butterfly"),
        ({"light": {"brightness": 1}}, "brightness_frac"),
        ({"light": {"saccade": True}, "rate_hz": 1.8}, "1.5 Hz"),
        ({"tone": {"timbre": "gong"}}, "soft-drum"),
        ({"tone": {"align": "x"}}, "random"),
        ({"tone": {"hz": 100}}, "150 to 900"),
        ({"tap": {"align": "random"}}, "centre"),
        ({"continuous": {"source": "/etc/passwd"}}, "'pad' or 'music'"),
        ({"tasks": {"kind": "x"}}, "prompts"),
        ({"speed": 1}, "there is no such key; allowed here are rate_hz"),
    ],
)
def test_a_bilateral_setting_that_is_not_allowed_is_422_and_changes_nothing(
    room: Any, change: dict[str, Any], words: str
) -> None:
    before = room.state()
    answer = room.put("bls", change)
    assert answer.status_code == 422
    assert words in sentence(answer)
    after = room.state()
    assert (after["bls"], after["rev"]) == (before["bls"], before["rev"])


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "bls/preset", {"preset": "nope"}, "seizure-safe"),
        ("POST", "bls/preset", {}, "preset is missing"),
        ("POST", "program/start", {"program": "nope"}, "ketamine-iv"),
        ("POST", "sessions", {"kind": "yoga"}, "emdr, art, dosing"),
        ("POST", "sessions", {"kind": "emdr", "client_code": "a\nb"}, "control character"),
        ("POST", "rating", {"scale": "sud", "value": 11}, "0 to 10"),
        ("POST", "rating", {"scale": "voc", "value": 0}, "1 to 7"),
        ("POST", "rating", {"scale": "mood", "value": 1}, "sud, voc, art"),
        ("POST", "rating", {"scale": "sud", "value": "high"}, 'not "high"'),
        ("POST", "notes", {"text": ""}, "at least 1 character"),
        ("POST", "set/start", {"hard": True}, "rev"),
        ("POST", "devices/bar/test", {"side": "up"}, "left, right"),
        ("PUT", "lights", {"level_l": 101}, "0 to 100"),
        ("PUT", "lights", {"cct_k": 100}, "1800 to 6500"),
        ("PUT", "music", {"volume_db": 20}, "-60 to 0"),
        ("PUT", "music", {"loudness": 1}, "volume_db"),
    ],
)
def test_a_value_that_is_not_allowed_is_422_and_says_what_is(room: Any, method: str, path: str, body: Any, words: str) -> None:
    answer = room.http.request(method, f"/api/{path}", json=body)
    assert answer.status_code == 422
    assert words in sentence(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "sessions/nope"),
        ("GET", "sessions/nope/export?format=csv"),
        ("POST", "sessions/nope/close"),
        ("GET", "programs/nope"),
        ("PUT", "library/nope/tags"),
        ("POST", "devices/nope/test"),
        ("POST", "program/nope"),
        ("GET", "nope"),
    ],
)
def test_an_id_in_a_path_that_nobody_has_is_404(room: Any, method: str, path: str) -> None:
    body = {"side": "left"} if path.startswith("devices") else {}
    answer = room.http.request(method, f"/api/{path}", json=None if method == "GET" else body)
    assert answer.status_code == 404
    sentence(answer)


def test_metrics_are_prometheus_text(room: Any) -> None:
    answer = room.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE roomctl_stopped gauge\nroomctl_stopped 0\n" in answer.text
