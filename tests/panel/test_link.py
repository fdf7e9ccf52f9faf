"""What the panel shows when the room is slow, gone, or changed behind its back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def test_pairing_by_typing_the_code_opens_the_panel(served: Any, open_page: OpenPage) -> None:
    page = open_page(served.address)
    page.fill("#pair-code", "1234 5678")
    page.fill("#pair-name", "Blue tablet")
    with page.expect_request("**/api/pair") as asked:
        page.get_by_role("button", name="Pair").tap()
    assert asked.value.post_data_json == {"code": "12345678", "name": "Blue tablet"}
    expect(page.locator(".start")).to_be_visible()


def test_the_picture_code_in_the_address_pairs_at_once_and_leaves_the_address(served: Any, open_page: OpenPage) -> None:
    page = open_page(f"{served.address}/?code=12345678")
    expect(page.locator(".start")).to_be_visible()
    assert "code" not in page.url


def test_a_wrong_code_is_answered_in_the_rooms_own_words(served: Any, open_page: OpenPage) -> None:
    page = open_page(served.address)
    page.fill("#pair-code", "00000000")
    page.get_by_role("button", name="Pair").tap()
    expect(page.locator(".outside-why")).to_have_text("that code is not known, or was used already")
    page.fill("#pair-code", "123")
    page.get_by_role("button", name="Pair").tap()
    expect(page.locator(".outside-why")).to_have_text("A code has eight digits; this has 3.")


def test_a_frozen_room_is_called_stale_and_its_controls_are_off(panel: Page, room: Any) -> None:
    room.frozen = True
    expect(panel.locator('.banner[data-key="stale"]')).to_contain_text("No word from the room")
    assert panel.evaluate("() => document.querySelector('main').inert")
    expect(panel.locator(".room-said")).to_contain_text("values 0:0")
    room.frozen = False
    panel.wait_for_selector('html[data-link="live"]')
    assert not panel.evaluate("() => document.querySelector('main').inert")
    expect(panel.locator(".banner")).to_have_count(0)


def test_a_press_on_a_stale_panel_is_not_sent_later(panel: Page, room: Any) -> None:
    room.frozen = True
    panel.wait_for_selector('html[data-link="stale"]')
    panel.locator(".start .hold-main").dispatch_event("pointerdown")
    panel.locator('[data-preset="desensitise"]').first.evaluate("button => button.click()")
    before = len(room.commands)
    room.frozen = False
    panel.wait_for_selector('html[data-link="live"]')
    assert [do for do, _ in room.commands[before:] if do == "set-start"] == []


def test_an_engine_that_is_away_is_named_and_its_return_clears_it(panel: Page, room: Any) -> None:
    room.tell({"type": "engine", "away": True, "error": "the room's engine is away; it is usually back within 5 s"})
    expect(panel.locator('.banner[data-key="away"]')).to_contain_text("engine")
    assert panel.evaluate("() => document.querySelector('main').inert")
    room.tell({"type": "engine", "away": False})
    room.tell({"type": "snapshot", **room.snapshot()})
    expect(panel.locator(".banner")).to_have_count(0)


def test_a_missed_change_asks_for_the_whole_again(panel: Page, room: Any) -> None:
    room.state = {**room.state, "rev": room.state["rev"] + 5, "bls": {**room.state["bls"], "rate_hz": 1.55}}
    room.change(last_change={"by": "Tablet 2", "what": "x", "at_utc_s": time.time()})
    expect(panel.locator(".rate .level-value")).to_have_text("1.55 Hz")
    assert room.asked_again == 1


def test_a_room_that_restarted_is_taken_anew(panel: Page, room: Any) -> None:
    room.state = {**room.state, "boot_id": "another", "rev": 1, "bls": {**room.state["bls"], "rate_hz": 0.5}}
    room.change(notices=[])
    expect(panel.locator(".rate .level-value")).to_have_text("0.50 Hz")


def test_the_panel_comes_back_by_itself_when_the_server_is_back(panel: Page, room: Any, served: Any) -> None:
    port = int(served.address.rsplit(":", 1)[1])
    served.close()
    panel.wait_for_selector('html[data-link="stale"]')
    again = type(served)(room, port)
    try:
        panel.wait_for_selector('html[data-link="live"]')
    finally:
        panel.close()
        again.close()


def test_a_tablet_that_wakes_knows_nothing_until_a_snapshot_comes(panel: Page, room: Any) -> None:
    room.frozen = True
    panel.evaluate(
        """() => {
          const real = Date.now;
          Date.now = () => real() + 60000;
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    expect(panel.get_by_role("heading", name="Looking for the room")).to_be_visible()
    room.frozen = False
    expect(panel.locator(".start")).to_be_visible()


@pytest.mark.parametrize(
    ("link", "why", "words"),
    [
        ("FAULT", "192.0.2.7 did not answer in 2.0 s", "bar is lost: 192.0.2.7 did not answer in 2.0 s"),
        ("ABSENT", "", "bar is not there"),
    ],
)
def test_a_lost_device_is_said_with_which_since_when_and_why(panel: Page, room: Any, link: str, why: str, words: str) -> None:
    bar = {**room.state["devices"][1], "link": link, "why": why, "since": time.time()}
    room.change(devices=[room.state["devices"][0], bar, room.state["devices"][2]])
    expect(panel.locator(".banner")).to_contain_text(f"{words} (just now)")
    panel.evaluate("() => { location.hash = 'devices'; }")
    expect(panel.locator(f'.device[data-link="{link}"]')).to_contain_text(why)


def test_a_notice_of_the_room_is_a_silent_banner(panel: Page, room: Any) -> None:
    room.change(notices=[{"id": "disk", "text": "The disk is full.", "level": "warn", "since_utc_s": 0.0}])
    expect(panel.locator(".banner")).to_have_text("The disk is full.")
    room.change(notices=[])
    expect(panel.locator(".banner")).to_have_count(0)


def test_an_untouched_tablet_locks_itself_in_a_session_and_a_hold_unlocks(served: Any, room: Any, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.clock.install()
    page.goto(served.address)
    page.wait_for_selector('html[data-link="live"]')
    page.clock.run_for(50_000)
    expect(page.locator("rc-lock")).to_be_hidden()
    room.command("session-open", {"kind": "emdr"})
    expect(page.locator(".session-chip")).to_have_text("Session open")
    page.clock.run_for(11_000)
    expect(page.locator("rc-lock")).to_be_visible()
    expect(page.locator(".lock-phase")).to_have_text("Between sets")
    page.locator(".unlock .hold-main").focus()
    page.keyboard.press("Enter")
    page.locator(".unlock .hold-confirm").click()
    expect(page.locator("rc-lock")).to_be_hidden()
