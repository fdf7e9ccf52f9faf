"""What the README shows of a room file is a room that can be run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hardware.registry import make_light_bar, make_room_light, make_sound_card, make_tapper
from roomctl.room_file import RoomFile, load_room

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def room(tmp_path: Path) -> RoomFile:
    found = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    (tmp_path / "room.toml").write_text(found[1], encoding="utf-8")
    (tmp_path / "hue.key").write_text("a-key-of-the-bridge\n", encoding="utf-8")
    return load_room(tmp_path / "room.toml")


def test_every_device_of_the_readmes_room_can_be_made(room: RoomFile) -> None:
    assert make_sound_card(room.audio).driver == "portaudio"
    assert [make_light_bar(entry).driver for entry in room.lightbar] == ["wled"]
    assert [make_tapper(entry).driver for entry in room.tapper] == ["audio"]
    assert [make_room_light(entry).driver for entry in room.roomlight] == ["hue"]


def test_the_readmes_room_is_no_demo_and_is_open_to_tablets_over_https(room: RoomFile) -> None:
    assert not room.is_demo
    assert (room.panel.host, room.panel.tls) == ("0.0.0.0", True)
