"""Calibrating from the tablet: a real room whose card is recorded, and a scripted one for what a page shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from playlists.library.loudness import loudness_of

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
ROOM = """
[audio]
record = "out.wav"
outputs = { room = [1, 2], headphones = [3, 4] }
[[tapper]]
name = "taps"
"""
RISEN_S = 6.0
PATIENCE_S = 30.0


def state(page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate("() => fetch('/api/state').then((answer) => answer.json())")
    return answer


def until(page: Page, happened: Callable[[], bool]) -> None:
    """Look again until it has happened."""
    end_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end_s, "it did not come"
        page.wait_for_timeout(100)


def open_calibration(page: Page) -> None:
    page.evaluate("() => { location.hash = 'devices'; }")
    page.get_by_role("link", name="Calibrate").tap()
    expect(page.get_by_role("heading", name="Calibrate the sound level")).to_be_visible()


def test_a_therapist_calibrates_the_headphones_and_stop_ends_the_noise(
    make_real_room: Callable[..., Any], open_page: OpenPage, tmp_path: Path
) -> None:
    room = make_real_room(ROOM)
    page = open_page(room.address)
    page.fill("#pair-code", room.code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    open_calibration(page)
    page.get_by_role("button", name="Headphones").tap()
    page.tap(".play-noise .hold-main")
    page.tap(".play-noise .hold-confirm")
    expect(page.get_by_role("button", name="End the noise")).to_be_visible()
    begin = state(page)["calibration"]["noise"]["begin_frame"]
    expect(page.locator(".calibration")).to_contain_text("Plays on headphones at 0 dB; ends by itself in 1:")
    until(page, lambda: state(page)["clock"]["frame"] > begin + (RISEN_S + 4.0) * 48_000)
    page.fill("#calibration-dba", "61,5")
    page.get_by_role("button", name="Keep the reading").tap()
    expect(page.locator(".reading[data-done]")).to_contain_text("61.5 dBA was read with the noise at 0 dB")
    expect(page.get_by_role("button", name="End the noise")).to_be_hidden()
    assert state(page)["music"]["dba"]["headphones"] == 49.5, "at the volume the room starts with, 12 dB lower"

    page.get_by_role("button", name="Room", exact=True).tap()
    page.tap(".play-noise .hold-main")
    page.tap(".play-noise .hold-confirm")
    expect(page.get_by_role("button", name="End the noise")).to_be_visible()
    page.tap("#stop")
    expect(page.get_by_role("button", name="Play the noise")).to_be_disabled()
    expect(page.locator(".calibration")).to_contain_text("press RESUME first")
    assert state(page)["calibration"]["noise"] is None

    room.close()
    samples = recorded(tmp_path / "out.wav")
    there = np.flatnonzero(np.abs(samples[:, 2]) > 1e-7)
    full = samples[there[0] + round(RISEN_S * 48_000) :][: 3 * 48_000]
    # Pink noise varies a little from second to second; over three it is within 0.4 LU of its whole round.
    assert loudness_of(np.ascontiguousarray(full[:, 2:])).integrated_lufs == pytest.approx(-20.0, abs=0.4)
    assert np.all(full[:, :2] == 0.0)
    assert np.array_equal(samples[:, 2], samples[:, 3])


def recorded(path: Path) -> Any:
    """The recording, shape (frames, 4)."""
    data = path.read_bytes()
    at = data.index(b"data") + 8
    return np.frombuffer(data[at : at + (len(data) - at) // 16 * 16], "<f4").reshape(-1, 4)


def test_a_calibrated_room_says_levels_and_the_cap_in_dba(panel: Page, room: Any) -> None:
    reading = {"dba": 66.0, "gain_db": -6.0, "at_utc_s": time.time(), "usual_db": -14.0, "cap_db": 0.0, "tone_db": -15.0}
    music = {**room.state["music"], "volume_db": -14.0, "dba": {"room": 58.0, "headphones": None, "cap": 75.0}}
    room.change(calibration={"outputs": {"room": reading, "headphones": None}, "noise": None}, music=music)
    open_calibration(panel)
    done = panel.locator(".reading[data-done]")
    expect(done).to_contain_text("66 dBA was read with the noise at −6 dB")
    expect(done).to_contain_text("starts at about 58 dBA; at the present volume it is 58 dBA")
    expect(done).to_contain_text("Never above 75 dBA")
    expect(panel.locator(".reading:not([data-done])")).to_contain_text("no dBA is known")
    panel.evaluate("() => { location.hash = 'emdr'; }")
    panel.get_by_role("button", name="Tone: settings").tap()
    expect(panel.locator('rc-level[data-name="Volume"] .level-value').first).to_have_text("≈ 57 dBA")


def test_what_is_no_number_is_refused_on_the_page_itself(panel: Page, room: Any) -> None:
    open_calibration(panel)
    panel.fill("#calibration-dba", "loud")
    panel.get_by_role("button", name="Keep the reading").tap()
    expect(panel.locator(".banner")).to_contain_text("enter the number that the meter shows")


def test_the_noise_cannot_be_asked_for_in_a_set(panel: Page, room: Any) -> None:
    open_calibration(panel)
    expect(panel.get_by_role("button", name="Play the noise")).to_be_enabled()
    room.command("set-start", {})
    expect(panel.get_by_role("button", name="Play the noise")).to_be_disabled()
    expect(panel.locator(".calibration")).to_contain_text("calibrate between sets")
