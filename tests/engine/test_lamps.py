"""The room light: no look jumps, an operator's move keeps its calm rates, and a lamp is told as it wants to be told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.seams import Capabilities, Due, RoomLight, RoomLook
from roomctl.clock import SessionClock
from roomctl.engine import lamps
from roomctl.engine.lamps import (
    BOOT_CCT_K,
    BOOT_LEVEL_L,
    SEGMENT_S,
    STEADY,
    TEST_S,
    LampFade,
    LampPacer,
    operator_fade,
    segment_s,
    steady,
)
from roomctl.engine.view import Outlook
from stimuli.frames import FRAME_RATE_HZ

S = FRAME_RATE_HZ
WAIT_S = 20.0

LEVELS = st.floats(0.0, 100.0)
KELVINS = st.floats(1000.0, 6500.0)


# --- fades ---


def test_a_room_begins_at_its_resting_look() -> None:
    assert STEADY.look_at(0) == STEADY.look_at(1e9) == RoomLook(BOOT_LEVEL_L, BOOT_CCT_K)


def test_a_steady_look_does_not_move() -> None:
    fade = steady(RoomLook(20.0, 2200.0), 500)
    assert fade.look_at(0) == fade.look_at(501) == fade.look_at(1e9) == RoomLook(20.0, 2200.0)


def test_a_fade_is_where_it_was_before_it_begins_and_where_it_goes_after() -> None:
    fade = LampFade(S, 50.0, 10.0, 4 * S, 2700.0, 2000.0, 8 * S)
    assert fade.look_at(0) == RoomLook(50.0, pytest.approx(2700.0))  # type: ignore[arg-type]
    assert fade.look_at(3 * S).level_l == pytest.approx(30.0)
    assert fade.look_at(5 * S).level_l == pytest.approx(10.0)
    assert fade.look_at(5 * S).cct_k > 2000.0
    assert fade.look_at(fade.end_frame).cct_k == pytest.approx(2000.0)
    assert fade.end_frame == 9 * S


def test_the_colour_moves_evenly_in_mired() -> None:
    fade = LampFade(0, 50.0, 50.0, 0, 2000.0, 4000.0, 100)
    assert 1e6 / fade.look_at(50).cct_k == pytest.approx((500.0 + 250.0) / 2)


def test_an_operators_move_takes_three_seconds_at_least() -> None:
    fade = operator_fade(RoomLook(50.0, 2700.0), 0, 51.0, 2700.0, None)
    assert fade.level_frames == 3 * S
    assert operator_fade(RoomLook(50.0, 2700.0), 0, 51.0, 2700.0, 0.0).level_frames == 3 * S


def test_an_operators_move_is_as_slow_as_the_operator_asks() -> None:
    assert operator_fade(RoomLook(50.0, 2700.0), 0, 40.0, 2700.0, 120.0).level_frames == 120 * S


def test_an_operators_move_goes_at_most_five_l_a_second() -> None:
    assert operator_fade(RoomLook(100.0, 2700.0), 0, 0.0, 2700.0, 1.0).level_frames == 20 * S


def test_the_colour_goes_at_most_five_mired_a_second_at_its_own_pace() -> None:
    fade = operator_fade(RoomLook(50.0, 2000.0), 0, 55.0, 4000.0, None)
    # 500 mired to 250 mired: 250 at 5 a second.
    assert fade.cct_frames == 50 * S
    assert fade.level_frames == 3 * S


@given(LEVELS, LEVELS, KELVINS, KELVINS, st.none() | st.floats(0.0, 600.0))
def test_no_operators_move_is_faster_than_the_domain_allows(
    from_l: float, to_l: float, from_k: float, to_k: float, fade_s: float | None
) -> None:
    fade = operator_fade(RoomLook(from_l, from_k), 1000, to_l, to_k, fade_s)
    step = S // 10
    looks = [fade.look_at(frame) for frame in range(1000, min(fade.end_frame, 1000 + 60 * S) + step, step)]
    for earlier, later in pairwise(looks):
        assert abs(later.level_l - earlier.level_l) <= 5.0 * 0.1 + 1e-6
        assert abs(1e6 / later.cct_k - 1e6 / earlier.cct_k) <= 5.0 * 0.1 + 1e-6
    assert fade.look_at(1000).level_l == pytest.approx(from_l)
    assert fade.look_at(fade.end_frame).level_l == pytest.approx(to_l)
    assert fade.look_at(fade.end_frame).cct_k == pytest.approx(to_k)


@given(LEVELS, LEVELS, LEVELS, KELVINS, st.integers(0, 20 * S))
def test_a_move_in_the_middle_of_another_goes_on_from_where_the_light_is(
    first: float, second: float, third: float, cct_k: float, frame: int
) -> None:
    before = operator_fade(RoomLook(first, 2700.0), 0, second, cct_k, None)
    now = before.look_at(frame)
    after = operator_fade(now, frame, third, 2700.0, None)
    assert after.look_at(frame).level_l == pytest.approx(now.level_l)
    assert after.look_at(frame).cct_k == pytest.approx(now.cct_k)


# --- lamps that follow ---


class FakeLamp(RoomLight):
    """Takes down what it is told."""

    driver = "stub"

    def __init__(self, transitions: bool = False) -> None:
        super().__init__("lamps")
        self._transitions = transitions
        self.told: list[tuple[RoomLook, Due]] = []
        self.changed = threading.Condition()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(on_silence="holds", transitions=self._transitions)

    def open(self) -> None:
        self.set_link("READY")

    def offer(self, look: RoomLook, due: Due) -> None:
        with self.changed:
            self.told.append((look, due))
            self.changed.notify_all()

    def safe(self) -> None:
        """Holds."""

    def close(self) -> None:
        self.set_link("ABSENT")


class Following:
    """A room light that can be moved."""

    def __init__(self) -> None:
        self.fade: LampFade = STEADY

    def room_light_at(self, frame: float) -> RoomLook:
        return self.fade.look_at(frame)


class Watch:
    """Time that passes where a step sleeps or waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep_until(self, mono_s: float) -> None:
        self.now_s = max(self.now_s, mono_s)

    def wait(self, timeout: float) -> bool:
        self.now_s += timeout
        return False

    def clear(self) -> None:
        """Nobody sets it."""

    def set(self) -> None:
        """Time alone wakes."""


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(lamps, "time", made)
    monkeypatch.setattr(lamps, "sleep_until", made.sleep_until)
    return made


def pacer_of(lamp: FakeLamp, score: Following, watch: Watch, speed: float = 1.0) -> LampPacer:
    pacer = LampPacer(lamp, SessionClock(1000.0, speed), score, Outlook())
    pacer._waker = watch  # type: ignore[assignment]
    return pacer


def run(pacer: LampPacer, watch: Watch, until_s: float) -> None:
    step = pacer._step_segment if pacer.lamp.capabilities.transitions else pacer._step_paced
    while watch.now_s < 1000.0 + until_s:
        step()


def test_a_lamp_that_stands_still_is_told_so_once_a_second(watch: Watch) -> None:
    lamp = FakeLamp()
    run(pacer_of(lamp, Following(), watch), watch, 10.0)
    assert {look for look, _ in lamp.told} == {RoomLook(BOOT_LEVEL_L, BOOT_CCT_K)}
    assert len(lamp.told) == pytest.approx(10, abs=2)


def test_a_lamp_that_moves_is_told_forty_times_a_second(watch: Watch) -> None:
    lamp, score = FakeLamp(), Following()
    score.fade = operator_fade(RoomLook(50.0, 2700.0), 0, 20.0, 2700.0, None)
    run(pacer_of(lamp, score, watch), watch, 6.0)
    assert len(lamp.told) == pytest.approx(6 * 40, abs=3)
    levels = [look.level_l for look, _ in lamp.told]
    assert max(abs(later - earlier) for earlier, later in pairwise(levels)) <= 5.0 / 40 + 1e-6
    assert all(look.fade_s == 0.0 for look, _ in lamp.told)


def test_a_lamp_is_told_where_the_light_is_now(watch: Watch) -> None:
    lamp, score = FakeLamp(), Following()
    score.fade = operator_fade(RoomLook(50.0, 2700.0), 0, 20.0, 2200.0, None)
    run(pacer_of(lamp, score, watch), watch, 3.0)
    for look, due in lamp.told:
        assert look == score.fade.look_at(due.frame)
        assert due.mono_s == pytest.approx(1000.0 + due.frame / S, abs=1.1 / S)  # frames are whole


def test_a_lamp_with_transitions_is_told_the_end_of_each_segment(watch: Watch) -> None:
    lamp, score = FakeLamp(transitions=True), Following()
    score.fade = LampFade(0, 50.0, 20.0, 30 * S, 2700.0, 2200.0, 30 * S)
    run(pacer_of(lamp, score, watch), watch, 60.0)
    assert [look.level_l for look, _ in lamp.told] == pytest.approx([40.0, 30.0, 20.0])
    assert {look.fade_s for look, _ in lamp.told} == {SEGMENT_S}


def test_in_simulated_time_a_segments_fade_is_that_much_shorter(watch: Watch) -> None:
    lamp, score = FakeLamp(transitions=True), Following()
    score.fade = LampFade(0, 50.0, 20.0, 300 * S, 2700.0, 2700.0, 300 * S)
    run(pacer_of(lamp, score, watch, speed=10.0), watch, 5.0)
    assert {look.fade_s for look, _ in lamp.told} == {SEGMENT_S / 10.0}


def test_a_test_lifts_a_lamp_by_ten_and_back_at_an_operators_pace(watch: Watch) -> None:
    lamp = FakeLamp()
    pacer = pacer_of(lamp, Following(), watch)
    run(pacer, watch, 2.0)
    pacer.test("left")
    run(pacer, watch, 2.0 + TEST_S + 2.0)
    levels = [look.level_l for look, _ in lamp.told]
    assert max(levels) == pytest.approx(BOOT_LEVEL_L + 10.0)
    assert levels[-1] == BOOT_LEVEL_L
    # 5 L* a second is 0.5 in the tenth of a second after which a still lamp looks again.
    assert max(abs(later - earlier) for earlier, later in pairwise(levels)) <= 0.5 + 1e-6


def test_a_test_pressed_again_while_it_is_shown_does_not_jump(watch: Watch) -> None:
    lamp = FakeLamp()
    pacer = pacer_of(lamp, Following(), watch)
    pacer.test("left")
    for second in (1.0, 3.5, 4.5, 9.0):
        run(pacer, watch, second)
        pacer.test("right")
    levels = [look.level_l for look, _ in lamp.told]
    assert max(abs(later - earlier) for earlier, later in pairwise(levels)) <= 0.5 + 1e-6


def test_a_tested_lamp_is_never_brighter_than_it_can_be(watch: Watch) -> None:
    lamp, score = FakeLamp(transitions=True), Following()
    score.fade = steady(RoomLook(97.0, 2700.0), 0)
    pacer = pacer_of(lamp, score, watch)
    pacer.test("left")
    run(pacer, watch, 30.0)
    assert [look.level_l for look, _ in lamp.told] == [100.0, 97.0]


@pytest.fixture
def paced() -> Iterator[tuple[FakeLamp, Following, Outlook]]:
    """A lamp paced by its real thread."""
    lamp, score, outlook = FakeLamp(transitions=True), Following(), Outlook()
    pacer = LampPacer(lamp, SessionClock(time.monotonic()), score, outlook)
    pacer.start()
    yield lamp, score, outlook
    pacer.close()
    assert not pacer._thread.is_alive()


def test_a_change_wakes_a_lamp_that_sleeps_through_its_segment(paced: Any) -> None:
    lamp, score, outlook = paced
    with lamp.changed:
        assert lamp.changed.wait_for(lambda: len(lamp.told) == 1, WAIT_S)
    score.fade = steady(RoomLook(30.0, 2200.0), 0)
    outlook.wake()
    with lamp.changed:
        assert lamp.changed.wait_for(lambda: len(lamp.told) == 2, SEGMENT_S / 2)
    assert lamp.told[-1][0].level_l == 30.0


def test_a_long_fade_goes_in_long_segments_and_an_operators_move_in_one_that_fits_it() -> None:
    program = LampFade(0, 55.0, 25.0, round(180 * S), 2700.0, 2400.0, round(180 * S))
    assert segment_s(program.look_at, round(30 * S)) == SEGMENT_S
    move = operator_fade(RoomLook(55.0, 2700.0), 0, 40.0, 2700.0, None)
    assert segment_s(move.look_at, 0) == 3.0
    assert segment_s(move.look_at, round(2.0 * S)) == 1.0
    assert segment_s(move.look_at, round(5.0 * S)) == SEGMENT_S
