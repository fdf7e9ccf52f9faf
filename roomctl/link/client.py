"""A blocking client of the engine: command line, screen window, launcher, tests. Safe to call from several threads."""

from __future__ import annotations

import contextlib
import itertools
import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from roomctl.errors import Away
from roomctl.link.address import dial
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

Push = Snapshot | Delta | Heartbeat

_PUSHES_KEPT = 4096


class EngineLink:
    """One connection to the engine. Every wait is bounded and raises Away at its end."""

    def __init__(self, path: Path, *, reply_s: float = 2.0) -> None:
        self.path = path
        self._reply_s = reply_s
        self._sock: socket.socket | None = None
        self._reader: threading.Thread | None = None
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Reply]] = {}
        self._pushes: queue.Queue[Push | None] = queue.Queue(_PUSHES_KEPT)

    def __enter__(self) -> Self:
        if self._sock is None:
            self.connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def connect(self, timeout_s: float = 2.0) -> None:
        """Connect; raises Away where no engine answers."""
        self.close()
        self._sock = dial(self.path, timeout_s)
        self._pushes = queue.Queue(_PUSHES_KEPT)
        self._reader = threading.Thread(target=self._read, args=(self._sock, self._pushes), name="engine-link", daemon=True)
        self._reader.start()

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as this end knows."""
        return self._reader is not None and self._reader.is_alive()

    def ask(self, what: str, **args: Any) -> Reply:
        """Ask what changes nothing; `result` turns the reply into its body or its error."""
        return self._exchange(Ask(id=next(self._ids), what=what, args=args))

    def request(self, command: AnyCommand, who: Who, rev: int | None = None, idempotency_key: str | None = None) -> Reply:
        """Give one command and wait for its reply."""
        return self._exchange(Request(id=next(self._ids), who=who, command=command, rev=rev, idempotency_key=idempotency_key))

    def subscribe(self) -> None:
        """Ask for the snapshot and for all that follows; asking again brings a fresh snapshot."""
        self._send(Subscribe())

    def panels(self, panels: list[dict[str, Any]]) -> None:
        """Say which panels are open behind this client."""
        self._send(Panels(panels=panels))

    def receive(self, timeout_s: float) -> Push | None:
        """The next push, None where none came in time; 0 only looks. Raises Away where the engine has gone."""
        try:
            push = self._pushes.get(timeout=timeout_s) if timeout_s > 0 else self._pushes.get_nowait()
        except queue.Empty:
            return None
        if push is None:
            self._pushes.put_nowait(None)
            raise Away("the engine closed the connection")
        return push

    def messages(self, timeout_s: float = 2.0) -> Iterator[Push]:
        """Pushes for ever; raises Away where none comes for `timeout_s`, or the engine goes."""
        while True:
            push = self.receive(timeout_s)
            if push is None:
                raise Away(f"the engine has said nothing for {timeout_s:g} s")
            yield push

    def close(self) -> None:
        """End the connection and its thread."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        with contextlib.suppress(OSError):  # the engine ended it first
            sock.shutdown(socket.SHUT_RDWR)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(2.0)
        sock.close()

    def _send(self, message: Message) -> None:
        sock = self._sock
        if sock is None:
            raise Away("not connected to the engine")
        try:
            with self._lock:
                sock.sendall(encode(message))
        except OSError as fault:
            raise Away(f"the engine went away ({fault.strerror or fault})") from fault

    def _exchange(self, message: Ask | Request) -> Reply:
        future: Future[Reply] = Future()
        self._waiting[message.id] = future
        try:
            if not self.connected:
                raise Away("not connected to the engine")
            self._send(message)
            return future.result(self._reply_s)
        except FutureTimeout as late:
            raise Away(f"the engine did not answer in {self._reply_s:g} s") from late
        finally:
            self._waiting.pop(message.id, None)

    def _read(self, sock: socket.socket, pushes: queue.Queue[Push | None]) -> None:
        try:
            with sock.makefile("rb", buffering=65536) as stream:
                for line in stream:
                    self._take(line, pushes)
        except (OSError, ValidationError, queue.Full) as fault:
            why = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        else:
            why = "it closed the connection"
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(Away(f"the engine went away ({why})"))
        if pushes.full():
            pushes.get_nowait()
        pushes.put_nowait(None)

    def _take(self, line: bytes, pushes: queue.Queue[Push | None]) -> None:
        match decode(line):
            case Reply() as reply:
                future = self._waiting.get(reply.id)
                if future is not None and not future.done():
                    future.set_result(reply)
            case (Snapshot() | Delta() | Heartbeat()) as push:
                pushes.put_nowait(push)
            case _:
                pass
