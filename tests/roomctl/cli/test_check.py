"""`roomctl check`: every value of the room with where it comes from, or what is wrong in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from roomctl.cli import main

Capture = pytest.CaptureFixture[str]


def rows(text: str) -> dict[str, tuple[str, str]]:
    """(value, from) by key."""
    found = {}
    for line in text.splitlines()[2:]:
        key, value, origin = (line[at:end].strip() for at, end in columns(text.splitlines()[1]))
        found[key] = (value, origin)
    return found


def columns(heading: str) -> list[tuple[int, int | None]]:
    starts = [heading.index(name) for name in ("key", "value", "from")]
    return list(zip(starts, [*starts[1:], None], strict=True))


def test_the_demo_room_is_told_value_by_value(capsys: Capture) -> None:
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Demo room: every value\n")
    values = rows(out)
    assert values["lightbar[1].driver"] == ("stub", "demo room")
    assert values["limits.light_hz"] == ("2.0", "default")
    assert values["panel.tls"] == ("false", "default")
    assert values["audio.record"] == ("-", "default")


def test_what_the_file_says_is_told_as_the_files(tmp_path: Path, capsys: Capture) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[limits]\nlight_hz = 1.2\n[[lightbar]]\nname = "sofa"\n[music]\nfolders = ["songs", "more songs"]\n')
    assert main(["check", "--room", str(room)]) == 0
    values = rows(capsys.readouterr().out)
    assert values["limits.light_hz"] == ("1.2", str(room))
    assert values["limits.saccade_hz"] == ("1.5", "default")
    assert values["lightbar[1].name"] == ("sofa", str(room))
    assert values["lightbar[1].leds"] == ("60", "default")
    assert values["music.folders"] == (f"{tmp_path / 'songs'}, {tmp_path / 'more songs'}", str(room))


def test_a_name_with_brackets_is_shown_as_it_stands(tmp_path: Path, capsys: Capture) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[room]\nname = "[red]Room[/red]"\n')
    assert main(["check", "--room", str(room)]) == 0
    assert rows(capsys.readouterr().out)["room.name"][0] == "[red]Room[/red]"


def test_mistakes_are_sentences_and_exit_1(tmp_path: Path, capsys: Capture) -> None:
    room = tmp_path / "room.toml"
    room.write_text("[limits]\nlight_hz = 9\n")
    assert main(["check", "--room", str(room)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"roomctl: {room}: limits.light_hz: 9 is not allowed; allowed is 0.05 to 2\n"


def test_a_driver_that_lacks_what_it_needs_is_refused_with_the_key(tmp_path: Path, capsys: Capture) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[[roomlight]]\nname = "sofa"\ndriver = "mqtt"\nhost = "192.0.2.9"\n')
    assert main(["check", "--room", str(room)]) == 1
    wanted = f'{room}: roomlight[1]: driver "mqtt" needs topic, the lamp\'s, such as "zigbee2mqtt/sofa"'
    assert capsys.readouterr().err == f"roomctl: {wanted}\n"


def test_nothing_is_made_by_looking(tmp_path: Path, capsys: Capture) -> None:
    assert main(["check", "--data", str(tmp_path / "data")]) == 0
    assert capsys.readouterr().err == ""
    assert not (tmp_path / "data").exists()
