"""The Bluetooth tapper's pattern and bytes, with a client in the radio's place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from hardware.entries import TapperEntry
from hardware.seams import Due, TapPulse
from hardware.tappers.ble import COMMAND, BleTapper, BleTapperConfig, build, encode_pattern
from hardware.tappers.pattern import TAPS_AHEAD, Pattern, PatternFollower
from hardware.tappers.tapper_frames import crc8

LEFT, RIGHT = TapPulse("left", 150.0, 0.5), TapPulse("right", 150.0, 0.5)


class Client:
    """A tapper in reach; keeps the frames it was written."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.changed = threading.Condition()
        self.is_connected = False

    async def connect(self) -> None:
        self.is_connected = True

    async def disconnect(self) -> None:
        self.is_connected = False

    async def write_gatt_char(self, characteristic: str, frame: bytes, response: bool) -> None:
        assert characteristic == COMMAND and not response
        if not self.is_connected:
            raise RuntimeError("Not connected")
        with self.changed:
            self.frames.append(frame)
            self.changed.notify_all()

    def kinds(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.frames) >= count, 20), self.frames
            return [chr(frame[2]) for frame in self.frames]


@pytest.fixture
def make(request: pytest.FixtureRequest, links_of: Any) -> Callable[[], Any]:
    def make_one() -> Any:
        client = Client()

        async def find() -> Client:
            return client

        tapper = BleTapper("taps", BleTapperConfig(), lambda device: find())
        request.addfinalizer(tapper.close)
        links = links_of(tapper)
        tapper.open()
        links.wait_for("READY")
        return tapper, links, client

    return make_one


def test_a_steady_set_is_a_pulse_and_then_a_pattern(make: Any) -> None:
    tapper, _, client = make()
    now_s = time.monotonic()
    tapper.offer(LEFT, Due(0, now_s))
    assert client.kinds(1) == ["P"]
    tapper.offer(RIGHT, Due(0, now_s + 0.5))
    assert client.kinds(2) == ["P", "R"]
    assert client.frames[1][4:13] == bytes([0, 128, 0xF4, 1, 0xF4, 1, 150, 0, TAPS_AHEAD])


def test_a_pattern_whose_pulses_stop_is_ended(make: Any) -> None:
    tapper, _, client = make()
    now_s = time.monotonic()
    tapper.offer(LEFT, Due(0, now_s - 0.3))
    client.kinds(1)
    tapper.offer(RIGHT, Due(0, now_s - 0.2))
    assert client.kinds(3) == ["P", "R", "S"]


def test_safe_stills_at_once(make: Any) -> None:
    tapper, _, client = make()
    tapper.safe()
    assert client.kinds(1) == ["S"]


def test_a_tapper_out_of_reach_is_said_and_found_again(make: Any) -> None:
    _, links, client = make()
    links.seen.clear()
    client.is_connected = False
    assert "went out of reach" in links.wait_for("FAULT").why
    links.wait_for("READY")


def test_a_radio_that_fails_is_a_sentence(links_of: Any) -> None:
    async def failing() -> Any:
        raise RuntimeError("org.bluez is not there")

    tapper = BleTapper("taps", BleTapperConfig(), lambda device: failing())
    links = links_of(tapper)
    tapper.open()
    assert links.wait_for("FAULT").why == "Bluetooth failed: org.bluez is not there"
    tapper.close()


def test_a_follower_tells_a_pattern_once_and_again_before_it_runs_out() -> None:
    follower = PatternFollower()
    told = [follower.take(LEFT if i % 2 == 0 else RIGHT, i * 0.5) for i in range(20)]
    assert told[0] == LEFT
    assert told[1] == Pattern("left", 500, 500, 150, 0.5)
    again = [index for index, each in enumerate(told) if isinstance(each, Pattern)]
    assert max(later - earlier for earlier, later in pairwise(again)) < TAPS_AHEAD - 1


@pytest.mark.parametrize(
    ("pulse", "at_s"),
    [(TapPulse("left", 100.0, 0.5), 1.0), (TapPulse("left", 150.0, 0.9), 1.0), (LEFT, 1.1)],
)
def test_a_follower_tells_what_changed(pulse: TapPulse, at_s: float) -> None:
    follower = PatternFollower()
    follower.take(LEFT, 0.0)
    follower.take(RIGHT, 0.5)
    assert isinstance(follower.take(pulse, at_s), Pattern)


def test_two_pulses_in_one_hand_are_no_pattern() -> None:
    follower = PatternFollower()
    follower.take(LEFT, 0.0)
    assert follower.take(LEFT, 0.5) == LEFT


def test_a_patterns_frame_is_its_bytes() -> None:
    frame = encode_pattern(Pattern("right", 500, 500, 150, 1.0), 3)
    body = bytes([9, ord("R"), 3, 1, 255, 0xF4, 1, 0xF4, 1, 150, 0, 8])
    assert frame == bytes([0xA5]) + body + bytes([crc8(body)])


def test_a_room_files_entry_becomes_its_tapper() -> None:
    tapper = build(TapperEntry(name="taps", driver="ble", device="AA:BB:CC:DD:EE:FF"))
    assert not tapper.verified


def test_a_machine_without_bluetooth_says_so(request: pytest.FixtureRequest, links_of: Any) -> None:
    async def no_bus() -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    tapper = BleTapper("taps", BleTapperConfig(), lambda device: no_bus())
    request.addfinalizer(tapper.close)
    links = links_of(tapper)
    tapper.open()
    assert links.wait_for("FAULT").why == "this machine offers no Bluetooth; has it a radio, and is its service running?"
