from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from roomctl.calibrate import pink_block, read_calibrations
from roomctl.cli.app import main
from roomctl.cli.calibrate import Noise


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


def test_a_running_room_keeps_its_sound_card(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "run").mkdir()
    (data / "run" / "engine.pid").write_text(str(os.getpid()))
    assert main(["calibrate"]) == 1
    assert "room is running" in capsys.readouterr().err


def test_the_noise_plays_through_the_rooms_card_until_a_number_is_entered(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = set(threading.enumerate())
    monkeypatch.setattr("typer.prompt", lambda *_, **__: 59.0)
    assert main(["calibrate", "--gain-db", "-20"]) == 0
    assert read_calibrations(data)["room"].full_dba == 79.0
    assert set(threading.enumerate()) - threads == set()


def test_the_noise_rises_gently_on_its_channels_and_goes_without_a_click() -> None:
    noise, pieces = Noise((3, 4), -12.0), []
    for number in range(500):
        if number == 480:
            noise.finish.set()
        block = np.full((480, 4), 9.0, dtype=np.float32)
        noise.fill(block, 0.0)
        pieces.append(block)
    sound = np.concatenate(pieces)
    assert np.all(sound[:, :2] == 0.0)
    assert np.array_equal(sound[:, 2], sound[:, 3])
    full = pink_block(4 * 48_000, 9600)[:, 0] * 10 ** (-12 / 20)
    assert np.allclose(sound[4 * 48_000 : 4 * 48_000 + 9600, 2], full, atol=1e-6)
    assert np.abs(sound[:2400, 2]).max() < 10 ** (-29 / 20)
    assert noise.done.is_set() and np.all(sound[480 * 480 + 2400 + 480 :, 2] == 0.0)
