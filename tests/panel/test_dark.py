"""A dark room: how bright each page is, how legible at every step of the dimmer, how large its targets, and what axe finds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
AXE = Path(__file__).parent / "axe" / "axe.min.js"
SIZES = [(1180, 820), (820, 1180), (390, 844)]
LUMINANCE_MOST = 0.02
TARGET_LEAST = 64

CONTRASTS = """async () => {
  const { DIMMER_STEPS, contrast, luminance, linear, paletteAt } = await import('/static/js/palette.js');
  return DIMMER_STEPS.map((percent) => {
    const at = paletteAt(percent);
    const text = [['text', 'bg'], ['text', 'surface'], ['text', 'raised'],
      ['muted', 'bg'], ['muted', 'surface'], ['muted', 'raised'],
      ['blue', 'bg'], ['blue', 'raised'], ['orange', 'bg'], ['orange', 'raised'], ['on-blue', 'blue-fill'],
      ['on-orange', 'orange-fill'], ['on-stop', 'stop'], ['on-stop', 'stop-latched']];
    const edges = [['line', 'bg'], ['line', 'surface'], ['line', 'raised'], ['stop-line', 'bg']];
    return {
      percent,
      text: Math.min(...text.map(([ink, ground]) => contrast(at[ink], at[ground]))),
      edges: Math.min(...edges.map(([ink, ground]) => contrast(at[ink], at[ground]))),
      brightest: Math.max(...Object.values(at).map((colour) => luminance(linear(colour)))),
      ground: luminance(linear(at.surface)),
      stop: luminance(linear(at.stop)),
    };
  });
}"""

TARGETS = """() => [...document.querySelectorAll('button, a, input, textarea')]
  .filter((node) => node.checkVisibility() && !node.closest('[inert]'))
  .map((node) => {
    const { width, height } = node.getBoundingClientRect();
    const name = node.getAttribute('aria-label') || node.textContent.trim().slice(0, 30) || node.id || node.type;
    return { name, width, height };
  })"""

NAMES = """() => [...document.querySelectorAll('button, a, input, textarea')]
  .filter((node) => node.checkVisibility() && !node.closest('[inert]'))
  .map((node) => node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.[0]?.textContent || '')"""


def mean_luminance(page: Page) -> float:
    """Mean relative luminance of a screenshot (WCAG 2.2), 0 to 1."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    coded = np.asarray(picture, dtype=np.float64) / 255.0
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return float((light @ np.array([0.2126, 0.7152, 0.0722])).mean())


def outside(page: Page, _room: Any) -> None:
    page.evaluate("() => fetch('/api/state')")


def idle(page: Page, room: Any) -> None:
    room.command("preset", {"preset": "desensitise-fast"})


def running(page: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr", "client_code": "K-12"})
    room.command("preset", {"preset": "emdr-2"})
    room.command("set-start", {})
    expect(page.locator(".finish .hold-main")).to_be_enabled()


def rating(page: Page, room: Any) -> None:
    running(page, room)
    page.tap(".finish .hold-main")
    expect(page.locator("rc-rating")).to_be_visible()


def light_settings(page: Page, _room: Any) -> None:
    page.get_by_role("button", name="Light: settings").tap()


def all_presets(page: Page, _room: Any) -> None:
    page.get_by_role("button", name="All presets").tap()


def session(page: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    page.tap(".session-chip")
    expect(page.locator(".assessment")).to_be_visible()


def stopped(page: Page, room: Any) -> None:
    room.command("stop", {})
    expect(page.locator(".stop-word")).to_have_text("STOPPED")


def stale(page: Page, room: Any) -> None:
    room.frozen = True
    page.wait_for_selector('html[data-link="stale"]')


def locked(page: Page, _room: Any) -> None:
    page.tap('[aria-label="Lock this tablet"]')


def choosing(page: Page, _room: Any) -> None:
    page.evaluate("() => { location.hash = 'dosing'; }")
    expect(page.locator(".arc").first).to_be_visible()


def dosing(page: Page, room: Any) -> None:
    room.command("program-start", {"program": "ketamine-im"})
    room.move("dose", {"mg": 60})
    page.evaluate("() => { location.hash = 'dosing'; }")
    expect(page.locator(".prompt").first).to_be_visible()


def devices(page: Page, _room: Any) -> None:
    page.evaluate("() => { location.hash = 'devices'; }")
    expect(page.locator(".device").first).to_be_visible()


def calibrating(page: Page, room: Any) -> None:
    noise = {"output": "room", "gain_db": 0.0, "begin_frame": room.frame, "end_frame": room.frame + 5_760_000}
    room.change(calibration={**room.state["calibration"], "noise": noise})
    page.evaluate("() => { location.hash = 'devices/calibrate'; }")
    expect(page.locator(".end-noise")).to_be_visible()


def records(page: Page, _room: Any) -> None:
    page.evaluate("() => { location.hash = 'records'; }")
    expect(page.locator("#page-records")).to_be_visible()


SCENES = [
    idle,
    running,
    rating,
    light_settings,
    all_presets,
    session,
    stopped,
    stale,
    locked,
    choosing,
    dosing,
    devices,
    calibrating,
    records,
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_every_page_is_dark_with_large_named_targets(
    served: Any, room: Any, open_page: OpenPage, scene: Callable[[Page, Any], None], size: tuple[int, int]
) -> None:
    page = open_page(served.address, size)
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")
    scene(page, room)
    page.wait_for_timeout(200)
    assert mean_luminance(page) <= LUMINANCE_MOST
    targets = page.evaluate(TARGETS)
    assert targets
    small = [target for target in targets if min(target["width"], target["height"]) < TARGET_LEAST - 0.5]
    assert small == []
    assert all(page.evaluate(NAMES))
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_pairing_page_is_dark_with_large_named_targets(served: Any, open_page: OpenPage) -> None:
    page = open_page(served.address)
    expect(page.get_by_role("heading", name="Pair this tablet")).to_be_visible()
    assert mean_luminance(page) <= LUMINANCE_MOST
    assert [target for target in page.evaluate(TARGETS) if target["height"] < TARGET_LEAST - 0.5] == []


def test_the_page_is_dark_before_a_style_or_a_script_has_come(served: Any, open_page: OpenPage) -> None:
    page = open_page("about:blank", java_script_enabled=False)
    page.route("**/*.css", lambda route: route.abort())
    page.goto(served.address)
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    assert int(picture[5, 5].max()) < 40
    assert mean_luminance(page) <= LUMINANCE_MOST


def test_contrast_holds_at_every_step_of_the_dimmer_and_nothing_is_white(panel: Page) -> None:
    steps = panel.evaluate(CONTRASTS)
    assert [step["percent"] for step in steps] == [100, 70, 50, 35, 25, 15, 10, 5]
    for step in steps:
        assert step["text"] >= 4.5, step
        assert step["edges"] >= 3.0, step
        assert step["brightest"] < 0.8, step
    grounds = [step["stop"] for step in steps]
    assert grounds == sorted(grounds, reverse=True)
    assert 0 < grounds[-1] < 0.1 * grounds[0]


def test_the_dimmer_darkens_the_page_and_is_remembered(panel: Page) -> None:
    full = mean_luminance(panel)
    panel.get_by_role("button", name="Dimmer").first.tap()
    panel.get_by_role("button", name="5 %", exact=True).tap()
    panel.mouse.move(0, 0)
    expect(panel.locator("html")).to_have_attribute("data-dimmer", "5")
    panel.wait_for_function("() => document.getAnimations().length === 0")
    assert mean_luminance(panel) < 0.6 * full
    panel.reload()
    panel.wait_for_selector('html[data-link="live"]')
    assert panel.evaluate("() => document.documentElement.dataset.dimmer") == "5"


def test_red_belongs_to_stop_alone(panel: Page, room: Any) -> None:
    rating(panel, room)
    panel.wait_for_timeout(100)
    picture = np.asarray(Image.open(io.BytesIO(panel.screenshot())).convert("RGB")).astype(int)
    box = panel.locator("rc-stop").bounding_box()
    assert box is not None
    above = picture[: int(box["y"]) - 1]
    red = (above[..., 0] > 60) & (above[..., 0] > 2.5 * above[..., 1]) & (above[..., 0] > 2.5 * above[..., 2])
    assert not red.any()


@pytest.mark.parametrize("size", [SIZES[0], SIZES[2]])
@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_nothing_serious(
    served: Any, room: Any, open_page: OpenPage, scene: Callable[[Page, Any], None], size: tuple[int, int]
) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE.name} is missing beside this test; npm pack axe-core has it")
    page = open_page(served.address, size, bypass_csp=True)
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")
    scene(page, room)
    page.wait_for_timeout(200)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    serious = [
        (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_nothing_blinks_and_reduced_motion_leaves_only_the_stimulus_moving(served: Any, room: Any, open_page: OpenPage) -> None:
    page = open_page(served.address, reduced_motion="reduce")
    page.wait_for_selector('html[data-link="live"]')
    running(page, room)
    assert page.evaluate("() => document.getAnimations().length") == 0
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter((node) => {
          const { transitionDuration, animationName } = getComputedStyle(node);
          return animationName !== 'none' || transitionDuration.split(',').some((part) => parseFloat(part) > 0);
        }).length"""
    )
    assert moving == 0
    frames = "() => document.querySelector('.picture').toDataURL()"
    first = page.evaluate(frames)
    page.wait_for_function("(first) => document.querySelector('.picture').toDataURL() !== first", arg=first)
