"""A browser with a touch screen, a scripted room to look at, and a real one."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
TABLET = (1180, 820)
PATIENCE_S = 30.0


def _scripted() -> Any:
    path = Path(__file__).parent / "scripted_room.py"
    spec = importlib.util.spec_from_file_location("scripted_room", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scripted_room"] = module
    spec.loader.exec_module(module)
    return module


scripted = _scripted()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served() -> Iterator[Any]:
    """The scripted room on a free port; nobody is paired."""
    served = scripted.Served(scripted.ScriptedRoom())
    yield served
    served.close()


@pytest.fixture
def room(served: Any) -> Any:
    """The scripted room, with this tablet paired."""
    served.room.paired = True
    return served.room


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Open an address on a touch screen of a size; a script's fault on any of these pages fails the test."""
    faults: list[str] = []
    contexts = []

    def open_one(address: str, size: tuple[int, int] = TABLET, **more: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def panel(served: Any, room: Any, open_page: OpenPage) -> Page:
    """The scripted room's panel, live."""
    page = open_page(served.address)
    page.wait_for_selector('html[data-link="live"]')
    page.wait_for_selector("[data-preset]")
    return page


class RealRoom:
    """`roomctl run` on a data folder of its own, the demo room with all its stubs."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.data = folder / "data"
        self.log = (folder / "room.log").open("w", encoding="utf-8")
        command = [sys.executable, "-m", "roomctl", "run", "--port", "0", "--data", str(self.data), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.address, self.code = self._said()
        self.reader = threading.Thread(target=self._drain, name="room-output")
        self.reader.start()

    def _said(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        address = ""
        for line in self.process.stdout:
            if found := re.search(r"(http://\S+)", line):
                address = found[1]
            if found := re.search(r"code:\s+(\d{4}) (\d{4})", line):
                return address, found[1] + found[2]
        raise AssertionError("the room ended before it said its code")

    def _drain(self) -> None:
        assert self.process.stdout is not None
        for _ in self.process.stdout:
            pass

    def web_pid(self) -> int:
        """The web process."""
        return int((self.data / "run" / "web.pid").read_text().strip())

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_S)
        self.reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


@pytest.fixture
def make_real_room(tmp_path: Path) -> Iterator[Callable[..., RealRoom]]:
    """Starts the product on a room file of this text; its records lie in `tmp_path`."""
    rooms: list[RealRoom] = []

    def make(room_text: str, *arguments: str) -> RealRoom:
        file = tmp_path / "room.toml"
        file.write_text(room_text, encoding="utf-8")
        rooms.append(RealRoom(tmp_path, "--room", str(file), *arguments))
        return rooms[-1]

    yield make
    for room in rooms:
        room.close()


@pytest.fixture
def real_room(tmp_path: Path) -> Iterator[RealRoom]:
    """The product itself, with no hardware."""
    room = RealRoom(tmp_path)
    yield room
    room.close()
