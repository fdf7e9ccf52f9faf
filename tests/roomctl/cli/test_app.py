"""The command line as a whole: every command explains itself, a mistake is one sentence, and exit codes mean what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roomctl.cli import app as app_module
from roomctl.cli import main
from roomctl.cli.app import COMMANDS
from roomctl.errors import Away, Forbidden, Invalid, JournalError, Refused, RoomError, RoomFileError, UnknownId

Capture = pytest.CaptureFixture[str]


def one_sentence(capsys: Capture) -> str:
    """What was said on stderr, with nothing on stdout."""
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("roomctl: ")
    assert said.err.count("\n") == 1, said.err
    return said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr()
    assert f"roomctl {command}" in said.out
    assert said.err == ""


SUBCOMMANDS = [("sessions", "list"), ("sessions", "show"), ("sessions", "export"), ("program", "list"), ("program", "show")]
SUBCOMMANDS += [("program", "check"), ("library", "scan"), ("library", "list"), ("devices", "list"), ("devices", "check")]


@pytest.mark.parametrize(("command", "sub"), SUBCOMMANDS)
def test_every_part_of_a_command_explains_itself_and_takes_room_and_data(command: str, sub: str, capsys: Capture) -> None:
    assert main([command, sub, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--room" in said
    assert "--data" in said


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"sessions", "program", "library", "devices"}))
def test_every_command_takes_room_and_data(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--room" in said
    assert "--data" in said


def test_the_help_names_every_command_and_never_claims_to_treat(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert command in said
    assert "the clinician treats" in " ".join(said.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["run", "--prt", "8080"], "No such option: --prt"),
        (["run", "--port", "many"], "--port"),
        (["run", "--port", "70000"], "--port"),
        (["run", "--speed", "0"], "--speed"),
        (["render"], "--out"),
        (["sessions", "show"], "id"),
        (["pair", "too", "many"], "argument"),
        (["measure", "--seconds", "0"], "--seconds"),
    ],
)
def test_wrong_use_is_one_sentence_that_says_where_to_look_and_exit_2(arguments: list[str], says: str, capsys: Capture) -> None:
    assert main(arguments) == 2
    said = one_sentence(capsys)
    assert says in said
    assert "--help` says what it takes" in said


def test_no_command_at_all_shows_the_help_and_is_wrong_use(capsys: Capture) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert "Usage: roomctl" in said.out + said.err


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Refused("a set is running"), 1),
        (Away("the engine is away"), 1),
        (JournalError("cannot be written"), 1),
        (Forbidden("may not"), 1),
        (RoomError("went wrong"), 1),
        (RoomFileError("room.toml: wrong"), 1),
        (Invalid("no such value"), 2),
        (UnknownId("no such thing"), 2),
    ],
)
def test_an_error_of_the_room_is_its_sentence_and_the_code_for_its_kind(
    problem: RoomError, code: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**options: object) -> None:
        raise problem

    monkeypatch.setattr(app_module, "app", fail)
    assert main([]) == code
    assert one_sentence(capsys) == f"roomctl: {problem.message}\n"


def test_control_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app_module, "app", interrupt)
    assert main([]) == 130


def test_the_room_and_data_may_come_from_the_environment(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "room.toml").write_text('[room]\nname = "By environment"\n')
    monkeypatch.setenv("ROOMCTL_ROOM", str(tmp_path / "room.toml"))
    assert main(["check"]) == 0
    assert "By environment" in capsys.readouterr().out
    monkeypatch.setenv("ROOMCTL_DATA", str(tmp_path / "data"))
    assert main(["sessions", "list"]) == 0
    assert (tmp_path / "data").is_dir()


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    for command in (["pair"], ["doctor"], ["sessions", "list"], ["measure"]):
        assert main([*command, "--data", str(tmp_path / "file" / "data")]) == 1
        assert "cannot be made (Not a directory); choose another with --data" in one_sentence(capsys)


def test_as_a_module_the_exit_code_is_the_processs() -> None:
    for module in ("roomctl", "roomctl.cli"):
        ended = subprocess.run(
            [sys.executable, "-m", module, "check", "--room", "/there/is/none.toml"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        assert ended.stderr == "roomctl: /there/is/none.toml: there is no such room file; leave --room out for the demo room\n"
        assert ended.stdout == ""


def test_output_that_nobody_reads_any_more_is_no_traceback() -> None:
    ended = subprocess.run(
        f"{sys.executable} -m roomctl check | head -n 1", shell=True, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout.startswith("Demo room")
    assert "Traceback" not in ended.stderr
