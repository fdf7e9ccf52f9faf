"""The web process's end of the link: one connection that is made anew for ever, and pushes handed on as they come."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from roomctl.errors import Away
from roomctl.link.address import MAX_LINE_BYTES, find
from roomctl.messages import (
    AnyCommand,
    Ask,
    Delta,
    Heartbeat,
    Message,
    Panels,
    Reply,
    Request,
    Snapshot,
    Subscribe,
    Who,
    decode,
    encode,
)

log = logging.getLogger(__name__)

REPLY_S = 2.0
RETRY_FIRST_S = 0.05
RETRY_MOST_S = 1.0
SILENCE_S = 3.0
"""An engine that says nothing for this long, though it sends a heartbeat each second, counts as gone: it hangs."""
PUSH_LINE_MOST = 16 * MAX_LINE_BYTES
"""Longest line taken from the engine: a library of thousands of tracks is one reply."""

Push = Snapshot | Delta | Heartbeat


class AsyncEngineLink:
    """Connects, subscribes, and connects again whenever the engine went.

    `on_push` gets every snapshot, delta and heartbeat in order, `on_away` True when the engine goes and False when it is back
    (its snapshot follows). Both are plain functions called in the event loop. It counts as there once its snapshot has come, so
    one that hangs does not; deltas before that snapshot are left out, for the snapshot has them.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_push: Callable[[Push], None] = lambda push: None,
        on_away: Callable[[bool], None] = lambda away: None,
        reply_s: float = REPLY_S,
    ) -> None:
        self.path = path
        self.connected = False
        self._was_up = False
        self._on_push = on_push
        self._on_away = on_away
        self._reply_s = reply_s
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._panels: list[dict[str, Any]] = []
        self._up = asyncio.Event()

    def start(self) -> None:
        """Begin to connect, in the running event loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name="engine-link")

    async def close(self) -> None:
        """End the connection and its task."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def wait_connected(self, timeout_s: float) -> bool:
        """Wait for the engine; whether it is there."""
        try:
            await asyncio.wait_for(self._up.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def ask(self, what: str, timeout_s: float | None = None, /, **args: Any) -> Reply:
        """Ask what changes nothing; raises Away where the engine is away or does not answer in time."""
        return await self._exchange(Ask(id=next(self._ids), what=what, args=args), timeout_s)

    async def request(self, command: AnyCommand, who: Who, rev: int | None = None, idempotency_key: str | None = None) -> Reply:
        """Give one command; raises Away where the engine is away or does not answer in time."""
        message = Request(id=next(self._ids), who=who, command=command, rev=rev, idempotency_key=idempotency_key)
        return await self._exchange(message, None)

    def subscribe(self) -> None:
        """Ask for a fresh snapshot; does nothing while the engine is away, for one follows its return."""
        self._tell(Subscribe())

    def panels(self, panels: list[dict[str, Any]]) -> None:
        """Say which panels are open; said again by itself after each reconnection."""
        self._panels = panels
        self._tell(Panels(panels=panels))

    def _tell(self, message: Message) -> None:
        """Send what needs no reply; where the engine is away, what follows its return says the same."""
        if self.connected:
            with contextlib.suppress(Away):
                self._send(message)

    async def _exchange(self, message: Ask | Request, timeout_s: float | None) -> Reply:
        if not self.connected:
            raise Away("the room's engine is away; it is usually back within 5 s")
        wait_s = self._reply_s if timeout_s is None else timeout_s
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[message.id] = future
        try:
            self._send(message)
            return await asyncio.wait_for(future, wait_s)
        except TimeoutError as late:
            raise Away(f"the room's engine did not answer in {wait_s:g} s") from late
        finally:
            self._waiting.pop(message.id, None)

    def _send(self, message: Message) -> None:
        """Hand one line to the socket; an engine that no longer reads is let go, and the connection made anew."""
        writer = self._writer
        if writer is None:
            raise Away("the room's engine is away; it is usually back within 5 s")
        if writer.transport.get_write_buffer_size() > 4 * MAX_LINE_BYTES:
            writer.transport.abort()
            raise Away("the room's engine no longer reads")
        writer.write(encode(message))

    async def _stay_connected(self) -> None:
        wait_s = RETRY_FIRST_S
        while True:
            why = ""
            try:
                async with asyncio.timeout(self._reply_s):
                    reader, writer = await self._open()
            except (OSError, Away, TimeoutError) as fault:
                why = str(fault)
            else:
                self._was_up = False
                try:
                    await self._talk(reader, writer)
                except (OSError, TimeoutError, ValueError) as fault:
                    why = str(fault) or "it said nothing"
                if self._was_up:
                    log.warning("the engine went away: %s", why or "it closed the connection")
                    wait_s = RETRY_FIRST_S
            await asyncio.sleep(wait_s)
            wait_s = min(RETRY_MOST_S, wait_s * 1.5)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = find(self.path)
        if address.port is not None:
            reader, writer = await asyncio.open_connection("127.0.0.1", address.port, limit=PUSH_LINE_MOST)
            writer.write(address.secret + b"\n")
        else:
            reader, writer = await asyncio.open_unix_connection(str(address.path), limit=PUSH_LINE_MOST)
        return reader, writer

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            writer.write(encode(Subscribe()) + encode(Panels(panels=self._panels)))
            while line := await asyncio.wait_for(reader.readline(), SILENCE_S):
                message = decode(line)
                if isinstance(message, Snapshot) and not self.connected:
                    self._found()
                if self.connected:
                    self._take(message)
        finally:
            self._lost(writer)

    def _found(self) -> None:
        self.connected = self._was_up = True
        self._up.set()
        self._on_away(False)

    def _take(self, message: Message) -> None:
        match message:
            case Reply():
                future = self._waiting.get(message.id)
                if future is not None and not future.done():
                    future.set_result(message)
            case Snapshot() | Delta() | Heartbeat():
                self._on_push(message)
            case _:
                log.warning("the engine sent a message that is not for this end")

    def _lost(self, writer: asyncio.StreamWriter) -> None:
        was_connected, self.connected, self._writer = self.connected, False, None
        self._up.clear()
        writer.transport.abort()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Away("the room's engine went away before it answered"))
        if was_connected:
            self._on_away(True)
