"""The io process beside a real engine: OSC in becomes commands, state and beats go out, keys and OSC are shown as devices."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from hardware.osc.packets import encode_message
from roomctl import messages as m
from roomctl.io.follower import Follower

PATIENCE_S = 15.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Room:
    """An engine, its io process, a client that speaks OSC to it, and a socket that hears it."""

    def __init__(self, make_engine: Callable[..., Any]) -> None:
        self.ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ears.bind(("127.0.0.1", 0))
        self.ears.settimeout(PATIENCE_S)
        port = free_port()
        heard_at = self.ears.getsockname()[1]
        osc = f'[osc]\nlisten = "127.0.0.1:{port}"\nsend = ["127.0.0.1:{heard_at}"]\n'
        self.engine = make_engine('[audio]\nrecord = "out.wav"\n[[tapper]]\nname = "taps"\nrecord = "taps.jsonl"\n' + osc)
        self.client = SimpleUDPClient("127.0.0.1", port)
        self.listens_at = ("127.0.0.1", port)
        arguments = ["--data", str(self.engine.data), "--room", str(self.engine.folder / "room.toml")]
        self.process = subprocess.Popen([sys.executable, "-m", "roomctl.io", *arguments], stderr=subprocess.DEVNULL)
        self.engine.until(lambda state: any(device["name"] == "OSC in" for device in state["devices"]))

    def hear(self, address: str, *, until: Callable[[tuple[Any, ...]], bool] = lambda values: True) -> tuple[Any, ...]:
        """The values of the next message to `address` that `until` holds for."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            message = OscMessage(self.ears.recv(4096))
            if message.address == address and until(tuple(message.params)):
                return tuple(message.params)
        raise AssertionError(f"nothing was heard at {address}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.ears.close()
        self.client._sock.close()


@pytest.fixture
def room(make_engine: Callable[..., Any]) -> Iterator[Room]:
    made = Room(make_engine)
    yield made
    made.close()


def test_osc_steers_the_room_as_the_panel_does(room: Room) -> None:
    room.client.send_message("/roomctl/bls/rate", 1.5)
    room.engine.until(lambda state: state["bls"]["rate_hz"] == 1.5)
    room.client.send_message("/roomctl/set/start", 1.0)
    room.client.send_message("/roomctl/set/start", 0.0)
    state = room.engine.until(lambda state: state["set"]["state"] == "running")
    assert state["last_change"]["by"] == "OSC"
    room.client.send_message("/roomctl/stop", 1.0)
    assert room.engine.until(lambda state: state["stopped"])["stop"]["by"] == "OSC"


def test_a_value_that_is_not_allowed_changes_nothing(room: Room) -> None:
    room.client.send_message("/roomctl/bls/rate", 9.0)
    room.client.send_message("/roomctl/bls/rate", 1.25)
    assert room.engine.until(lambda state: state["bls"]["rate_hz"] == 1.25)["bls"]["rate_hz"] == 1.25


def test_stop_gets_through_a_flood_of_garbage(room: Room) -> None:
    for number in range(3000):
        room.ears.sendto(b"garbage" + bytes([number % 256]), room.listens_at)
    room.client.send_message("/roomctl/stop", 1.0)
    assert room.engine.until(lambda state: state["stopped"])["stopped"]


def test_state_and_every_beat_go_out(room: Room) -> None:
    room.engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 3}))
    room.engine.do(m.SetStart())
    assert room.hear("/roomctl/state/set", until=lambda values: values == ("running",)) == ("running",)
    beats = [room.hear("/roomctl/beat") for _ in range(6)]
    assert beats == [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3)]


def test_the_io_process_finds_an_engine_that_came_back(room: Room) -> None:
    room.engine.kill()
    room.engine.start()
    room.engine.until(
        lambda state: any(device["name"] == "OSC in" and device["link"] == "READY" for device in state["devices"])
    )
    room.client.send_message("/roomctl/bls/rate", 0.5)
    room.engine.until(lambda state: state["bls"]["rate_hz"] == 0.5)


def test_a_dead_io_process_is_shown_as_stale(room: Room) -> None:
    room.process.kill()
    state = room.engine.until(
        lambda state: any(device["name"] == "OSC in" and device["link"] == "STALE" for device in state["devices"])
    )
    assert any("io process" in device["why"] for device in state["devices"])


def test_osc_is_heard_once_the_port_is_free_without_a_restart(make_engine: Callable[..., Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        engine = make_engine(f'[audio]\nrecord = "out.wav"\n[osc]\nlisten = "127.0.0.1:{port}"\n')
        arguments = ["--data", str(engine.data), "--room", str(engine.folder / "room.toml")]
        process = subprocess.Popen([sys.executable, "-m", "roomctl.io", *arguments], stderr=subprocess.DEVNULL)
        try:
            state = engine.until(lambda state: any(device["link"] == "FAULT" for device in state["devices"]))
            (deaf,) = [device for device in state["devices"] if device["name"] == "OSC in"]
            assert deaf["why"].endswith("another program has that port; close it, or name another port")
            taken.close()
            engine.until(lambda state: any((each["name"], each["link"]) == ("OSC in", "READY") for each in state["devices"]))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
                sending.sendto(encode_message("/roomctl/stop"), ("127.0.0.1", port))
            assert engine.until(lambda state: state["stopped"])["stop"]["by"] == "OSC"
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def test_whoever_is_sent_to_may_be_found_later(make_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine('[audio]\nrecord = "out.wav"\n')
    find, asked = socket.getaddrinfo, []

    def not_at_first(*where: Any, **how: Any) -> Any:
        asked.append(where[0])
        if len(asked) < 3:
            raise socket.gaierror(-2, "Name or service not known")
        return find("127.0.0.1", *where[1:], **how)

    monkeypatch.setattr("roomctl.io.follower.REACH_AGAIN_S", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.bind(("127.0.0.1", 0))
        ears.settimeout(PATIENCE_S)
        monkeypatch.setattr(socket, "getaddrinfo", not_at_first)
        follower = Follower([f"lab.example:{ears.getsockname()[1]}"], engine.data / "run" / "engine.sock")
        follower.open()
        try:
            assert OscMessage(ears.recv(4096)).address.startswith("/roomctl/state/")
        finally:
            follower.close()
    assert asked == ["lab.example"] * 3
