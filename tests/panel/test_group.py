"""Groups: a row for each tapper, with its name, its link, a switch and a strength of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

NAMES = ("Left chair", "Sofa, window side", "Right chair")
PHONE = (390, 844)


def tuned(room: Any) -> list[dict[str, Any]]:
    """What was asked of tappers."""
    return [body for name, body in room.commands if name == "tapper-tune"]


def until_confirmed(page: Page) -> None:
    """Wait until no level waits for its answer."""
    page.wait_for_function("() => !document.querySelector('rc-level[data-look]')")


def open_tap(page: Page) -> None:
    page.get_by_role("button", name="Tap: settings").tap()
    page.wait_for_selector("rc-output-settings .slider")


@pytest.fixture
def group(panel: Page, room: Any) -> Page:
    room.add_tappers(*NAMES)
    room.command("preset", {"preset": "group"})
    open_tap(panel)
    return panel


def test_a_room_with_one_tapper_has_no_rows_but_in_the_group_preset(panel: Page, room: Any) -> None:
    room.add_tappers("taps")
    open_tap(panel)
    expect(panel.locator(".tapper-row:visible")).to_have_count(0)
    room.command("preset", {"preset": "group"})
    expect(panel.locator(".tapper-row:visible")).to_have_count(1)


def test_every_tapper_has_a_row_with_its_name_its_link_and_its_strength(group: Page, room: Any) -> None:
    rows = group.locator("rc-tappers .tapper-row")
    expect(rows.locator(".toggle-name")).to_have_text(list(NAMES))
    expect(rows.locator(".level-value")).to_have_text(["100 %"] * 3)
    devices = room.state["devices"]
    room.change(devices=[*devices[:-1], {**devices[-1], "link": "FAULT", "why": "its cable is out"}])
    expect(rows.locator(".toggle-note")).to_have_text(["ready", "ready", "fault"])


def test_one_is_switched_off_and_the_others_stay_as_they_are(group: Page, room: Any) -> None:
    switch = group.get_by_role("button", name=NAMES[1], exact=True)
    switch.tap()
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert tuned(room) == [{"name": NAMES[1], "on": False}]
    for name in (NAMES[0], NAMES[2]):
        expect(group.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    expect(group.locator('.toggle[data-name="Tap"] .toggle-note')).to_contain_text("2 of 3 on")
    switch.tap()
    expect(switch).to_have_attribute("aria-pressed", "true")


def test_a_switch_of_one_tapper_does_not_move_before_the_room_says_so(group: Page, room: Any) -> None:
    room.do_tapper_tune = lambda body: (404, {"error": f'no tapper of this room is called "{body["name"]}"'})
    switch = group.locator(f'.toggle[data-name="{NAMES[0]}"]:visible')
    switch.tap()
    expect(switch).to_have_attribute("data-look", "failed")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(group.locator(".banner")).to_contain_text("no tapper of this room")


def test_weaker_is_one_touch_and_stronger_must_be_meant(group: Page, room: Any) -> None:
    group.get_by_role("button", name=f"{NAMES[0]}: strength: less").tap()
    expect(group.locator("rc-tappers .level-value").first).to_have_text("95 %")
    until_confirmed(group)
    assert tuned(room) == [{"name": NAMES[0], "strength_frac": 0.95}]
    more = group.get_by_role("button", name=f"{NAMES[0]}: strength: more")
    more.tap()
    expect(group.get_by_role("button", name=f"{NAMES[0]}: strength: more: press again")).to_be_visible()
    assert len(tuned(room)) == 1


def test_the_devices_page_has_the_same_switch_and_strength_and_does_not_test_one_that_is_off(group: Page, room: Any) -> None:
    group.evaluate("location.hash = 'devices'")
    card = group.locator(".device", has=group.get_by_role("heading", name=NAMES[2], exact=True))
    expect(card.get_by_role("button", name="Test left")).to_be_enabled()
    card.get_by_role("button", name=NAMES[2], exact=True).tap()
    expect(card.get_by_role("button", name="Test left")).to_be_disabled()
    card.get_by_role("button", name=f"{NAMES[2]}: strength: less").tap()
    expect(card.locator(".level-value")).to_have_text("95 %")
    until_confirmed(group)
    assert tuned(room) == [{"name": NAMES[2], "on": False}, {"name": NAMES[2], "strength_frac": 0.95}]


@pytest.mark.parametrize("size", [(1180, 820), PHONE])
@pytest.mark.parametrize("where", ["emdr", "devices"])
def test_every_control_of_a_tapper_is_big_enough_and_inside_the_screen(
    served: Any, room: Any, open_page: Callable[..., Page], size: tuple[int, int], where: str
) -> None:
    room.add_tappers(*NAMES)
    page = open_page(f"{served.address}/#{where}", size)
    page.wait_for_selector('html[data-link="live"]')
    if where == "emdr":
        open_tap(page)
    controls = page.locator(".tapper-row:visible button, .tapper-row:visible .slider")
    expect(controls).to_have_count(4 * len(NAMES))
    for box in [control.bounding_box() for control in controls.all()]:
        assert box is not None
        assert box["height"] >= 64
        assert box["width"] >= 64
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
