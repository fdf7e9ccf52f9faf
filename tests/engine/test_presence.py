"""Who is there: panels that go while others stay, panels that all go, and an io process that falls silent."""

from __future__ import annotations

from typing import Any

import pytest

from roomctl.engine import presence
from roomctl.engine.presence import Presence
from roomctl.engine.state import Changes


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(presence.time, "monotonic", lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def panel(id: str, name: str = "Tablet") -> dict[str, Any]:
    return {"id": id, "name": name, "role": "control", "seen_s": 0.0}


def test_a_panel_that_goes_while_another_stays_is_named() -> None:
    there = Presence()
    assert there.panels_are([panel("a", "Left tablet"), panel("b")]) is None
    assert there.panels_are([panel("b")]) == '"Left tablet" is no longer connected; the room goes on'


def test_nothing_is_said_when_it_comes_back_or_when_nobody_is_left_to_read_it() -> None:
    there = Presence()
    there.panels_are([panel("a"), panel("b")])
    there.panels_are([panel("b")])
    assert there.panels_are([panel("a"), panel("b")]) is None
    assert there.panels_are([]) is None


def test_the_one_that_went_is_named_for_half_a_minute(clock: Clock) -> None:
    there = Presence()
    there.panels_are([panel("a", "Left tablet"), panel("b")])
    for _ in range(15):
        assert "Left tablet" in str(there.panels_are([panel("b")]))
        clock.now_s += 2.0
    clock.now_s += 1.0
    assert there.panels_are([panel("b")]) is None


def test_seen_s_is_how_long_ago_the_panels_socket_was_heard(clock: Clock) -> None:
    there = Presence()
    there.panels_are([{**panel("a"), "seen_s": 1.5}])
    clock.now_s += 1.25
    assert [each["seen_s"] for each in there.panels] == [2.8]
    there.panels_are([panel("a")])
    assert there.panels == [panel("a")]


def test_a_panel_that_is_merely_silent_is_no_change_of_the_state() -> None:
    changes = Changes()
    changes.since_last({"panels": [panel("a")]})
    assert changes.since_last({"panels": [{**panel("a"), "seen_s": 9.0}]}) == {}
    assert changes.since_last({"panels": [panel("a"), panel("b")]}) != {}


def test_panels_count_as_lost_thirty_seconds_after_the_last_one_went(clock: Clock) -> None:
    there = Presence()
    assert not there.panels_lost
    there.panels_are([panel("a")])
    there.panels_are([])
    clock.now_s += 29.0
    there.panels_are([])
    assert not there.panels_lost
    clock.now_s += 2.0
    assert there.panels_lost
    there.panels_are([panel("a")])
    assert not there.panels_lost


def test_a_room_that_never_had_a_panel_has_lost_none(clock: Clock) -> None:
    there = Presence()
    clock.now_s += 3600.0
    assert not there.panels_lost


def test_keys_are_stale_when_the_io_process_has_been_silent_for_three_seconds(clock: Clock) -> None:
    there = Presence()
    there.inlets_are([{"name": "pedal", "link": "READY", "why": ""}])
    clock.now_s += 2.9
    assert there.inlets()[0]["link"] == "READY"
    clock.now_s += 0.2
    stale = there.inlets()[0]
    assert (stale["name"], stale["link"]) == ("pedal", "STALE")
    assert "io process" in stale["why"]
