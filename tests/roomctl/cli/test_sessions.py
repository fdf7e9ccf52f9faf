"""`roomctl sessions`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from roomctl.cli import main
from roomctl.journal import Journal


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One closed session with a set, two ratings and a note, and a later one that is open."""
    journal = Journal(tmp_path / "journal.db")
    journal.session_opened("s-1", "emdr", "K-17", 1_700_000_000.0)
    journal.rated("s-1", None, "sud", 8.0, 1_700_000_010.0)
    journal.set_started("set-1", "s-1", 1, "desensitise", 1_700_000_020.0, {"rate_hz": 1.2, "set_cycles": 24})
    journal.set_ended("set-1", 1_700_000_040.0, {"cycles": 24, "elapsed_s": 20.0}, "done")
    journal.rated("s-1", "set-1", "sud", 5.5, 1_700_000_050.0)
    journal.noted("s-1", "calmer now", 1_700_000_060.0)
    journal.session_closed("s-1", 1_700_003_000.0)
    journal.session_opened("s-2", "art", None, 1_700_100_000.0)
    journal.close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str, data: Path) -> str:
    assert main(["sessions", *arguments, "--data", str(data)]) == 0
    return capsys.readouterr().out


def test_the_list_is_newest_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "list", data=data).splitlines()
    assert [line.split()[0] for line in lines] == ["id", "s-2", "s-1"]
    assert "open" in lines[1]
    assert lines[2].split()[1:3] == ["emdr", "K-17"]
    assert lines[2].split()[-3:] == ["50", "1", "2"]


def test_an_empty_journal_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "list", data=tmp_path) == "No session has been opened in this room yet.\n"
    assert run(capsys, "list", "--json", data=tmp_path) == "[]\n"


def test_a_session_is_shown_with_its_sets_ratings_and_notes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "show", "s-1", data=data)
    assert "client K-17" in shown
    assert "24 at 1.2 Hz" in shown
    assert "count done" in shown
    assert "SUD (0-10): 8  5.5" in shown
    assert "calmer now" in shown
    assert json.loads(run(capsys, "show", "s-1", "--json", data=data))["sets"][0]["number"] == 1


@pytest.mark.parametrize("format", ["csv", "json", "pdf"])
def test_an_export_is_written_where_it_is_wanted_and_says_where(
    data: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    target = data / f"out.{format}"
    assert run(capsys, "export", "s-1", "--format", format, "--out", str(target), data=data).strip() == str(target)
    content = target.read_bytes()
    if format == "csv":
        assert next(csv.reader(content.decode("utf-8-sig").splitlines()))[0] == "at_utc"
    elif format == "json":
        assert json.loads(content)["id"] == "s-1"
    else:
        assert content.startswith(b"%PDF")
    assert [path.name for path in data.glob(".*.part")] == []


def test_an_export_goes_to_standard_output_on_request(data: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["sessions", "export", "s-1", "--format", "json", "--out", "-", "--data", str(data)]) == 0
    assert json.loads(capsysbinary.readouterr().out)["id"] == "s-1"


def test_without_out_the_file_is_named_after_the_session(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    assert run(capsys, "export", "s-1", "--format", "pdf", data=data) == "session-s-1.pdf\n"
    assert (data / "session-s-1.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "s-9"], 'no session "s-9"'),
        (["export", "s-9"], 'no session "s-9"'),
        (["export", "s-1", "--format", "docx"], "csv, json, pdf"),
    ],
)
def test_what_is_not_there_is_one_plain_sentence(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["sessions", *arguments, "--data", str(data)]) != 0
    shown = capsys.readouterr().err
    assert sentence in shown
    assert shown.count("\n") == 1


def test_a_place_that_cannot_be_written_is_one_plain_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "export", "s-1", "--out", str(data / "none" / "x.csv"), "--data", str(data)]) == 1
    assert "choose another place" in capsys.readouterr().err
