"""Six devices in a set through a real engine process, one of them hung for real: nothing else notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from roomctl import messages as m

BEAT_FRAMES = 12_000
HUNG_S = 5.0
WELL = """
[audio]
record = "out.wav"
[[lightbar]]
name = "bar"
record = "bar.jsonl"
[[tapper]]
name = "taps"
record = "taps.jsonl"
[[roomlight]]
name = "lamps"
record = "lamps.jsonl"
[[lightbar]]
name = "wired bar"
driver = "sacn"
leds = 3
host = "127.0.0.1"
port = SACN
[[tapper]]
name = "wired taps"
driver = "osc"
host = "127.0.0.1"
port = OSC
"""
NAMES = ("bar", "taps", "lamps", "wired bar", "wired taps")


class Sick:
    """The sixth device: its table in the room file, and how its counterpart is hung and let go."""

    def __init__(self, table: str, hang: Callable[[bool], None], close: Callable[[], None], told_in_a_set: bool = True) -> None:
        self.table = table
        self.told_in_a_set = told_in_a_set
        self.hang = hang
        self.close = close


def adalight(rigs: Any, folder: Path) -> Sick:
    """A line that nobody reads any more, until it is full."""
    far = rigs("device_rigs").PtyFarEnd(folder / "tty", rigs("device_rigs").read_adalight)
    table = f'[[lightbar]]\nname = "sick"\ndriver = "adalight"\nleds = 60\nport = "{far.path}"\non_loss = "go-on"\n'
    return Sick(table, far.hang, far.close)


def serial_tapper(rigs: Any, folder: Path) -> Sick:
    """A tapper that said hello, and answers nothing more."""
    far = rigs("device_rigs").PtyFarEnd(folder / "tty", rigs("slow_device_rigs").read_tapper)
    table = f'[[tapper]]\nname = "sick"\ndriver = "serial"\nport = "{far.path}"\non_loss = "go-on"\n'
    return Sick(table, far.hang, far.close)


def wled(rigs: Any, folder: Path) -> Sick:
    """A controller that takes every request, and answers none."""
    far = rigs("device_rigs").FakeWled()
    ear = rigs("device_rigs").UdpFarEnd(lambda data: None)
    table = f'[[lightbar]]\nname = "sick"\ndriver = "wled"\nleds = 3\nhost = "127.0.0.1"\nport = {ear.port}\n'

    def close() -> None:
        far.unplug()
        ear.close()

    return Sick(f'{table}http_port = {far.port}\non_loss = "go-on"\n', far.hang, close)


def mqtt(rigs: Any, folder: Path) -> Sick:
    """A broker whose process is stopped where it stands (SIGSTOP). Lamps are told nothing in a set, so it may go unnoticed."""
    broker = rigs("mosquitto").Broker(folder)
    table = f'[[roomlight]]\nname = "sick"\ndriver = "mqtt"\nhost = "127.0.0.1"\nport = {broker.port}\n'
    return Sick(f'{table}topic = "zigbee2mqtt/sofa"\n', broker.hang, broker.close, told_in_a_set=False)


@pytest.fixture(params=[adalight, serial_tapper, wled, mqtt], ids=lambda make: make.__name__)
def sick(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sick]:
    folder = tmp_path / "sick"
    folder.mkdir()
    made = request.param(lambda name: request.config.pluginmanager.get_plugin(f"roomctl_tests_{name}"), folder)
    yield made
    made.close()


class TapsHeard:
    """What a receiver of OSC taps heard: 1 a tap, 0 still."""

    def __call__(self, data: bytes) -> int | None:
        address = OscMessage(data).address
        return 1 if address == "/roomctl/tap" else 0 if address == "/roomctl/tap/still" else None


def links(state: dict[str, Any]) -> dict[str, str]:
    return {device["name"]: device["link"] for device in state["devices"]}


def test_a_hung_device_moves_no_tone_holds_up_no_other_and_stop_passes_it(
    sick: Sick, make_engine: Callable[..., Any], make_udp_far_end: Any, onsets_of: Any
) -> None:
    bar = make_udp_far_end(lambda data: max(data[126:135]) if len(data) == 638 else None)
    taps = make_udp_far_end(TapsHeard())
    engine = make_engine(WELL.replace("SACN", str(bar.port)).replace("OSC", str(taps.port)) + sick.table)
    engine.until(lambda state: set(links(state).values()) == {"READY"} and "sick" in links(state))
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "open": True, "tap": {"on": True, "ms": 100}}))
    engine.do(m.SetStart())
    begun_s = engine.until(lambda state: state["set"]["elapsed_s"] > 1.0)["set"]["elapsed_s"]
    sick.hang(True)
    hung = engine.until(lambda state: state["set"]["elapsed_s"] > begun_s + HUNG_S)
    assert links(hung) == {**dict.fromkeys((*NAMES, "sound card"), "READY"), "sick": links(hung)["sick"]}
    if sick.told_in_a_set:
        assert links(hung)["sick"] in ("STALE", "FAULT")
        assert [device["why"] for device in hung["devices"] if device["name"] == "sick"] != [""]

    lit, tapped = len(bar.heard), len(taps.heard)
    answer = engine.do(m.Stop())
    bar.wait_for(0, after=lit)
    taps.wait_for(0, after=tapped)
    assert set(answer["not_confirmed"]) <= {"sick"}
    for name in ("bar", "taps"):
        engine.until(lambda state, name=name: any(event["kind"] == "safe" for event in engine.events(name)))
    sick.hang(False)
    engine.until(lambda state: links(state)["sick"] == "READY")
    engine.end()

    beats = np.sort(np.r_[onsets_of(engine.heard(), 0), onsets_of(engine.heard(), 1)])
    assert len(beats) > 4 * HUNG_S
    assert np.all(np.diff(beats) == BEAT_FRAMES)
    frames = [event["frame"] for event in engine.events("taps") if event["kind"] == "tap"]
    assert np.all(np.diff(frames) == BEAT_FRAMES)
    assert abs(taps.heard.count(1) - len(frames)) <= 1  # the STOP may fall between the two
    assert abs(len(frames) - len(beats)) <= 1
