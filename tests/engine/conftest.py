"""A real engine process with stubs that record, driven over its real link."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from roomctl import messages as m
from roomctl.link import EngineLink, result

ROOM = """
[audio]
record = "out.wav"
[[lightbar]]
name = "bar"
record = "bar.jsonl"
[[tapper]]
name = "taps"
record = "taps.jsonl"
[[roomlight]]
name = "lamps"
record = "lamps.jsonl"
"""
PATIENCE_S = 20.0


@dataclass
class RunningEngine:
    """One engine on one data folder; `start` may be called again after it died."""

    folder: Path
    room_text: str = ROOM
    speed: float = 1.0
    process: subprocess.Popen[str] | None = None
    link: EngineLink | None = None
    who: m.Who = field(default_factory=lambda: m.Who(name="test", role="admin"))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        room = self.folder / "room.toml"
        room.write_text(self.room_text, encoding="utf-8")
        arguments = ["--data", str(self.data), "--room", str(room), "--speed", str(self.speed)]
        with (self.folder / "engine.log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "roomctl.engine", *arguments], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline(), (self.folder / "engine.log").read_text(encoding="utf-8")
        self.link = EngineLink(self.data / "run" / "engine.sock")
        self.link.connect(PATIENCE_S)

    def do(self, command: m.Command, rev: int | None = None, key: str | None = None) -> Any:
        """The reply's body; raises the refusal."""
        assert self.link is not None
        return result(self.link.request(command, self.who, rev=rev, idempotency_key=key))

    def ask(self, what: str, **args: Any) -> Any:
        assert self.link is not None
        return result(self.link.ask(what, **args))

    def state(self) -> dict[str, Any]:
        return dict(self.ask("state"))

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a state in which `holds` is true."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            state = self.state()
            if holds(state):
                return state
            time.sleep(0.02)
        raise AssertionError(f"the room never came to it: {state['set']} {state['notices']}")

    def until_idle(self) -> dict[str, Any]:
        return self.until(lambda state: state["set"]["state"] == "idle")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._gone()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        self._gone()

    def _gone(self) -> None:
        if self.process is not None:
            self.process.wait(timeout=PATIENCE_S)
            if self.process.stdout is not None:
                self.process.stdout.close()
        if self.link is not None:
            self.link.close()

    def events(self, name: str) -> list[dict[str, Any]]:
        """What a stub recorded."""
        lines = (self.folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def heard(self) -> npt.NDArray[np.float32]:
        """The recording, shape (frames, 2)."""
        data = (self.folder / "out.wav").read_bytes()
        at = data.index(b"data") + 8
        return np.frombuffer(data[at : at + (len(data) - at) // 8 * 8], "<f4").reshape(-1, 2)


def onsets(heard: npt.NDArray[np.float32], channel: int, gap_frames: int = 2400) -> npt.NDArray[np.int64]:
    """Frames at which sound begins on a channel after at least `gap_frames` of silence."""
    sounding = np.flatnonzero(np.abs(heard[:, channel]) > 1e-7)
    if not len(sounding):
        return np.zeros(0, np.int64)
    return sounding[np.r_[True, np.diff(sounding) > gap_frames]]


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[Callable[..., RunningEngine]]:
    """Makes an engine that runs; ends it afterwards."""
    made: list[RunningEngine] = []

    def make(room_text: str = ROOM, speed: float = 1.0) -> RunningEngine:
        engine = RunningEngine(tmp_path, room_text, speed)
        made.append(engine)
        engine.start()
        return engine

    yield make
    for engine in made:
        engine.end()


@pytest.fixture
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    """The demo room with recording stubs."""
    return make_engine()


@pytest.fixture
def onsets_of() -> Callable[..., npt.NDArray[np.int64]]:
    """`onsets_of(heard, channel)`: the frames at which sound begins there."""
    return onsets
