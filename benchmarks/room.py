"""A whole room of `roomctl run`, asked as a panel asks it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.figures import NotMeasuredError
from roomctl.sign_in import SignIn

PATIENCE_S: Final = 30.0
SETTLED_S: Final = 5.0
"""After this long the session clock's loop has narrowed."""

ON_THE_CARD: Final = '[audio]\ndriver = "portaudio"\ndevice = "room"\n'
WITHOUT_REAL_TIME: Final = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")


def without_real_time() -> Sequence[str]:
    """What to put before a command so that SCHED_FIFO is refused to it. Raises NotMeasuredError."""
    if shutil.which("setpriv") is None:
        raise NotMeasuredError("no setpriv here, so real time cannot be refused to the room")
    return WITHOUT_REAL_TIME


class BenchRoom:
    """Runs as a context; `started_s` is how long it took from the command to the printed address."""

    def __init__(self, folder: Path, room: str = "", env: Mapping[str, str] | None = None, before: Sequence[str] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._room = room
        self._env = dict(env) if env is not None else dict(os.environ)
        self._before = list(before)
        self.started_s = 0.0

    def __enter__(self) -> BenchRoom:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "room.toml"
        file.write_text(self._room, encoding="utf-8")
        command = [*self._before, sys.executable, "-m", "roomctl", "run", "--port", "0"]
        command += ["--data", str(self.data), "--room", str(file)]
        began_s = time.monotonic()
        with (self.folder / "log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=self._env)
        try:
            self._sign_in(self._address(began_s))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _address(self, began_s: float) -> str:
        """Wait for the printed address. Raises NotMeasuredError where the room ends before it."""
        assert self._process.stdout is not None
        url = ""
        for line in self._process.stdout:
            if line.startswith("Panel:"):
                url = line.split()[1]
                break
        self.started_s = time.monotonic() - began_s
        self._drain = threading.Thread(target=self._process.stdout.read, name="room says", daemon=True)
        self._drain.start()
        if not url:
            said = (self.folder / "log").read_text(encoding="utf-8").strip().splitlines()
            raise NotMeasuredError(f"the room did not start: {said[-1] if said else 'it said nothing'}")
        return url

    def _sign_in(self, url: str) -> None:
        store = SignIn(self.data / "sign_in.db")
        token = store.new_token("admin", "benchmark")[1]
        store.close()
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "client"):
            self.client.close()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        if hasattr(self, "_drain"):
            self._drain.join(PATIENCE_S)
        self._process.stdout.close()

    def do(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
        """The answer's body. Raises NotMeasuredError where the room refuses."""
        try:
            answer = self.client.request(method, path, json=None if method == "GET" else dict(body or {}))
        except httpx.HTTPError as fault:
            raise NotMeasuredError(f"{method} {path}: {fault}") from fault
        if answer.is_error:
            raise NotMeasuredError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def state(self) -> dict[str, Any]:
        """The whole snapshot. Raises NotMeasuredError where there is none."""
        return dict(self.do("/api/state", method="GET"))

    def until(self, holds: Callable[[dict[str, Any]], bool], patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The first state in which `holds` is true. Raises NotMeasuredError."""
        end_s, why = time.monotonic() + patience_s, "it answers something else"
        while time.monotonic() < end_s:
            try:
                state = self.state()
                if holds(state):
                    return state
            except NotMeasuredError as refusal:
                why = str(refusal)
            time.sleep(0.1)
        raise NotMeasuredError(f"the room did not come to the state that was waited for: {why}")

    def until_ready(self) -> None:
        """Every device is there, and the clock has settled."""
        self.until(lambda state: all(device["link"] == "READY" for device in state["devices"]))
        time.sleep(SETTLED_S)

    def until_idle(self, patience_s: float = PATIENCE_S) -> None:
        """No set runs."""
        self.until(lambda state: state["set"]["state"] == "idle", patience_s)

    def pid(self, name: str = "engine") -> int:
        """The process of that name."""
        return int((self.data / "run" / f"{name}.pid").read_text().strip())
