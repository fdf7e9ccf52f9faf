"""The window's line to the engine: keeps the view of the room fresh, knows how fresh it is, and carries STOP."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from roomctl.errors import Away, RoomError
from roomctl.link import EngineLink, result
from roomctl.link.client import Push
from roomctl.messages import Stop, Who
from roomctl.screen.room_view import RoomView, heard, pressed, taken

log = logging.getLogger(__name__)

FRESH_S: Final = 0.8
"""The room counts as gone when it has said nothing for this long; it is asked each `ASK_S`, so silence is a fault."""

ASK_S: Final = 0.2
REPLY_S: Final = 0.5
RECONNECT_S: Final = 0.25


class Feed(Protocol):
    """What the window needs: the room as last heard, whether that is fresh, and a way to stop it."""

    @property
    def view(self) -> RoomView: ...
    def is_fresh(self, mono_ns: int) -> bool: ...
    def stop(self) -> None: ...


class EngineFeed:
    """A thread that connects to the engine, listens, asks each `ASK_S` for a sign of life, and connects again when it went."""

    def __init__(self, socket_path: Path, name: str) -> None:
        self._link = EngineLink(socket_path, reply_s=REPLY_S)
        self._name = name
        self._who = Who(name=f'screen "{name}"', role="control")
        self._view = RoomView()
        self._changing = threading.Lock()
        self._heard_ns: int | None = None
        self._ending = threading.Event()
        self._senders: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="screen-feed", daemon=True)

    @property
    def view(self) -> RoomView:
        """The room as last heard; a frozen value."""
        return self._view

    def is_fresh(self, mono_ns: int) -> bool:
        """Whether the engine has given a sign of life within `FRESH_S` of `mono_ns`, and the connection stands."""
        heard_ns = self._heard_ns
        return heard_ns is not None and mono_ns - heard_ns < FRESH_S * 1e9

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """STOP: the view is hushed when this returns, and the command on its way. Never waits; each call sends one."""
        self._change(pressed)
        sender = threading.Thread(target=self._send_stop, name="screen-stop", daemon=True)
        self._senders = [thread for thread in self._senders if thread.is_alive()] + [sender]
        sender.start()

    def close(self) -> None:
        """End the thread and the connection."""
        self._ending.set()
        self._link.close()
        for thread in [self._thread, *self._senders]:
            if thread.ident is not None:
                thread.join(REPLY_S + 2.5)
        self._link.close()

    def _change(self, change: Callable[[RoomView], RoomView]) -> None:
        with self._changing:
            self._view = change(self._view)

    def _hear(self, push: Push) -> None:
        self._change(lambda view: heard(view, push))
        self._heard_ns = time.monotonic_ns()

    def _send_stop(self) -> None:
        try:
            result(self._link.request(Stop(), self._who))
        except RoomError as fault:
            log.warning("STOP could not be given to the engine yet: %s", fault.message)
        else:
            self._change(taken)

    def _run(self) -> None:
        said = ""
        while not self._ending.is_set():
            try:
                self._link.connect(1.0)
                log.info("connected to the engine")
                self._listen()
            except (Away, KeyError, TypeError, ValueError) as fault:
                why = fault.message if isinstance(fault, Away) else f"its state could not be read: {fault!r}"
                if why != said and not self._ending.is_set():
                    log.warning("no engine: %s", why)
                said = why
            self._heard_ns = None
            self._link.close()
            self._ending.wait(RECONNECT_S)

    def _listen(self) -> None:
        self._change(lambda view: RoomView(hush=view.hush))
        if self._view.hush == "asked":
            self._send_stop()
        self._link.subscribe()
        asked_s = time.monotonic()
        while not self._ending.is_set():
            push = self._link.receive(ASK_S / 4)
            if push is not None:
                self._hear(push)
            if time.monotonic() - asked_s >= ASK_S:
                self._ask_for_life()
                asked_s = time.monotonic()

    def _ask_for_life(self) -> None:
        """Any reply is a sign of life, a refusal too. No reply in time is not yet a lost connection: silence tells."""
        try:
            self._link.ask("clock", screen=self._name)
        except Away:
            if not self._link.connected:
                raise
        else:
            self._heard_ns = time.monotonic_ns()
