"""A session from the tablet to the ear, the eye and the hand, as the recording and the stubs' records tell it."""

from __future__ import annotations

import math
import os
import signal
import subprocess
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.sound, pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("sound")]

STEEPEST = (2.0 * math.pi * 250.0 + math.pi / (2.0 * 0.005) + 1.0 / 0.010) / 48_000
"""Of a sine of 250 Hz and amplitude 1, per frame: itself, its ramps of 5 ms, and the last stage's fade of 10 ms."""

MakeClinic = Callable[..., Any]
PATIENCE_MS = 60_000.0


def hold(page: Page, selector: str, until: str) -> None:
    """A finger on an element until another one can be pressed."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(page.locator(until)).to_be_enabled(timeout=PATIENCE_MS)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    touch.detach()


def pair(page: Page, room: Any) -> None:
    """Type the code that the room printed."""
    page.goto(room.address)
    page.fill("#pair-code", room.code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")


def split_at_pause(pulses: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Taps set by set: two seconds without any lie between two sets."""
    sets: list[list[dict[str, Any]]] = [[]]
    for pulse in pulses:
        if sets[-1] and pulse["frame"] - sets[-1][-1]["frame"] > 2 * 48_000:
            sets.append([])
        sets[-1].append(pulse)
    return sets


def assert_heard_as_told(beats: list[tuple[int, str]], pulses: list[dict[str, Any]], underruns: int) -> None:
    """Tones and taps are one series: the same sides, and the same intervals but for one at most per under-run."""
    assert [side for _, side in beats] == [pulse["side"] for pulse in pulses]
    heard = [later - sooner for (sooner, _), (later, _) in pairwise(beats)]
    told = [later["frame"] - sooner["frame"] for sooner, later in pairwise(pulses)]
    moved = [(ear, hand) for ear, hand in zip(heard, told, strict=True) if ear != hand]
    assert len(moved) <= underruns, moved


def assert_stopped(heard: Any, told: int, underruns: int) -> None:
    """After STOP: dark and still are the last words of the stubs; what sounds fades, and silence is all that follows.

    `told` taps came before it. How soon, in ms, is for the benchmarks to say.
    """
    assert heard.taps[-1]["kind"] == "safe"
    assert sum(event["kind"] == "tap" for event in heard.taps) == told
    safe_at = max(at for at, event in enumerate(heard.bar) if event["kind"] == "safe")
    assert all(event.get("level", 0.0) == 0.0 for event in heard.bar[safe_at:])
    assert any(event.get("level", 0.0) > 0.0 for event in heard.bar[:safe_at]), "there was light before"
    assert len(heard.beats) - told in (0, 1), "what the card held when STOP came may be one more beat"
    sounding = np.flatnonzero(np.abs(heard.samples).max(axis=1) > 1e-7)
    assert len(heard.samples) - sounding[-1] > 24_000, "half a second of silence was recorded"
    steps = np.abs(np.diff(heard.samples.astype(np.float64), axis=0)).max(axis=1)
    clicks = np.count_nonzero(steps > np.abs(heard.samples).max() * STEEPEST)
    assert clicks <= 2 * underruns, "a gap has two edges"


def test_a_session_by_touch_is_the_one_that_is_heard_seen_and_felt(make_clinic: MakeClinic, tablet: Page) -> None:
    clinic = make_clinic()
    room, page = clinic.room, tablet
    pair(page, room)
    page.tap(".session-chip")
    page.fill("#client-code", "K-12")
    page.get_by_role("button", name="Open session").tap()
    expect(page.locator(".session-chip")).to_have_text("K-12")
    page.tap('[data-preset="desensitise-fast"]')
    expect(page.locator(".rate .level-value")).to_have_text("1.20 Hz")
    underruns = room.underruns()

    hold(page, ".start .hold-main", until=".finish .hold-main")
    room.wait_beats(3)
    page.get_by_role("button", name="Rate: more").tap()
    expect(page.locator(".rate .level-value")).to_have_text("1.25 Hz")
    expect(page.locator(".stage-count")).to_contain_text("4 of 30 cycles", timeout=PATIENCE_MS)
    page.tap(".finish .hold-main")
    expect(page.locator("rc-rating")).to_be_visible(timeout=PATIENCE_MS)
    page.tap('.rating[data-value="6"]')
    expect(page.locator("rc-stage .curve")).to_have_attribute("aria-label", "Ratings: SUD 6")
    first_set = len(room.events("taps"))
    room.wait_seconds(2.5)

    page.tap(".start .hold-main")
    room.wait_beats(first_set + 4)
    page.tap("#stop")
    expect(page.locator(".stop-word")).to_have_text("STOPPED")
    underruns = room.underruns() - underruns
    heard = clinic.heard()

    told = split_at_pause(heard.pulses)
    assert len(told) == 2
    finished, stopped = told
    beats = heard.beats
    assert_heard_as_told(beats[: len(finished)], finished, underruns)
    intervals = [later["frame"] - sooner["frame"] for sooner, later in pairwise(finished)]
    assert intervals[0] == 20_000, "half a cycle at 1.2 Hz"
    assert abs(intervals[-1] - 19_200) <= 1, "half a cycle at 1.25 Hz"
    assert all(later <= sooner + 1 for sooner, later in pairwise(intervals)), "it never turned back"
    assert len(finished) % 2 == 0, "a soft finish ends with a whole cycle"

    second = beats[len(finished) :]
    assert_heard_as_told(second[: len(stopped)], stopped, underruns)
    assert_stopped(heard, len(heard.pulses), underruns)

    session = room.state()["session"]
    assert [run["why_stopped"] for run in session["sets"]] == ["finish", "stop"]
    assert session["sets"][0]["delivered"]["cycles"] == len(finished) // 2
    assert [rating["value"] for rating in session["ratings"]] == [6]


@pytest.mark.parametrize("way", ["api", "panel", "screen"])
def test_stop_silences_darkens_and_stills_by_every_way(
    make_clinic: MakeClinic, tablet: Page, request: pytest.FixtureRequest, way: str
) -> None:
    if way == "screen":
        display = request.getfixturevalue("display")
        screen = '[[lightbar]]\nname = "tv"\ndriver = "screen"\non_loss = "go-on"\n'
        clinic = make_clinic(screen, {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"})
    else:
        display, clinic = "", make_clinic()
    room = clinic.room
    if way == "panel":
        pair(tablet, room)
    room.do("PUT", "/api/bls", {"rate_hz": 2.0, "open": True, "tone": {"ms": 400.0}})
    underruns = room.underruns()
    room.do("POST", "/api/set/start")
    room.wait_beats(5)
    if way == "api":
        assert room.do("POST", "/api/stop")["not_confirmed"] == []
    elif way == "panel":
        tablet.tap("#stop")
    else:
        # The display's only window; it has the keyboard, and a key pressed by XTEST is one like any other.
        escape = ["xdotool", "search", "--sync", "--onlyvisible", "--class", ".", "windowfocus", "key", "Escape"]
        subprocess.run(escape, env={**os.environ, "DISPLAY": display}, check=True, capture_output=True, timeout=30)
    expected = {"api": "script", "panel": "Tablet", "screen": 'screen "tv"'}[way]
    state = room.state()
    while not state.get("stopped"):
        room.wait_seconds(0.1)
        state = room.state()
    assert state["stop"]["by"] == expected
    underruns = room.underruns() - underruns
    heard = clinic.heard()
    assert [side for _, side in heard.beats[: len(heard.pulses)]] == [pulse["side"] for pulse in heard.pulses]
    assert_stopped(heard, len(heard.pulses), underruns)


def test_kill_9_of_the_web_process_leaves_no_gap_and_the_set_ends_by_its_count(make_clinic: MakeClinic, tablet: Page) -> None:
    clinic = make_clinic()
    room = clinic.room
    pair(tablet, room)
    room.do("PUT", "/api/bls", {"rate_hz": 1.0, "set_cycles": 8})
    expect(tablet.locator(".rate .level-value")).to_have_text("1.00 Hz")
    underruns = room.underruns()
    hold(tablet, ".start .hold-main", until=".finish .hold-main")
    room.wait_beats(4)
    with tablet.expect_websocket():
        os.kill(room.pid("web"), signal.SIGKILL)
    tablet.wait_for_selector('html[data-link="live"]')
    tablet.wait_for_function("async () => (await fetch('/api/state')).status === 200")
    expect(tablet.locator(".start .hold-main")).to_be_enabled(timeout=PATIENCE_MS)
    underruns = room.underruns() - underruns
    heard = clinic.heard()
    assert len(heard.pulses) == 16
    assert_heard_as_told(heard.beats, heard.pulses, underruns)
    assert {later["frame"] - sooner["frame"] for sooner, later in pairwise(heard.pulses)} == {24_000}


def test_kill_9_of_the_engine_is_told_to_the_panel_and_resumes_no_set(make_clinic: MakeClinic, tablet: Page) -> None:
    clinic = make_clinic()
    room = clinic.room
    pair(tablet, room)
    room.do("PUT", "/api/bls", {"rate_hz": 2.0, "open": True})
    boot_id = room.state()["boot_id"]
    room.do("POST", "/api/set/start")
    room.wait_beats(4)
    os.kill(room.pid("engine"), signal.SIGKILL)
    expect(tablet.locator(".banner-list")).to_contain_text("restarted", timeout=PATIENCE_MS)
    expect(tablet.locator(".start .hold-main")).to_be_enabled(timeout=PATIENCE_MS)
    state = room.state()
    assert state["boot_id"] != boot_id
    assert state["set"]["state"] == "idle"
    told = len(room.events("taps"))
    heard = clinic.heard()
    assert not heard.samples[-24_000:].any(), "what was lost does not sound again by itself"
    assert not [event for event in heard.taps[told:] if event["kind"] == "tap"]
