"""The room file: every key optional, every mistake a sentence that names the file, the key and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.entries import Outputs
from roomctl.errors import RoomFileError
from roomctl.limits import Limits
from roomctl.room_file import DEMO_ROOM, RoomFile, as_json, effective_values, load_room

Write = Callable[[str], Path]

OUTLINE = """
[room]
name = "Room 1"
site = "clinic"
[audio]
driver = "portaudio"
device = "name as listed"
rate_hz = 48000
latency_ms = 48
outputs = { room = [1, 2], headphones = [3, 4], taps = [5, 6] }
onset_ms = 0.0
[[lightbar]]
name = "bar"
driver = "wled"
leds = 60
fps = 40
onset_ms = 0.0
host = "192.0.2.7"
port = 4048
protocol = "ddp"
[[lightbar]]
name = "strip"
driver = "adalight"
port = "/dev/ttyUSB0"
baud = 1000000
[[lightbar]]
name = "demo bar"
driver = "stub"
record = "bar.jsonl"
on_loss = "go-on"
faults = [{ at_s = 30, do = "unplug", for_s = 5 }]
[[tapper]]
name = "taps"
driver = "stub"
min_pulse_ms = 30
onset_ms = 0.0
[[roomlight]]
name = "lamps"
driver = "sacn"
host = "192.0.2.8"
universe = 1
address = 1
fixture = "cct16"
[limits]
light_hz = 2.0
saccade_hz = 1.5
peak_dbfs = -1.0
cap_dba = 75
bar_level = 0.6
set_max_s = 600
[music]
folders = ["~/Music/sessions"]
target_lufs = -20
[osc]
listen = "127.0.0.1:9000"
send = ["127.0.0.1:9001"]
[panel]
host = "127.0.0.1"
port = 8080
tls = false
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write(text)` makes a room file and says where it is."""

    def written(text: str) -> Path:
        path = tmp_path / "room.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def refusal(path: Path) -> str:
    with pytest.raises(RoomFileError) as problem:
        load_room(path)
    assert problem.value.status == 422
    return problem.value.message


def test_without_a_file_there_is_the_demo_room_of_stubs() -> None:
    room = load_room(None)
    assert room is DEMO_ROOM
    assert room.is_demo
    assert [part.driver for part in (*room.lightbar, *room.tapper, *room.roomlight)] == ["stub"] * 3


def test_an_empty_file_is_a_room_with_defaults_and_no_devices(write: Write) -> None:
    assert load_room(write("")) == RoomFile()


def test_the_outline_in_the_documents_is_a_room(write: Write) -> None:
    room = load_room(write(OUTLINE))
    assert room.room.name == "Room 1"
    assert room.audio.outputs == Outputs((1, 2), (3, 4), (5, 6))
    assert room.audio.channels == 6
    assert [bar.driver for bar in room.lightbar] == ["wled", "adalight", "stub"]
    assert room.lightbar[2].on_loss == "go-on"
    assert (room.lightbar[2].faults[0].do, room.lightbar[2].faults[0].for_s) == ("unplug", 5.0)
    assert room.roomlight[0].fixture == "cct16"
    assert room.limits == Limits()
    assert room.osc.send == ("127.0.0.1:9001",)
    assert not room.is_demo


def test_paths_lie_beside_the_room_file_or_in_the_home_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    room = load_room(
        write(
            '[audio]\nrecord = "out.wav"\n[music]\nfolders = ["~/Music", "songs", "/srv/music"]\n'
            '[[lightbar]]\nname = "bar"\nrecord = "deep/bar.jsonl"\n'
            '[[roomlight]]\nname = "a"\ndriver = "artnet"\nhost = "192.0.2.8"\nfixture = "spot.toml"\n'
            '[[roomlight]]\nname = "b"\ndriver = "homeassistant"\nhost = "192.0.2.9"\n'
            'entity = "light.room"\ntoken_file = "token"\n'
            '[panel]\ntls_cert = "~/cert.pem"\ntls_key = "key.pem"\n'
        )
    )
    assert room.audio.record == tmp_path / "out.wav"
    assert room.music.folders == (tmp_path / "home/Music", tmp_path / "songs", Path("/srv/music"))
    assert room.lightbar[0].record == tmp_path / "deep/bar.jsonl"
    assert [lamp.fixture for lamp in room.roomlight] == [str(tmp_path / "spot.toml"), "dimmer8"]
    assert room.roomlight[1].token_file == tmp_path / "token"
    assert (room.panel.tls_cert, room.panel.tls_key) == (tmp_path / "home/cert.pem", tmp_path / "key.pem")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[lights]", "lights: there is no such key; allowed here are room, audio, lightbar, tapper, roomlight, input, limits"),
        ('[room]\nnmae = "x"', "room.nmae: there is no such key; allowed here are name, site"),
        ('[room]\nname = ""', 'room.name: "" is not allowed'),
        ('[audio]\ndriver = "alsa"', "audio.driver: \"alsa\" is not allowed; allowed is 'portaudio' or 'stub'"),
        ('[audio]\ndriver = "portaudio"', 'audio: driver "portaudio" needs device, a name as "roomctl devices" lists it'),
        ('[audio]\ndriver = "portaudio"\ndevice = "x"\nrecord = "o.wav"', 'audio: record and faults are for driver "stub"'),
        ("[audio]\nrate_hz = 44100", "audio.rate_hz: 44100 is not allowed; the room's clock counts 48000 frames a second"),
        ("[audio]\nrate_hz = 8000", "audio.rate_hz: 8000 is not allowed; allowed is 44100 to 192000"),
        ("[audio]\noutputs = { room = [1, 2], taps = [2, 3] }", "audio.outputs: outputs uses channel 2 twice"),
        ("[audio]\noutputs = { room = [0, 1] }", "audio.outputs.room[1]: 0 is not allowed; allowed is at least 1"),
        ("[audio]\noutputs = { room = [1] }", "audio.outputs.room[2]: is missing"),
        ("[audio]\nlatency_ms = 5", "audio.latency_ms: 5 is not allowed; allowed is 10 to 500"),
        ("[[lightbar]]\nleds = 60", "lightbar[1].name: is missing"),
        (
            '[[lightbar]]\nname = "a"\n[[lightbar]]\nname = "b"\nleds = 0',
            "lightbar[2].leds: 0 is not allowed; allowed is 1 to 1000",
        ),
        (
            '[[lightbar]]\nname = "a"\ndriver = "wled"',
            'lightbar[1]: driver "wled" needs host, the name or address of the device',
        ),
        ('[[lightbar]]\nname = "a"\ndriver = "adalight"\nport = 3', 'lightbar[1]: driver "adalight" needs port, a serial port'),
        (
            '[[lightbar]]\nname = "a"\ndriver = "wled"\nhost = "h"\nport = "/dev/x"',
            'lightbar[1]: driver "wled" takes a number as port',
        ),
        ('[[lightbar]]\nname = "a"\ndriver = "wled"\nhost = "h"\nport = 70000', "port is 70000; a network port is 1 to 65535"),
        ('[[lightbar]]\nname = "a"\ndriver = "sacn"\nrecord = "x"', 'record and faults are for driver "stub"'),
        (
            '[[tapper]]\nname = "a"\ndriver = "hue"',
            "tapper[1].driver: \"hue\" is not allowed; allowed is 'stub', 'serial', 'audio'",
        ),
        ('[[tapper]]\nname = "a"\ndriver = "audio"', 'a tapper of driver "audio" needs channels of the sound card'),
        (
            '[[tapper]]\nname = "a"\non_loss = "maybe"',
            "tapper[1].on_loss: \"maybe\" is not allowed; allowed is 'stop' or 'go-on'",
        ),
        ('[[roomlight]]\nname = "a"\naddress = 513', "roomlight[1].address: 513 is not allowed; allowed is 1 to 512"),
        (
            '[[input]]\nname = "a"\ndevice = "pedal"\nkeys = { KEY_B = "explode" }',
            'input[1]: input "a": "explode" is no command',
        ),
        ("[limits]\nlight_hz = 3.0", "limits.light_hz: 3.0 is not allowed; allowed is 0.05 to 2"),
        ("[limits]\nset_max_s = 9999", "limits.set_max_s: 9999 is not allowed; allowed is 5 to 600"),
        ("[limits]\npeak_dbfs = nan", "limits.peak_dbfs: nan is not allowed; allowed is -60 to -1"),
        ("[music]\ntarget_lufs = 0", "music.target_lufs: 0 is not allowed; allowed is -24 to -16"),
        ("[panel]\nport = 70000", "panel.port: 70000 is not allowed; allowed is 0 to 65535"),
        ("[panel]\ntls = 3", "panel.tls: 3 is not allowed"),
        (
            '[[tapper]]\nname = "x"\n[[roomlight]]\nname = "x"',
            'two devices are called "x"; every device needs a name of its own',
        ),
    ],
)
def test_a_mistake_is_named_by_file_key_and_what_is_allowed(write: Write, text: str, says: str) -> None:
    path = write(text)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert says in message


def test_every_mistake_is_told_not_only_the_first(write: Write) -> None:
    message = refusal(write("[limits]\nlight_hz = 3\nsaccade_hz = 9\n[wrong]"))
    assert all(key in message for key in ("limits.light_hz", "limits.saccade_hz", "wrong: there is no such key"))


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.toml").endswith("there is no such room file; leave --room out for the demo room")


def test_a_folder_bytes_and_broken_toml_are_said_plainly(write: Write, tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(binary)
    assert "is not TOML: " in refusal(write("[room\nname="))


@pytest.mark.parametrize(
    ("text", "demo"),
    [
        ('[[lightbar]]\nname = "tv"\ndriver = "screen"', True),
        ('[[lightbar]]\nname = "bar"\ndriver = "wled"\nhost = "192.0.2.7"', False),
        ('[audio]\ndriver = "portaudio"\ndevice = "x"', False),
        ('[[tapper]]\nname = "t"\ndriver = "osc"', False),
        ('[[roomlight]]\nname = "l"\ndriver = "sacn"', False),
    ],
)
def test_a_room_is_a_demo_while_nothing_in_it_moves_air_light_or_hands(write: Write, text: str, demo: bool) -> None:
    assert load_room(write(text)).is_demo is demo


def test_every_value_is_told_with_where_it_comes_from(write: Write) -> None:
    path = write(
        '[room]\nname = "Room 1"\n[audio]\noutputs = { room = [3, 4] }\n'
        '[[lightbar]]\nname = "a"\n[[lightbar]]\nname = "b"\nleds = 8\n'
    )
    values = {key: (value, said) for key, value, said in effective_values(load_room(path), tomllib.loads(path.read_text()))}
    assert values["room.name"] == ("Room 1", True)
    assert values["room.site"] == ("clinic", False)
    assert values["audio.outputs.room"] == ((3, 4), True)
    assert values["audio.outputs.taps"] == (None, False)
    assert values["lightbar[1].leds"] == (60, False)
    assert values["lightbar[2].leds"] == (8, True)
    assert values["tapper"] == ((), False)
    assert values["limits.set_max_s"] == (600.0, False)


def test_the_demo_rooms_values_are_none_of_a_files() -> None:
    assert not any(said for _, _, said in effective_values(DEMO_ROOM, {}))


def test_the_room_as_plain_values_has_every_table() -> None:
    plain = as_json(DEMO_ROOM)
    assert list(plain) == ["room", "audio", "lightbar", "tapper", "roomlight", "input", "limits", "music", "osc", "panel"]
    assert plain["lightbar"][0]["name"] == "bar"


TOML_VALUE = st.one_of(
    st.integers(-5, 100_000).map(str), st.sampled_from(["true", '"x"', "[]", "{}", "[1, 2]", "nan", "1e9", "[[[]]]"])
)
KEYS = st.sampled_from(
    [
        "room.name",
        "audio.driver",
        "audio.outputs",
        "audio.record",
        "limits.bar_level",
        "music.folders",
        "osc.send",
        "panel.names",
        "lightbar",
        "tapper",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, TOML_VALUE, max_size=4))
def test_whatever_stands_in_it_a_room_file_is_read_or_refused_with_a_sentence(write: Write, lines: dict[str, str]) -> None:
    path = write("\n".join(f"{key} = {value}" for key, value in lines.items()))
    try:
        assert isinstance(load_room(path), RoomFile)
    except RoomFileError as problem:
        assert problem.message.startswith(f"{path}: ")
