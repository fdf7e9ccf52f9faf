"""A room as a stranger has it: started from the command line, spoken to over HTTP and the WebSocket, read from its files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

READY_S: Final = 40.0
WAIT_S: Final = 20.0
ROOMCTL: Final = (sys.executable, "-m", "roomctl")
STUBS: Final = """
[room]
name = "Contract"
[audio]
driver = "stub"
[[lightbar]]
name = "bar"
driver = "stub"
record = "{folder}/bar.jsonl"
[[tapper]]
name = "taps"
driver = "stub"
record = "{folder}/taps.jsonl"
[[roomlight]]
name = "lamps"
driver = "stub"
record = "{folder}/lamps.jsonl"
"""


def environment() -> dict[str, str]:
    """The surroundings of a command: nothing of roomctl's own from outside, lines wide enough not to be broken."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("ROOMCTL_")}, "COLUMNS": "200"}


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str


def command(*arguments: object, cwd: Path | None = None) -> Said:
    """Run `roomctl ARGUMENTS` to its end."""
    done = subprocess.run(
        [*ROOMCTL, *map(str, arguments)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=100,
        env={**environment(), "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=cwd,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


@dataclass
class Room:
    """A running room and a control's way in."""

    folder: Path
    data: Path
    address: str
    process: subprocess.Popen[bytes]
    http: httpx.Client

    def token(self, role: str) -> str:
        """A bearer token of that role."""
        said = command("pair", "--token", "--role", role, "--data", self.data)
        assert said.code == 0, said.err
        return said.out.strip()

    def state(self) -> dict[str, Any]:
        """The whole snapshot."""
        answer = self.http.get("/api/state")
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def post(self, path: str, body: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """POST to /api/`path`."""
        return self.http.post(f"/api/{path}", json={} if body is None else body, **more)

    def put(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """PUT to /api/`path`."""
        return self.http.put(f"/api/{path}", json=body, **more)

    def until(self, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The first snapshot of which `is_so` holds; fails after WAIT_S."""
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            state = self.state()
            if is_so(state):
                return state
            time.sleep(0.02)
        pytest.fail(f"the room never was {what}: {self.state()['set']}")

    @contextmanager
    def socket(self, **more: Any) -> Iterator[ClientConnection]:
        """An open WebSocket."""
        headers = {"Authorization": self.http.headers["Authorization"]}
        with connect(
            f"{self.address.replace('http', 'ws', 1)}/ws", additional_headers=headers, max_size=None, **more
        ) as socket:
            yield socket

    def start(self, **bls: Any) -> dict[str, Any]:
        """START a set of these settings."""
        if bls:
            assert self.put("bls", bls).status_code == 200
        answer = self.press_start()
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def press_start(self, body: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """The answer to START."""
        return self.post("set/start", body, **more)


PLAIN: Final = {
    "rate_hz": 1.0,
    "set_cycles": 24,
    "finish": "soft",
    "light": {"on": True, "saccade": False, "path": "horizontal"},
    "tone": {"on": True, "align": "edge"},
    "tap": {"on": True, "align": "edge"},
}


@contextmanager
def started(folder: Path, *more: object, file: Path | None = None) -> Iterator[Room]:
    """A room on `folder`/data, ended in order afterwards."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    arguments = [*ROOMCTL, "run", "--data", str(data), "--port", "0", *map(str, more)]
    arguments += [] if file is None else ["--room", str(file)]
    with (folder / "run.out").open("wb") as out, (folder / "run.err").open("wb") as err:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=err, env={**environment(), "PYTHONPATH": str(Path(__file__).parents[2])}
        )
    try:
        address = _ready(process, data / "run" / "address", folder / "run.err")
        with httpx.Client(base_url=address, timeout=30.0) as http:
            room = Room(folder, data, address, process, http)
            http.headers["Authorization"] = f"Bearer {room.token('control')}"
            yield room
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30.0)


def _ready(process: subprocess.Popen[bytes], address: Path, err: Path) -> str:
    end_s = time.monotonic() + READY_S
    while time.monotonic() < end_s:
        assert process.poll() is None, err.read_text("utf-8")
        if address.exists() and (url := address.read_text("utf-8").strip()):
            try:
                if httpx.get(f"{url}/api/health", timeout=5.0).status_code == 200:
                    return url
            except httpx.TransportError:
                pass  # the web process has not begun to listen yet
        time.sleep(0.05)
    pytest.fail(f"the room was not ready in {READY_S:g} s: {err.read_text('utf-8')}")


@pytest.fixture(scope="session")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One room for all tests that leave it as they found it."""
    folder = tmp_path_factory.mktemp("room")
    file = folder / "room.toml"
    file.write_text(STUBS.format(folder=folder.as_posix()), "utf-8")
    with started(folder, file=file) as room:
        yield room


@pytest.fixture
def room(long_lived: Room) -> Iterator[Room]:
    """That room: idle, unlatched, no session open, on plain settings; brought back to it afterwards."""
    at_rest(long_lived)
    yield long_lived
    at_rest(long_lived)


def at_rest(room: Room) -> None:
    """End whatever a test left running."""
    state = room.state()
    if state["set"]["state"] != "idle":
        room.post("stop")
    room.post("resume")
    if state["program"] is not None and state["program"]["state"] != "ended":
        assert room.post("program/end", {"override_reason": "the test is over"}).status_code == 200
    if state["session"] is not None and state["session"]["id"] is not None:
        assert room.post(f"sessions/{state['session']['id']}/close").status_code == 200
    assert room.post("bls/preset", {"preset": "desensitise"}).status_code == 200
    assert room.put("bls", PLAIN).status_code == 200


@pytest.fixture(scope="session")
def roomctl() -> Callable[..., Said]:
    """`roomctl`, run to its end."""
    return command


@pytest.fixture(scope="session")
def run_room() -> Callable[..., Any]:
    """A room of one's own."""
    return started


@pytest.fixture(scope="session")
def lines() -> Callable[[Path], list[dict[str, Any]]]:
    """A JSON lines file's values, but for a line that is being written."""

    def read(path: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]

    return read
