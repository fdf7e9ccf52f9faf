"""`roomctl program` and `roomctl simulate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playlists.arc_picture import arc_picture
from playlists.programs import BUILT_IN_PROGRAMS, load_programs
from roomctl.cli import main
from roomctl.cli.arc_chart import chart, value_at

IM = BUILT_IN_PROGRAMS / "ketamine-im.toml"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.out if code == 0 else captured.err


def test_the_list_names_every_program(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "program", "list").splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(load_programs())


@pytest.mark.parametrize("program_id", list(load_programs()))
def test_every_program_can_be_shown(program_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "program", "show", program_id)
    assert "light L*" in shown
    assert load_programs()[program_id].title in shown


def test_an_unknown_program_is_wrong_use_and_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "program", "show", "lsd", code=2)
    assert said.startswith('roomctl: there is no program "lsd"; allowed: ')
    assert "ketamine-iv" in said


def test_a_file_in_order_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert '"Ketamine, intramuscular" is in order: 8 phases, 110 min' in run(capsys, "program", "check", str(IM))


def test_a_file_that_harms_fails_with_its_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.toml"
    path.write_text(IM.read_text(encoding="utf-8").replace("minimum_stay_min = 90", "minimum_stay_min = 30"), encoding="utf-8")
    said = run(capsys, "program", "check", str(path), code=1)
    assert "short.toml: minimum_stay_min: an observation of 30 min is shorter" in said


def test_a_motion_that_the_room_does_not_do_is_no_program_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sweep.toml"
    breathing = (IM.parent / "breathing.toml").read_text(encoding="utf-8")
    path.write_text(
        breathing.replace('travel = "sine" ', "saccade = true ").replace("rate_hz = 0.1 ", "rate_hz = 1.8 "), "utf-8"
    )
    said = run(capsys, "program", "check", str(path), code=1)
    assert "sweep.toml" in said
    assert "a light that jumps from edge to edge may go at most 1.5 Hz" in said


def test_what_a_phase_leaves_out_is_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "debrief, landing, pad, no voice, no percussion" in run(capsys, "program", "show", "ketamine-im")


def test_a_file_that_is_not_there_fails_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read: No such file" in run(capsys, "program", "check", str(tmp_path / "none.toml"), code=1)


def test_a_clinics_own_program_is_found_in_the_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "own.toml").write_text(IM.read_text(encoding="utf-8"), encoding="utf-8")
    assert "own" in run(capsys, "program", "list", "--data", str(tmp_path))
    assert "Peak" in run(capsys, "program", "show", "own", "--data", str(tmp_path))


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_chart_is_as_wide_as_asked_and_draws_the_arc(columns: int) -> None:
    picture = arc_picture(load_programs()["ketamine-iv"])
    lines = chart(picture, columns)
    assert {len(line) for line in lines} == {columns + 11}
    music = lines[0][11:]
    peak = int((45 - picture["from_min"]) / (picture["to_min"] - picture["from_min"]) * columns) - 1
    assert music[peak] == max(music)
    assert "T0" in lines[4]
    assert lines[3].count("▲") == 1


def test_a_line_is_read_between_its_corners() -> None:
    assert value_at([[0, 1.0], [10, 2.0], [10, 5.0]], 5) == 1.5
    assert value_at([[0, 1.0], [10, 2.0]], 99) == 2.0


def test_a_session_is_simulated_into_a_file_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moves = tmp_path / "moves.jsonl"
    moves.write_text('{"at_s": 0, "do": "dose"}\n{"at_s": 1200, "do": "hold"}\n{"at_s": 9000, "do": "end"}\n', encoding="utf-8")
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for file in files:
        arguments = ("simulate", "--program", "ketamine-im", "--moves", str(moves), "--seed", "3", "--events", str(file))
        assert f"{file}: " in run(capsys, *arguments)
    assert files[0].read_bytes() == files[1].read_bytes()
    events = [json.loads(line) for line in files[0].read_text(encoding="utf-8").splitlines()]
    assert [each["name"] for each in events if each["kind"] == "phase"] == ["settle", "onset", "ascent", "peak"]


def test_a_refused_move_is_said_on_stderr_and_the_session_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moves = tmp_path / "moves.jsonl"
    moves.write_text('{"at_s": 5, "do": "booster"}\n', encoding="utf-8")
    events = tmp_path / "events.jsonl"
    assert main(["simulate", "--program", "mdma", "--moves", str(moves), "--events", str(events)]) == 0
    assert "refused at 5 s: booster: a booster comes after the dose" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"), [("hold", "line 1: is not JSON"), ('{"at_s": 1, "do": "fly"}', "do: 'fly' is not allowed")]
)
def test_a_mistake_in_the_moves_fails_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    moves = tmp_path / "moves.jsonl"
    moves.write_text(text, encoding="utf-8")
    arguments = ("simulate", "--program", "mdma", "--moves", str(moves), "--events", str(tmp_path / "e.jsonl"))
    assert said in run(capsys, *arguments, code=1)


def test_a_moves_file_that_is_not_there_and_a_folder_that_cannot_be_written_fail_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = str(tmp_path / "e.jsonl")
    missing = run(capsys, "simulate", "--program", "mdma", "--moves", str(tmp_path / "no"), "--events", events, code=1)
    assert "cannot be read" in missing
    unwritable = run(capsys, "simulate", "--program", "mdma", "--events", str(tmp_path / "no" / "e.jsonl"), code=1)
    assert "cannot be written" in unwritable
