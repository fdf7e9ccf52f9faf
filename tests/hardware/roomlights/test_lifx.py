"""LIFX: bytes equal to lifx-async's, and a lamp of lifx-emulator's."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.entries import RoomLightEntry
from hardware.roomlights import lifx
from hardware.roomlights.lifx import (
    GET_LABEL,
    GET_SERVICE,
    LIGHT_GET,
    LIGHT_SET_COLOUR,
    LIGHT_SET_POWER,
    LIGHT_STATE,
    LifxLamp,
    LifxMessage,
    build,
    choose_lamp,
    colour_payload,
    decode,
    discover,
    encode,
    power_payload,
    why_none,
)
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)
TARGET = bytes.fromhex("d073d50000010000")
HALF = RoomLook(50.0, 2700.0, 10.0)

CAPTURES = {
    "colour": (
        LifxMessage(LIGHT_SET_COLOUR, colour_payload(HALF), TARGET, 7, ack_wanted=True),
        "310000144d4f4f52d073d500000100000000000000000207000000000000000066000000000000000000808c0a10270000",
    ),
    "power": (
        LifxMessage(LIGHT_SET_POWER, power_payload(True, 0), TARGET, 8, ack_wanted=True),
        "2a0000144d4f4f52d073d500000100000000000000000208000000000000000075000000ffff00000000",
    ),
    "get": (
        LifxMessage(LIGHT_GET, b"", TARGET, 9, answer_wanted=True),
        "240000144d4f4f52d073d500000100000000000000000109000000000000000065000000",
    ),
    "service": (
        LifxMessage(GET_SERVICE, sequence=1, answer_wanted=True),
        "240000344d4f4f5200000000000000000000000000000101000000000000000002000000",
    ),
    "label": (
        LifxMessage(GET_LABEL, b"", TARGET, 3, answer_wanted=True),
        "240000144d4f4f52d073d500000100000000000000000103000000000000000017000000",
    ),
}
"""Made by lifx-async 7.13.1's `create_message` for the same values."""


@pytest.mark.parametrize("name", CAPTURES)
def test_a_message_is_byte_for_byte_lifx_asyncs(name: str) -> None:
    message, capture = CAPTURES[name]
    assert encode(message).hex() == capture
    assert decode(bytes.fromhex(capture)) == message


@given(data=st.binary(max_size=100))
def test_any_datagram_is_a_message_or_none(data: bytes) -> None:
    message = decode(data)
    assert message is None or len(data) >= 36


@given(level_l=st.floats(-10.0, 120.0), cct_k=st.floats(500.0, 20_000.0), fade_s=st.floats(0.0, 1e8))
def test_any_look_fits_the_protocol(level_l: float, cct_k: float, fade_s: float) -> None:
    assert len(colour_payload(RoomLook(level_l, cct_k, fade_s))) == 13


EMULATOR = Path(sys.executable).with_name("lifx-emulator")


@pytest.fixture
def emulator() -> Iterator[int]:
    """Two emulated lamps on loopback; gives their port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        EMULATOR,
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--color",
        "2",
        "--color-temperature",
        "0",
        "--multizone",
        "0",
    ]
    command += ["--infrared", "0", "--hev", "0", "--tile", "0", "--switch", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            assert process.poll() is None, "lifx-emulator ended"
            try:
                if len(discover("127.0.0.1", port, wait_s=0.2)) == 2:
                    break
            except ConnectionRefusedError:
                threading.Event().wait(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def state_of(port: int, target: bytes) -> tuple[int, int, int]:
    """(brightness, kelvin, power) as the emulated lamp tells anybody who asks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(encode(LifxMessage(LIGHT_GET, b"", target, 200, answer_wanted=True)), ("127.0.0.1", port))
        while True:
            answer = decode(asking.recv(2048))
            if answer is not None and answer.kind == LIGHT_STATE:
                words = [int.from_bytes(answer.payload[at : at + 2], "little") for at in (4, 6, 10)]
                return words[0], words[1], words[2]


def test_the_emulated_lamps_are_found_by_name_and_serial(emulator: int) -> None:
    lamps = discover("127.0.0.1", emulator)
    assert len(lamps) == 2
    assert choose_lamp(lamps, lamps[1].label) == lamps[1]
    assert choose_lamp(lamps, lamps[0].serial.upper()) == lamps[0]


def test_a_look_reaches_one_emulated_lamp_and_not_the_other(emulator: int, open_lamp: Any) -> None:
    first, second = discover("127.0.0.1", emulator)
    before = state_of(emulator, second.target)
    lamp = build(RoomLightEntry("lamps", "lifx", host="127.0.0.1", port=emulator, entity=first.serial))
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(50.0, 2700.0, 0.0), DUE)
    deadline = threading.Event()
    for _ in range(400):
        if state_of(emulator, first.target) == (32768, 2700, 65535):
            break
        deadline.wait(0.05)
    assert state_of(emulator, first.target) == (32768, 2700, 65535)
    assert state_of(emulator, second.target) == before
    lamp.offer(RoomLook(0.0, 2700.0, 0.0), DUE)
    for _ in range(400):
        if state_of(emulator, first.target)[2] == 0:
            break
        deadline.wait(0.05)
    assert state_of(emulator, first.target)[2] == 0


def test_a_lamp_that_does_not_answer_is_said(open_lamp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifx, "DISCOVER_S", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        lamp = build(RoomLightEntry("lamps", "lifx", host="127.0.0.1", port=silent.getsockname()[1], entity="Sofa"))
        assert open_lamp(lamp).wait_for("FAULT").why.startswith("no LIFX lamp answers at 127.0.0.1; is it powered")


def test_without_a_name_only_a_single_lamp_will_do() -> None:
    lamps = [LifxLamp("192.0.2.1", 56700, TARGET, "Sofa"), LifxLamp("192.0.2.2", 56700, TARGET[::-1], "Door")]
    assert choose_lamp(lamps, "") is None
    assert choose_lamp(lamps[:1], "") == lamps[0]
    assert choose_lamp(lamps, "SOFA") == lamps[0]
    there = f"Sofa ({lamps[0].serial}), Door ({lamps[1].serial})"
    assert (
        why_none(lamps, "", "192.0.2.9") == f"more than one LIFX lamp answers at 192.0.2.9; name one of them as entity: {there}"
    )
    assert why_none(lamps, "Desk", "192.0.2.9") == f'no LIFX lamp "Desk" at 192.0.2.9; there is {there}'
