"""A whole dosing session from a tablet, on the product itself at twenty times the speed, in a real browser."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from roomctl.cli import main

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

SPEED = "20"
DARKEST_ALLOWED = 0.02
"""Mean relative luminance of a screenshot: the panel's own rule for a dark room."""

OpenPage = Callable[..., Page]


def state(page: Page) -> dict[str, Any]:
    """The room's own state."""
    answer: dict[str, Any] = page.evaluate("() => fetch('/api/state').then((answer) => answer.json())")
    return answer


def paired(page: Page, room: Any) -> None:
    page.fill("#pair-code", room.code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    page.evaluate("() => { location.hash = 'dosing'; }")


def dark(page: Page, name: str, folder: Path) -> None:
    """Keep a picture of the page, and hold it to the rule; kept in SHOW_PICTURES too, where someone wants to look."""
    taken = page.screenshot()
    for place in (folder, os.environ.get("SHOW_PICTURES")):
        if place:
            (Path(place) / f"{name}.png").write_bytes(taken)
    coded = np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"), dtype=np.float64) / 255.0
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    assert float((light @ np.array([0.2126, 0.7152, 0.0722])).mean()) <= DARKEST_ALLOWED, name


def held(page: Page, selector: str, until_visible: str) -> None:
    """Press and keep pressing until what the hold is for has happened."""
    expect(page.locator(selector)).to_be_enabled()
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_selector(until_visible)
    page.mouse.up()


def move(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    with page.expect_response("**/api/program/*") as answered:
        button.tap()
    assert answered.value.status == 200, answered.value.text()


@pytest.fixture
def music(studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A peak's music, measured and in the library of the room's data folder."""
    monkeypatch.setattr("roomctl.cli.library.be_gentle", lambda: None)
    folder = tmp_path / "music" / "peak"
    folder.mkdir(parents=True)
    for number in range(2):
        studio.write(
            folder / f"{number}.flac", studio.music(60, number), tags={"title": f"Piece {number}", "artist": "Ensemble"}
        )
    assert main(["library", "scan", str(folder.parent), "--data", str(tmp_path / "data"), "--workers", "1"]) == 0
    return folder.parent


def test_a_therapist_walks_a_whole_session(
    make_room: Callable[..., Any], open_page: OpenPage, music: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "announcements").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data" / "announcements" / "welcome.wav").write_bytes(b"")
    room = make_room("--speed", SPEED)
    page = open_page(room.address)
    paired(page, room)

    # The library: what a piece is for is said in the panel.
    page.evaluate("() => { location.hash = 'music'; }")
    expect(page.locator(".song")).to_have_count(2)
    page.get_by_role("button", name="Change Piece 0").tap()
    page.fill("#tag-phases", "peak, return")
    page.fill("#tag-intensity", "4,5")
    page.select_option("#tag-voice", "no")
    dark(page, "1-music", tmp_path)
    page.get_by_role("button", name="Keep").tap()
    expect(page.locator(".song").first).to_contain_text("intensity 4.5 · peak, return, no voice")

    # Before: the program, its arc, and what is ready for it.
    page.evaluate("() => { location.hash = 'dosing'; }")
    page.tap('[data-program="ketamine-im"]')
    expect(page.locator(".preflight")).to_contain_text("Files")
    expect(page.locator(".preflight")).to_contain_text("GB free")
    expect(page.locator(".preflight")).to_contain_text("not calibrated")
    expect(page.locator(".phase-music")).to_contain_text("Peak, 25 min:")
    for line in ("Music", "Files", "Devices", "Disk", "Sound level"):
        expect(page.locator(".preflight li").filter(has_text=line)).to_have_attribute("data-ok", "true")
    dark(page, "2-preflight", tmp_path)
    page.tap(".begin .hold-main")
    page.tap(".begin .hold-confirm")

    # Arrival waits; the baseline is noted.
    expect(page.locator(".now-left")).to_have_text("waits for the dose")
    baseline = page.locator('[data-prompt="vitals-baseline"]')
    baseline.locator('[data-ask="bp"]').fill("124/78")
    baseline.locator('[data-ask="hr"]').fill("70")
    baseline.get_by_role("button", name="Done").tap()
    expect(baseline).to_have_count(0)
    page.fill("#dose-mg", "70")
    dark(page, "3-arrival", tmp_path)
    held(page, ".dose-given .hold-main", '.moves:not([data-waiting]) [data-verb="next"]:not(:disabled)')
    expect(page.locator(".now-medicine")).to_contain_text("T+0:0")

    # On to the peak, and hold it.
    for phase in ("Onset", "Ascent", "Peak"):
        move(page, "NEXT")
        expect(page.locator(".now-phase")).to_have_text(phase)
    expect(page.locator(".now-playing")).to_contain_text("Piece")
    move(page, "HOLD")
    expect(page.locator(".now-left")).to_contain_text("held")
    move(page, "+10 min")
    dark(page, "4-held", tmp_path)

    # A booster, its effect first.
    page.get_by_role("button", name="Booster…").tap()
    page.fill("#booster-mg", "30")
    expect(page.locator(".effect-times")).to_contain_text("Minimum stay until T+1:30")
    expect(page.locator(".effect-times")).to_contain_text("Peak T+")
    expect(page.locator("rc-arc[data-preview]:visible")).to_have_count(1)
    assert state(page)["program"]["boosters_s"] == [], "nothing was done yet"
    dark(page, "5-booster", tmp_path)
    page.locator(".move-sheet:visible .hold-main").tap()
    page.locator(".move-sheet:visible .hold-confirm").tap()
    expect(page.locator(".now-phase")).to_have_text("Ascent")
    assert state(page)["program"]["total_mg"] == 100.0

    # A prompt falls due, is answered with values, and stands beside the baseline.
    due = page.locator('[data-prompt="vitals-5"]')
    expect(due).to_be_visible(timeout=30_000)
    due.locator('[data-ask="bp"]').fill("131/84")
    due.locator('[data-ask="spo2"]').fill("98")
    due.get_by_role("button", name="Done").tap()
    expect(due).to_have_count(0)
    page.get_by_role("button", name="Values", exact=True).tap()
    expect(page.locator("rc-values")).to_be_visible()
    dark(page, "6-values", tmp_path)
    page.get_by_role("button", name="Arc", exact=True).tap()

    # The announcements of the data folder are offered; the levels are trimmed.
    page.get_by_role("button", name="Announce…").tap()
    expect(page.get_by_role("button", name="welcome.wav")).to_be_visible()
    page.get_by_role("button", name="Volume: less").tap()
    expect(page.locator('rc-level[data-name="Volume"] .level-value')).to_have_text("-13 dB")

    # Calm, and on.
    move(page, "CALM")
    expect(page.locator(".now-left")).to_have_text("calm")
    dark(page, "7-calm", tmp_path)
    move(page, "Go on")
    expect(page.locator(".now-left")).to_contain_text("left")

    # The end before the minimum stay takes a reason.
    page.get_by_role("button", name="End…").tap()
    expect(page.locator(".move-sheet:visible .hold-main")).to_be_disabled()
    page.fill("#end-reason", "the client asked to go home with her sister")
    dark(page, "8-end", tmp_path)
    page.locator(".move-sheet:visible .hold-main").tap()
    page.locator(".move-sheet:visible .hold-confirm").tap()
    expect(page.locator(".now-left")).to_have_text("ended")
    ended = state(page)["program"]
    kept = {prompt["id"]: prompt["value"] for prompt in ended["prompts"] if prompt["state"] == "done"}
    assert kept["vitals-baseline"] == {"bp": {"sys": 124, "dia": 78}, "hr": 70}
    assert kept["vitals-5"] == {"bp": {"sys": 131, "dia": 84}, "spo2": 98}
    dark(page, "9-ended", tmp_path)
    page.get_by_role("button", name="Choose another program").tap()
    expect(page.locator('[data-program="ketamine-im"]')).to_be_visible()
    expect(page.locator(".begin .hold-main")).to_be_enabled()


def test_a_tablet_whose_clock_is_an_hour_wrong_shows_the_right_minute(
    make_room: Callable[..., Any], open_page: OpenPage
) -> None:
    room = make_room("--speed", SPEED)
    page = open_page("about:blank")
    page.add_init_script("const now = Date.now; Date.now = () => now() - 3600000;")
    page.goto(room.address)
    paired(page, room)
    page.tap('[data-program="ketamine-im"]')
    page.tap(".begin .hold-main")
    page.tap(".begin .hold-confirm")
    held(page, ".dose-given .hold-main", '.moves:not([data-waiting]) [data-verb="next"]:not(:disabled)')
    expect(page.locator(".now-medicine")).to_have_text("T+0:02", timeout=20_000)
    medicine_s = state(page)["program"]["medicine_s"]
    assert 100.0 < medicine_s < 300.0, "the panel said two minutes"
    expect(page.locator(".prompt-next").last).to_contain_text("Vitals")
