"""Room light over OSC, heard by a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hardware.entries import RoomLightEntry
from hardware.osc.packets import parse_packet
from hardware.roomlights.osc import build
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(20)
        yield listening


def next_look(receiver: socket.socket) -> Any:
    """The next message that is no sign of life."""
    while True:
        (message,) = parse_packet(receiver.recv(1000))
        if message.address != "/roomctl/alive":
            return message


def lamp_at(port: int) -> Any:
    return build(RoomLightEntry("lamps", "osc", host="127.0.0.1", port=port, level_frac=0.5))


def test_a_look_and_a_safe_are_told(receiver: socket.socket, open_lamp: Any) -> None:
    lamp = lamp_at(receiver.getsockname()[1])
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(30.0, 2400.0, 12.0), DUE)
    message = next_look(receiver)
    assert (message.address, message.args) == ("/roomctl/roomlight", (15.0, 2400.0, 12.0))
    lamp.safe()
    message = next_look(receiver)
    assert message.args == (10.0, 2200.0, 2.0)


def test_nobody_listening_is_said_before_it_is_ready(receiver: socket.socket, open_lamp: Any) -> None:
    port = receiver.getsockname()[1]
    receiver.close()
    links = open_lamp(lamp_at(port))
    assert f"nothing listens at 127.0.0.1:{port}" in links.wait_for("FAULT").why
    assert [link.state for link in links.seen][:2] == ["CONNECTING", "FAULT"]
