"""The HTTP contract: each address gives the engine its command, and every refusal is a plain sentence."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from roomctl.errors import Refused, UnknownId
from roomctl.messages import Request
from web.commands import COMMANDS


def command_of(engine: Any) -> dict[str, Any]:
    request: Request = engine.requests[-1]
    return request.command.model_dump(exclude_none=True)


COMMAND_CASES: list[tuple[str, str, dict[str, Any] | None, dict[str, Any]]] = [
    ("POST", "/api/resume", None, {"do": "resume"}),
    (
        "PUT",
        "/api/bls",
        {"rate_hz": 1.2, "light": {"on": False}},
        {"do": "bls", "change": {"rate_hz": 1.2, "light": {"on": False}}},
    ),
    ("POST", "/api/bls/preset", {"preset": "desensitise"}, {"do": "preset", "preset": "desensitise"}),
    ("POST", "/api/set/start", None, {"do": "set-start"}),
    ("POST", "/api/set/start", {}, {"do": "set-start"}),
    ("POST", "/api/set/finish", None, {"do": "set-finish"}),
    (
        "POST",
        "/api/sessions",
        {"kind": "emdr", "client_code": "K-1"},
        {"do": "session-open", "kind": "emdr", "client_code": "K-1"},
    ),
    ("POST", "/api/sessions", {"kind": "art"}, {"do": "session-open", "kind": "art"}),
    ("POST", "/api/sessions/s-9/close", None, {"do": "session-close", "id": "s-9"}),
    ("POST", "/api/rating", {"scale": "sud", "value": 4}, {"do": "rating", "scale": "sud", "value": 4.0}),
    ("POST", "/api/notes", {"text": "calmer"}, {"do": "note", "text": "calmer"}),
    ("POST", "/api/react", None, {"do": "react"}),
    ("POST", "/api/program/start", {"program": "mdma"}, {"do": "program-start", "program": "mdma"}),
    ("POST", "/api/program/dose", {"mg": 56}, {"do": "program-move", "move": "dose", "mg": 56.0}),
    ("POST", "/api/program/dose", None, {"do": "program-move", "move": "dose"}),
    ("POST", "/api/program/next", None, {"do": "program-move", "move": "next"}),
    ("POST", "/api/program/previous", None, {"do": "program-move", "move": "previous"}),
    ("POST", "/api/program/skip", {"phase": "return"}, {"do": "program-move", "move": "skip", "phase": "return"}),
    ("POST", "/api/program/hold", None, {"do": "program-move", "move": "hold"}),
    ("POST", "/api/program/release", None, {"do": "program-move", "move": "release"}),
    ("POST", "/api/program/extend", {"minutes": 5}, {"do": "program-move", "move": "extend", "minutes": 5.0}),
    ("POST", "/api/program/booster", {"mg": 12.5}, {"do": "program-move", "move": "booster", "mg": 12.5}),
    ("POST", "/api/program/anchor", {"name": "pump-stop"}, {"do": "program-move", "move": "anchor", "name": "pump-stop"}),
    ("POST", "/api/program/pause", None, {"do": "program-move", "move": "pause"}),
    ("POST", "/api/program/resume", None, {"do": "program-move", "move": "resume"}),
    ("POST", "/api/program/calm", None, {"do": "program-move", "move": "calm"}),
    ("POST", "/api/program/attention", None, {"do": "program-move", "move": "attention"}),
    ("POST", "/api/program/check-light", None, {"do": "program-move", "move": "check-light"}),
    ("POST", "/api/program/breath", {"per_min": 6}, {"do": "program-move", "move": "breath", "per_min": 6.0}),
    ("POST", "/api/program/end", {"override_reason": "well"}, {"do": "program-move", "move": "end", "override_reason": "well"}),
    (
        "POST",
        "/api/prompts/bp-40/done",
        {"value": {"sys": 120}},
        {"do": "prompt", "id": "bp-40", "answer": "done", "value": {"sys": 120}},
    ),
    ("POST", "/api/prompts/bp-40/done", None, {"do": "prompt", "id": "bp-40", "answer": "done"}),
    ("POST", "/api/prompts/bp-40/snooze", None, {"do": "prompt", "id": "bp-40", "answer": "snooze"}),
    ("PUT", "/api/music", {"volume_db": -6}, {"do": "music", "volume_db": -6.0}),
    ("POST", "/api/music/next", None, {"do": "music-move", "move": "next"}),
    ("POST", "/api/music/duck", None, {"do": "music-move", "move": "duck"}),
    ("POST", "/api/music/unduck", None, {"do": "music-move", "move": "unduck"}),
    ("POST", "/api/music/announce", {"file": "a.wav"}, {"do": "music-move", "move": "announce", "file": "a.wav"}),
    ("PUT", "/api/library/t-1/tags", {"phase": "peak"}, {"do": "library-tags", "id": "t-1", "change": {"phase": "peak"}}),
    ("PUT", "/api/lights", {"level_l": 8, "fade_s": 30}, {"do": "lights", "level_l": 8.0, "fade_s": 30.0}),
    ("POST", "/api/calibration/noise", {"output": "room"}, {"do": "calibration-noise", "output": "room"}),
    (
        "POST",
        "/api/calibration/noise",
        {"output": "headphones", "gain_db": -6},
        {"do": "calibration-noise", "output": "headphones", "gain_db": -6.0},
    ),
    ("POST", "/api/calibration/end", None, {"do": "calibration-end"}),
    ("PUT", "/api/calibration/room", {"dba": 61.5}, {"do": "calibration", "output": "room", "dba": 61.5}),
    ("POST", "/api/devices/bar/test", {"side": "left"}, {"do": "device-test", "name": "bar", "side": "left"}),
    ("PUT", "/api/devices/bar", {"on": False}, {"do": "tapper-tune", "name": "bar", "on": False}),
    ("PUT", "/api/devices/bar", {"strength_frac": 0.4}, {"do": "tapper-tune", "name": "bar", "strength_frac": 0.4}),
]


def test_every_address_gives_the_engine_its_command(engine: Any, control: httpx.Client) -> None:
    for method, path, body, wanted in COMMAND_CASES:
        answer = control.request(method, path, json=body) if body is not None else control.request(method, path)
        assert answer.status_code == 200, (path, answer.text)
        assert command_of(engine) == wanted, path


def test_the_cases_here_are_the_whole_table() -> None:
    told = {
        (method, path.replace("s-9", "{id}").replace("bp-40", "{id}").replace("bar", "{name}").replace("/room", "/{output}"))
        for method, path, *_ in COMMAND_CASES
    }
    assert {(row.method, row.path) for row in COMMANDS} - told == {("POST", "/api/stop")}


@pytest.mark.parametrize("what", ["timing", "devices", "presets", "programs", "library"])
def test_questions_are_the_engines_to_answer(control: httpx.Client, engine: Any, what: str) -> None:
    known = {"timing": engine.state["timing"], "devices": engine.state["devices"]}
    answer = control.get(f"/api/{what}")
    assert (answer.status_code, answer.json()) == (200, known.get(what, {"asked": what}))


def test_state_is_asked_of_the_engine_afresh(control: httpx.Client, engine: Any) -> None:
    engine.state = {**engine.state, "rev": 41}
    assert control.get("/api/state").json() == engine.state


def test_one_program_is_asked_by_its_id_and_an_unknown_one_is_404(control: httpx.Client) -> None:
    assert control.get("/api/programs/ketamine-im").json() == {"asked": "program", "id": "ketamine-im"}
    answer = control.get("/api/programs/nitrous")
    assert (answer.status_code, answer.json()["error"]) == (404, "no program nitrous")


def test_who_rev_and_idempotency_key_reach_the_engine(control: httpx.Client, engine: Any) -> None:
    control.post("/api/set/start", json={"rev": 7}, headers={"Idempotency-Key": "k-1"})
    request = engine.requests[-1]
    assert (request.rev, request.idempotency_key) == (7, "k-1")
    assert (request.who.name, request.who.role, request.who.panel_id) == ("a control", "control", None)


def test_a_refusal_of_the_engine_is_409_with_its_state(control: httpx.Client, engine: Any) -> None:
    engine.refuse["set-start"] = Refused("a set is running", state="running", possible=["set/finish"])
    answer = control.post("/api/set/start")
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "a set is running", "state": "running", "possible": ["set/finish"]},
    )


def test_an_unknown_id_is_404_in_a_path_and_422_in_a_body(control: httpx.Client, engine: Any) -> None:
    engine.refuse = {"preset": UnknownId("no preset", allowed=["art-scene"]), "session-close": UnknownId("no session")}
    answer = control.post("/api/bls/preset", json={"preset": "nope"})
    assert (answer.status_code, answer.json()["allowed"]) == (422, ["art-scene"])
    assert control.post("/api/sessions/nope/close").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "sentence", "allowed"),
    [
        ("/api/bls/preset", {}, "preset is missing", None),
        ("/api/bls/preset", {"preset": 3}, "preset must be text, not 3", None),
        ("/api/sessions", {"kind": "yoga"}, 'kind is "yoga"; allowed are emdr, art, dosing', ["emdr", "art", "dosing"]),
        (
            "/api/sessions",
            {"kind": "emdr", "client_code": "x" * 41},
            "client_code: string should have at most 40 characters",
            None,
        ),
        ("/api/rating", {"scale": "sud", "value": "high"}, 'value must be a number, not "high"', None),
        ("/api/rating", {"scale": "sud", "value": True}, "value must be a number, not true", None),
        ("/api/rating", {"scale": "sud", "value": "7"}, 'value must be a number, not "7"', None),
        ("/api/set/start", {"hard": 1}, "hard is not known here; known are rev", ["rev"]),
        ("/api/program/skip", {}, "phase is missing", None),
        ("/api/program/hold", {"minutes": 5}, "minutes is not known here; known are rev", ["rev"]),
        ("/api/program/dose", {"do": "program-move"}, "do is not known here; known are mg, rev", ["mg", "rev"]),
        ("/api/notes", {"text": ""}, "text: string should have at least 1 character", None),
        ("/api/notes", [], "the body must be an object, not []", None),
        ("/api/notes", None, "a JSON object is needed as the body", None),
        ("/api/music/next", {"x": 1}, "x is not known here; nothing is taken here", None),
        ("/api/devices/bar/test", {"side": "up"}, 'side is "up"; allowed are left, right', ["left", "right"]),
    ],
)
def test_a_value_that_does_not_fit_is_422_in_a_plain_sentence(
    control: httpx.Client, engine: Any, path: str, body: Any, sentence: str, allowed: list[str] | None
) -> None:
    answer = control.post(path, json=body) if body is not None else control.post(path)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(sentence)
    assert answer.json().get("allowed") == allowed
    assert engine.requests == []


@pytest.mark.parametrize(
    "body", [b"{", b"fast", b"\xff\xfe", b'{"rate_hz": NaN}', b'{"rate_hz": 1e999}', b"[" * 20_000, b'{"a": "\\ud800"}']
)
def test_a_body_that_is_not_strict_json_is_422(control: httpx.Client, engine: Any, body: bytes) -> None:
    answer = control.put("/api/bls", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert engine.requests == []


def test_without_the_engine_every_question_and_command_is_503_in_a_sentence(served_alone: Any) -> None:
    with served_alone.client("admin") as client:
        for method, path, body, _ in COMMAND_CASES:
            answer = client.request(method, path, json=body if body is not None else {})
            assert (answer.status_code, "engine is away" in answer.json()["error"]) == (503, True), path
        assert client.get("/api/state").status_code == 503
        assert client.post("/api/stop").status_code == 503
        health = client.get("/api/health")
        assert (health.status_code, health.json()["status"]) == (503, "engine-away")
        assert client.get("/api/sessions").json() == []


def test_health_is_open_and_says_little(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/health")
    assert (answer.status_code, set(answer.json())) == (200, {"status", "boot_id", "version"})
    assert answer.json()["boot_id"] == "boot-1"


def test_opening_a_session_answers_its_id(control: httpx.Client) -> None:
    assert control.post("/api/sessions", json={"kind": "emdr"}).json()["id"] == "s-1"


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/nothing"), ("POST", "/api/stop/now"), ("GET", "/nothing")])
def test_an_unknown_address_is_404_as_json(control: httpx.Client, method: str, path: str) -> None:
    answer = control.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"error": "there is nothing at this address"})


def test_a_wrong_method_is_405(control: httpx.Client) -> None:
    assert control.get("/api/stop").status_code == 405


def test_metrics_show_the_engines_timing(control: httpx.Client) -> None:
    lines = control.get("/metrics").text.splitlines()
    assert "roomctl_engine_up 1" in lines
    assert "roomctl_onset_sd_ms 0.02" in lines
    assert 'roomctl_device_ready{name="bar \\"sofa\\"",kind="lightbar"} 1' in lines
    assert not [line for line in lines if line.startswith("roomctl_light_skew_ms")]


def test_metrics_say_that_the_engine_is_away(served_alone: Any) -> None:
    with served_alone.client("view") as client:
        assert "roomctl_engine_up 0" in client.get("/metrics").text
