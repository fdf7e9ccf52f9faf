"""A group: a tapper each, with a strength and a stop of its own, through a real engine process."""

from __future__ import annotations

import json
import os
import pty
import select
import sqlite3
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic import ValidationError

from hardware.tappers.tapper_frames import SIGNATURE, TO_HOST, crc8
from roomctl import messages as m
from roomctl.errors import Forbidden, Invalid, Refused, UnknownId

NAMES = ("left chair", "sofa", "right chair")
AUDIO = '[audio]\nrecord = "out.wav"\n'


def stub(name: str, more: str = "") -> str:
    return f'[[tapper]]\nname = "{name}"\nrecord = "{name}.jsonl"\n{more}'


GROUP = AUDIO + "".join(stub(name) for name in NAMES)
FOREVER = {"rate_hz": 2.0, "open": True, "tap": {"strength_frac": 1.0, "ms": 60}}


def serial_tapper(path: str) -> str:
    return f'[[tapper]]\nname = "button"\ndriver = "serial"\nport = "{path}"\non_loss = "go-on"\n'


def shown(state: dict[str, Any], name: str) -> tuple[bool, float]:
    found = next(device for device in state["devices"] if device["name"] == name)
    return found["on"], found["strength_frac"]


def link_of(state: dict[str, Any], name: str) -> str:
    return str(next(device["link"] for device in state["devices"] if device["name"] == name))


def taps(engine: Any, name: str) -> list[dict[str, Any]]:
    return [event for event in engine.events(name) if event["kind"] == "tap"]


def until_taps(engine: Any, name: str, more: int) -> None:
    """Wait until `name` gave `more` taps from now on."""
    wanted = len(taps(engine, name)) + more
    engine.until(lambda state: len(taps(engine, name)) >= wanted)


@pytest.fixture
def group(make_engine: Callable[..., Any]) -> Any:
    engine = make_engine(GROUP)
    engine.until(lambda state: all(link_of(state, name) == "READY" for name in NAMES))
    return engine


def begin(engine: Any) -> None:
    engine.do(m.ChangeBls(change=FOREVER))
    engine.do(m.SetStart())


def test_one_that_is_switched_off_in_a_set_is_still_while_the_others_go_on_with_their_own_strength(group: Any) -> None:
    for name, strength_frac in zip(NAMES, (0.25, 0.5, 1.0), strict=True):
        group.do(m.TuneTapper(name=name, strength_frac=strength_frac))
    begin(group)
    until_taps(group, "sofa", 2)
    answer = group.do(m.TuneTapper(name="sofa", on=False))
    assert answer == {"name": "sofa", "on": False, "strength_frac": 0.5}
    for name in ("left chair", "right chair"):
        until_taps(group, name, 3)
    state = group.state()
    assert state["set"]["state"] == "running"
    assert [shown(state, name) for name in NAMES] == [(True, 0.25), (False, 0.5), (True, 1.0)]
    group.do(m.SetFinish())
    group.until_idle()
    group.end()
    sofa = [event["kind"] for event in group.events("sofa")]
    last_tap = max(index for index, kind in enumerate(sofa) if kind == "tap")
    assert "safe" in sofa[last_tap:]
    assert len(taps(group, "left chair")) == len(taps(group, "right chair")) >= len(taps(group, "sofa")) + 3
    assert {tap["strength"] for tap in taps(group, "left chair")} == {0.25}
    assert {tap["strength"] for tap in taps(group, "sofa")} == {0.5}
    assert {tap["strength"] for tap in taps(group, "right chair")} == {1.0}
    assert [tap["frame"] for tap in taps(group, "left chair")] == [tap["frame"] for tap in taps(group, "right chair")]


def test_switched_on_again_it_joins_the_running_set(group: Any) -> None:
    group.do(m.TuneTapper(name="sofa", on=False))
    begin(group)
    until_taps(group, "left chair", 2)
    assert taps(group, "sofa") == []
    group.do(m.TuneTapper(name="sofa", on=True))
    until_taps(group, "sofa", 2)
    assert shown(group.state(), "sofa") == (True, 1.0)


def test_a_strength_changed_in_a_set_counts_from_the_next_pulse(group: Any) -> None:
    begin(group)
    until_taps(group, "sofa", 2)
    group.do(m.TuneTapper(name="sofa", strength_frac=0.2))
    until_taps(group, "sofa", 3)
    group.end()
    strengths = [tap["strength"] for tap in taps(group, "sofa")]
    assert strengths == sorted(strengths, reverse=True)
    assert set(strengths) == {1.0, 0.2}


def test_full_strength_stays_what_the_room_file_says(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(AUDIO + stub("sofa", "strength_frac = 0.5\n"))
    engine.until(lambda state: link_of(state, "sofa") == "READY")
    engine.do(m.TuneTapper(name="sofa", strength_frac=0.5))
    begin(engine)
    until_taps(engine, "sofa", 2)
    engine.end()
    assert {tap["strength"] for tap in taps(engine, "sofa")} == {0.25}


def test_stop_and_resume_leave_an_off_tapper_off(group: Any) -> None:
    group.do(m.TuneTapper(name="sofa", on=False))
    group.do(m.Stop())
    group.do(m.Resume())
    begin(group)
    until_taps(group, "left chair", 2)
    assert taps(group, "sofa") == []


def test_what_cannot_be_is_said_in_a_sentence(group: Any) -> None:
    with pytest.raises(
        UnknownId, match='no tapper of this room is called "bar"; there are "left chair", "sofa", "right chair"'
    ):
        group.do(m.TuneTapper(name="bar", on=False))
    with pytest.raises(Invalid, match="strength_frac"):
        group.do(m.TuneTapper(name="sofa"))
    for strength_frac in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValidationError):
            m.TuneTapper(name="sofa", strength_frac=strength_frac)
    group.who = m.Who(name="visitor", role="view")
    with pytest.raises(Forbidden):
        group.do(m.TuneTapper(name="sofa", on=False))


def test_a_tapper_that_is_off_is_not_tested(group: Any) -> None:
    group.do(m.TuneTapper(name="sofa", on=False))
    with pytest.raises(Refused, match='"sofa" is switched off; switch it on first'):
        group.do(m.TestDevice(name="sofa", side="left"))
    group.do(m.TestDevice(name="left chair", side="left"))


def test_who_switched_what_is_in_the_journal_and_outlives_the_engine(group: Any) -> None:
    session = group.do(m.OpenSession(kind="emdr"))
    group.do(m.TuneTapper(name="sofa", on=False, strength_frac=0.3))
    group.do(m.Rate(scale="sud", value=3))  # acknowledged when everything before it is on disk
    group.kill()
    with closing(sqlite3.connect(group.data / "journal.db")) as journal:
        asked = 'SELECT "by", detail_json FROM event WHERE session_id = ? AND kind = ?'
        rows = [(by, json.loads(detail)) for by, detail in journal.execute(asked, (session["id"], "tapper"))]
    assert rows == [("test", {"name": "sofa", "on": False, "strength_frac": 0.3})]
    group.start()
    assert shown(group.state(), "sofa") == (False, 0.3)
    group.end()
    group.start()
    assert shown(group.state(), "sofa") == (True, 1.0)


def test_other_devices_have_no_switch_of_a_tapper(engine: Any) -> None:
    state = engine.state()
    assert [device["name"] for device in state["devices"] if "on" in device] == ["taps"]


class Button:
    """The firmware's end of a line: says hello, acknowledges, and is pressed."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="button")
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            frame = os.read(self._master, 256)
            if frame[2:3] == b"I":
                self._say("H", bytes([1, 1, 0, 2, 0xE8, 3, 0x84, 3]) + SIGNATURE)
            else:
                self._say("A", bytes([0, 1, 0, 0, 0]))

    def _say(self, kind: str, payload: bytes) -> None:
        body = bytes([len(payload), ord(kind), 0]) + payload
        os.write(self._master, bytes([TO_HOST]) + body + bytes([crc8(body)]))

    def press(self) -> None:
        self._say("B", b"")

    def close(self) -> None:
        self._ended.set()
        self._thread.join(20)
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def button() -> Iterator[Button]:
    made = Button()
    yield made
    made.close()


def test_a_persons_own_button_is_for_their_own_tapper(make_engine: Callable[..., Any], button: Button) -> None:
    engine = make_engine(AUDIO + stub("sofa") + serial_tapper(button.path))
    engine.until(lambda state: link_of(state, "button") == link_of(state, "sofa") == "READY")
    begin(engine)
    until_taps(engine, "sofa", 1)
    button.press()
    state = engine.until(lambda state: shown(state, "button")[0] is False)
    assert (state["stopped"], state["set"]["state"], shown(state, "sofa")) == (False, "running", (True, 1.0))
    assert state["last_change"]["by"] == "button"
    assert [notice["text"] for notice in state["notices"]] == [
        '"button" was switched off with its own button; the others go on'
    ]
    until_taps(engine, "sofa", 2)
    engine.do(m.TuneTapper(name="button", on=True))
    assert engine.state()["notices"] == []
    engine.end()


def test_the_button_of_the_only_tapper_is_stop(make_engine: Callable[..., Any], button: Button) -> None:
    engine = make_engine(AUDIO + serial_tapper(button.path))
    engine.until(lambda state: link_of(state, "button") == "READY")
    begin(engine)
    button.press()
    state = engine.until(lambda state: bool(state["stopped"]))
    assert state["stop"]["by"] == "button"
    assert shown(state, "button") == (True, 1.0)
    engine.end()
