"""STOP: on every page, at the same place, on the press itself, whatever else is the matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
SIZES = [(1180, 820), (820, 1180), (390, 844)]
PAGES = ["emdr", "dosing", "music", "devices", "records"]


def pressed_down(page: Page) -> None:
    """The finger comes down on STOP, and has not left it yet."""
    page.locator("#stop").dispatch_event("pointerdown", {"button": 0, "pointerType": "touch", "isPrimary": True})


def wait_for_presses(page: Page, room: Any, least: int) -> list[str]:
    """What has arrived, as soon as it is enough."""
    for _ in range(400):
        if len(room.presses) >= least:
            break
        page.wait_for_timeout(25)
    return list(room.presses)


@pytest.mark.parametrize("name", PAGES)
def test_stop_fires_on_the_press_on_every_page_by_both_ways(panel: Page, room: Any, name: str) -> None:
    panel.evaluate(f"() => {{ location.hash = '{name}'; }}")
    expect(panel.locator(f"#page-{name}")).to_be_visible()
    pressed_down(panel)
    assert sorted(wait_for_presses(panel, room, 2)) == ["http", "socket"]
    expect(panel.locator(".stop-word")).to_have_text("STOPPED")


def test_one_press_has_one_key_on_both_ways(panel: Page, room: Any) -> None:
    pressed_down(panel)
    wait_for_presses(panel, room, 2)
    assert len(room.keys) == 2
    assert len(set(room.keys)) == 1


def test_stop_fires_while_locked(panel: Page, room: Any) -> None:
    panel.tap('[aria-label="Lock this tablet"]')
    expect(panel.locator("rc-lock")).to_be_visible()
    pressed_down(panel)
    assert sorted(wait_for_presses(panel, room, 2)) == ["http", "socket"]


def test_stop_is_tried_on_the_pairing_page_and_says_when_it_is_not_taken(served: Any, open_page: OpenPage) -> None:
    page = open_page(served.address)
    expect(page.get_by_role("heading", name="Pair this tablet")).to_be_visible()
    pressed_down(page)
    expect(page.locator(".stop-word")).to_have_text("STOP was not accepted")
    expect(page.locator(".stop-sub")).to_contain_text("the room's own switch")


def test_stop_stays_when_the_sign_in_has_ended(panel: Page, room: Any) -> None:
    room.paired = False
    panel.get_by_role("button", name="Rate: more").tap()
    expect(panel.get_by_role("heading", name="This tablet is signed out")).to_be_visible()
    expect(panel.locator("#stop")).to_be_visible()
    pressed_down(panel)
    expect(panel.locator(".stop-word")).to_have_text("STOP was not accepted")


def test_stop_is_asked_again_until_the_room_answers(panel: Page, room: Any) -> None:
    room.unanswered_stops = 3
    pressed_down(panel)
    expect(panel.locator(".stop-word")).to_have_text("STOPPED")
    assert room.presses.count("http") == 4
    assert len(set(room.keys)) == 1


def test_stop_works_while_the_room_is_stale(panel: Page, room: Any) -> None:
    room.frozen = True
    panel.wait_for_selector('html[data-link="stale"]')
    pressed_down(panel)
    expect(panel.locator(".stop-word")).not_to_have_text("STOP")
    room.frozen = False
    expect(panel.locator(".stop-word")).to_have_text("STOPPED")


@pytest.mark.parametrize("where", ["body", "#client-code"])
def test_escape_is_stop_on_any_keyboard(panel: Page, room: Any, where: str) -> None:
    panel.tap(".session-chip")
    panel.locator(where).focus()
    panel.keyboard.press("Escape")
    assert sorted(wait_for_presses(panel, room, 2)) == ["http", "socket"]


def test_a_second_press_is_a_stop_of_its_own(panel: Page, room: Any) -> None:
    pressed_down(panel)
    expect(panel.locator(".stop-sub")).to_have_text("press again: everything off")
    pressed_down(panel)
    wait_for_presses(panel, room, 4)
    assert len(set(room.keys)) == 2


def test_stop_latches_and_resume_is_a_held_act_of_its_own(panel: Page, room: Any) -> None:
    pressed_down(panel)
    expect(panel.locator(".stop-word")).to_have_text("STOPPED")
    expect(panel.locator(".start .hold-main")).to_be_disabled()
    expect(panel.locator(".resume-words")).to_contain_text("Stopped by Tablet")
    panel.tap(".resume .hold-main")
    assert room.state["stopped"] is True
    panel.tap(".resume .hold-confirm")
    expect(panel.locator(".stop-word")).to_have_text("STOP")
    expect(panel.locator(".start .hold-main")).to_be_enabled()


def test_a_device_that_did_not_confirm_is_named(panel: Page, room: Any) -> None:
    room.change(stopped=True, stop={"by": "pedal", "at_utc_s": 0.0, "not_confirmed": ["bar"]})
    expect(panel.locator(".resume-detail")).to_contain_text("Not confirmed by: bar")


@pytest.mark.parametrize("size", SIZES)
def test_stop_is_large_and_at_one_place_on_every_page(served: Any, open_page: OpenPage, size: tuple[int, int]) -> None:
    page = open_page(served.address, size)
    expect(page.get_by_role("heading", name="Pair this tablet")).to_be_visible()
    places = [page.locator("#stop").bounding_box()]
    page.fill("#pair-code", "12345678")
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    for name in PAGES:
        page.evaluate(f"() => {{ location.hash = '{name}'; }}")
        expect(page.locator(f"#page-{name}")).to_be_visible()
        places.append(page.locator("#stop").bounding_box())
    page.tap('[aria-label="Lock this tablet"]')
    places.append(page.locator("#stop").bounding_box())
    first = places[0]
    assert first is not None
    assert all(place == first for place in places)
    assert first["height"] >= 128
    assert first["width"] >= size[0] - 16
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('#stop') !== null"
    middle = [first["x"] + first["width"] / 2, first["y"] + first["height"] / 2]
    assert page.evaluate(on_top, middle)
