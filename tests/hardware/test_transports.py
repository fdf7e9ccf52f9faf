"""UDP, serial, recorded and replayed transports, and what the launcher sends through them."""

from __future__ import annotations

import errno
import os
import socket
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from hardware.safe_send import SafeKeeper, send_release, send_safe
from hardware.seams import SafeBytes
from hardware.transports import serial as serial_module
from hardware.transports import udp
from hardware.transports.recorded import Diverged, Recorded, Replayed
from hardware.transports.serial import SerialPort
from hardware.transports.udp import UdpPort


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(10.0)
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The far end of a pseudo-terminal, and the name of ours."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for fd in (master, slave):
        os.close(fd)


def test_a_datagram_arrives_and_an_answer_is_read(ear: socket.socket) -> None:
    port = UdpPort("localhost", ear.getsockname()[1])
    port.open()
    assert port.read(100) == b""
    port.write(b"hello")
    data, back = ear.recvfrom(100)
    assert data == b"hello"
    ear.sendto(b"yes", back)
    answer = b""
    while not answer:
        answer = port.read(100)
    assert answer == b"yes"
    port.close()
    with pytest.raises(OSError, match="nothing is open towards localhost"):
        port.write(b"more")


def test_a_port_where_nothing_listens_is_said_when_it_is_opened() -> None:
    port = UdpPort("127.0.0.1", deaf_port(), probe=b"?")
    with pytest.raises(OSError, match="; is the port right, and is the receiver there set to listen"):
        port.open()


def deaf_port() -> int:
    """A port that was somebody's a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        return int(gone.getsockname()[1])


def test_what_is_sent_after_a_refusal_leaves_although_the_refusal_is_raised() -> None:
    where = deaf_port()
    port = UdpPort("127.0.0.1", where)
    port.open()
    port.write(b"to nobody")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        back.bind(("127.0.0.1", where))
        back.settimeout(10.0)
        with pytest.raises(OSError, match="nothing listens"):
            port.write(b"dark")
        assert back.recv(10) == b"dark"
    port.close()


def test_a_host_that_answers_the_probe_is_not_waited_for(ear: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "FIRST_S", 60.0)
    port = UdpPort("127.0.0.1", ear.getsockname()[1], probe=b"who are you?")

    def answer() -> None:
        data, back = ear.recvfrom(100)
        ear.sendto(data + b" me", back)

    answering = threading.Thread(target=answer)
    answering.start()
    port.open()
    answering.join()
    assert port.read(100) == b"who are you? me"
    port.close()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EHOSTUNREACH, "192.0.2.7 cannot be reached; is it powered"),
        (errno.ENETUNREACH, "192.0.2.7 cannot be reached; is it powered"),
        (errno.EACCES, "192.0.2.7 is the address of a whole network; give that of the one device"),
        (errno.EPERM, r"192.0.2.7:9 cannot be sent to \(Operation not permitted\)"),
    ],
)
def test_what_the_system_learned_is_said_in_words(number: int, words: str) -> None:
    with pytest.raises(OSError, match=words):
        raise udp.why_unheard("192.0.2.7", 9, OSError(number, os.strerror(number)))


def test_a_file_that_is_no_serial_port_is_told_in_words() -> None:
    with pytest.raises(OSError, match='/dev/null is no serial port; "roomctl devices" lists those there are'):
        SerialPort("/dev/null", 115_200).open()


def test_a_name_that_is_no_host_is_told_in_words() -> None:
    with pytest.raises(OSError, match=r"there is no host called no-such-host\.invalid"):
        UdpPort("no-such-host.invalid", 9).open()


def test_a_name_that_is_never_resolved_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hang(*asked: object) -> None:
        let_go.wait(20.0)
        raise OSError("too late")

    monkeypatch.setattr(udp.socket, "getaddrinfo", hang)
    before = set(threading.enumerate())
    with pytest.raises(TimeoutError, match=r"the name slow\.example was not resolved in 0\.0 s"):
        udp.resolve("slow.example", 9, timeout_s=0.01)
    let_go.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10.0)


def test_our_own_address_is_the_one_the_far_end_sees() -> None:
    assert udp.own_address("127.0.0.1") == "127.0.0.1"
    assert udp.own_address("no-such-host.invalid") == ""


def test_bytes_go_both_ways_over_a_serial_port(terminal: tuple[int, str]) -> None:
    master, name = terminal
    port = SerialPort(name, 115_200)
    port.open()
    port.write(b"\x00\x7e\xff")
    assert os.read(master, 10) == b"\x00\x7e\xff"
    os.write(master, b"back")
    heard = b""
    while len(heard) < 4:
        heard += port.read(10)
    assert heard == b"back"
    port.close()
    port.close()


def test_a_port_that_another_program_holds_is_refused_with_words(terminal: tuple[int, str]) -> None:
    _, name = terminal
    with serial.Serial(name, exclusive=True), pytest.raises(OSError, match="is busy: another program holds it"):
        SerialPort(name, 115_200).open()


def test_a_port_that_is_not_there_is_absent_with_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no serial port .*; is the device plugged in\?"):
        SerialPort(str(tmp_path / "ttyUSB0"), 115_200).open()


def test_a_device_that_takes_nothing_is_a_timeout_with_words(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_module, "WRITE_S", 0.01)
    port = SerialPort(terminal[1], 115_200)
    port.open()
    with pytest.raises(TimeoutError, match=r"took nothing for 0\.01 s; is the device stuck\?"):
        for _ in range(1000):
            port.write(bytes(4096))
    port.close()


def test_a_port_that_is_not_open_says_so() -> None:
    port = SerialPort("/dev/null", 9600)
    with pytest.raises(OSError, match="is not open"):
        port.write(b"x")
    with pytest.raises(OSError, match="is not open"):
        port.read(1)


class Echo:
    """A transport whose far end says back what it was told."""

    def __init__(self) -> None:
        self.held = b""

    def open(self) -> None:
        self.held = b""

    def write(self, data: bytes) -> None:
        self.held += data

    def read(self, most: int) -> bytes:
        data, self.held = self.held[:most], self.held[most:]
        return data

    def close(self) -> None:
        self.held = b""


def conversation(line: Any, second: bytes) -> list[bytes]:
    line.open()
    line.write(b"\x01\x02")
    heard = [line.read(10), line.read(10)]
    line.write(second)
    line.close()
    return heard


def test_a_recorded_conversation_is_replayed_to_the_byte(tmp_path: Path) -> None:
    heard = conversation(Recorded(Echo(), tmp_path / "talk.jsonl"), b"\x03")
    replayed = Replayed(tmp_path / "talk.jsonl")
    assert conversation(replayed, b"\x03") == heard == [b"\x01\x02", b""]
    assert replayed.done


def test_a_replay_fails_where_something_else_is_said(tmp_path: Path) -> None:
    conversation(Recorded(Echo(), tmp_path / "talk.jsonl"), b"\x03")
    with pytest.raises(Diverged, match="step 4: wrote 04, recorded is 03"):
        conversation(Replayed(tmp_path / "talk.jsonl"), b"\x04")
    early = Replayed(tmp_path / "talk.jsonl")
    with pytest.raises(Diverged, match="step 1: close, recorded is open"):
        early.close()
    late = Replayed(tmp_path / "talk.jsonl")
    conversation(late, b"\x03")
    with pytest.raises(Diverged, match="after the end of the recording"):
        late.open()


def test_the_launcher_sends_udp_packets_in_order_and_each_to_its_own_address(ear: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10.0)
        addresses = " ".join(f"127.0.0.1:{one.getsockname()[1]}" for one in (ear, other))
        safe = SafeBytes("bar", "udp", addresses, (b"a", b"b", b"c", b"d"), release=(b"r", b"s"))
        send_safe(safe)
        send_release(safe)
        assert [ear.recv(10) for _ in range(3)] == [b"a", b"c", b"r"]
        assert [other.recv(10) for _ in range(3)] == [b"b", b"d", b"s"]


def test_the_launcher_writes_to_a_serial_port_that_a_hung_engine_still_holds(terminal: tuple[int, str]) -> None:
    master, name = terminal
    with serial.Serial(name, exclusive=True):
        send_safe(SafeBytes("bar", "serial", f"{name}@115200", (b"dark", b"!")))
    assert os.read(master, 10) == b"dark!"


def test_the_launcher_speaks_to_a_local_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        server.settimeout(10.0)
        send_safe(SafeBytes("pad", "unix", path, (b"still",)))
        with server.accept()[0] as peer:
            assert peer.recv(10) == b"still"


@pytest.mark.parametrize(
    "safe",
    [
        SafeBytes("bar", "serial", "/dev/no-such-port@115200", (b"x",)),
        SafeBytes("pad", "unix", "/no/such/socket", (b"x",)),
    ],
)
def test_what_cannot_be_reached_is_an_os_error_for_the_launcher(safe: SafeBytes) -> None:
    with pytest.raises(OSError, match=r"no serial port|No such file"):
        send_safe(safe)


def test_nothing_is_sent_where_there_is_nothing_to_release() -> None:
    send_release(SafeBytes("bar", "serial", "/dev/no-such-port@115200", (b"x",)))


def test_a_keeper_repeats_until_it_releases_and_a_sick_device_delays_no_other(ear: socket.socket) -> None:
    address = f"127.0.0.1:{ear.getsockname()[1]}"
    told: list[tuple[str, str]] = []
    keeper = SafeKeeper(lambda device, why: told.append((device, why)))
    before = set(threading.enumerate())
    sick = SafeBytes("sick", "serial", "/dev/no-such-port@115200", (b"x",), repeat_s=0.01)
    keeper.hold([sick, SafeBytes("bar", "udp", address, (b"dark",), repeat_s=0.01, release=(b"bye",))])
    assert [ear.recv(10) for _ in range(3)] == [b"dark"] * 3
    keeper.release()
    heard = b"dark"
    while heard == b"dark":
        heard = ear.recv(10)
    assert heard == b"bye"
    assert ("bar", "") in told
    assert [device for device, _ in told].count("sick") == 1, "trouble that goes on is told once"
    assert set(threading.enumerate()) <= before


def test_a_keeper_holds_again_and_releases_any_number_of_times(ear: socket.socket) -> None:
    keeper = SafeKeeper(lambda device, why: None)
    keeper.release()
    for _ in range(2):
        keeper.hold([SafeBytes("bar", "udp", f"127.0.0.1:{ear.getsockname()[1]}", (b"dark",))])
        assert ear.recv(10) == b"dark"
    keeper.release()
    keeper.release()
