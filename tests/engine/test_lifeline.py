"""The lifeline to the launcher: the engine says that it lives, and hands over what would make its devices safe."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.seams import SafeBytes
from roomctl.engine.lifeline import Lifeline, read_safe, safe_line
from roomctl.launcher.lifeline_reader import LifelineReader

WAIT_S = 20.0
BAR = SafeBytes("bar", "udp", "127.0.0.1:6454", (b"\x00\xff", b"dark"))
SACN = SafeBytes("strip", "udp", "239.255.0.1:5568 239.255.0.2:5568", (b"a", b"b"), 0.8, (b"bye", b""))


class FakeRack:
    """Has safe bytes, which may change."""

    def __init__(self, *found: SafeBytes) -> None:
        self.found = list(found)

    def safe_bytes(self) -> list[SafeBytes]:
        return self.found


SAFE = st.builds(
    SafeBytes,
    st.text(),
    st.sampled_from(["udp", "serial", "unix"]),
    st.text(),
    st.lists(st.binary()).map(tuple),
    st.floats(0.0, 60.0),
    st.lists(st.binary()).map(tuple),
)


@given(st.lists(SAFE))
def test_what_is_handed_over_is_read_back_to_the_byte(found: list[SafeBytes]) -> None:
    line = safe_line(found)
    assert "\n" not in line
    assert read_safe(json.loads(line)) == found


def test_how_often_to_repeat_and_how_to_let_go_are_handed_over_too() -> None:
    assert read_safe(json.loads(safe_line([SACN])))[0] == SACN


class Pipe:
    """A real pipe with a lifeline on one end; lines are read on the other."""

    def __init__(self, rack: FakeRack) -> None:
        reading, writing = os.pipe()
        self.out = os.fdopen(writing, "w")
        self.lines = os.fdopen(reading, "r")
        self.lifeline = Lifeline(rack, self.out)  # type: ignore[arg-type]

    def line(self) -> dict[str, Any]:
        return dict(json.loads(self.lines.readline()))

    def close(self) -> None:
        self.lifeline.close()
        self.out.close()
        self.lines.close()


@pytest.fixture
def make_pipe() -> Iterator[Callable[[FakeRack], Pipe]]:
    made: list[Pipe] = []

    def make(rack: FakeRack) -> Pipe:
        made.append(Pipe(rack))
        made[-1].lifeline.start()
        return made[-1]

    yield make
    for pipe in made:
        pipe.close()
        assert not pipe.lifeline._thread.is_alive()


def test_the_first_line_hands_over_every_devices_safe_bytes_and_the_next_say_only_that_it_lives(
    make_pipe: Callable[[FakeRack], Pipe],
) -> None:
    pipe = make_pipe(FakeRack(BAR, SACN))
    assert read_safe(pipe.line()) == [BAR, SACN]
    assert [pipe.line(), pipe.line()] == [{}, {}]


def test_safe_bytes_that_change_are_handed_over_again(make_pipe: Callable[[FakeRack], Pipe]) -> None:
    rack = FakeRack(BAR)
    pipe = make_pipe(rack)
    pipe.line()
    rack.found = [SACN]
    while not (line := pipe.line()):
        pass
    assert read_safe(line) == [SACN]


def test_a_room_without_such_devices_says_so_once(make_pipe: Callable[[FakeRack], Pipe]) -> None:
    pipe = make_pipe(FakeRack())
    assert [pipe.line(), pipe.line()] == [{"safe": []}, {}]


def test_a_launcher_that_is_gone_does_not_disturb_the_engine(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    lifeline = Lifeline(FakeRack(BAR), Broken())  # type: ignore[arg-type]
    lifeline.start()
    lifeline._thread.join(WAIT_S)
    assert not lifeline._thread.is_alive()
    assert "the launcher no longer listens" in caplog.text
    lifeline.close()


# --- heard by the launcher ---


class Heard:
    """A reader on a pipe that a test writes to."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self.out = os.fdopen(writing, "w")
        self.stream = os.fdopen(reading, "r")
        self.reader = LifelineReader()
        self.taken = threading.Semaphore(0)
        whole = self.reader._take

        def take(line: str) -> None:
            whole(line)
            self.taken.release()

        self.reader._take = take  # type: ignore[method-assign]

    def say(self, line: str) -> None:
        self.out.write(line + "\n")
        self.out.flush()
        assert self.taken.acquire(timeout=WAIT_S)


@pytest.fixture
def heard() -> Iterator[Heard]:
    made = Heard()
    made.reader.follow(made.stream)
    yield made
    made.out.close()
    for thread in threading.enumerate():
        if thread.name == "lifeline-reader":
            thread.join(WAIT_S)
    made.stream.close()


def test_the_launcher_hears_that_the_engine_lives_and_what_would_make_it_safe(heard: Heard) -> None:
    assert not heard.reader.has_spoken
    heard.say(safe_line([BAR, SACN]))
    assert heard.reader.has_spoken
    assert heard.reader.safe == [BAR, SACN]
    before = heard.reader.heard_s
    heard.say("{}")
    assert heard.reader.heard_s > before
    assert heard.reader.safe == [BAR, SACN]


@pytest.mark.parametrize("line", ["nonsense", '{"safe": 5}', '{"safe": [{}]}', "[1]", '{"safe": [{"device": "x"}]}'])
def test_a_line_nobody_understands_is_logged_and_what_was_known_stays(
    heard: Heard, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard.say(safe_line([BAR]))
    heard.say(line)
    assert heard.reader.safe == [BAR]
    heard.say(safe_line([SACN]))
    assert heard.reader.safe == [SACN]


def test_what_made_the_last_engine_safe_is_known_while_the_next_one_has_not_spoken(heard: Heard) -> None:
    heard.say(safe_line([BAR]))
    reading, writing = os.pipe()
    stream = os.fdopen(reading, "r")
    heard.reader.follow(stream)
    assert not heard.reader.has_spoken
    assert heard.reader.safe == [BAR]
    os.close(writing)
    for thread in threading.enumerate():
        if thread.name == "lifeline-reader" and thread is not threading.current_thread():
            thread.join(0.5)
    stream.close()


def test_silence_is_counted_from_the_last_word(heard: Heard) -> None:
    heard.say("{}")
    heard.reader.heard_s -= 3.0
    assert heard.reader.silent_s >= 3.0
    heard.say("{}")
    assert heard.reader.silent_s < 3.0
