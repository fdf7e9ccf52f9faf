"""STOP's latch: what a press does at once, what it keeps, and when RESUME may lift it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from roomctl.clock import SessionClock
from roomctl.engine import stop_latch
from roomctl.engine.stop_latch import LONGEST_CUT_S, SECOND_STOP_S, StopLatch
from roomctl.engine.view import Outlook


class Stage:
    """Takes down what is done to the sound."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def stop_stimulus(self) -> None:
        self.done.append("stimulus")

    def stop_music(self, *, at_once: bool) -> None:
        self.done.append("music at once" if at_once else "music")

    def unlatch(self) -> None:
        self.done.append("unlatch")


class Devices:
    """A rack whose lamp-post cannot hear."""

    def __init__(self, unheard: list[str]) -> None:
        self.unheard = unheard
        self.times = 0

    def safe(self) -> list[str]:
        self.times += 1
        return self.unheard


class Memory:
    def __init__(self) -> None:
        self.kept: list[tuple[str, Any]] = []

    def remember(self, key: str, value: Any) -> None:
        self.kept.append((key, value))


class Watch:
    """Time that passes only where somebody waits; `during` happens while they do."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.during: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now_s

    def time(self) -> float:
        return 1_800_000_000.0 + self.now_s

    def sleep_until(self, mono_s: float) -> None:
        self.during()
        self.now_s = max(self.now_s, mono_s)


class Rig:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, unheard: list[str]) -> None:
        self.watch = Watch()
        monkeypatch.setattr(stop_latch, "time", self.watch)
        monkeypatch.setattr(stop_latch, "sleep_until", self.watch.sleep_until)
        self.outlook, self.stage, self.devices, self.memory = Outlook(), Stage(), Devices(unheard), Memory()
        self.clock = SessionClock(1000.0)
        self.latch = StopLatch(self.outlook, self.stage, self.devices, self.clock, self.memory)  # type: ignore[arg-type]

    def stop(self, key: str | None = None, cut_s: float = 0.1) -> dict[str, Any]:
        press = self.latch.press(key)
        return self.latch.note(press, "tablet", round(self.clock.frame_at(self.watch.now_s + cut_s)))


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch, [])


def test_a_press_silences_latches_and_stills_before_anything_is_noted(room: Rig) -> None:
    press = room.latch.press(None)
    assert room.stage.done == ["stimulus", "music"]
    assert room.outlook.stopped
    assert room.devices.times == 1
    assert not press.second
    assert room.latch.said is None and room.memory.kept == []


def test_who_pressed_and_who_cannot_have_heard_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Rig(monkeypatch, ["bar"])
    assert room.stop() == {"stopped": True, "not_confirmed": ["bar"], "everything_off": False}
    said = {"by": "tablet", "at_utc_s": 1_800_001_000.0, "not_confirmed": ["bar"], "second": False}
    assert room.latch.said == said
    assert room.memory.kept == [("stopped", said)]


@pytest.mark.parametrize(("after_s", "second"), [(0.0, True), (SECOND_STOP_S - 0.01, True), (SECOND_STOP_S, False)])
def test_a_second_press_soon_after_takes_the_music_away_at_once(room: Rig, after_s: float, second: bool) -> None:
    room.stop()
    room.watch.now_s += after_s
    assert room.stop()["everything_off"] is second
    assert room.stage.done[-1] == ("music at once" if second else "music")


def test_one_press_on_two_ways_is_one_press(room: Rig) -> None:
    assert not room.stop("key")["everything_off"]
    assert not room.stop("key")["everything_off"]
    assert room.stop("another")["everything_off"]
    assert room.stop("another")["everything_off"], "the second way of a second press"


def test_a_press_after_resume_is_a_first_one(room: Rig) -> None:
    room.stop()
    assert room.latch.lift()
    assert not room.stop()["everything_off"]


def test_resume_waits_until_the_cut_has_passed(room: Rig) -> None:
    room.stop(cut_s=0.12)
    assert room.latch.lift()
    assert room.watch.now_s == pytest.approx(1000.12, abs=1e-4)
    assert not room.outlook.stopped
    assert room.latch.said is None
    assert room.stage.done[-1] == "unlatch"


def test_resume_never_waits_long(room: Rig) -> None:
    room.stop(cut_s=60.0)
    assert room.latch.lift()
    assert room.watch.now_s == pytest.approx(1000.0 + LONGEST_CUT_S)


def test_what_is_not_stopped_is_not_lifted(room: Rig) -> None:
    assert not room.latch.lift()
    assert room.stage.done == []


def test_a_stop_while_resume_waits_is_not_lifted(room: Rig) -> None:
    room.stop()
    room.watch.during = lambda: room.latch.press("again") and None
    assert not room.latch.lift()
    assert room.outlook.stopped
    assert "unlatch" not in room.stage.done


def test_a_stop_between_the_unlatching_and_its_sound_is_silent_again(room: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    room.stop()

    def pressed() -> None:
        room.stage.done.append("unlatch")
        room.outlook.latch()

    monkeypatch.setattr(room.stage, "unlatch", pressed)
    assert not room.latch.lift()
    assert room.outlook.stopped
    assert room.stage.done[-2:] == ["unlatch", "stimulus"]
    assert room.latch.said is not None


def test_a_stop_that_held_before_a_restart_holds_again(room: Rig) -> None:
    said = {"by": "tablet", "at_utc_s": time.time(), "not_confirmed": [], "second": False}
    room.latch.take_up(said)
    assert room.outlook.stopped
    assert room.latch.said == said
    assert room.stage.done == ["stimulus", "music at once"]
    assert room.latch.lift(), "there is no cut to wait for"
    assert room.watch.now_s == 1000.0


def test_what_is_forgotten_is_forgotten_on_disk(room: Rig) -> None:
    room.stop()
    assert room.latch.lift()
    assert len(room.memory.kept) == 1, "the room says when: after the program has been told"
    room.latch.forget()
    assert room.memory.kept[-1] == ("stopped", None)
