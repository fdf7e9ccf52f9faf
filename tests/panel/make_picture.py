"""The README's picture: the panel of the demo room in a running set. `python tests/panel/make_picture.py` writes it to docs."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).parent
PICTURE = HERE.parents[1] / "docs" / "panel.png"
SUD = (8, 6, 5, 3)


def _conftest() -> Any:
    spec = importlib.util.spec_from_file_location("panel_conftest", HERE / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["panel_conftest"] = module
    spec.loader.exec_module(module)
    return module


def start(page: Page) -> None:
    """START, by the one touch or by tap and confirm."""
    page.tap(".start .hold-main")
    if page.locator(".start .hold-confirm").is_visible():
        page.tap(".start .hold-confirm")
    expect(page.locator(".finish .hold-main")).to_be_enabled()


def session(page: Page, code: str) -> None:
    """A session with a few rated sets, and one that runs."""
    page.fill("#pair-code", code)
    page.get_by_role("button", name="Pair").tap()
    page.wait_for_selector("[data-preset]")
    page.tap(".session-chip")
    page.fill("#client-code", "K-12")
    page.get_by_role("button", name="Open session").tap()
    page.tap('[data-preset="desensitise-fast"]')
    expect(page.locator(".rate .level-value")).to_have_text("1.20 Hz")
    for value in SUD:
        start(page)
        page.tap(".finish .hold-main")
        page.tap(f'.rating[data-value="{value}"]')
        expect(page.locator("rc-rating")).to_be_hidden()
    start(page)
    expect(page.locator(".stage-count")).to_contain_text("7 of 30", timeout=20_000)


def main() -> None:
    """Run the demo room, drive it, take the picture."""
    tests = _conftest()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        room = tests.RealRoom(Path(folder))
        browser = playwright.chromium.launch(executable_path=str(tests.CHROMIUM), args=["--no-sandbox"])
        try:
            width, height = tests.TABLET
            page = browser.new_context(viewport={"width": width, "height": height}, has_touch=True).new_page()
            page.goto(room.address)
            session(page, room.code)
            page.screenshot(path=str(PICTURE))
        finally:
            browser.close()
            room.close()


if __name__ == "__main__":
    main()
