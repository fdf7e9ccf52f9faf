"""A program's own sweep and taps are in what is rendered and simulated, as the room would give them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from playlists.arc import Move
from playlists.decode import Cue, Stream
from playlists.programs import load_programs, read_program
from roomctl.cli.app import app
from roomctl.errors import Invalid
from roomctl.limits import Limits
from roomctl.offline import OfflineRoom
from roomctl.offline_program import render_program
from stimuli.frames import FRAME_RATE_HZ, Samples

S = FRAME_RATE_HZ
PROGRAMS = load_programs()


def rendered(program_id: str, tmp_path: Path, minutes: float, **more: Any) -> tuple[Samples, list[dict[str, Any]]]:
    out, events = tmp_path / "a.wav", tmp_path / "a.jsonl"
    render_program(PROGRAMS[program_id], (), minutes, out, events, **more)
    sound = np.concatenate(list(Stream([Cue(out)]).chunks()))
    return sound, [json.loads(line) for line in events.read_text().splitlines()]


def kinds_of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["kind"] == kind]


def test_grounding_taps_slowly_left_and_right_and_shows_no_light(tmp_path: Path) -> None:
    _, events = rendered("grounding", tmp_path, 0.5)
    taps = kinds_of(events, "tap")
    assert [tap["side"] for tap in taps[:4]] == ["left", "right", "left", "right"]
    assert {round((after["frame"] - before["frame"]) / S, 3) for before, after in pairwise(taps)} == {1.25}
    assert {tap["ms"] for tap in taps} == {250.0}
    assert not kinds_of(events, "light")
    assert [event["state"] for event in kinds_of(events, "set")] == ["running"]
    assert [event["frame"] for event in events] == sorted(event["frame"] for event in events)


def test_breathing_sweeps_with_the_breath_and_stops_when_the_program_ends(tmp_path: Path) -> None:
    moves = [Move("breath", 20.0, 20.0, {"per_min": 5.0}), Move("end", 40.0, 40.0)]
    _, events = rendered("breathing", tmp_path, 1.2, moves=moves)
    assert [beat["t_s"] for beat in kinds_of(events, "beat") if beat["side"] == "left"] == [3.0, 13.0, 23.0, 35.0, 47.0]
    light = kinds_of(events, "light")
    assert max(picture["level"] for picture in light) <= 0.1 * 1.001
    assert max(abs(after["pos"] - before["pos"]) for before, after in pairwise(light)) < 0.05
    assert light[-1]["level"] == 0.0
    assert [event["state"] for event in kinds_of(events, "set")] == ["running", "finishing", "idle"]


def test_a_programs_own_tone_is_heard_at_its_beats_over_the_music(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    text = (Path(__file__).parents[2] / "playlists/programs/grounding.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("on = false                  # taps only", "on = true\nvolume_db = -6"), encoding="utf-8")
    render_program(read_program(path), (), 0.2, tmp_path / "own.wav", tmp_path / "own.jsonl")
    render_program(PROGRAMS["grounding"], (), 0.2, tmp_path / "plain.wav")
    own, plain = (np.concatenate(list(Stream([Cue(tmp_path / name)]).chunks())) for name in ("own.wav", "plain.wav"))
    tones = [json.loads(line) for line in (tmp_path / "own.jsonl").read_text().splitlines() if '"tone"' in line]
    first = tones[0]["frame"]
    added = own[:, 0 if tones[0]["side"] == "left" else 1] - plain[:, 0 if tones[0]["side"] == "left" else 1]
    assert np.abs(added[: first - 10]).max() == 0.0
    assert np.abs(added[first : first + S // 10]).max() > 0.1


def test_a_motion_that_the_room_does_not_do_is_refused_by_the_programs_name(tmp_path: Path) -> None:
    room = OfflineRoom(Limits(light_hz=0.05))
    with pytest.raises(
        Invalid, match=r'the program "Paced breathing": rate_hz is 0\.1; with light this room allows at most 0\.05'
    ):
        render_program(PROGRAMS["breathing"], (), 0.1, tmp_path / "a.wav", room=room)
    render_program(PROGRAMS["grounding"], (), 0.1, tmp_path / "a.wav", room=room)


def test_simulate_writes_the_same_taps_and_turns_as_render(tmp_path: Path) -> None:
    moves, out = tmp_path / "moves.jsonl", tmp_path / "simulated.jsonl"
    said = [{"at_s": 10, "do": "pause"}, {"at_s": 20, "do": "resume"}, {"at_s": 26, "do": "end"}]
    moves.write_text("\n".join(json.dumps(each) for each in said), encoding="utf-8")
    ran = CliRunner().invoke(app, ["simulate", "--program", "grounding", "--moves", str(moves), "--events", str(out)])
    assert ran.exit_code == 0, ran.output
    simulated = [json.loads(line) for line in out.read_text().splitlines()]
    made = [Move(str(each["do"]), float(str(each["at_s"])), 0.0) for each in said]
    _, events = rendered("grounding", tmp_path, 1.5, moves=made)
    for kind in ("tap", "beat", "set"):
        assert kinds_of(simulated, kind) == kinds_of(events, kind)
    states = [(event["t_s"], event["state"]) for event in kinds_of(simulated, "set")]
    assert [state for _, state in states] == ["running", "finishing", "idle"] * 2
    assert (states[1][0], states[3][0], states[4][0]) == (10.0, 20.0, 26.0)
