"""The serial tapper's driver: against its firmware in simavr, and against lines that misbehave."""

from __future__ import annotations

import errno
import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import serial

from hardware.entries import TapperEntry
from hardware.seams import Due, TapPulse
from hardware.tappers import serial as driver
from hardware.tappers.serial import SerialTapper, SerialTapperConfig, build, why_lost, why_not
from hardware.tappers.tapper_frames import TO_HOST, crc8

DUE = Due(0, 0.0)
LEFT = TapPulse("left", 100.0, 1.0)
RIGHT = TapPulse("right", 100.0, 0.5)


@pytest.fixture
def make(request: pytest.FixtureRequest, links_of: Any) -> Callable[..., Any]:
    def make_one(port: str, **config: Any) -> Any:
        tapper = SerialTapper("taps", SerialTapperConfig(port, **config))
        request.addfinalizer(tapper.close)
        links = links_of(tapper)
        tapper.open()
        return tapper, links

    return make_one


class LineModel:
    """The other end of a pty: answers as told, byte by byte."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self.heard = bytearray()
        self.answer_frames = True
        self.protocol: int | None = 1
        self._changed = threading.Condition()
        self._going = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def start(self, protocol: int | None = 1) -> None:
        """Read what the driver sends; say hello when asked, and acknowledge each frame, while `answer_frames` holds."""
        self.protocol = protocol
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._going.is_set():
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                self._answer(os.read(self.master, 256))
            except OSError:  # nobody has the other end open just now
                continue

    def _answer(self, data: bytes) -> None:
        with self._changed:
            self.heard += data
            self._changed.notify_all()
        if data[2:3] == b"I" and self.protocol is not None:
            self.say(hello(self.protocol))
        elif self.answer_frames:
            self.say(reply("A", data[3], bytes([0, 1, 0, 0, 0])))

    def wait_for(self, what: Callable[[bytes], bool], timeout_s: float = 20.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: what(bytes(self.heard)), timeout_s)

    def unplug(self) -> None:
        """Let go of both ends, as a cable does."""
        if self.master < 0:
            return
        self._going.set()
        os.close(self._slave)
        if self._thread is not None:
            self._thread.join(20)
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        self.unplug()


def reply(kind: str, sequence: int, payload: bytes) -> bytes:
    body = bytes([len(payload), ord(kind), sequence]) + payload
    return bytes([TO_HOST]) + body + bytes([crc8(body)])


def kinds_of(heard: bytes) -> list[str]:
    """The kind of each frame from the driver, one after the other."""
    kinds, at = [], 0
    while at + 4 < len(heard):
        kinds.append(chr(heard[at + 2]))
        at += heard[at + 1] + 5
    return kinds


def hello(protocol: int) -> bytes:
    return reply("H", 0, bytes([protocol, 1, 0, 2, 0xE8, 3, 0x84, 3]) + b"roomctl-tapper")


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[LineModel]:
    """A line whose tapper is asked who it is at once, as opening a pty resets nothing."""
    monkeypatch.setattr(driver, "ASK_EVERY_S", 0.05)
    model = LineModel()
    yield model
    model.close()


def test_it_taps_left_and_right_on_the_real_firmware(make: Any, live_tapper: Any) -> None:
    tapper, links = make(live_tapper.path)
    links.wait_for("READY")
    assert tapper.hello is not None and tapper.hello.version == "1.0"
    ended: list[Any] = []
    done = threading.Semaphore(0)
    tapper.on_ended = lambda end: (ended.append(end), done.release())
    for pulse in (LEFT, RIGHT):
        tapper.offer(pulse, DUE)
        assert done.acquire(timeout=20)
    assert [(end.side, end.why, end.ms) for end in ended] == [("left", "done", 100), ("right", "done", 100)]
    assert live_tapper.wait_for(lambda record: len(record.pulses()) == 2)
    assert [lasted_ms for _, lasted_ms, _ in live_tapper.record.pulses()] == pytest.approx([100, 100], abs=1)
    assert [motor.duty for motor in live_tapper.record.motors if motor.on] == [255, 128]


def test_safe_ends_a_pulse_on_the_real_firmware(make: Any, live_tapper: Any) -> None:
    tapper, links = make(live_tapper.path)
    links.wait_for("READY")
    ended: list[Any] = []
    done = threading.Event()
    tapper.on_ended = lambda end: (ended.append(end), done.set())
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert live_tapper.wait_for(lambda record: bool(record.motors))
    tapper.safe()
    assert done.wait(20)
    assert ended[0].why == "stopped"
    assert live_tapper.wait_for(lambda record: bool(record.pulses()))


def test_keep_alives_hold_a_whole_second_of_pulse_on_the_real_firmware(make: Any, live_tapper: Any) -> None:
    tapper, links = make(live_tapper.path)
    links.wait_for("READY")
    tapper.offer(TapPulse("right", 1000.0, 1.0), DUE)
    assert live_tapper.wait_for(lambda record: bool(record.pulses()))
    assert live_tapper.record.pulses()[0][1] == pytest.approx(1000, abs=1)


def test_closing_in_a_pulse_leaves_the_hands_still(make: Any, live_tapper: Any) -> None:
    tapper, links = make(live_tapper.path)
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert live_tapper.wait_for(lambda record: bool(record.motors))
    tapper.close()
    assert tapper.link.state == "ABSENT"


def test_a_port_that_is_not_there_is_absent_with_a_sentence(make: Any) -> None:
    _, links = make("/dev/ttyNOWHERE")
    assert links.wait_for("ABSENT", "is the tapper plugged in").why == "there is no /dev/ttyNOWHERE; is the tapper plugged in?"


def test_a_silent_line_is_told_from_one_that_babbles(make: Any, line: LineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "HELLO_WAIT_S", 0.3)
    _, links = make(line.path)
    links.wait_for("FAULT", "did not say hello")
    line.protocol, line.answer_frames = None, True
    line.start(protocol=None)
    assert "is its baud 115200" in links.wait_for("FAULT", "not as a tapper").why


def test_a_firmware_of_another_protocol_is_named(make: Any, line: LineModel) -> None:
    line.start(protocol=9)
    _, links = make(line.path)
    assert "speaks protocol 9, this room speaks 1" in links.wait_for("FAULT", "protocol").why


def test_a_hello_among_noise_is_enough(make: Any, line: LineModel) -> None:
    line.start(protocol=None)
    line.answer_frames = False
    _, links = make(line.path)
    assert line.wait_for(lambda heard: heard[:1] == b"\xa5" and heard[2:3] == b"I")
    line.say(b"\x00\x5a\xff\x5a\x05" + hello(1)[:7])
    line.say(hello(1)[7:])
    links.wait_for("READY")


def test_a_tapper_that_falls_silent_is_stale_and_then_reopened(
    make: Any, line: LineModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STALE_AFTER_S", 0.3)
    monkeypatch.setattr(driver, "LOST_AFTER_S", 0.9)
    line.answer_frames = False
    line.start()
    _, links = make(line.path)
    links.wait_for("READY")
    assert "has not answered for more than" in links.wait_for("STALE").why
    assert "trying to open it again" in links.wait_for("FAULT").why


def test_a_stale_tapper_that_answers_again_is_ready_again(make: Any, line: LineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "STALE_AFTER_S", 0.3)
    line.start()
    line.answer_frames = False
    line.start()
    _, links = make(line.path)
    links.wait_for("STALE")
    links.seen.clear()
    line.answer_frames = True
    links.wait_for("READY")


def test_a_cable_pulled_out_is_said_and_the_port_is_tried_again(make: Any, line: LineModel) -> None:
    line.start()
    _, links = make(line.path)
    links.wait_for("READY")
    line.unplug()
    assert "went away; is the tapper's cable in?" in links.wait_for("FAULT").why
    links.wait_for("ABSENT", "is the tapper plugged in")


def test_a_second_program_on_the_port_is_named(make: Any, line: LineModel) -> None:
    with serial.Serial(line.path, exclusive=True):
        _, links = make(line.path)
        assert "is in use by another program" in links.wait_for("FAULT").why


def test_a_pulse_too_short_for_the_motor_is_left_out_with_words(make: Any, line: LineModel) -> None:
    line.start()
    tapper, links = make(line.path, min_pulse_ms=80.0)
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 50.0, 1.0), DUE)
    assert tapper.link.why == "a pulse of 50 ms was left out: this motor needs 80 ms or more to be felt"
    tapper.offer(LEFT, DUE)
    assert tapper.link.why == ""
    assert line.wait_for(lambda heard: b"P" in heard)
    assert bytes(line.heard).count(b"P") == 1


def test_full_strength_is_the_share_the_room_file_allows(make: Any, line: LineModel) -> None:
    line.start()
    tapper, links = make(line.path, strength_share=0.5)
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 5000.0, 7.0), DUE)
    assert line.wait_for(lambda heard: b"P" in heard)
    at = bytes(line.heard).index(b"P")
    assert bytes(line.heard)[at + 2 : at + 6] == bytes([0, 128, 0xE8, 3])


def test_safe_is_legal_before_open_and_any_number_of_times() -> None:
    tapper = SerialTapper("taps", SerialTapperConfig("/dev/ttyNOWHERE"))
    tapper.safe()
    tapper.safe()
    tapper.close()
    assert tapper.link.state == "ABSENT"


def test_closing_does_not_wait_for_a_hello(make: Any, line: LineModel) -> None:
    tapper, links = make(line.path)
    links.wait_for("CONNECTING")
    tapper.close()
    assert tapper.link.state == "ABSENT"


def test_the_first_pulse_after_safe_lets_go_of_the_clients_button(make: Any, line: LineModel) -> None:
    line.start()
    tapper, links = make(line.path)
    pressed = threading.Event()
    tapper.on_stop = lambda name: pressed.set()
    links.wait_for("READY")
    line.say(reply("B", 0, b""))
    assert pressed.wait(20)
    tapper.safe()
    tapper.offer(LEFT, DUE)
    assert line.wait_for(lambda heard: b"P" in heard)
    assert [kind for kind in kinds_of(bytes(line.heard)) if kind not in "IK"] == ["S", "C", "P"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (serial.SerialException(errno.EACCES, "Permission denied"), "dialout"),
        (serial.SerialException(errno.EIO, "odd"), "could not be opened"),
        (ValueError("baud?"), "could not be opened: baud?"),
    ],
)
def test_what_keeps_a_port_shut_is_a_sentence(fault: Exception, words: str) -> None:
    assert words in str(why_not(SerialTapperConfig("/dev/ttyUSB0"), fault))


def test_a_line_that_takes_no_bytes_is_said() -> None:
    assert "takes no more bytes" in str(
        why_lost(SerialTapperConfig("/dev/ttyUSB0"), serial.SerialTimeoutException("Write timeout"))
    )


def test_a_room_files_entry_becomes_its_tapper() -> None:
    tapper = build(TapperEntry(name="taps", driver="serial", port="/dev/ttyUSB0", min_pulse_ms=80.0, onset_ms=12.0))
    assert tapper.capabilities.min_pulse_ms == 80.0
    assert tapper.capabilities.onset_ms == 12.0
    assert not tapper.verified


def test_no_thread_is_left_behind(make: Any, line: LineModel) -> None:
    line.start()
    tapper, links = make(line.path)
    links.wait_for("READY")
    tapper.close()
    deadline_s = time.monotonic() + 5
    while time.monotonic() < deadline_s and any("tapper" in thread.name for thread in threading.enumerate()):
        threading.Event().wait(0.01)
    assert not [thread.name for thread in threading.enumerate() if "tapper" in thread.name]
