"""The room file: the contract's own outline as it stands, every driver and fixture it names, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

OUTLINE = """
[room]
name = "Room 1"
site = "clinic"
[audio]
driver = "stub"
device = "name as listed"
rate_hz = 48000
latency_ms = 48
outputs = { room = [1, 2], headphones = [3, 4], taps = [5, 6] }
onset_ms = 0.0
record = "out.wav"
[[lightbar]]
name = "bar"
driver = "stub"
leds = 60
fps = 40
onset_ms = 0.0
record = "bar.jsonl"
on_loss = "stop"
faults = [{ at_s = 30, do = "unplug", for_s = 5 }]
[[lightbar]]
name = "network"
driver = "wled"
host = "127.0.0.1"
port = 4048
protocol = "ddp"
[[lightbar]]
name = "serial"
driver = "adalight"
port = "/dev/ttyUSB0"
baud = 1000000
[[tapper]]
name = "taps"
driver = "stub"
min_pulse_ms = 30
onset_ms = 0.0
[[roomlight]]
name = "lamps"
driver = "artnet"
host = "127.0.0.1"
universe = 1
address = 1
fixture = "dimmer8"
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
port = 0
tls = false
"""
DRIVERS = {
    "lightbar": "stub screen wled sacn artnet adalight osc",
    "tapper": "stub serial audio gamepad osc ble",
    "roomlight": "stub sacn artnet enttec wled hue lifx homeassistant mqtt osc",
}
FIXTURES = "dimmer8 dimmer16 cct8 cct16 rgb rgbw"


def checked(roomctl: Any, folder: Path, text: str) -> Any:
    file = folder / "room.toml"
    file.write_text(text, "utf-8")
    return roomctl("check", "--room", file, "--data", folder / "data")


def test_the_contracts_outline_is_taken_and_check_says_where_each_value_comes_from(roomctl: Any, tmp_path: Path) -> None:
    said = checked(roomctl, tmp_path, OUTLINE)
    assert said.code == 0, said.err
    rows = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert "room.toml" in rows["room.name"]
    assert "default" in rows["audio.block_frames"]
    assert "127.0.0.1:9001" in rows["osc.send"]


NEEDED = {
    "wled": 'host = "127.0.0.1"\n',
    "artnet": 'host = "127.0.0.1"\n',
    "hue": 'host = "127.0.0.1"\nentity = "Lamp"\ntoken = "t"\n',
    "homeassistant": 'host = "127.0.0.1"\nentity = "light.room"\ntoken = "t"\n',
    "mqtt": 'host = "127.0.0.1"\ntopic = "zigbee2mqtt/lamp"\n',
}


@pytest.mark.parametrize(
    ("driver", "key"),
    [(driver, line.split()[0]) for driver in NEEDED for line in NEEDED[driver].splitlines()],
)
def test_a_lamp_without_what_its_driver_needs_is_refused_by_check(roomctl: Any, tmp_path: Path, driver: str, key: str) -> None:
    given = "".join(f"{line}\n" for line in NEEDED[driver].splitlines() if not line.startswith(key))
    said = checked(roomctl, tmp_path, f'[[roomlight]]\nname = "lamp"\ndriver = "{driver}"\n{given}')
    assert said.code == 1
    assert f'room.toml: roomlight[1]: driver "{driver}" needs {key}, ' in said.err


def test_every_driver_of_the_contract_is_known_or_says_what_it_needs(roomctl: Any, tmp_path: Path) -> None:
    entries = "".join(
        f'[[{kind}]]\nname = "{kind} {driver}"\ndriver = "{driver}"\n'
        + NEEDED.get(driver, "")
        + ('port = "/dev/ttyUSB0"\n' if driver in ("adalight", "serial", "enttec") else "")
        for kind, drivers in DRIVERS.items()
        for driver in drivers.split()
    )
    said = checked(roomctl, tmp_path, "[audio]\noutputs = { room = [1, 2], taps = [3, 4] }\n" + entries)
    assert said.code == 0, said.err


def test_every_fixture_of_the_contract_is_known(roomctl: Any, tmp_path: Path) -> None:
    entries = "".join(
        f'[[roomlight]]\nname = "{fixture}"\ndriver = "sacn"\nfixture = "{fixture}"\naddress = {1 + 8 * place}\n'
        for place, fixture in enumerate(FIXTURES.split())
    )
    said = checked(roomctl, tmp_path, entries)
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[audio]\noutputs = { room = [1, 2], taps = [2, 3] }\n", "uses channel 2 twice"),
        ('[audio]\ndriver = "alsa"\n', "'portaudio' or 'stub'"),
        ("[audio]\nlatency_ms = nan\n", "allowed is 10 to 500"),
        ("[room]\nname = 3\n", "room.name: 3 is not allowed; allowed is text"),
        ("[limits]\nlight_hz = 5.0\n", "allowed is 0.05 to 2"),
        ("[limits]\ncap_dba = 95\n", "allowed is 40 to 80"),
        ("[limits]\nset_max_s = 9000\n", "allowed is 5 to 600"),
        ('[[lightbar]]\nname = "a"\ndriver = "stub"\n[[tapper]]\nname = "a"\ndriver = "stub"\n', 'two devices are called "a"'),
        ('[[lightbar]]\nname = "a"\ndriver = "stub"\nfaults = [{ at_s = 1, do = "explode" }]\n', "'unplug'"),
        ('[[lightbar]]\nname = "a"\ndriver = "wled"\n', "needs host"),
        ('[[roomlight]]\nname = "a"\ndriver = "sacn"\nfixture = "nope"\n', "dimmer8"),
        ('[osc]\nlisten = "9000"\n', "HOST:PORT"),
        ('[panel]\nhost = ""\n', "host is empty"),
        ("[audio\n", "is not TOML"),
        ("speed = 2\n", "there is no such key; allowed here are room"),
    ],
)
def test_what_a_room_file_may_not_say_is_refused_with_the_file_and_what_is_allowed(
    roomctl: Any, tmp_path: Path, text: str, words: str
) -> None:
    said = checked(roomctl, tmp_path, text)
    assert said.code == 1
    assert said.err.startswith(f"roomctl: {tmp_path / 'room.toml'}: ")
    assert words in said.err


def test_a_sound_card_that_is_not_there_leaves_the_room_up_and_says_so(run_room: Any, tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text('[audio]\ndriver = "portaudio"\ndevice = "Nobody\'s card"\n', "utf-8")
    with run_room(tmp_path, file=file) as room:
        card = room.state()["devices"][0]
        assert (card["kind"], card["link"] in ("FAULT", "ABSENT", "CONNECTING")) == ("soundcard", True)
        gone = room.until(lambda state: "Nobody's card" in state["devices"][0]["why"], "told which card")
        assert "no sound card has that name" in gone["devices"][0]["why"]
        assert room.post("stop").status_code == 200
