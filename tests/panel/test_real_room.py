"""The panel on the product itself: `roomctl run`, the demo room with its stubs, a real browser."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def state(page: Page) -> dict[str, Any]:
    """The room's own state."""
    answer: dict[str, Any] = page.evaluate("() => fetch('/api/state').then((answer) => answer.json())")
    return answer


def paired(page: Page, room: Any) -> None:
    page.fill("#pair-code", room.code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")


def test_a_therapist_pairs_runs_a_set_rates_it_and_stops_the_next(real_room: Any, open_page: OpenPage) -> None:
    page = open_page(real_room.address)
    paired(page, real_room)
    page.tap(".session-chip")
    page.fill("#client-code", "K-12")
    page.get_by_role("button", name="Open session").tap()
    expect(page.locator(".session-chip")).to_have_text("K-12")
    page.tap('[data-preset="desensitise-fast"]')
    expect(page.locator(".rate .level-value")).to_have_text("1.20 Hz")

    page.tap(".start .hold-main")
    page.tap(".start .hold-confirm")
    expect(page.locator(".finish .hold-main")).to_be_enabled()
    page.get_by_role("button", name="Rate: more").tap()
    expect(page.locator(".rate .level-value")).to_have_text("1.25 Hz")
    expect(page.locator(".stage-count")).to_contain_text("2 of 30 cycles")
    page.tap(".finish .hold-main")
    expect(page.locator("rc-rating")).to_be_visible()
    page.tap('.rating[data-value="6"]')
    expect(page.locator("rc-stage .curve")).to_have_attribute("aria-label", "Ratings: SUD 6")
    session = state(page)["session"]
    assert session["sets"][0]["why_stopped"] == "finish"
    assert session["ratings"][0]["value"] == 6

    page.tap(".start .hold-main")
    expect(page.locator(".finish .hold-main")).to_be_enabled()
    page.tap("#stop")
    expect(page.locator(".stop-word")).to_have_text("STOPPED")
    expect(page.locator(".resume-words")).to_contain_text("Stopped by")
    after = state(page)
    assert after["stop"]["second"] is False, "one press on two ways is one STOP"
    assert after["session"]["sets"][1]["why_stopped"] == "stop"
    page.tap(".resume .hold-main")
    page.tap(".resume .hold-confirm")
    expect(page.locator(".start .hold-main")).to_be_enabled()

    page.evaluate("() => { location.hash = 'records'; }")
    page.tap(".record-row")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("SUD 6")


def test_a_frozen_web_process_is_called_stale_and_its_thaw_is_noticed(real_room: Any, open_page: OpenPage) -> None:
    page = open_page(real_room.address)
    paired(page, real_room)
    pid = real_room.web_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        page.wait_for_selector('html[data-link="stale"]')
        assert page.evaluate("() => document.querySelector('main').inert")
    finally:
        os.kill(pid, signal.SIGCONT)
    page.wait_for_selector('html[data-link="live"]')


ANSWERS_UNTIL_READY = """async () => {
  const answers = [];
  for (let left = 100; left > 0 && answers.at(-1) !== 200; left -= 1) {
    answers.push((await fetch('/api/state')).status);
    await new Promise((resume) => setTimeout(resume, 100));
  }
  return answers;
}"""


def test_a_killed_web_process_is_back_and_the_tablet_still_signed_in(real_room: Any, open_page: OpenPage) -> None:
    page = open_page(real_room.address)
    paired(page, real_room)
    page.tap(".start .hold-main")
    page.tap(".start .hold-confirm")
    expect(page.locator(".finish .hold-main")).to_be_enabled()
    with page.expect_websocket():
        os.kill(real_room.web_pid(), signal.SIGKILL)
    page.wait_for_selector('html[data-link="live"]')
    # While the server comes back it is 503; a tablet that was signed out would be told 401.
    answers = page.evaluate(ANSWERS_UNTIL_READY)
    assert answers[-1] == 200
    assert set(answers) <= {200, 503}
    expect(page.locator(".finish .hold-main")).to_be_enabled()


def test_both_hands_of_a_device_can_be_tested(real_room: Any, open_page: OpenPage) -> None:
    page = open_page(real_room.address)
    paired(page, real_room)
    page.evaluate("() => { location.hash = 'devices'; }")
    for side in ("left", "right"):
        with page.expect_response("**/api/devices/taps/test") as answered:
            page.locator(".device", has_text="taps").get_by_role("button", name=f"Test {side}").tap()
        assert answered.value.status == 200
    expect(page.locator(".figure-value").first).to_contain_text("ms")
