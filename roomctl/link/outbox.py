"""A bounded queue of lines to a socket, and the thread that writes them. Who does not read is dropped; nobody waits for it."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable

MAX_QUEUED_BYTES = 8 * 1024 * 1024
MAX_QUEUED_LINES = 512


class Outbox:
    """Lines on their way to one peer. `put` never blocks; beyond the bounds it gives the peer up."""

    def __init__(self, sock: socket.socket, on_lost: Callable[[], None]) -> None:
        self._sock = sock
        self._on_lost = on_lost
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self.thread = threading.Thread(target=self._write, name="link-writer", daemon=True)

    def put(self, line: bytes) -> bool:
        """Queue one line; False where the peer was or is now given up."""
        with self._changed:
            if self._closed:
                return False
            if self._bytes + len(line) <= MAX_QUEUED_BYTES and len(self._lines) < MAX_QUEUED_LINES:
                self._lines.append(line)
                self._bytes += len(line)
                self._changed.notify()
                return True
        self._on_lost()
        return False

    def close(self, *, drain: bool = False) -> None:
        """Write no more; with `drain`, what is queued still goes out first."""
        with self._changed:
            self._closed = True
            if not drain:
                self._lines.clear()
            self._changed.notify()

    def _next(self) -> bytes | None:
        with self._changed:
            while not self._lines and not self._closed:
                self._changed.wait()
            if not self._lines:
                return None
            line = self._lines.popleft()
            self._bytes -= len(line)
            return line

    def _write(self) -> None:
        while (line := self._next()) is not None:
            try:
                self._sock.sendall(line)
            except OSError:  # the peer went; its reader sees the same and says so once
                break
        self._on_lost()
