"""Debian's Mosquitto on loopback, and a cable to it that can be pulled."""

from __future__ import annotations

import select
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

WAIT_S = 20.0


class Broker:
    """Mosquitto, at a port of its own."""

    def __init__(self, folder: Path, port: int = 0, password_file: Path | None = None) -> None:
        tool = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if not Path(tool).exists():
            pytest.skip("needs Debian's mosquitto")
        self.port = port or free_port()
        who = f"password_file {password_file}\nallow_anonymous false\n" if password_file else "allow_anonymous true\n"
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\n{who}persistence false\nuser root\n")
        self._process = subprocess.Popen([tool, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2000):
            with socket.socket() as knock:
                knock.settimeout(0.01)
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            threading.Event().wait(0.01)
        pytest.fail("Mosquitto did not listen within 20 s")

    def hang(self, hangs: bool = True) -> None:
        """Stop the process where it stands: its connections stay open, and nothing is read; with False, let it go on."""
        self._process.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        self.hang(False)
        self._process.terminate()
        self._process.wait(WAIT_S)


def free_port() -> int:
    """A TCP port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Cable:
    """A TCP port through which another one is reached, until it is pulled."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self.port = 0
        self._pulled: socket.socket | None = None
        self.plug()

    def plug(self) -> None:
        """Carry, at the port it had."""
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        self._pulled, pulled = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, args=(listening, pulled), name="far end")
        self._thread.start()

    def unplug(self) -> None:
        """Cut every connection, and take no new one."""
        if self._pulled is not None:
            self._pulled.close()
            self._thread.join(WAIT_S)
            self._pulled = None

    def _carry(self, listening: socket.socket, pulled: socket.socket) -> None:
        ends: dict[socket.socket, socket.socket] = {}
        while True:
            ready, _, _ = select.select([listening, pulled, *ends], [], [])
            if pulled in ready:
                break
            for one in ready:
                if one is listening:
                    near, far = listening.accept()[0], socket.create_connection(("127.0.0.1", self._to_port))
                    ends[near], ends[far] = far, near
                elif one in ends:
                    pass_on(one, ends)
        for one in (*ends, listening, pulled):
            one.close()


def pass_on(one: socket.socket, ends: dict[socket.socket, socket.socket]) -> None:
    """What came at one end goes out at the other; both are closed with either."""
    data = b""
    with suppress(OSError):
        data = one.recv(4096)
        ends[one].sendall(data)
    if not data:
        other = ends.pop(one)
        del ends[other]
        one.close()
        other.close()


@pytest.fixture
def make_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Broker]:
    """`make_broker(port=, password_file=)` runs until it is closed, or the test ends."""

    def made(port: int = 0, password_file: Path | None = None) -> Broker:
        one = Broker(tmp_path, port, password_file)
        request.addfinalizer(one.close)
        return one

    return made
