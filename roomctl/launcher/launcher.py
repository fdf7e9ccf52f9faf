"""`roomctl run`: the launcher's own loop."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardware.entries import LightBarEntry
from hardware.safe_send import SafeKeeper
from roomctl.errors import Refused
from roomctl.launcher.child import Child
from roomctl.launcher.lifeline_reader import LifelineReader
from roomctl.launcher.one_room import OneRoom
from roomctl.launcher.systemd import notify
from roomctl.local_ca import own_names, room_certificate
from roomctl.room_file import PanelServer, RoomFile

log = logging.getLogger(__name__)

POLL_S: Final = 0.05
SILENT_S: Final = 0.5
HUNG_S: Final = 3.0
START_UP_S: Final = 15.0
HOLDS_SOCKET: Final = os.name == "posix"
"""Where a process can inherit a socket, the panel's outlives the web process; elsewhere web opens it anew each time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the room, where its data is, where its panel listens, and how fast its time passes."""

    room: RoomFile
    room_path: Path | None
    data: Path
    panel: PanelServer
    speed: float = 1.0


def listen(panel: PanelServer) -> socket.socket:
    """The panel's listening socket, held by the launcher so that it outlives the web process. Raises Refused."""
    family = socket.AF_INET6 if ":" in panel.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((panel.host, panel.port))
    except OSError as problem:
        sock.close()
        taken = problem.errno in (errno.EADDRINUSE, errno.EACCES)
        advice = (
            "is another room running there? Choose another with --port"
            if taken
            else "that is no address of this machine; choose another with --host"
        )
        raise Refused(f"the panel cannot listen on {panel.host} port {panel.port} ({problem.strerror}); {advice}") from problem
    sock.listen(128)
    return sock


def say_safe(device: str, why: str) -> None:
    """Write down how it went to make a device safe; `why` is empty where it was told."""
    if why:
        log.error('"%s" could not be made safe (%s): look at it', device, why)
    else:
        log.warning('"%s" was made safe for the engine', device)


class Launcher:
    """Runs until `end`. The engine's devices are made safe whenever it dies or falls silent."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ended = threading.Event()
        self._reader = LifelineReader()
        self._keeper = SafeKeeper(say_safe)
        self._made_safe = False
        self._address = plan.data / "run" / "address"
        self._socket = listen(plan.panel)
        self.port = self._socket.getsockname()[1]
        self.engine = Child("engine", self._engine_arguments(), pipe=True)
        if not HOLDS_SOCKET:
            self._socket.close()
        self.web = Child("web", self._web_arguments(), pass_fds=(self._socket.fileno(),) if HOLDS_SOCKET else ())
        self.io = Child("io", ["roomctl.io", "--data", str(plan.data), *self._room_arguments()])
        screens = [bar for bar in plan.room.lightbar if bar.driver == "screen"]
        self.screens = [Child(f'screen "{bar.name}"', self._screen_arguments(bar)) for bar in screens]

    def _room_arguments(self) -> list[str]:
        return ["--room", str(self._plan.room_path)] if self._plan.room_path is not None else []

    def _engine_arguments(self) -> list[str]:
        speed = repr(self._plan.speed)
        return ["roomctl.engine", "--data", str(self._plan.data), "--speed", speed, *self._room_arguments()]

    def _needs_io(self) -> bool:
        room = self._plan.room
        return bool(room.input or room.osc.listen or room.osc.send)

    def _web_arguments(self) -> list[str]:
        panel = self._plan.panel
        names = [part for name in panel.names for part in ("--allow-host", name)]
        tls = self._tls_arguments()
        fd = ["--fd", str(self._socket.fileno())] if HOLDS_SOCKET else []
        return ["web", "--data", str(self._plan.data), "--host", panel.host, "--port", str(self.port), *fd, *names, *tls]

    def _tls_arguments(self) -> list[str]:
        """The clinic's own certificate, or one of the room's own authority."""
        panel = self._plan.panel
        if not panel.tls:
            return []
        if panel.tls_cert is not None and panel.tls_key is not None:
            return ["--tls-cert", str(panel.tls_cert), "--tls-key", str(panel.tls_key)]
        files = room_certificate(self._plan.data, own_names(panel.host, panel.names))
        log.info("a tablet trusts this room once %s is installed on it", files.authority)
        return ["--tls-cert", str(files.certificate), "--tls-key", str(files.key)]

    def _screen_arguments(self, bar: LightBarEntry) -> list[str]:
        windowed = ["--windowed", bar.windowed] if bar.windowed else []
        vsync = ["--vsync"] if bar.vsync else []
        shown = ["--display", str(bar.display), "--onset-ms", repr(bar.onset_ms)]
        return ["roomctl.screen", "--data", str(self._plan.data), "--name", bar.name, *shown, *windowed, *vsync]

    def end(self) -> None:
        """End soon; safe to call from a signal handler."""
        self._ended.set()

    def run(self, ready: Callable[[str], None]) -> int:
        """Run the room; `ready` is told the panel's address once. Returns the exit code."""
        with OneRoom(self._plan.data) as one:
            one.forget("address", "web.pid", "engine.pid")
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda number, frame: self.end())
            try:
                return self._watch(ready)
            finally:
                self._close(one)

    def _watch(self, ready: Callable[[str], None]) -> int:
        said = False
        while not self._ended.is_set():
            self._keep_engine()
            self._keep(self.web)
            if self._needs_io():
                self._keep(self.io)
            for screen in self.screens:
                self._keep(screen)
            if not said and self._reader.has_spoken and self._address.exists():
                said = True
                ready(self._address.read_text(encoding="utf-8").strip())
                notify("READY=1")
            if not said and self.engine.restarts >= 1:
                log.error("the engine cannot start; what it said stands above")
                return 1
            self._ended.wait(timeout=POLL_S)
        return 0

    def _keep(self, child: Child) -> None:
        child.died()
        if child.is_due:
            child.start()

    def _keep_engine(self) -> None:
        if self.engine.died():
            self._make_safe("the engine ended")
        if self.engine.is_due:
            stream = self.engine.start()
            assert stream is not None
            self._reader.follow(stream)
        elif self.engine.alive:
            self._watch_silence()

    def _watch_silence(self) -> None:
        silent_s = self._reader.silent_s
        if not self._reader.has_spoken:
            if silent_s > START_UP_S:
                log.error("the engine did not come up in %.0f s and is started anew", START_UP_S)
                self.engine.kill()
            return
        if silent_s < SILENT_S:
            if self._made_safe:
                self._made_safe = False
                self._keeper.release()
            return
        self._make_safe(f"the engine has been silent for {silent_s:.1f} s")
        if silent_s > HUNG_S:
            log.error("the engine hangs and is started anew")
            self.engine.kill()

    def _make_safe(self, why: str) -> None:
        if not self._made_safe:
            self._made_safe = True
            log.error("%s: its devices are made safe from here", why)
            self._keeper.hold(self._reader.safe)

    def _close(self, one: OneRoom) -> None:
        notify("STOPPING=1")
        for child in (*self.screens, self.io, self.web, self.engine):
            child.end()
        if self.engine.last_code not in (0, None):
            self._make_safe("the engine did not end in order")
        self._keeper.release()
        self._socket.close()
        one.forget("web.pid", "engine.pid", "address")
