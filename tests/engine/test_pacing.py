"""Pacing: each device is told its own lead early, at absolute times, and a STOP is the last word whenever it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.seams import Capabilities, Due, LightBar, LightFrame, Tapper, TapPulse
from roomctl.bilateral import merged, new_score
from roomctl.clock import SessionClock
from roomctl.engine import pacing
from roomctl.engine.light_governor import LightGovernor
from roomctl.engine.pacing import DARK_PERIOD_S, PREPARED_S, LightPacer, TapPacer
from roomctl.engine.view import Outlook, View
from roomctl.limits import Limits
from stimuli.beats import beats_between
from stimuli.colours import parse_colour
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import DARK
from stimuli.motion import cut
from stimuli.score import Score, with_settings
from stimuli.settings import Bls
from stimuli.taps import TapLimits

S = FRAME_RATE_HZ
FPS = 40.0


class Watch:
    """Time that passes only where somebody waits; and what happens at its moments."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.plans: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.now_s

    def at(self, second: float, act: Callable[[], None]) -> None:
        """Let `act` happen `second` seconds from the beginning, when time comes by."""
        self.plans.append((1000.0 + second, act))

    def sleep_until(self, mono_s: float) -> None:
        while due := [plan for plan in self.plans if plan[0] <= mono_s]:
            plan = min(due, key=lambda each: each[0])
            self.plans.remove(plan)
            self.now_s = max(self.now_s, plan[0])
            plan[1]()
        self.now_s = max(self.now_s, mono_s)


class Waker:
    """An event whose waiting takes the watch's time; what wakes it ends the wait."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._set = False

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float) -> bool:
        end_s = self._watch.now_s + timeout
        while not self._set and self._watch.now_s < end_s:
            coming = [plan[0] for plan in self._watch.plans if plan[0] <= end_s]
            self._watch.sleep_until(min(coming, default=end_s))
        return self._set


class FakeBar(LightBar):
    """Takes down what it is told, when; `during` happens while it takes a picture."""

    driver = "stub"

    def __init__(self, watch: Watch, name: str = "bar") -> None:
        super().__init__(name)
        self.watch = watch
        self.told: list[tuple[float, Any]] = []
        self.during: Callable[[], None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(on_silence="dark", fps_max=FPS, pixels=60)

    def open(self) -> None:
        self.set_link("READY")

    def offer(self, frame: LightFrame, due: Due) -> None:
        self._take((frame, due))

    def safe(self) -> None:
        self.told.append((self.watch.now_s, "safe"))

    def close(self) -> None:
        self.set_link("ABSENT")

    def _take(self, what: Any) -> None:
        during, self.during = self.during, None
        if during is not None:
            during()
        self.told.append((self.watch.now_s, what))

    @property
    def pictures(self) -> list[tuple[float, LightFrame, Due]]:
        return [(at_s, *what) for at_s, what in self.told if what != "safe"]


class FakeTapper(Tapper):
    """The same for a tapper."""

    driver = "stub"
    open, safe, close, _take = FakeBar.open, FakeBar.safe, FakeBar.close, FakeBar._take  # type: ignore[assignment]

    def __init__(self, watch: Watch, name: str = "taps") -> None:
        super().__init__(name)
        self.watch = watch
        self.told: list[tuple[float, Any]] = []
        self.during: Callable[[], None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(on_silence="still", min_pulse_ms=30.0)

    def offer(self, pulse: TapPulse, due: Due) -> None:
        self._take((pulse, due))

    @property
    def pulses(self) -> list[tuple[float, TapPulse, Due]]:
        return [(at_s, *what) for at_s, what in self.told if what != "safe"]


class Rig:
    """A pacer without its thread, stepped through simulated time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.watch = Watch()
        monkeypatch.setattr(pacing, "time", self.watch)
        monkeypatch.setattr(pacing, "sleep_until", self.watch.sleep_until)
        self.clock = SessionClock(1000.0)
        self.outlook = Outlook()
        self.bar, self.tapper = FakeBar(self.watch), FakeTapper(self.watch)

    def light(self, onset_ms: float = 0.0, fps: float = FPS, bar_level: float = 0.6) -> LightPacer:
        return self._own_waker(
            LightPacer(self.bar, self.clock, self.outlook, fps=fps, leds=60, onset_ms=onset_ms, bar_level=bar_level)
        )

    def taps(self, onset_ms: float = 0.0, min_ms: float = 30.0, strength_frac: float = 1.0) -> TapPacer:
        limits = TapLimits(min_ms=min_ms)
        return self._own_waker(
            TapPacer(self.tapper, self.clock, self.outlook, onset_ms=onset_ms, limits=limits, strength_frac=strength_frac)
        )

    def _own_waker(self, pacer: Any) -> Any:
        waker = Waker(self.watch)
        self.outlook._wakers = [waker]  # type: ignore[list-item]
        pacer._waker = waker
        return pacer

    def stop(self) -> None:
        """As the room does it."""
        self.outlook.latch()
        self.bar.safe()
        self.tapper.safe()

    def run(self, pacer: Any, until_s: float) -> None:
        """Step until `until_s` seconds have passed."""
        while self.watch.now_s < 1000.0 + until_s:
            pacer._step()


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(monkeypatch)


def score(start_s: float = 1.0, **change: Any) -> Score:
    return new_score(merged(Bls(), {"rate_hz": 1.0, "set_cycles": 4, **change}), Limits(), round(start_s * S))


def show(paced: Rig, *scores: Score) -> None:
    paced.outlook.publish(View(scores))


# --- light ---


def test_a_bar_gets_its_pictures_at_its_rate_while_a_set_runs(paced: Rig) -> None:
    show(paced, score())
    paced.run(paced.light(), 5.0)
    frames = [due.frame for _, frame, due in paced.bar.pictures if frame.level_frac > 0.0]
    assert {later - earlier for earlier, later in pairwise(frames)} == {S / FPS}
    assert len(frames) == pytest.approx(4 * FPS, abs=2)


def test_pictures_lie_on_multiples_of_the_period_without_drift(paced: Rig) -> None:
    show(paced, score(set_cycles=None, open=True))
    paced.run(paced.light(fps=30.0), 60.0)
    frames = [due.frame for _, _, due in paced.bar.pictures]
    assert all(frame == round(round(frame * 30 / S) * S / 30) for frame in frames)


def test_each_picture_is_told_when_it_is_due_less_the_bars_own_lead(paced: Rig) -> None:
    for onset_ms in (0.0, 25.0, -10.0):
        paced.bar.told.clear()
        show(paced, score())
        begin_s = paced.watch.now_s
        paced.run(paced.light(onset_ms=onset_ms), begin_s - 1000.0 + 2.0)
        for at_s, _, due in paced.bar.pictures:
            assert due.mono_s == pytest.approx(1000.0 + due.frame / S)
            assert at_s == pytest.approx(due.mono_s - onset_ms / 1000.0, abs=1e-9)


def test_a_change_is_seen_in_the_very_next_picture_whatever_was_worked_out_before(paced: Rig) -> None:
    """At every phase of the batch: the first picture told after the change is of the new colour."""
    set_ = score(set_cycles=None, open=True)
    pacer = paced.light()
    for step in range(2 * round(FPS * PREPARED_S)):
        green, blue = (
            with_settings(set_, 0, merged(set_.bls_at(0), {"light": {"colour": name}})) for name in ("green", "blue")
        )
        paced.bar.told.clear()
        changed_s = 3.0 + step * (1.0 + 1.0 / FPS)
        paced.watch.at(changed_s - 0.5, lambda view=green: show(paced, view))
        paced.watch.at(changed_s, lambda view=blue: show(paced, view))
        paced.run(pacer, changed_s + 0.2)
        before = {frame.colour for at_s, frame, _ in paced.bar.pictures if 999.6 + changed_s < at_s < 1000.0 + changed_s}
        after = {frame.colour for at_s, frame, _ in paced.bar.pictures if at_s > 1000.0 + changed_s}
        assert before == {parse_colour("green")}
        assert after == {parse_colour("blue")}


def test_pictures_are_worked_out_a_few_at_a_time_and_are_what_they_would_be_one_by_one(
    paced: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_, asked = score(light={"brightness_frac": 1.0}), []
    whole = pacing.light_at

    def counted(score: Score, frame: int) -> Any:
        asked.append(paced.watch.now_s)
        return whole(score, frame)

    monkeypatch.setattr(pacing, "light_at", counted)
    show(paced, set_)
    paced.run(paced.light(), 4.0)
    governor = LightGovernor(0.6, 60)
    for _, shown, due in paced.bar.pictures:
        dot = governor.limit(whole(set_, due.frame) if due.frame >= set_.motion.start_frame else DARK, due.frame)
        assert (shown.pos, shown.level_frac) == (dot.pos, dot.level_frac)
    assert len(set(asked)) <= len(asked) / (FPS * PREPARED_S) + 1


def test_the_dot_is_at_the_edges_on_the_beats(paced: Rig) -> None:
    set_ = score(rate_hz=0.5)
    show(paced, set_)
    paced.run(paced.light(), 5.0)
    for beat in beats_between(set_.motion, 0, 5 * S):
        nearest = min(paced.bar.pictures, key=lambda each: abs(each[2].frame - beat.frame))
        assert nearest[1].pos == pytest.approx(-1.0 if beat.side == "left" else 1.0, abs=0.01)


def test_a_dark_bar_is_told_so_twice_a_second(paced: Rig) -> None:
    paced.run(paced.light(), 10.0)
    assert all(frame.level_frac == 0.0 for _, frame, _ in paced.bar.pictures)
    assert len(paced.bar.pictures) == pytest.approx(10.0 / DARK_PERIOD_S, abs=2)


def test_a_set_that_starts_while_the_bar_is_dark_is_shown_from_its_first_picture(paced: Rig) -> None:
    paced.watch.at(3.1, lambda: show(paced, score(start_s=3.2)))
    paced.run(paced.light(), 5.0)
    lit = [due.frame for _, frame, due in paced.bar.pictures if frame.level_frac > 0.0]
    assert lit[0] - 3.2 * S <= S / FPS


def test_after_the_set_the_last_picture_is_dark(paced: Rig) -> None:
    show(paced, score())
    paced.run(paced.light(), 9.0)
    assert paced.bar.pictures[-1][1].level_frac == 0.0


def test_the_rooms_level_holds_for_every_picture(paced: Rig) -> None:
    show(paced, score(light={"brightness_frac": 1.0, "size": 15}))
    paced.run(paced.light(bar_level=0.3), 4.0)
    assert max(frame.level_frac for _, frame, _ in paced.bar.pictures) == pytest.approx(0.3)
    assert max(frame.pixels.max() for _, frame, _ in paced.bar.pictures) <= 0.3 + 1e-6


def test_pictures_that_were_held_up_are_dropped_and_not_sent_late(paced: Rig) -> None:
    show(paced, score(set_cycles=None, open=True))
    pacer = paced.light()
    paced.run(pacer, 2.0)
    count = len(paced.bar.pictures)
    paced.watch.now_s += 1.0
    paced.run(pacer, 3.1)
    late = paced.bar.pictures[count:]
    assert all(at_s <= due.mono_s + 1e-9 for at_s, _, due in late)
    assert len(late) <= 6


def test_how_late_a_lit_picture_was_told_is_kept(paced: Rig) -> None:
    show(paced, score())
    pacer = paced.light()
    paced.run(pacer, 3.0)
    assert len(pacer.late_s) == len([1 for _, frame, _ in paced.bar.pictures if frame.level_frac > 0.0])
    assert max(pacer.late_s) == pytest.approx(0.0, abs=1e-9)


def test_a_stop_while_a_picture_is_being_taken_is_followed_by_safe_and_nothing_lit(paced: Rig) -> None:
    show(paced, score())
    pacer = paced.light()
    paced.run(pacer, 2.0)
    paced.bar.during = paced.stop
    paced.run(pacer, 5.0)
    words = [what if what == "safe" else what[0].level_frac for _, what in paced.bar.told]
    first = words.index("safe")
    # The room's own safe; then the picture that was on its way; then safe once more, and from there only dark.
    assert words[first + 1] > 0.0
    assert words[first + 2] == "safe"
    assert not any(word for word in words[first + 3 :] if word != "safe")


def test_a_stop_before_a_picture_leaves_lets_it_not_leave(paced: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    show(paced, score())
    pacer = paced.light()
    paced.run(pacer, 2.0)
    whole = pacing.bar_pixels

    def pressed(*args: Any) -> Any:
        if not paced.outlook.stopped:
            paced.stop()
        return whole(*args)

    monkeypatch.setattr(pacing, "bar_pixels", pressed)
    paced.run(pacer, 4.0)
    words = [what if what == "safe" else what[0].level_frac for _, what in paced.bar.told]
    assert not any(word for word in words[words.index("safe") :] if word != "safe")


def test_after_resume_the_set_does_not_light_up_again(paced: Rig) -> None:
    set_ = score()
    show(paced, set_)
    pacer = paced.light()
    paced.run(pacer, 2.0)
    paced.stop()
    show(paced, replace(set_, motion=cut(set_.motion, round(paced.clock.frame_at(paced.watch.now_s)))))
    assert paced.outlook.unlatch(paced.outlook.stops)
    count = len(paced.bar.pictures)
    paced.run(pacer, 5.0)
    assert all(frame.level_frac == 0.0 for _, frame, _ in paced.bar.pictures[count:])


@pytest.mark.parametrize(("side", "pos"), [("left", -1.0), ("right", 1.0)])
def test_a_bar_is_tested_for_a_second_on_one_side(paced: Rig, side: Any, pos: float) -> None:
    pacer = paced.light()
    paced.watch.at(1.0, lambda: pacer.test(side))
    paced.run(pacer, 4.0)
    lit = [(at_s, frame) for at_s, frame, _ in paced.bar.pictures if frame.level_frac > 0.0]
    assert {frame.pos for _, frame in lit} == {pos}
    assert lit[-1][0] - lit[0][0] == pytest.approx(1.0, abs=2 / FPS)
    assert paced.bar.pictures[-1][1].level_frac == 0.0


def test_no_bar_is_tested_while_stop_is_latched(paced: Rig) -> None:
    pacer = paced.light()
    paced.stop()
    pacer.test("left")
    paced.run(pacer, 2.0)
    assert all(frame.level_frac == 0.0 for _, frame, _ in paced.bar.pictures)


# --- taps ---


def test_every_beat_is_a_tap_in_its_hand_at_its_moment(paced: Rig) -> None:
    set_ = score()
    show(paced, set_)
    paced.run(paced.taps(onset_ms=40.0), 8.0)
    beats = beats_between(set_.motion, 0, 10 * S)
    assert [(due.frame, pulse.side) for _, pulse, due in paced.tapper.pulses] == [(beat.frame, beat.side) for beat in beats]
    for at_s, _, due in paced.tapper.pulses:
        assert at_s == pytest.approx(1000.0 + due.frame / S - 0.040, abs=1e-9)


def test_pulses_have_the_length_and_strength_that_were_asked_for_times_the_hands_own(paced: Rig) -> None:
    show(paced, score(tap={"ms": 200, "strength_frac": 0.8}))
    paced.run(paced.taps(strength_frac=0.5), 3.0)
    assert {(pulse.ms, pulse.strength_frac) for _, pulse, _ in paced.tapper.pulses} == {(200.0, 0.4)}


def test_a_pulse_is_never_longer_than_nine_tenths_of_the_way_to_the_next(paced: Rig) -> None:
    show(paced, score(rate_hz=2.0, tap={"ms": 1000}))
    paced.run(paced.taps(), 3.0)
    assert {pulse.ms for _, pulse, _ in paced.tapper.pulses[:-1]} == {225.0}


def test_taps_switched_off_and_a_strength_of_nothing_offer_nothing(paced: Rig) -> None:
    for change in ({"tap": {"on": False}}, {"tap": {"strength_frac": 0.0}}):
        show(paced, score(**change))
        paced.run(paced.taps(), paced.watch.now_s - 1000.0 + 3.0)
    assert paced.tapper.told == []


def test_a_seat_that_is_switched_off_feels_nothing(paced: Rig) -> None:
    show(paced, score())
    pacer = paced.taps()
    pacer.on = False
    paced.run(pacer, 4.0)
    assert paced.tapper.told == []


def test_a_seat_switched_off_is_made_safe_at_once_and_joins_again_at_the_next_beat(paced: Rig) -> None:
    show(paced, score(rate_hz=1.0))
    pacer = paced.taps()
    paced.watch.at(1.3, lambda: pacer.tune(on=False))
    paced.watch.at(3.3, lambda: pacer.tune(on=True))
    paced.run(pacer, 6.0)
    told = [(at_s - 1000.0, what == "safe") for at_s, what in paced.tapper.told]
    assert [at_s for at_s, is_safe in told if is_safe] == [pytest.approx(1.3)]
    assert [at_s for at_s, is_safe in told if not is_safe and 1.3 <= at_s < 3.3] == []
    assert [at_s for at_s, is_safe in told if not is_safe and at_s > 3.3]


def test_a_seat_switched_off_while_a_tap_is_being_given_ends_safe(paced: Rig) -> None:
    show(paced, score())
    pacer = paced.taps()
    paced.tapper.during = lambda: pacer.tune(on=False)
    paced.run(pacer, 6.0)
    assert [what if what == "safe" else "tap" for _, what in paced.tapper.told] == ["safe", "tap", "safe"]


def test_a_seats_own_strength_is_a_share_of_what_full_means_in_these_hands(paced: Rig) -> None:
    show(paced, score(tap={"strength_frac": 0.8}))
    pacer = paced.taps(strength_frac=0.5)
    paced.run(pacer, 2.0)
    pacer.tune(strength_frac=0.25)
    paced.run(pacer, 6.0)
    strengths = [round(pulse.strength_frac, 6) for _, pulse, _ in paced.tapper.pulses]
    assert set(strengths) == {0.4, 0.1}
    assert strengths == sorted(strengths, reverse=True)


def test_a_rate_changed_while_a_tap_is_waited_for_moves_it(paced: Rig) -> None:
    slow, fast = score(rate_hz=0.5), score(rate_hz=2.0)
    show(paced, slow)
    paced.watch.at(1.05, lambda: show(paced, fast))
    paced.run(paced.taps(), 4.0)
    assert [due.frame for _, _, due in paced.tapper.pulses] == [beat.frame for beat in beats_between(fast.motion, 0, 10 * S)]


def test_a_change_in_the_last_moments_before_a_tap_does_not_double_or_drop_it(paced: Rig) -> None:
    set_ = score()
    again = replace(set_, cues=set_.cues)
    first = beats_between(set_.motion, 0, 10 * S)[0].frame / S
    for early_s in (0.019, 0.010, 0.001):
        paced.watch.at(first - early_s, lambda: show(paced, again))
    show(paced, set_)
    paced.run(paced.taps(), 6.0)
    frames = [due.frame for _, _, due in paced.tapper.pulses]
    assert frames == [beat.frame for beat in beats_between(set_.motion, 0, 10 * S)]


def test_a_stop_while_a_tap_is_waited_for_lets_it_not_leave(paced: Rig) -> None:
    set_ = score()
    second = beats_between(set_.motion, 0, 10 * S)[1].frame / S
    paced.watch.at(second - 0.005, paced.stop)
    show(paced, set_)
    paced.run(paced.taps(), 6.0)
    assert [what if what == "safe" else "tap" for _, what in paced.tapper.told] == ["tap", "safe"]


def test_a_stop_while_a_tap_is_being_given_is_followed_by_safe_and_nothing_after(paced: Rig) -> None:
    show(paced, score())
    pacer = paced.taps()
    paced.run(pacer, 1.0)
    paced.tapper.during = paced.stop
    paced.run(pacer, 6.0)
    assert [what if what == "safe" else "tap" for _, what in paced.tapper.told] == ["safe", "tap", "safe"]


def test_a_test_of_a_hand_is_one_pulse_and_a_stop_in_it_is_followed_by_safe(paced: Rig) -> None:
    pacer = paced.taps()
    pacer.test("right")
    assert [(pulse.side, pulse.ms, pulse.strength_frac) for _, pulse, _ in paced.tapper.pulses] == [("right", 200.0, 0.5)]
    paced.tapper.during = paced.stop
    pacer.test("left")
    assert [what if what == "safe" else "tap" for _, what in paced.tapper.told] == ["tap", "safe", "tap", "safe"]


def test_a_tap_that_is_long_past_is_not_given_late(paced: Rig) -> None:
    set_ = score()
    show(paced, set_)
    pacer = paced.taps()
    paced.run(pacer, 1.0)
    paced.watch.now_s += 1.6
    paced.run(pacer, 7.0)
    assert all(at_s <= due.mono_s + 0.021 for at_s, _, due in paced.tapper.pulses)
    assert len(paced.tapper.pulses) < 8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.floats(0.9, 5.5), st.sampled_from(["light", "taps"]))
def test_whenever_stop_is_pressed_safe_is_the_last_word(stop_s: float, kind: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        paced = Rig(monkeypatch)
        show(paced, score(rate_hz=2.0))
        paced.watch.at(stop_s, paced.stop)
        paced.run(paced.light() if kind == "light" else paced.taps(), 7.0)
        told = paced.bar.told if kind == "light" else paced.tapper.told
        moving = [
            index for index, (_, what) in enumerate(told) if what != "safe" and (kind == "taps" or what[0].level_frac > 0.0)
        ]
        last_safe = max(index for index, (_, what) in enumerate(told) if what == "safe")
        assert all(index < last_safe for index in moving)


# --- the thread ---


@pytest.fixture
def real_bar() -> Iterator[FakeBar]:
    yield FakeBar(SimpleNamespace(now_s=0.0))  # type: ignore[arg-type]


def test_the_thread_paces_until_it_is_closed(real_bar: FakeBar) -> None:
    told = threading.Event()
    real_bar.during = told.set
    pacer = LightPacer(real_bar, SessionClock(time.monotonic()), Outlook(), fps=FPS, leds=60, onset_ms=0.0, bar_level=0.6)
    pacer.start()
    assert told.wait(20.0)
    pacer.close()
    assert not pacer._thread.is_alive()


def test_a_pacer_that_was_never_started_closes(real_bar: FakeBar) -> None:
    pacer = LightPacer(real_bar, SessionClock(0.0), Outlook(), fps=FPS, leds=60, onset_ms=0.0, bar_level=0.6)
    pacer.close()
    assert real_bar.told == []
