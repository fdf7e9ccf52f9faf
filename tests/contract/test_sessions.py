"""Sessions, ratings, notes and their export, over HTTP and from the command line."""

from __future__ import annotations

import csv
import io
import json
from typing import Any


def test_a_session_is_opened_rated_noted_closed_and_exported(room: Any, roomctl: Any, tmp_path: Any) -> None:
    opened = room.post("sessions", {"kind": "emdr", "client_code": "K-7"}).json()
    session = opened["id"]
    assert opened["kind"] == "emdr"
    assert room.post("rating", {"scale": "sud", "value": 6}).status_code == 200
    assert room.post("notes", {"text": "=1+1 é"}).status_code == 200
    room.start(rate_hz=2.0, set_cycles=1)
    room.until(lambda state: state["set"]["state"] == "idle", "idle")
    assert room.post(f"sessions/{session}/close").status_code == 200

    listed = room.http.get("/api/sessions").json()
    assert listed[0]["id"] == session
    assert [entry["opened_utc_s"] for entry in listed] == sorted((entry["opened_utc_s"] for entry in listed), reverse=True)
    whole = room.http.get(f"/api/sessions/{session}").json()
    assert whole["sets"][0]["delivered"]["cycles"] == 1
    assert whole["ratings"][0]["value"] == 6.0

    answer = room.http.get(f"/api/sessions/{session}/export?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {"rating", "note", "set"} <= {row["kind"] for row in rows}
    assert next(row for row in rows if row["kind"] == "note")["text"] == "'=1+1 é"
    assert room.http.get(f"/api/sessions/{session}/export?format=json").json()["id"] == session
    assert room.http.get(f"/api/sessions/{session}/export?format=pdf").content.startswith(b"%PDF")
    wrong = room.http.get(f"/api/sessions/{session}/export?format=xml")
    assert (wrong.status_code, wrong.json()["allowed"]) == (422, ["csv", "json", "pdf"])

    data = ("--data", room.data)
    assert session in roomctl("sessions", "list", *data).out
    assert "K-7" in roomctl("sessions", "show", session, *data).out
    said = roomctl("sessions", "export", session, "--format", "json", "--out", "-", *data)
    assert json.loads(said.out) == room.http.get(f"/api/sessions/{session}/export?format=json").json()
    paper = tmp_path / "summary.pdf"
    assert roomctl("sessions", "export", session, "--format", "pdf", "--out", paper, *data).code == 0
    assert paper.read_bytes().startswith(b"%PDF")


def test_a_session_that_is_closed_is_409_and_one_that_never_was_404(room: Any) -> None:
    session = room.post("sessions", {"kind": "art"}).json()["id"]
    assert room.post(f"sessions/{session}/close").status_code == 200
    again = room.post(f"sessions/{session}/close")
    assert (again.status_code, again.json()["state"]) == (409, "closed")
    assert room.post("sessions/0123456789abcdef/close").status_code == 404


def test_the_last_settings_of_a_client_come_back_with_the_client(room: Any) -> None:
    session = room.post("sessions", {"kind": "emdr", "client_code": "K-8"}).json()["id"]
    assert room.put("bls", {"rate_hz": 0.7, "set_cycles": 9}).status_code == 200
    room.start()
    room.post("stop")
    room.post("resume")
    room.post(f"sessions/{session}/close")
    room.put("bls", {"rate_hz": 1.3})
    room.post("sessions", {"kind": "emdr", "client_code": "K-8"})
    assert (room.state()["bls"]["rate_hz"], room.state()["bls"]["set_cycles"]) == (0.7, 9)
