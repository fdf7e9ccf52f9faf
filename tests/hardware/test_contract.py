"""What every driver promises, asked of each of them: stubs, bars, tappers and lamps alike.

Inputs are offered nothing, so what they promise is asked in inputs/test_kernel.py and osc/test_osc.py.
"""

from __future__ import annotations

import gc
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hardware.entries import LightBarDriver, RoomLightDriver, TapperDriver
from hardware.registry import LIGHT_BARS, ROOM_LIGHTS, TAPPERS

DOWN = ("FAULT", "ABSENT", "STALE")


class Held:
    """Holds up a call until told; everything that enters waits."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, *args: Any) -> Any:
        self.entered.set()
        assert self.go.wait(20.0), "the test never let go"
        return self.inner(*args)


def test_open_returns_while_the_device_is_still_being_reached(wired_rig: Any) -> None:
    wire = wired_rig.device.wire
    held = Held(wire.connect)
    wire.connect = held
    wired_rig.device.open()
    assert held.entered.wait(10.0)
    assert wired_rig.device.link.state == "CONNECTING"
    held.go.set()
    wired_rig.wait_for_link("READY")


def test_what_is_offered_before_it_is_reached_neither_waits_nor_raises(wired_rig: Any) -> None:
    wire = wired_rig.device.wire
    held = Held(wire.connect)
    wire.connect = held
    wired_rig.device.open()
    for value in range(1, 200):
        wired_rig.offer(value)
    wired_rig.device.safe()
    wired_rig.offer(77)
    held.go.set()
    wired_rig.wait_for_link("READY")
    wired_rig.offer(78)
    wired_rig.far.wait_for(78)


def test_what_is_offered_comes_out_at_the_far_end(rig: Any) -> None:
    rig.opened()
    for value in (1, 37, 255):
        rig.offer(value)
        rig.far.wait_for(value)


def test_the_newest_wins_where_the_wire_is_held_up(wired_rig: Any) -> None:
    wired_rig.opened()
    wire = wired_rig.device.wire
    wire.now = lambda item: False
    held = Held(wire.send)
    wire.send = held
    wired_rig.offer(11)
    assert held.entered.wait(10.0)
    for value in (22, 33, 44):
        wired_rig.offer(value)
    held.go.set()
    wired_rig.far.wait_for(44)
    assert 22 not in wired_rig.far.heard
    assert 33 not in wired_rig.far.heard


def test_safe_overtakes_what_waits_on_a_wire_that_is_held_up(wired_rig: Any) -> None:
    wired_rig.opened()
    wire = wired_rig.device.wire
    wire.now = lambda item: False
    wire.safe_now = lambda: False
    held = Held(wire.send)
    wire.send = held
    wired_rig.offer(11)
    assert held.entered.wait(10.0)
    wired_rig.offer(22)
    wired_rig.device.safe()
    heard = len(wired_rig.far.heard)
    held.go.set()
    wired_rig.far.wait_for(wired_rig.safe_value, after=heard)
    wired_rig.offer(55)
    wired_rig.far.wait_for(55, after=heard)
    assert 22 not in wired_rig.far.heard


def test_safe_is_legal_before_open_and_any_number_of_times(rig: Any) -> None:
    for _ in range(3):
        rig.device.safe()
    rig.opened()
    rig.offer(99)
    rig.far.wait_for(99)
    heard = len(rig.far.heard)
    for _ in range(3):
        rig.device.safe()
    rig.far.wait_for(rig.safe_value, after=heard)
    assert 99 not in rig.far.heard[rig.far.heard.index(rig.safe_value, heard) :]


def test_an_offer_after_safe_is_shown(rig: Any) -> None:
    rig.opened()
    rig.device.safe()
    rig.offer(123)
    rig.far.wait_for(123)


def test_close_leaves_no_thread_and_nothing_open(rig: Any) -> None:
    gc.collect()
    threads = set(threading.enumerate())
    wires = open_wires()
    rig.opened()
    rig.offer(42)
    rig.far.wait_for(42)
    rig.device.close()
    assert {thread for thread in threading.enumerate() if "far end" not in thread.name} <= threads | set(served())
    end_s = time.monotonic() + 10.0
    while open_wires() > wires:  # the far end lives in this process too, and closes its half a moment later
        assert time.monotonic() < end_s, "a socket or a terminal was left open"
        time.sleep(0.005)
    assert rig.device.link.state == "ABSENT"


def open_wires() -> int:
    """Sockets and terminals that this process holds."""
    gc.collect()
    held = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            held += str(entry.readlink()).startswith(("socket:", "/dev/pt"))
    return held


def served() -> list[threading.Thread]:
    """Threads of the fake controller that answer a request still."""
    return [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]


def test_close_leaves_it_safe_or_holding_as_it_says(rig: Any) -> None:
    rig.opened()
    rig.offer(42)
    rig.far.wait_for(42)
    heard = len(rig.far.heard)
    rig.device.close()
    if rig.device.kind == "roomlight":
        assert set(rig.far.heard[heard:]) <= {42}
    else:
        rig.far.wait_for(0, after=heard)


def test_a_pulled_cable_is_told_with_since_and_why_and_a_replugged_one_recovers(rig: Any) -> None:
    rig.opened()
    rig.offer(10)
    rig.far.wait_for(10)
    before_s = time.time()
    rig.pull()
    for value in range(20, 30):
        rig.offer(value)
    link = rig.wait_for_link("FAULT", "ABSENT")
    assert link.why
    assert link.why[0] != " "
    assert before_s - 1.0 <= link.since_utc_s <= time.time()
    rig.offer(60)
    rig.device.safe()
    heard = len(rig.far.heard)
    rig.replug()
    rig.wait_for_link("READY")
    rig.far.wait_for(rig.safe_value, after=heard)
    assert 60 not in rig.far.heard[heard:]
    rig.offer(61)
    rig.far.wait_for(61, after=heard)


def test_what_was_meant_for_a_lost_device_is_forgotten_by_bars_and_kept_by_lamps(rig: Any) -> None:
    rig.opened()
    rig.pull()
    rig.offer(70)
    rig.wait_for_link("FAULT", "ABSENT")
    rig.offer(71)
    heard = len(rig.far.heard)
    rig.replug()
    rig.wait_for_link("READY")
    if rig.resends:
        rig.far.wait_for(71, after=heard)
    else:
        rig.offer(72)
        rig.far.wait_for(72, after=heard)
        assert 71 not in rig.far.heard[heard:]


def test_a_link_is_told_once_for_each_change(rig: Any) -> None:
    rig.opened()
    rig.pull()
    for value in range(1, 40):
        rig.offer(value)
    rig.wait_for_link("FAULT", "ABSENT")
    rig.replug()
    rig.wait_for_link("READY")
    told = [(link.state, link.why) for link in rig.links]
    assert all(one != other for one, other in pairwise(told))
    assert len([link for link in rig.links if link.state == "READY"]) == 2


def test_a_lit_bar_that_is_offered_nothing_more_goes_dark(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not rig.goes_dark:
        told = rig.device.capabilities.on_silence
        assert "holds" in told or "still" in told or rig.device.driver == "stub"
        return
    monkeypatch.setattr("hardware.lightbars.wire.HOLD_S", 0.02)
    rig.opened()
    rig.offer(200)
    rig.far.wait_for(200)
    rig.far.wait_for(0, after=rig.far.heard.index(200))


def test_it_says_what_it_can_do_and_what_it_does_in_silence(rig: Any) -> None:
    told = rig.device.capabilities
    assert told.on_silence
    if rig.device.kind == "lightbar":
        assert told.pixels == 3
        assert 0 < told.fps_max <= 120
    if rig.device.kind == "tapper":
        assert told.min_pulse_ms > 0


def test_what_the_launcher_sends_is_safe_or_holds(rig: Any) -> None:
    rig.opened()
    rig.offer(150)
    rig.far.wait_for(150)
    safe = rig.device.safe_bytes()
    if safe is None:
        by_itself = {"roomlight": "holds", "tapper": "still", "lightbar": "nothing does without bytes"}[rig.device.kind]
        assert by_itself in rig.device.capabilities.on_silence or rig.device.driver == "stub"
        return
    from hardware.safe_send import send_safe

    heard = len(rig.far.heard)
    send_safe(safe)
    rig.far.wait_for(150 if rig.device.kind == "roomlight" else 0, after=heard)


NOT_HERE = {("lightbar", "screen")}
"""The screen is a process of its own: what it does without the room is asked of it in tests/roomctl/screen."""


def test_every_driver_of_the_room_file_has_its_module_and_stands_under_this_contract(request: pytest.FixtureRequest) -> None:
    rigs = request.config.pluginmanager.get_plugin("roomctl_tests_device_rigs")
    assert rigs is not None
    asked = {tuple(name.split()[:2]) for name in rigs.RIGS}
    kinds: tuple[tuple[str, Any, Any], ...] = (
        ("lightbar", LightBarDriver, LIGHT_BARS),
        ("tapper", TapperDriver, TAPPERS),
        ("roomlight", RoomLightDriver, ROOM_LIGHTS),
    )
    every = {(kind, driver) for kind, drivers, _ in kinds for driver in drivers.__args__}
    assert asked == every - NOT_HERE
    assert asked == {(kind, driver) for kind, _, modules in kinds for driver in modules}
