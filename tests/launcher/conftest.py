"""Whole rooms, started as a person starts them: `python -m roomctl run`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from roomctl.sign_in import SignIn

WAIT_S = 40.0
ENV = {name: value for name, value in os.environ.items() if name not in ("ROOMCTL_ROOM", "ROOMCTL_DATA", "NOTIFY_SOCKET")}


def until(happened: Callable[[], Any], what: str = "it") -> Any:
    """What `happened` gives once it gives something."""
    pause, end_s = threading.Event(), time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        value = happened()
        if value:
            return value
        pause.wait(0.02)
    raise AssertionError(f"{what} did not happen")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_to_end(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command = [sys.executable, "-m", "roomctl", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, env={**ENV, **(env or {})}, check=False)


@dataclass
class LaunchedRoom:
    """One room on a folder of its own."""

    folder: Path
    room_text: str = ""
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    client: httpx.Client = field(default_factory=httpx.Client)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def said(self) -> str:
        """All that it wrote to the terminal."""
        return (self.folder / "said").read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        return (self.data / "run" / "address").read_text(encoding="utf-8").strip()

    def start(self, *more: str) -> None:
        """Start it, and wait until it says that it is ready."""
        room = self.folder / "room.toml"
        room.write_text(self.room_text, encoding="utf-8")
        arguments = ["--room", str(room), "--data", str(self.data), "--port", "0", *more]
        with (self.folder / "said").open("wb") as said:
            command = [sys.executable, "-m", "roomctl", "run", *arguments]
            self.process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env={**ENV, **self.env})
        process = self.process
        until(lambda: process.poll() is not None or "Pairing code" in self.said, "readiness")
        assert process.poll() is None, self.said
        store = SignIn(self.data / "sign_in.db")
        token = store.new_token("control", "test")[1]
        store.close()
        self.client.close()
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S)
        until(lambda: self.answers(200), "an answer of the panel's server")

    def state(self) -> dict[str, Any]:
        answer = self.client.get("/api/state")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.client.request("PUT" if path == "/api/bls" else "POST", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answers(self, status: int) -> bool:
        """Whether the state is answered so; False while nobody is there to answer."""
        try:
            return self.client.get("/api/state").status_code == status
        except httpx.TransportError:
            return False

    def pid(self, name: str, other_than: int = 0) -> int:
        """The process id in `DIR/run/<name>.pid`, once it is written and another than before."""

        def written() -> int:
            try:
                found = int((self.data / "run" / f"{name}.pid").read_text())
            except (FileNotFoundError, ValueError):
                return 0
            return found if found != other_than else 0

        return int(until(written, f"a new {name}"))

    def code(self) -> str:
        """The pairing code that was printed."""
        found = re.search(r"Pairing code:\s+(\S.*?)\s{2,}", self.said)
        assert found, self.said
        return found[1]

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def end(self) -> int:
        """End it as systemd does; its exit code. Whatever of it is left is killed, and fails the test."""
        self.client.close()
        if self.process is None:
            return 0
        children = self.children() if self.process.poll() is None else []
        for child in children:
            if child.status() == psutil.STATUS_STOPPED:
                child.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_S)
        self.process = None
        _, left = psutil.wait_procs(children, timeout=5.0)
        for child in left:
            child.kill()
        assert not left
        return code


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedRoom]:
    """A demo room with a name, for all that leaves it as it was."""
    room = LaunchedRoom(tmp_path_factory.mktemp("shared"), '[room]\nname = "Room 7"\n')
    try:
        room.start()
        yield room
    finally:
        room.end()


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[Callable[..., LaunchedRoom]]:
    """Makes a room that runs; ends it afterwards."""
    made: list[LaunchedRoom] = []

    def make(room_text: str = "", *more: str, env: dict[str, str] | None = None) -> LaunchedRoom:
        room = LaunchedRoom(tmp_path, room_text, env or {})
        made.append(room)
        room.start(*more)
        return room

    yield make
    for room in made:
        room.end()
