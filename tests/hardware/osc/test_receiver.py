"""One OSC receiver: what it is sent, and the words for one that is not there."""

from __future__ import annotations

import socket

import pytest

from hardware.osc.receiver import OscReceiver


def test_a_packet_arrives_as_it_was_sent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.settimeout(20.0)
        receiver = OscReceiver("127.0.0.1", far.getsockname()[1])
        receiver.open()
        receiver.send(b"/a\0\0,\0\0\0")
        assert far.recv(64) == b"/a\0\0,\0\0\0"
        receiver.close()


def test_sending_before_open_or_after_close_is_refused_in_words() -> None:
    receiver = OscReceiver("127.0.0.1", 9)
    receiver.close()
    with pytest.raises(OSError, match="the socket is closed"):
        receiver.send(b"x")


def test_a_host_without_an_address_is_named() -> None:
    with pytest.raises(OSError, match=r"nobody\.invalid has no address"):
        OscReceiver("nobody.invalid", 9).open()
