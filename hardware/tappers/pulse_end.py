"""Ends pulses on time for devices that cannot: a thread that waits for the end of the one pulse there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class PulseEnd:
    """Calls `end` from its own thread when the last pulse begun is over; `cancel` forgets it, `close` ends the thread."""

    def __init__(self, name: str, end: Callable[[], None]) -> None:
        self._end = end
        self._name = name
        self._changed = threading.Condition()
        self._end_at_s: float | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    def begin(self, ms: float) -> None:
        """A pulse has begun that lasts `ms`; an earlier one is forgotten."""
        with self._changed:
            self._end_at_s = time.monotonic() + ms / 1000.0
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name=f"pulse end {self._name}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def cancel(self) -> None:
        """Nothing is to be ended any more."""
        with self._changed:
            self._end_at_s = None

    def close(self) -> None:
        """End the thread; a later `begin` starts another."""
        with self._changed:
            self._closing, self._end_at_s = True, None
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join(2.0)
        self._closing = False

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._end_at_s is not None)
                while not self._closing and self._end_at_s is not None:
                    left_s = self._end_at_s - time.monotonic()
                    if left_s <= 0.0:
                        break
                    self._changed.wait(left_s)
                if self._closing:
                    return
                if self._end_at_s is None:
                    continue
                self._end_at_s = None
            self._end()
