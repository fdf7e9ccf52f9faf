"""The window's line to the engine, over a real link."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roomctl.screen.feed import FRESH_S, EngineFeed

Wait = Callable[[Callable[[], bool], str], None]


def knows_the_set(feed: EngineFeed) -> bool:
    return feed.view.motion is not None


def test_the_room_arrives_and_its_changes_too(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    assert engine_feed.is_fresh(time.monotonic_ns())
    room.publish(score=None)
    wait_until(lambda: not knows_the_set(engine_feed), "the delta")


def test_a_room_that_says_nothing_is_not_fresh_for_long(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    now_ns = time.monotonic_ns()
    assert engine_feed.is_fresh(now_ns)
    assert not engine_feed.is_fresh(now_ns + round((FRESH_S + 0.2) * 1e9))
    assert FRESH_S < 1.0


def test_asking_keeps_a_quiet_room_fresh(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    later_ns = time.monotonic_ns() + round(FRESH_S * 1e9)
    wait_until(lambda: engine_feed.is_fresh(later_ns), "a sign of life after the last push")


def test_stop_goes_to_the_engine_with_the_windows_name(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    engine_feed.stop()
    assert not engine_feed.view.may_show
    room.wait_for_stops(1)
    assert room.stops[0].who.name == 'screen "tv"'
    room.publish(stopped=True)
    wait_until(lambda: engine_feed.view.hush == "seen", "the room's own STOP")
    room.publish(stopped=False)
    wait_until(lambda: engine_feed.view.may_show, "RESUME")


def test_each_press_is_a_stop_of_its_own(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    engine_feed.stop()
    engine_feed.stop()
    room.wait_for_stops(2)


def test_a_stop_that_the_engine_refuses_keeps_the_window_dark(room: Any, engine_feed: EngineFeed, wait_until: Wait) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    room.refuse_stop = True
    engine_feed.stop()
    room.wait_for_stops(1)
    room.publish(score=None)
    wait_until(lambda: not knows_the_set(engine_feed), "the delta")
    assert not engine_feed.view.may_show


def test_a_lost_engine_is_not_fresh_and_comes_back(
    room: Any, engine_feed: EngineFeed, wait_until: Wait, socket_path: Path
) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    just_heard_ns = time.monotonic_ns()
    assert engine_feed.is_fresh(just_heard_ns)
    room.server.close()
    wait_until(lambda: not engine_feed.is_fresh(just_heard_ns), "the loss, however lately it was heard")
    again = type(room)(socket_path)
    try:
        wait_until(lambda: engine_feed.is_fresh(time.monotonic_ns()) and knows_the_set(engine_feed), "the engine's return")
    finally:
        again.server.close()


def test_a_stop_pressed_while_the_engine_is_away_is_given_when_it_is_back(
    engine_feed: EngineFeed, wait_until: Wait, socket_path: Path, request: pytest.FixtureRequest
) -> None:
    engine_feed.stop()
    room = request.getfixturevalue("room")
    room.wait_for_stops(1)
    wait_until(lambda: engine_feed.view.hush in ("told", "none"), "the engine's reply")


def test_a_state_that_cannot_be_read_is_a_lost_connection_and_not_a_crash(
    room: Any, engine_feed: EngineFeed, wait_until: Wait
) -> None:
    wait_until(lambda: knows_the_set(engine_feed), "the snapshot")
    good = room.state
    room.publish(score={"segments": []})
    wait_until(lambda: not engine_feed.is_fresh(time.monotonic_ns()), "the loss")
    room.state = good
    wait_until(lambda: engine_feed.is_fresh(time.monotonic_ns()) and knows_the_set(engine_feed), "the next snapshot")


def test_closing_before_any_engine_was_there_ends_it(socket_path: Path) -> None:
    feed = EngineFeed(socket_path, "tv")
    feed.start()
    feed.close()
    assert not feed.is_fresh(time.monotonic_ns())
