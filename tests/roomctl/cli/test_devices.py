"""`roomctl devices`, on the demo room and on rooms of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hardware.discovery import Found, Look
from hardware.entries import LightBarEntry, TapperEntry
from hardware.registry import make_light_bar, make_tapper
from roomctl.cli import devices as command
from roomctl.cli.app import main
from roomctl.device_checks import DeviceCheck, load_checks
from roomctl.messages import Reply


@pytest.fixture(autouse=True)
def nothing_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at no real port, card or network."""
    looks = [
        Look("serial ports", (Found("serial port", "Nano", 'port = "/dev/ttyUSB0"', "tapper, firmware 1.0"),)),
        Look("sound cards", trouble="PortAudio is not installed"),
        Look("game pads"),
    ]
    monkeypatch.setattr(command, "look_around", lambda lookers: looks)


def run(*words: str, answers: str = "") -> Any:
    return CliRunner().invoke(command.devices, list(words), input=answers)


def test_the_list_names_the_rooms_devices_and_what_was_found(tmp_path: Path) -> None:
    told = run("list", "--data", str(tmp_path)).output
    for words in (
        "taps",
        "not yet",
        "/dev/ttyUSB0",
        "firmware 1.0",
        "could not look: PortAudio is not installed",
        "game pads: none",
    ):
        assert words in told


def test_without_a_word_it_lists(tmp_path: Path) -> None:
    told = run("--data", str(tmp_path))
    assert told.exit_code == 0
    assert "taps" in told.output


def test_the_list_as_json_is_whole(tmp_path: Path) -> None:
    told = json.loads(run("list", "--json", "--data", str(tmp_path)).output)
    assert {each["name"] for each in told["room"]} == {"bar", "taps", "lamps"}
    assert told["looks"][0]["found"][0]["where"] == 'port = "/dev/ttyUSB0"'


def test_of_a_running_room_each_link_is_listed_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"devices": [{"name": "taps", "link": "FAULT", "why": "there is no /dev/ttyUSB0; is the tapper plugged in?"}]}

    class Link:
        def ask(self, what: str) -> Any:
            assert what == "state"
            return Reply(id=0, status=200, body=state)

        def close(self) -> None:
            """Nothing."""

    monkeypatch.setattr(command, "running_room", lambda folder: Link())
    monkeypatch.setenv("COLUMNS", "200")
    told = run("list", "--data", str(tmp_path)).output
    assert "FAULT" in told
    assert "is the tapper plugged in?" in told
    as_json = json.loads(run("list", "--json", "--data", str(tmp_path)).output)
    assert [each["link"] for each in as_json["room"] if each["name"] == "taps"] == ["FAULT"]


def test_the_rooms_pedals_are_listed_too(tmp_path: Path) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[[input]]\nname = "pedal"\nusb = "1a86:e026"\n')
    assert "pedal" in run("list", "--room", str(room), "--data", str(tmp_path / "data")).output


def test_a_check_says_what_comes_of_it() -> None:
    tapper, bar = make_tapper(TapperEntry("taps")), make_light_bar(LightBarEntry("bar"))
    said = command.in_words("taps", tapper, DeviceCheck("stub", "", "2026-01-02", 50.0, 1.0, 0.4))
    assert said.endswith(
        "up to 40% of its full output; its taps are felt 50 ms late, so the room gives them that much earlier."
    )
    said = command.in_words("bar", bar, DeviceCheck("stub", "", "2026-01-02", 0.0, 2.2, 1.0))
    assert said.endswith("up to 100% of its full output; it bends light by a gamma of 2.2, so pictures are bent back.")


def test_a_checked_device_is_verified_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomctl.device_walk.time.sleep", lambda wait_s: None)
    done = run("check", "lamps", "--data", str(tmp_path), answers="yes\ncomfortable\ntoo\n")
    assert done.exit_code == 0, done.output
    assert load_checks(tmp_path)["lamps"].max_level_frac == 0.2
    listed = json.loads(run("list", "--json", "--data", str(tmp_path)).output)
    assert [each["checked"] for each in listed["room"] if each["name"] == "lamps"] == [True]


def test_an_answer_that_is_none_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomctl.device_walk.time.sleep", lambda wait_s: None)
    done = run("check", "lamps", "--data", str(tmp_path), answers="perhaps\ny\ncomf\ntoo\n")
    assert "Please answer one of: yes, no." in done.output


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [(["check", "nobody"], 2, 'no device of this room is called "nobody"'), (["check"], 2, "Missing argument")],
)
def test_a_mistake_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, sentence: str
) -> None:
    assert main(["devices", *words, *(["--data", str(tmp_path)] if len(words) > 1 else [])]) == code
    assert sentence in capsys.readouterr().err


def test_a_screen_is_checked_on_the_panel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[[lightbar]]\nname = "tv"\ndriver = "screen"\n')
    assert main(["devices", "check", "tv", "--room", str(room), "--data", str(tmp_path / "data")]) == 1
    assert "press its test buttons" in capsys.readouterr().err


def test_a_running_room_keeps_its_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Link:
        def close(self) -> None:
            """Nothing."""

    monkeypatch.setattr(command, "running_room", lambda folder: Link())
    assert main(["devices", "check", "taps", "--data", str(tmp_path)]) == 1
    assert "the room is running and holds its devices" in capsys.readouterr().err
