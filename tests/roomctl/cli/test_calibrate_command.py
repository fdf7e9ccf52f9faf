from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from roomctl import messages as m
from roomctl.calibrate import read_calibrations
from roomctl.calibration_noise import Noise
from roomctl.cli.app import main
from roomctl.cli.calibrate import CardNoise
from roomctl.link import LinkServer


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROOMCTL_DATA", str(tmp_path))
    monkeypatch.delenv("ROOMCTL_ROOM", raising=False)
    return tmp_path


def test_a_reading_taken_already_is_kept_and_explained(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--output", "room", "--dba", "61.5", "--gain-db", "-15"]) == 0
    said = capsys.readouterr().out
    assert "room: 61.5 dBA at -15 dB" in said and "75 dBA" in said
    assert read_calibrations(data)["room"].full_dba == 76.5
    assert main(["calibrate", "--show"]) == 0
    assert capsys.readouterr().out == said


def test_an_output_that_is_not_there_is_wrong_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--output", "cinema", "--dba", "60"]) == 2
    assert "allowed: room" in capsys.readouterr().err


def test_a_reading_that_cannot_be_true_is_wrong_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--dba", "130"]) == 2
    assert "read again" in capsys.readouterr().err
    assert read_calibrations(data) == {}


class RunningRoom:
    """A room that runs, as the link shows it: it notes what it is told."""

    def __init__(self, data: Path) -> None:
        self.commands: list[m.Command] = []
        (data / "run").mkdir()
        (data / "run" / "engine.pid").write_text(str(os.getpid()))
        self.server = LinkServer(
            data / "run" / "engine.sock",
            self.answer,
            stop=lambda request: m.Reply(id=request.id, status=200),
            snapshot=lambda: m.Snapshot(state={}),
            on_panels=lambda panels: None,
        )
        self.server.start()

    def answer(self, message: m.Request | m.Ask) -> m.Reply:
        if isinstance(message, m.Ask):
            body: dict[str, Any] = {"room": {"limits": {"cap_dba": 75.0}}, "calibration": {"outputs": {"room": None}}}
            return m.Reply(id=message.id, status=200, body=body)
        self.commands.append(message.command)
        return m.Reply(id=message.id, status=200, body={"gain_db": -3.0, "dba": 61.0, "at_utc_s": 0.0})


@pytest.fixture
def running(data: Path) -> Iterator[RunningRoom]:
    room = RunningRoom(data)
    yield room
    room.server.close()


def test_a_running_room_plays_the_noise_itself_and_takes_the_reading(
    data: Path, running: RunningRoom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_, **__: 61.0)
    assert main(["calibrate"]) == 0
    assert running.commands == [m.PlayNoise(output="room", gain_db=0.0), m.KeepReading(output="room", dba=61.0)]
    assert "61 dBA at -3 dB" in capsys.readouterr().out
    assert read_calibrations(data) == {}, "the room writes it down, not this process"


def test_a_reading_taken_already_is_told_to_the_running_room(data: Path, running: RunningRoom) -> None:
    assert main(["calibrate", "--dba", "61", "--gain-db", "-3"]) == 0
    assert running.commands == [m.KeepReading(output="room", dba=61.0, gain_db=-3.0)]


def test_the_running_rooms_noise_ends_where_nobody_enters_a_number(
    data: Path, running: RunningRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given_up(*_: Any, **__: Any) -> float:
        raise typer.Abort

    monkeypatch.setattr("typer.prompt", given_up)
    assert main(["calibrate"]) != 0
    assert running.commands == [m.PlayNoise(output="room", gain_db=0.0), m.EndNoise()]


def test_a_running_room_that_does_not_answer_is_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "run").mkdir()
    (data / "run" / "engine.pid").write_text(str(os.getpid()))
    assert main(["calibrate"]) == 1
    assert "engine" in capsys.readouterr().err


def test_the_noise_plays_through_the_rooms_card_until_a_number_is_entered(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = set(threading.enumerate())
    monkeypatch.setattr("typer.prompt", lambda *_, **__: 59.0)
    assert main(["calibrate", "--gain-db", "-20"]) == 0
    assert read_calibrations(data)["room"].full_dba == 79.0
    assert set(threading.enumerate()) - threads == set()


def test_the_noise_is_on_its_own_channels_alone() -> None:
    noise = CardNoise((3, 4), Noise(-12.0))
    block = np.full((48_000, 4), 9.0, dtype=np.float32)
    noise.fill(block, 0.0)
    assert np.all(block[:, :2] == 0.0)
    assert np.array_equal(block[:, 2], block[:, 3]) and np.abs(block[:, 2]).max() > 0.0
