"""OLA's daemon as a DMX receiver that nobody here wrote: it says, by HTTP, what it last heard on each universe.

It runs as a user of its own where the tests run as root, with every plugin off but those asked for, and everything it binds
that can be chosen is on a free port. The ports of sACN and Art-Net cannot: tests that use this share the xdist group `olad`.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 20.0
OTHERS = (
    *("dummy", "espnet", "gpio", "karate", "kinet", "milinst", "opendmx", "openpixelcontrol", "osc", "pathport", "renard"),
    *("sandnet", "shownet", "spi", "stageprofi", "uartdmx", "usbdmx", "ftdidmx", "nanoleaf"),
)
SACN_PORTS = (1, 2, 7)
ARTNET_PORTS = (3, 4, 5)


class Olad:
    """One daemon. sACN universes 1, 2 and 7 and Art-Net port addresses 3, 4 and 5 are patched in; see `patch` for more."""

    def __init__(self, folder: Path, devices: Path) -> None:
        self._folder = folder
        self.http_port, self._rpc_port = free_port(), free_port()
        conf = folder / "conf"
        conf.mkdir()
        for name in OTHERS:
            (conf / f"ola-{name}.conf").write_text("enabled = false\n")
        (conf / "ola-e131.conf").write_text("enabled = true\nip = 127.0.0.1\ninput_ports = 4\noutput_ports = 0\n")
        (conf / "ola-artnet.conf").write_text("enabled = true\nip = 127.0.0.1\nnet = 0\nsubnet = 0\ninput_ports = 4\n")
        (conf / "ola-usbserial.conf").write_text(
            f"enabled = true\ndevice_dir = {devices}\ndevice_prefix = ttyRoom\npro_fps_limit = 40\n"
        )
        self._process = self._start(conf)
        wait_until(lambda: self._ask("json/server_stats") is not None, f"olad did not start; its log is {folder / 'log'}")
        sacn, artnet = self.device("E1.31"), self.device("ArtNet")
        for at, universe in enumerate(SACN_PORTS):
            self.patch(universe, f"{sacn}-I-{at}")
        for at, universe in enumerate(ARTNET_PORTS):
            self.patch(universe, f"{artnet}-I-{at}")

    def dmx(self, universe: int) -> list[int]:
        """The 512 slots of a universe as last heard."""
        told = self._ask(f"get_dmx?u={universe}")
        assert told is not None
        slots: list[int] = told["dmx"]
        return slots + [0] * (512 - len(slots))

    def wait_for_dmx(self, universe: int, true: Callable[[list[int]], bool]) -> list[int]:
        """Until the universe is as `true` says; fails with what it is."""
        end_s = time.monotonic() + WAIT_S
        while True:
            slots = self.dmx(universe)
            if true(slots):
                return slots
            assert time.monotonic() < end_s, f"universe {universe} never came to it: {slots}"
            time.sleep(0.005)

    def set_dmx(self, universe: int, slots: list[int]) -> None:
        """Have OLA itself send."""
        self._ask("set_dmx", {"u": universe, "d": ",".join(map(str, slots))})

    def device(self, named: str) -> str:
        """The number of the device whose description holds `named`; waits until there is one."""
        found: list[str] = []

        def there() -> bool:
            ports: Any = self._ask("json/get_ports") or []
            found[:] = [port["id"].split("-")[0] for port in ports if named in port["device"]]
            return bool(found)

        wait_until(there, f"olad has no device {named}; its log is {self._folder / 'log'}")
        return found[0]

    def patch(self, universe: int, port: str) -> None:
        """Connect a port such as `2-I-0` to a universe."""
        told = self._ask("new_universe", {"id": universe, "name": f"u{universe}", "add_ports": port})
        assert told is not None
        assert told["ok"], told

    def close(self) -> None:
        """End the daemon."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10.0)

    def _start(self, conf: Path) -> subprocess.Popen[bytes]:
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("olad")
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (conf, *conf.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
        command = ["olad", "--config-dir", str(conf), "--log-level", "2"]
        ports = ["--http-port", str(self.http_port), "--rpc-port", str(self._rpc_port)]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen([*command, *ports], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **who)

    def _ask(self, path: str, form: dict[str, Any] | None = None) -> dict[str, Any] | None:
        body = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/{path}", body, timeout=5.0) as answer:
                text = answer.read()
        except (urllib.error.URLError, ConnectionError):
            return None
        return json.loads(text) if text.startswith((b"{", b"[")) else {}


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Poll until `true`; fail with `otherwise` when it never is."""
    end_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.02)


def open_folder(name: str) -> Iterator[Path]:
    """A folder that another user can reach, unlike pytest's own; it goes when the tests have ended."""
    with tempfile.TemporaryDirectory(prefix=name) as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def olad_devices() -> Iterator[Path]:
    """The folder in which olad looks for serial ports called `ttyRoom...`."""
    yield from open_folder("dev")


@pytest.fixture(scope="module")
def olad_folder() -> Iterator[Path]:
    """Where olad keeps its settings and its log."""
    yield from open_folder("olad")


@pytest.fixture(scope="module")
def olad(olad_folder: Path, olad_devices: Path) -> Iterator[Olad]:
    """A daemon for the tests of one file."""
    if shutil.which("olad") is None:
        pytest.skip("needs olad (Debian: ola)")
    daemon = Olad(olad_folder, olad_devices)
    yield daemon
    daemon.close()
