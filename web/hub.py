"""The open sockets of all panels, and what the engine pushes to them.

Every message is encoded once. A socket that does not take its messages is dropped; it never holds up another, and the engine
never learns of it but as a panel that has gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from roomctl.messages import Delta, Heartbeat, Snapshot
from roomctl.sign_in import Panel, SignIn, SignInError

log = logging.getLogger(__name__)

WAITING_MOST: Final = 128
"""Messages that may wait for one socket: at most some ten seconds of a busy room."""
SOCKETS_MOST: Final = 64
CHECK_EACH_S: Final = 2.0
"""Who is signed in, and when each panel was last heard, are looked at this often."""


@dataclass(eq=False)
class Seat:
    """One socket's place: who it is, what waits to be sent to it, and whether it should be closed."""

    panel: Panel
    token: str
    is_panel: bool = True
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(WAITING_MOST))
    has_snapshot: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    heard_s: float = field(default_factory=time.monotonic)

    def heard(self) -> None:
        """The panel said something: its script lives, not just its network."""
        self.heard_s = time.monotonic()

    def put(self, text: str) -> None:
        """Queue one message; a socket with too many waiting is over."""
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.end("it does not take what is sent to it")

    def end(self, why: str) -> None:
        """Ask for the socket to be closed."""
        if not self.over.is_set():
            self.why = why
            self.over.set()


class Hub:
    """Fans out what the engine says. Everything here runs in the event loop, and nothing waits."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.state: dict[str, Any] | None = None
        self.away = True
        self.ask_snapshot: Callable[[], None] = lambda: None
        self.tell_panels: Callable[[list[dict[str, Any]]], None] = lambda panels: None
        self._asked = False

    @property
    def boot_id(self) -> str | None:
        """The running engine's boot id; None while it is away."""
        return None if self.away or self.state is None else self.state.get("boot_id")

    def join(self, seat: Seat) -> None:
        """A socket opened: it hears the snapshot first, or that the engine is away."""
        self.seats.add(seat)
        self.panels_changed()
        if self.away:
            seat.put(engine_message(True))
        self.fresh_snapshot(seat)

    def leave(self, seat: Seat) -> None:
        """A socket closed."""
        self.seats.discard(seat)
        self.panels_changed()

    def fresh_snapshot(self, seat: Seat) -> None:
        """Send this socket a new snapshot, and no change before it."""
        seat.has_snapshot = False
        if not self._asked and not self.away:
            self._asked = True
            self.ask_snapshot()

    def take(self, push: Snapshot | Delta | Heartbeat) -> None:
        """Something the engine said."""
        match push:
            case Snapshot():
                self._snapshot(push)
            case Delta():
                if self.state is not None:
                    self.state = {**self.state, **push.changed, "rev": push.rev}
                self._send(push.model_dump_json(), only_those_with_snapshot=True)
            case Heartbeat():
                if self.state is not None:
                    self.state = {**self.state, "clock": push.clock}
                self._send(push.model_dump_json(), only_those_with_snapshot=True)

    def engine_away(self, away: bool) -> None:
        """The engine went, or is back; the snapshot follows."""
        self.away = away
        self._asked = False
        for seat in self.seats:
            seat.has_snapshot = seat.has_snapshot and not away
        self._send(engine_message(away), only_those_with_snapshot=False)

    def panels_changed(self) -> None:
        """Tell the engine who is there, each panel once however many sockets it has."""
        found: dict[str, Seat] = {}
        for seat in self.seats:
            known = found.get(seat.panel.id)
            if seat.is_panel and (known is None or seat.heard_s > known.heard_s):
                found[seat.panel.id] = seat
        now_s = time.monotonic()
        self.tell_panels(
            [
                {"id": id, "role": seat.panel.role, "name": seat.panel.name, "seen_s": round(now_s - seat.heard_s, 3)}
                for id, seat in found.items()
            ]
        )

    async def look_after(self, store: SignIn) -> None:
        """Close the sockets of who is no longer signed in, and tell the engine who is there."""
        while True:
            await asyncio.sleep(CHECK_EACH_S)
            for seat in list(self.seats):
                if not _still_signed_in(store, seat):
                    seat.end("signed out")
            self.panels_changed()

    def close(self) -> None:
        """Ask every socket to close."""
        for seat in self.seats:
            seat.end("the panel's server is closing")

    def _snapshot(self, push: Snapshot) -> None:
        self.state = push.state
        self._asked = False
        text = json.dumps({"type": "snapshot", **push.state}, ensure_ascii=False, separators=(",", ":"))
        for seat in list(self.seats):
            if not seat.has_snapshot:
                seat.has_snapshot = True
                seat.put(text)

    def _send(self, text: str, *, only_those_with_snapshot: bool) -> None:
        for seat in list(self.seats):
            if seat.has_snapshot or not only_those_with_snapshot:
                seat.put(text)


def engine_message(away: bool) -> str:
    """What sockets hear of the engine's going and coming."""
    if away:
        words = "the room's engine is away; it is usually back within 5 s"
        return json.dumps({"type": "engine", "away": True, "error": words})
    return json.dumps({"type": "engine", "away": False})


def _still_signed_in(store: SignIn, seat: Seat) -> bool:
    """Whether the token is good; a store that cannot be read just now signs nobody out."""
    try:
        return store.who(seat.token) is not None
    except SignInError as fault:
        log.warning("sign-ins could not be checked: %s", fault)
        return True
