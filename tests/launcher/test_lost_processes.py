"""What a room does when one of its processes is killed, or stands still: the others go on, and devices go safe."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from .conftest import LaunchedRoom, until

Make = Callable[..., LaunchedRoom]
DARK_BYTES = 18
"""An ArtDmx packet's slots begin here; its sequence is the byte at 12, which only the launcher's packets leave 0."""


class Bar:
    """An Art-Net receiver on loopback: it holds its last picture, as they do."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.packets: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._listen, name="bar", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while packet := self.socket.recv(1024):
            self.packets.append((time.monotonic(), packet))

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(10.0)
        self.socket.close()

    def is_lit(self) -> bool:
        return bool(self.packets) and any(self.packets[-1][1][DARK_BYTES:])

    def launchers(self) -> list[bytes]:
        """The packets that the launcher sent."""
        return [packet for _, packet in list(self.packets) if packet[12] == 0]

    @property
    def room(self) -> str:
        return f"""
[[lightbar]]
name = "bar"
driver = "artnet"
host = "127.0.0.1"
port = {self.port}
leds = 30
[[tapper]]
name = "taps"
"""


@pytest.fixture(scope="module")
def bar() -> Iterator[Bar]:
    made = Bar()
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(bar: Bar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedRoom]:
    room = LaunchedRoom(tmp_path_factory.mktemp("whole"), bar.room)
    try:
        room.start()
        yield room
    finally:
        room.end()


@pytest.fixture
def room(whole: LaunchedRoom, bar: Bar) -> LaunchedRoom:
    """One room for the whole file, brought to rest: no set, a dark bar, an engine that is up."""
    until(lambda: whole.answers(200), "an answer of the engine")
    whole.post("/api/stop")
    whole.post("/api/resume")
    until(lambda: not bar.is_lit(), "darkness")
    bar.packets.clear()
    return whole


def beats(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Frames of the recording at which a tone begins on either side."""
    data = path.read_bytes()
    at = data.index(b"data") + 8
    sound = np.frombuffer(data[at : at + (len(data) - at) // 8 * 8], "<f4").reshape(-1, 2)
    sounding = np.flatnonzero(np.abs(sound).max(axis=1) > 1e-7)
    return sounding[np.r_[True, np.diff(sounding) > 2400]]


def start_open_set(room: LaunchedRoom) -> None:
    room.post("/api/bls", {"open": True, "rate_hz": 2.0, "light": {"brightness_frac": 0.5}})
    # Two STARTs within half a second count as one press, so one that follows a test's last may be refused at first.
    until(lambda: room.client.post("/api/set/start").status_code == 200, "START")


def test_killing_the_panels_server_costs_no_frame_of_sound_and_no_sign_in(make_room: Make, tmp_path: Path) -> None:
    room = make_room('[audio]\nrecord = "out.wav"\n[[tapper]]\nname = "taps"\n')
    with httpx.Client(base_url=room.url, timeout=40.0) as tablet:
        assert tablet.post("/api/pair", json={"code": room.code(), "name": "tablet"}).status_code == 200
        start_open_set(room)
        until(lambda: room.state()["set"]["cycles"] >= 2, "the second cycle")
        web, engine = room.pid("web"), room.pid("engine")
        os.kill(web, signal.SIGKILL)
        room.pid("web", other_than=web)
        until(lambda: room.answers(200), "an answer after the kill")
        assert tablet.get("/api/state").status_code == 200
    state = room.state()
    assert (room.pid("engine"), state["set"]["state"]) == (engine, "running")
    until(lambda: room.state()["set"]["cycles"] >= state["set"]["cycles"] + 2, "two more cycles")
    room.post("/api/stop")
    assert room.end() == 0
    gaps = np.diff(beats(tmp_path / "out.wav"))
    assert len(gaps) >= 8
    assert set(gaps) == {12_000}


def test_killing_the_engine_darkens_the_bar_from_outside_and_resumes_no_set(room: LaunchedRoom, bar: Bar) -> None:
    start_open_set(room)
    until(bar.is_lit, "light")
    before = room.state()
    engine = room.pid("engine")
    os.kill(engine, signal.SIGKILL)
    until(bar.launchers, "the launcher's packets")
    assert not any(any(packet[DARK_BYTES:]) for packet in bar.launchers())
    room.pid("engine", other_than=engine)
    until(lambda: room.answers(200), "an answer of the new engine")
    state = room.state()
    assert state["boot_id"] != before["boot_id"]
    assert state["set"]["state"] == "idle"
    assert any("not resumed by itself" in notice["text"] for notice in state["notices"])
    assert not bar.is_lit()
    assert '"bar" was made safe for the engine' in room.said
    room.post("/api/set/start")
    until(bar.is_lit, "light of the new engine")


def test_an_engine_that_stands_still_for_a_second_has_its_bar_darkened_and_takes_it_back(room: LaunchedRoom, bar: Bar) -> None:
    start_open_set(room)
    until(bar.is_lit, "light")
    engine = room.pid("engine")
    os.kill(engine, signal.SIGSTOP)
    try:
        until(bar.launchers, "the launcher's packets")
        until(lambda: not bar.is_lit(), "darkness")
    finally:
        os.kill(engine, signal.SIGCONT)
    until(lambda: room.answers(200), "an answer of the engine")
    assert room.pid("engine") == engine
    assert "the engine has been silent for" in room.said
    if room.state()["set"]["state"] == "running":
        until(bar.is_lit, "light again")
    assert not any(any(packet[DARK_BYTES:]) for packet in bar.launchers())


def test_an_engine_that_hangs_is_started_anew(room: LaunchedRoom, bar: Bar) -> None:
    engine = room.pid("engine")
    os.kill(engine, signal.SIGSTOP)
    room.pid("engine", other_than=engine)
    until(lambda: room.answers(200), "an answer of the new engine")
    assert "the engine hangs and is started anew" in room.said
    assert bar.launchers()


def test_an_engine_killed_twice_comes_back_twice(room: LaunchedRoom) -> None:
    engine, before = room.pid("engine"), room.said.count("the engine process ended (-9)")
    for _ in range(2):
        os.kill(engine, signal.SIGKILL)
        engine = room.pid("engine", other_than=engine)
        until(lambda: room.answers(200), "an answer of the new engine")
    assert room.said.count("the engine process ended (-9)") == before + 2


def test_at_the_rooms_end_the_engine_darkens_the_bar_itself(room: LaunchedRoom, bar: Bar) -> None:
    start_open_set(room)
    until(bar.is_lit, "light")
    bar.packets.clear()
    assert room.end() == 0
    assert bar.packets
    assert not bar.is_lit()
    assert bar.launchers() == []
