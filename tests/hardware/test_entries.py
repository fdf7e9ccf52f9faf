"""A room file's device entries, parsed as the room file's reader does."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hardware.entries import LightBarEntry, Outputs, RoomLightEntry, SoundCardEntry, TapperEntry
from hardware.faults import Fault
from hardware.registry import make_light_bar, make_room_light, make_sound_card, make_tapper
from hardware.soundcards.portaudio import PortAudioCard
from hardware.soundcards.stub import StubSoundCard

KINDS: dict[str, Any] = {
    "audio": SoundCardEntry,
    "lightbar": LightBarEntry,
    "tapper": TapperEntry,
    "roomlight": RoomLightEntry,
}


def read(kind: str, text: str) -> Any:
    return TypeAdapter(KINDS[kind]).validate_python(tomllib.loads(text))


def test_the_outline_of_the_manual_is_read_as_it_stands() -> None:
    card = read(
        "audio", 'driver = "portaudio"\ndevice = "room"\noutputs = { room = [1, 2], headphones = [3, 4], taps = [5, 6] }'
    )
    assert card.outputs == Outputs((1, 2), (3, 4), (5, 6))
    assert card.channels == 6
    bar = read(
        "lightbar", 'name = "bar"\ndriver = "wled"\nleds = 60\nfps = 40\nhost = "192.0.2.7"\nport = 4048\nprotocol = "ddp"'
    )
    assert (bar.host, bar.port, bar.protocol) == ("192.0.2.7", 4048, "ddp")
    strip = read("lightbar", 'name = "strip"\ndriver = "adalight"\nport = "/dev/ttyUSB0"\nbaud = 1000000')
    assert strip.port == "/dev/ttyUSB0"
    stub = read("lightbar", 'name = "s"\nrecord = "bar.jsonl"\nfaults = [{ at_s = 30, do = "unplug", for_s = 5 }]')
    assert stub.faults == (Fault(30.0, "unplug", 5.0),)
    lamp = read("roomlight", 'name = "l"\ndriver = "sacn"\nuniverse = 1\naddress = 1\nfixture = "cct16"\nhost = "192.0.2.8"')
    assert (lamp.universe, lamp.address, lamp.fixture, lamp.on_loss) == (1, 1, "cct16", "go-on")


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("audio", "outputs = { room = [1, 2], taps = [2, 3] }", "uses channel 2 twice"),
        ("audio", 'driver = "portaudio"', "needs device"),
        ("audio", 'driver = "portaudio"\ndevice = "x"\nrecord = "a.wav"', 'record and faults are for driver "stub"'),
        ("audio", "latency_ms = 5", "greater than or equal to 10"),
        ("audio", "rate_hz = 8000", "greater than or equal to 44100"),
        ("lightbar", 'name = "b"\ndriver = "wled"', "needs host"),
        ("roomlight", 'name = "l"\ndriver = "wled"', "needs host"),
        ("lightbar", 'name = "b"\ndriver = "artnet"\nhost = ""', "needs host"),
        (
            "roomlight",
            'name = "l"\ndriver = "hue"\nentity = "Lamp"\ntoken = "t"',
            "needs host, the name or address of the bridge",
        ),
        (
            "roomlight",
            'name = "l"\ndriver = "hue"\nhost = "h"\ntoken = "t"',
            "needs entity, the name of a lamp, a room or a zone",
        ),
        ("roomlight", 'name = "l"\ndriver = "hue"\nhost = "h"\nentity = "Lamp"', "needs token, or token_file"),
        ("roomlight", 'name = "l"\ndriver = "homeassistant"\nhost = "h"\ntoken = "t"', "needs entity"),
        ("roomlight", 'name = "l"\ndriver = "homeassistant"\nhost = "h"\nentity = "light.a"', "needs token, or token_file"),
        ("roomlight", 'name = "l"\ndriver = "mqtt"\ntopic = "zigbee2mqtt/sofa"', "needs host"),
        ("roomlight", 'name = "l"\ndriver = "mqtt"\nhost = "h"', "needs topic"),
        ("roomlight", 'name = "l"\ndriver = "mqtt"\nhost = "h"\ntopic = "t"\nusername = "u"', "needs token, or token_file"),
        ("lightbar", 'name = "b"\ndriver = "adalight"', "needs port, a serial port"),
        ("lightbar", 'name = "b"\ndriver = "adalight"\nport = 4048', "needs port, a serial port"),
        ("lightbar", 'name = "b"\ndriver = "wled"\nhost = "h"\nport = "/dev/ttyUSB0"', "takes a number as port"),
        ("lightbar", 'name = "b"\ndriver = "wled"\nhost = "h"\nport = 70000', "a network port is 1 to 65535"),
        ("lightbar", 'name = "b"\ndriver = "sacn"\nrecord = "x"', 'record and faults are for driver "stub"'),
        ("lightbar", 'name = "b"\nleds = 0', "greater than or equal to 1"),
        ("lightbar", 'name = "b"\nlest = 60', "Unexpected keyword argument"),
        ("lightbar", 'name = "b"\ndriver = "neon"', "'stub', 'screen', 'wled'"),
        ("lightbar", 'driver = "stub"', "Field required"),
        ("roomlight", 'name = "l"\ndriver = "enttec"', "needs port, a serial port"),
        ("roomlight", 'name = "l"\naddress = 513', "less than or equal to 512"),
        ("tapper", 'name = "t"\nmin_pulse_ms = nan', "finite number"),
    ],
)
def test_a_mistake_is_refused_in_words(kind: str, text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        read(kind, text)


def test_each_stub_is_made_by_its_entry() -> None:
    assert make_light_bar(LightBarEntry("bar", leds=12)).capabilities.pixels == 12
    assert make_tapper(TapperEntry("taps", min_pulse_ms=40.0)).capabilities.min_pulse_ms == 40.0
    assert make_room_light(RoomLightEntry("lamp")).capabilities.transitions is False
    assert isinstance(make_sound_card(SoundCardEntry()), StubSoundCard)


def test_a_real_card_is_made_without_touching_portaudio() -> None:
    card = make_sound_card(SoundCardEntry("portaudio", "room", outputs=Outputs(taps=(3, 4))))
    assert isinstance(card, PortAudioCard)
    assert (card.device, card.channels, card.latency_s) == ("room", 4, 0.048)


def test_simulated_time_is_refused_for_a_real_card() -> None:
    with pytest.raises(ValueError, match="a real card plays at its own speed"):
        make_sound_card(SoundCardEntry("portaudio", "room"), speed=60.0)


def test_the_screen_bar_is_not_a_device_and_says_so() -> None:
    with pytest.raises(ValueError, match='driver "screen" is not a device'):
        make_light_bar(LightBarEntry("tv", "screen"))


def test_leds_past_the_last_universe_are_refused_when_the_bar_is_made() -> None:
    with pytest.raises(ValueError, match="run past universe 32767"):
        make_light_bar(LightBarEntry("bar", "artnet", leds=600, host="h", universe=32_767))


def test_a_fixture_past_the_end_of_its_universe_is_refused_when_the_lamp_is_made() -> None:
    with pytest.raises(ValueError, match="its slots end at 513, past the 512 of a universe"):
        make_room_light(RoomLightEntry("lamp", "sacn", address=510, fixture="cct16"))
