"""A group on the product itself: a tapper each, every one with its own strength and its own stop, as their stubs were told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

NAMES = ("Left chair", "Sofa", "Right chair")
ROOM = "".join(f'[[tapper]]\nname = "{name}"\nrecord = "{name}.jsonl"\n' for name in NAMES)
PATIENCE_S = 30.0


class Group:
    """The panel in front of a room with three tappers, and what the tappers wrote."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder

    def taps(self, name: str) -> list[dict[str, Any]]:
        """The pulses that this tapper was told: whole lines only."""
        file = self._folder / f"{name}.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        events = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [event for event in events if event["kind"] == "tap"]

    def until_more(self, name: str, count: int) -> None:
        """Wait until this tapper was told `count` more pulses."""
        wanted, end_s = len(self.taps(name)) + count, time.monotonic() + PATIENCE_S
        while len(self.taps(name)) < wanted:
            assert time.monotonic() < end_s, f"{name} was not told {count} more taps"
            self.page.wait_for_timeout(50)

    def switch(self, name: str) -> Any:
        return self.page.locator("rc-tappers").get_by_role("button", name=name, exact=True)

    def start(self) -> None:
        self.page.tap(".start .hold-main")
        self.page.tap(".start .hold-confirm")
        expect(self.page.locator(".finish .hold-main")).to_be_enabled()


@pytest.fixture
def group(make_real_room: Callable[..., Any], open_page: Callable[..., Page], tmp_path: Path) -> Group:
    room = make_real_room(ROOM)
    page = open_page(room.address)
    page.fill("#pair-code", room.code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")
    page.get_by_role("button", name="All presets").tap()
    page.tap('rc-preset-sheet [data-preset="group"]')
    page.get_by_role("button", name="Tap: settings").tap()
    expect(page.locator("rc-tappers .tapper-row")).to_have_count(len(NAMES))
    return Group(page, tmp_path)


def test_every_tapper_has_its_own_strength(group: Group) -> None:
    weaker = group.page.get_by_role("button", name="Sofa: strength: less")
    level = group.page.locator('.tapper-row[data-tapper="Sofa"] .level-value')
    for percent in (95, 90, 85, 80, 75, 70, 65, 60, 55, 50):
        weaker.tap()
        expect(level).to_have_text(f"{percent} %")
    group.page.wait_for_function("() => !document.querySelector('rc-level[data-look]')")
    group.start()
    for name in NAMES:
        group.until_more(name, 4)
    strengths = {name: {round(tap["strength"], 6) for tap in group.taps(name)} for name in NAMES}
    assert len(strengths["Left chair"]) == 1
    (full,) = strengths["Left chair"]
    assert strengths == {"Left chair": {full}, "Sofa": {round(full * 0.5, 6)}, "Right chair": {full}}


def test_one_is_stopped_in_the_set_and_the_others_go_on(group: Group) -> None:
    group.start()
    for name in NAMES:
        group.until_more(name, 2)
    group.switch("Sofa").tap()
    expect(group.switch("Sofa")).to_have_attribute("aria-pressed", "false")
    still = len(group.taps("Sofa"))
    group.until_more("Left chair", 4)
    group.until_more("Right chair", 1)
    assert len(group.taps("Sofa")) == still
    expect(group.page.locator(".finish .hold-main")).to_be_enabled()
    group.switch("Sofa").tap()
    expect(group.switch("Sofa")).to_have_attribute("aria-pressed", "true")
    group.until_more("Sofa", 2)


def test_stop_stops_them_all(group: Group) -> None:
    group.start()
    for name in NAMES:
        group.until_more(name, 2)
    group.page.tap("#stop")
    expect(group.page.locator(".stop-word")).to_have_text("STOPPED")
    told = {name: len(group.taps(name)) for name in NAMES}
    group.page.tap(".resume .hold-main")
    group.page.tap(".resume .hold-confirm")
    expect(group.page.locator(".start .hold-main")).to_be_enabled()
    assert {name: len(group.taps(name)) for name in NAMES} == told
