"""The outlook: one frozen view for every output, and a latch that no change of view and no race can lift."""

from __future__ import annotations

import threading

import pytest

from roomctl.engine.view import Outlook, View
from stimuli import motion
from stimuli.score import Cue, Score
from stimuli.settings import Bls


def score(start_frame: int) -> Score:
    return Score(motion.start(start_frame, 1.0, 4, soft=True), (Cue(start_frame, Bls()),))


def test_the_newest_score_that_has_begun_is_looked_at() -> None:
    first, second = score(1000), score(5000)
    view = View((first, second))
    assert [view.score_at(frame) for frame in (999, 1000, 4999.9, 5000, 1e9)] == [None, first, first, second, second]
    assert View().score_at(0) is None


def test_a_published_view_is_in_force_and_wakes_everyone() -> None:
    outlook = Outlook()
    wakers = [outlook.waker() for _ in range(3)]
    view = View((score(0),))
    outlook.publish(view)
    assert outlook.view is view
    assert all(waker.is_set() for waker in wakers)


def test_stop_latches_counts_and_wakes() -> None:
    outlook = Outlook()
    waker = outlook.waker()
    outlook.latch()
    outlook.latch()
    assert outlook.stopped
    assert outlook.stops == 2
    assert waker.is_set()


def test_no_view_lifts_the_latch() -> None:
    outlook = Outlook()
    outlook.latch()
    outlook.publish(View((score(0),)))
    assert outlook.stopped


def test_resume_lifts_the_latch_it_saw() -> None:
    outlook = Outlook()
    outlook.latch()
    assert outlook.unlatch(outlook.stops)
    assert not outlook.stopped


def test_resume_does_not_lift_a_stop_that_came_after_it_looked() -> None:
    outlook = Outlook()
    outlook.latch()
    seen = outlook.stops
    outlook.latch()
    assert not outlook.unlatch(seen)
    assert outlook.stopped


def test_a_stop_in_the_very_middle_of_a_resume_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latch is set between the two looks of `unlatch`: at the moment it writes that nothing is stopped."""

    class Pressed(Outlook):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "stopped" and value is False and self.__dict__.get("armed"):
                self.armed = False
                self.latch()

    outlook = Pressed()
    outlook.latch()
    outlook.armed = True
    assert not outlook.unlatch(outlook.stops)
    assert outlook.stopped


def test_a_thread_that_waits_is_woken_by_a_stop() -> None:
    outlook = Outlook()
    waker, woken = outlook.waker(), threading.Event()
    thread = threading.Thread(target=lambda: woken.set() if waker.wait(20.0) else None)
    thread.start()
    outlook.latch()
    thread.join(20.0)
    assert woken.is_set()
