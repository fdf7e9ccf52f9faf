"""The product as a clinic runs it: `roomctl run` on a recorded sound card, a tablet's browser, stubs that record."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from roomctl.sign_in import SignIn

CHROMIUM = Path("/usr/bin/chromium")
TABLET = {"width": 1180, "height": 820}
PATIENCE_S = 60.0
ROOM = """
[audio]
driver = "portaudio"
device = "room"
[[lightbar]]
name = "bar"
record = "bar.jsonl"
[[tapper]]
name = "taps"
record = "taps.jsonl"
"""


def until(happened: Callable[[], Any], what: str) -> Any:
    """What `happened` gives once it gives something."""
    pause, end_s = threading.Event(), time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        value = happened()
        if value:
            return value
        pause.wait(0.05)
    raise AssertionError(f"{what} did not come")


@dataclass(frozen=True)
class Heard:
    """A recording and what the stubs wrote meanwhile. Onsets count the recording's frames, events those of the session."""

    samples: npt.NDArray[np.float32]
    taps: list[dict[str, Any]]
    bar: list[dict[str, Any]]

    def onsets(self, channel: int) -> npt.NDArray[np.int64]:
        """Where a channel sounds after 50 ms of silence."""
        sounding = np.flatnonzero(np.abs(self.samples[:, channel]) > 1e-7)
        if not len(sounding):
            return np.zeros(0, np.int64)
        return sounding[np.r_[True, np.diff(sounding) > 2_400]]

    @property
    def beats(self) -> list[tuple[int, str]]:
        """(frame, side) of every onset, in order."""
        sides = [(int(frame), side) for channel, side in ((0, "left"), (1, "right")) for frame in self.onsets(channel)]
        return sorted(sides)

    @property
    def pulses(self) -> list[dict[str, Any]]:
        """The taps that were told."""
        return [event for event in self.taps if event["kind"] == "tap"]


class Room:
    """`roomctl run` on a data folder of its own."""

    def __init__(self, folder: Path, env: dict[str, str], room: str) -> None:
        self.folder, self.data = folder, folder / "data"
        (folder / "room.toml").write_text(room, encoding="utf-8")
        command = [sys.executable, "-m", "roomctl", "run", "--port", "0"]
        command += ["--data", str(self.data), "--room", str(folder / "room.toml")]
        with (folder / "said").open("wb") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=env)
        until(lambda: self._process.poll() is not None or "Pairing code" in self.said, "the pairing code")
        assert self._process.poll() is None, self.said
        store = SignIn(self.data / "sign_in.db")
        token = store.new_token("control", "script")[1]
        store.close()
        self.client = httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)
        until(lambda: all(device["link"] == "READY" for device in self.state()["devices"]), "every device")

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        return (self.data / "run" / "address").read_text(encoding="utf-8").strip()

    @property
    def code(self) -> str:
        """The pairing code as it was printed."""
        found = re.search(r"Pairing code:\s+(\d{4} \d{4})", self.said)
        assert found is not None
        return found[1]

    def state(self) -> dict[str, Any]:
        """The snapshot; empty while nobody answers."""
        try:
            answer = self.client.get("/api/state")
        except httpx.TransportError:
            return {"devices": [{"link": "ABSENT"}]}
        return dict(answer.json()) if answer.status_code == 200 else {"devices": [{"link": "ABSENT"}]}

    def do(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.client.request(method, path, json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pid(self, name: str) -> int:
        """The process id that the room wrote down; 0 while there is none."""
        try:
            return int((self.data / "run" / f"{name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def wait_seconds(self, seconds: float) -> None:
        """Until the session's own clock has gone on by that much."""
        end = self.state()["clock"]["frame"] + seconds * 48_000
        until(lambda: self.state().get("clock", {"frame": 0})["frame"] >= end, f"{seconds} s of the session")

    def wait_beats(self, beats: int) -> None:
        """Until the stub tapper has written so many taps."""
        until(lambda: sum(event["kind"] == "tap" for event in self.events("taps")) >= beats, f"{beats} taps")

    def underruns(self) -> int:
        return int(self.do("GET", "/api/timing")["underruns"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """What a stub wrote: whole lines only."""
        file = self.folder / f"{name}.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def close(self) -> None:
        self.client.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)


@dataclass
class Clinic:
    """The room and its card."""

    room: Room
    card: Any

    def heard(self) -> Heard:
        """A second after what was done last: everything heard and told until now."""
        self.room.wait_seconds(1.0)
        samples = self.card.recording().samples
        return Heard(samples, self.room.events("taps"), self.room.events("bar"))


@pytest.fixture
def make_clinic(virtual_card: Any, tmp_path: Path) -> Iterator[Callable[..., Clinic]]:
    """Starts a room on the recorded card, and the recording; `extra` is added to the room file, `env` to its environment."""
    rooms: list[Room] = []

    def make(extra: str = "", env: dict[str, str] | None = None) -> Clinic:
        room = Room(tmp_path, {**virtual_card.env, **(env or {})}, ROOM + extra)
        rooms.append(room)
        virtual_card.record()
        return Clinic(room, virtual_card)

    yield make
    for room in rooms:
        room.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing (Debian: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[Page]:
    """A touch screen of 1180 x 820; a script's fault fails the test."""
    context = chromium.new_context(viewport=TABLET, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def display() -> Iterator[str]:
    """A display without a screen, whose keyboard is pressed by xdotool."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)} (Debian: xvfb xdotool)")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x360x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as said:
        number = said.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    process.terminate()
    process.wait(PATIENCE_S)
