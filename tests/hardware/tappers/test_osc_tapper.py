"""The OSC tapper, heard by liblo's oscdump and by a socket."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hardware.entries import TapperEntry
from hardware.osc.packets import parse_packet
from hardware.seams import Due, TapPulse
from hardware.tappers.osc import STILL, OscTapper, OscTapperConfig, build, encode_tap

DUE = Due(0, 0.0)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(20)
        yield listening


@pytest.fixture
def make(request: pytest.FixtureRequest, links_of: Any) -> Callable[..., Any]:
    def make_one(**config: Any) -> Any:
        tapper = OscTapper("taps", OscTapperConfig(**config))
        request.addfinalizer(tapper.close)
        links = links_of(tapper)
        tapper.open()
        return tapper, links

    return make_one


def heard_until(receiver: socket.socket, address: str) -> list[Any]:
    """Every message but the room's sign of life, up to the first one to `address`."""
    messages = []
    while not messages or messages[-1].address != address:
        (message,) = parse_packet(receiver.recv(1000))
        if message.address != "/roomctl/alive":
            messages.append(message)
    return messages


def test_a_pulse_and_a_stop_are_told(receiver: socket.socket, make: Any) -> None:
    tapper, links = make(port=receiver.getsockname()[1])
    links.wait_for("READY")
    tapper.offer(TapPulse("right", 150.0, 0.5), DUE)
    assert heard_until(receiver, "/roomctl/tap")[-1].args == (1, 150.0, 0.5)
    tapper.safe()
    (still,) = heard_until(receiver, "/roomctl/tap/still")
    assert still.args == ()


def test_the_rooms_sign_of_life_keeps_coming(receiver: socket.socket, make: Any) -> None:
    _, links = make(port=receiver.getsockname()[1])
    links.wait_for("READY")
    assert [parse_packet(receiver.recv(1000))[0].address for _ in range(2)] == ["/roomctl/alive"] * 2


def test_closing_says_still(receiver: socket.socket, make: Any) -> None:
    tapper, links = make(port=receiver.getsockname()[1])
    links.wait_for("READY")
    tapper.close()
    assert heard_until(receiver, "/roomctl/tap/still")


def test_a_host_without_an_address_is_said(make: Any) -> None:
    _, links = make(host="nowhere.invalid")
    assert "there is no host called nowhere.invalid" in links.wait_for("FAULT").why


def test_a_receiver_that_is_not_running_is_said_and_found_again(receiver: socket.socket, make: Any) -> None:
    port = receiver.getsockname()[1]
    receiver.close()
    _, links = make(port=port)
    assert f"nothing listens at 127.0.0.1:{port}" in links.wait_for("FAULT").why
    links.seen.clear()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.settimeout(20)
        again.bind(("127.0.0.1", port))
        links.wait_for("READY")
        assert again.recv(1000)


def test_a_pulse_too_short_is_left_out(receiver: socket.socket, make: Any) -> None:
    tapper, links = make(port=receiver.getsockname()[1], min_pulse_ms=80.0)
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 40.0, 1.0), DUE)
    assert "needs 80 ms" in tapper.link.why
    tapper.safe()
    assert [message.address for message in heard_until(receiver, "/roomctl/tap/still")] == ["/roomctl/tap/still"]


def test_the_launcher_can_say_still_without_the_engine(receiver: socket.socket) -> None:
    tapper = build(TapperEntry(name="taps", driver="osc", host="127.0.0.1", port=receiver.getsockname()[1]))
    safe = tapper.safe_bytes()
    assert (safe.transport, safe.address) == ("udp", f"127.0.0.1:{receiver.getsockname()[1]}")
    assert safe.packets == (STILL, STILL)


def test_liblos_oscdump_reads_a_pulse(receiver: socket.socket) -> None:
    tool = shutil.which("oscdump")
    if tool is None:
        pytest.skip("needs oscdump of Debian's liblo-tools")
    port = receiver.getsockname()[1]
    receiver.close()
    dump = subprocess.Popen([tool, "-L", str(port)], stdout=subprocess.PIPE, text=True)
    assert dump.stdout is not None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.settimeout(0.05)
            sending.connect(("127.0.0.1", port))
            line = ""
            for _ in range(400):
                try:
                    sending.send(encode_tap(TapPulse("left", 100.0, 0.25)))
                    sending.recv(1)
                except TimeoutError:
                    line = dump.stdout.readline()
                    break
                except ConnectionRefusedError:  # it is not listening yet
                    continue
        assert line.split(" ", 1)[1].strip() == "/roomctl/tap iff 0 100.000000 0.250000"
    finally:
        dump.terminate()
        dump.wait(20)
        dump.stdout.close()
