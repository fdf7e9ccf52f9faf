"""Looking around: each look on its own, bounded; serial ports asked; the network by mDNS on loopback."""

from __future__ import annotations

import os
import pty
import select
import socket
import threading
import tty
from collections.abc import Iterator

import pytest
from zeroconf import ServiceInfo, Zeroconf

from hardware.discovery import Found, Look, look_around, network_services, who_answers
from hardware.tappers.tapper_frames import crc8


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def answering(master: int, answer: bytes, done: threading.Event) -> threading.Thread:
    def run() -> None:
        while not done.is_set():
            if select.select([master], [], [], 0.05)[0]:
                os.read(master, 100)
                os.write(master, answer)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_looks_are_side_by_side_and_a_sick_one_delays_none() -> None:
    let_go = threading.Event()

    def broken() -> list[Found]:
        raise OSError("the library is not installed")

    def hung() -> list[Found]:
        let_go.wait(20)
        return []

    found = Found("pad", "One Pad", 'device = "One Pad"')
    looks = look_around({"broken": broken, "hung": hung, "good": lambda: [found]}, most_s=0.3)
    let_go.set()
    assert looks == [
        Look("broken", trouble="the library is not installed"),
        Look("hung", trouble="did not finish in 0 s"),
        Look("good", (found,)),
    ]


def test_a_tapper_on_a_serial_port_is_named_with_its_firmware(line: tuple[int, str]) -> None:
    body = bytes([22, ord("H"), 1, 1, 1, 4, 0, 0xE8, 3, 0x84, 3]) + b"roomctl-tapper"
    done = threading.Event()
    thread = answering(line[0], bytes([0x5A]) + body + bytes([crc8(body)]), done)
    assert who_answers(line[1]) == 'tapper, firmware 1.4: driver = "serial"'
    done.set()
    thread.join(20)


def test_a_port_that_is_silent_and_one_that_babbles_are_told_apart(line: tuple[int, str]) -> None:
    assert who_answers(line[1], wait_s=0.2) == "says nothing at 115200 baud"
    done = threading.Event()
    thread = answering(line[0], b"hello", done)
    assert who_answers(line[1], wait_s=1.2) == "says something at 115200 baud, but is no tapper"
    done.set()
    thread.join(20)


def test_a_port_that_cannot_be_opened_says_why() -> None:
    assert "cannot be asked" in who_answers("/dev/ttyNOWHERE")


def test_a_wled_that_announces_itself_is_found() -> None:
    announcing = Zeroconf(interfaces=["127.0.0.1"])
    info = ServiceInfo(
        "_wled._tcp.local.", "sofa._wled._tcp.local.", port=80, addresses=[socket.inet_aton("127.0.0.1")], server="sofa.local."
    )
    try:
        announcing.register_service(info)
        found = network_services(wait_s=1.5, interfaces=["127.0.0.1"])
    finally:
        announcing.close()
    assert Found("WLED", "sofa", 'host = "127.0.0.1", port = 80') in found
