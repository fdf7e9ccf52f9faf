"""One universe shared by its fixtures, and the lamp that stands on it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from hardware.dmx import outlet as outlet_module
from hardware.dmx.outlet import Outlet, give_back, take
from hardware.entries import RoomLightEntry
from hardware.roomlights.dmx import KEEP_ALIVE_S, DmxWire
from hardware.seams import RoomLook


class Clock:
    """Monotonic time that moves when the test says."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


class Line:
    """A transport that keeps what it was given; `fault` is raised by each write."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.opened = 0
        self.closed = 0
        self.fault: OSError | None = None

    def open(self) -> None:
        self.opened += 1

    def write(self, data: bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(data)

    def read(self, most: int) -> bytes:
        return b""

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("hardware.dmx.outlet.time", made)
    monkeypatch.setattr("hardware.roomlights.dmx.time", made)
    return made


def plain(slots: bytes, count: int) -> bytes:
    return bytes((count % 256,)) + slots


def test_two_fixtures_share_the_wire_and_keep_each_others_slots(clock: Clock) -> None:
    line = Line()
    made = [take("key", lambda: Outlet(line, plain)) for _ in range(2)]
    assert made[0] is made[1]
    for outlet in made:
        outlet.join()
    assert line.opened == 1
    made[0].put(1, b"\x0a")
    clock.now_s += 1 / 40
    made[1].put(5, b"\x14\x15")
    assert line.sent[-1][1:7] == b"\x0a\x00\x00\x00\x14\x15"
    made[0].leave()
    give_back("key")
    assert line.closed == 0
    made[1].leave()
    give_back("key")
    assert line.closed == 1
    assert "key" not in outlet_module._outlets


def test_a_universe_leaves_44_times_a_second_at_most_and_always_the_newest(clock: Clock) -> None:
    line = Line()
    outlet = Outlet(line, plain)
    outlet.join()
    for at in range(440):
        outlet.put(1, bytes((at % 251,)))
        clock.now_s += 1 / 440
        outlet.flush(1.0)
    assert 42 <= len(line.sent) <= 47
    clock.now_s += 1.0
    outlet.flush(1.0)
    assert line.sent[-1][1] == 439 % 251


def test_what_does_not_change_is_sent_once_a_second(clock: Clock) -> None:
    line = Line()
    outlet = Outlet(line, plain)
    outlet.join()
    for _ in range(1000):
        outlet.put(1, b"\x07")
        outlet.flush(1.0)
        clock.now_s += 0.01
    assert 12 <= len(line.sent) <= 13


def test_the_first_universe_after_an_opening_is_sent_three_times(clock: Clock) -> None:
    line = Line()
    outlet = Outlet(line, plain)
    outlet.join()
    outlet.put(1, b"\x00")
    assert [packet[0] for packet in line.sent] == [0, 1, 2]
    line.fault = OSError("gone")
    clock.now_s += 1.0
    with pytest.raises(OSError, match="gone"):
        outlet.put(1, b"\x09")
    line.fault = None
    outlet.join()
    outlet.put(1, b"\x09")
    assert [(packet[0], packet[1]) for packet in line.sent[3:]] == [(0, 9), (1, 9), (2, 9)]


def test_a_lost_wire_is_told_to_every_fixture_and_opened_anew_by_the_next(clock: Clock) -> None:
    line = Line()
    outlet = Outlet(line, plain)
    outlet.join()
    line.fault = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        outlet.put(1, b"\x01")
    with pytest.raises(OSError, match="the universe is not open"):
        outlet.flush(1.0)
    line.fault = None
    outlet.join()
    outlet.flush(1.0)
    assert line.opened == 2
    assert line.sent[-1][1] == 1


def test_a_full_buffer_of_the_system_is_not_a_fault(clock: Clock) -> None:
    line = Line()
    outlet = Outlet(line, plain)
    outlet.join()
    line.fault = BlockingIOError()
    outlet.put(1, b"\x01")
    line.fault = None
    outlet.flush(1.0)
    assert line.sent[-1][1] == 1


def lamp(line: Line, clock: Clock, **about: Any) -> DmxWire:
    wire = DmxWire(("test", id(line)), lambda: Outlet(line, plain), RoomLightEntry("lamp", "sacn", **about))
    wire.connect()
    return wire


def run(wire: DmxWire, clock: Clock, for_s: float, line: Line) -> list[bytes]:
    """Let the lamp's own thread's ticks happen for a while; what was sent meanwhile."""
    before, end_s = len(line.sent), clock.now_s + for_s
    while clock.now_s < end_s:
        clock.now_s += wire.tick()
    return line.sent[before:]


def test_connecting_changes_nothing_in_the_room(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock)
    assert run(wire, clock, 5.0, line) == []
    wire.disconnect()


def test_a_still_8_bit_lamp_settles_on_a_whole_step_and_then_is_sent_once_a_second(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="dimmer8")
    wire.send(RoomLook(12.0, 2700.0))
    moving = run(wire, clock, 9.0, line)
    assert len(moving) <= 9 * 44
    assert len({packet[1] for packet in moving[:40]}) == 2, "between two steps, it alternates"
    run(wire, clock, 2.0, line)
    still = run(wire, clock, 10.0, line)
    assert 8 <= len(still) <= 12
    assert len({packet[1] for packet in still}) == 1
    wire.disconnect()


def test_settling_never_steps_by_more_than_dithering_does(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="dimmer8")
    wire.send(RoomLook(12.0, 2700.0))
    shown = []
    while clock.now_s < 115.0:
        clock.now_s += wire.tick()
        shown.append(wire.universe[0])
    means = [sum(shown[at : at + 8]) / 8 for at in range(0, 8 * (len(shown) // 8), 8)]
    assert means[0] != means[-1], "it did settle elsewhere"
    assert all(abs(after - before) <= 2 / 8 for before, after in pairwise(means))
    wire.disconnect()


@pytest.mark.parametrize("fixture", ["dimmer16", "dimmer8"])
def test_a_fade_comes_to_its_end_although_the_machine_stalled_there(clock: Clock, fixture: str) -> None:
    line = Line()
    wire = lamp(line, clock, fixture=fixture)
    wire.send(RoomLook(10.0, 2700.0))
    run(wire, clock, 1.0, line)
    wire.send(RoomLook(60.0, 2700.0, fade_s=0.5))
    run(wire, clock, 0.45, line)
    clock.now_s += 20.0
    run(wire, clock, 0.2, line)
    settled = wire.fixture.render(RoomLook(60.0, 2700.0), 0, settled_frac=1.0)
    assert line.sent[-1][1 : 1 + len(settled)] == settled
    wire.disconnect()


def test_a_16_bit_lamp_needs_no_dithering_and_is_quiet_at_once(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="dimmer16")
    wire.send(RoomLook(12.0, 2700.0))
    assert len(run(wire, clock, 10.0, line)) <= 15
    wire.disconnect()


def test_the_last_of_two_looks_close_together_is_shown(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="dimmer16")
    wire.send(RoomLook(12.0, 2700.0))
    clock.now_s += 0.005
    wire.send(RoomLook(100.0, 2700.0))
    assert line.sent[-1][1] < 255, "DMX cannot carry it yet"
    clock.now_s += KEEP_ALIVE_S / 4
    wire.tick()
    assert line.sent[-1][1:3] == b"\xff\xff"
    wire.disconnect()


def test_a_look_with_a_fade_is_passed_through_in_small_steps(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="dimmer16")
    wire.send(RoomLook(0.0, 2700.0))
    run(wire, clock, 1.0, line)
    wire.send(RoomLook(50.0, 2700.0, fade_s=5.0))
    levels = [256 * packet[1] + packet[2] for packet in run(wire, clock, 6.0, line)]
    assert levels == sorted(levels)
    assert len(set(levels)) > 150
    wire.disconnect()


def test_leaving_holds_and_safe_is_dim_and_warm(clock: Clock) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="cct16")
    wire.send(RoomLook(80.0, 6500.0))
    before = len(line.sent)
    wire.leave()
    assert len(line.sent) == before
    clock.now_s += 1.0
    wire.safe()
    warm, cold = (int.from_bytes(line.sent[-1][at : at + 2], "big") for at in (1, 3))
    assert 0 < warm < 65_535 * 0.1
    assert cold == 0
    wire.disconnect()


@pytest.mark.parametrize("look", [RoomLook(float("nan"), float("nan")), RoomLook(1e9, -5.0), RoomLook(-1e9, 1e9)])
def test_a_look_out_of_all_bounds_is_clamped_at_the_lowest_layer(clock: Clock, look: RoomLook) -> None:
    line = Line()
    wire = lamp(line, clock, fixture="rgbw")
    wire.send(look)
    assert len({packet[1:] for packet in line.sent}) == 1
    wire.disconnect()
