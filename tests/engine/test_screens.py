"""The bar on a screen: a window that draws by itself, and lives while it asks for the time."""

from __future__ import annotations

import pytest

from hardware.seams import Due, LightFrame, Link
from roomctl.engine import screens
from roomctl.engine.screens import ScreenBar
from stimuli.bar import bar_pixels


class Watch:
    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(screens, "time", made)
    return made


@pytest.fixture
def bar(watch: Watch) -> ScreenBar:
    made = ScreenBar("tv")
    made.open()
    return made


def test_a_window_that_has_not_come_up_is_waited_for(bar: ScreenBar) -> None:
    assert bar.link.state == "CONNECTING"
    assert "has not come up" in bar.link.why
    bar.watch()
    assert bar.link.state == "CONNECTING"


def test_a_window_that_asks_for_the_time_is_ready(bar: ScreenBar) -> None:
    bar.heard()
    assert (bar.link.state, bar.link.why) == ("READY", "")


def test_a_window_that_falls_silent_for_a_second_is_stale_and_says_what_to_look_at(bar: ScreenBar, watch: Watch) -> None:
    bar.heard()
    watch.now_s += 0.9
    bar.watch()
    assert bar.link.state == "READY"
    watch.now_s += 0.2
    bar.watch()
    assert bar.link.state == "STALE"
    assert "is its display off?" in bar.link.why


def test_a_window_that_comes_back_is_ready_again(bar: ScreenBar, watch: Watch) -> None:
    bar.heard()
    watch.now_s += 5.0
    bar.watch()
    bar.heard()
    bar.watch()
    assert bar.link.state == "READY"


def test_each_change_is_told_once(bar: ScreenBar, watch: Watch) -> None:
    told: list[Link] = []
    bar.on_link = lambda device, link: told.append(link)
    for _ in range(3):
        bar.heard()
    watch.now_s += 5.0
    for _ in range(3):
        bar.watch()
    assert [link.state for link in told] == ["READY", "STALE"]


def test_nothing_that_is_offered_or_made_safe_changes_the_link(bar: ScreenBar) -> None:
    bar.heard()
    bar.offer(LightFrame(0.0, 0.2, (1.0, 1.0, 1.0), bar_pixels(0.0, 0.2, (1.0, 1.0, 1.0), 60, 3.0)), Due(0, 0.0))
    bar.safe()
    assert bar.link.state == "READY"
    assert bar.safe_bytes() is None


def test_a_closed_window_is_absent(bar: ScreenBar) -> None:
    bar.close()
    assert bar.link.state == "ABSENT"
    assert "dark" in bar.capabilities.on_silence
