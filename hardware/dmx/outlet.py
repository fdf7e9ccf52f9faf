"""One universe on one wire, shared by the fixtures that stand on it: each sets its own slots, and the whole is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Final

from hardware.seams import Transport

SLOTS: Final = 512
LEAST_S: Final = 1 / 44
"""DMX512 carries a full universe 44 times a second."""

FIRST: Final = 3
"""The first universe after an opening is sent this often: a receiver that remembers us may take the first for an old one."""

Encode = Callable[[bytes, int], bytes]
"""`encode(slots, count)` is the packet for 512 slots; `count` is 0, 1, 2 and so on from each opening."""


class Outlet:
    """Opened by its first fixture, closed by its last. Calls may raise OSError; after one, the next `join` opens it anew."""

    def __init__(self, transport: Transport, encode: Encode) -> None:
        self._transport = transport
        self._encode = encode
        self._lock = threading.Lock()
        self._slots = bytearray(SLOTS)
        self._count = 0
        self._sent_s = float("-inf")
        self._waiting = False
        self._open = False
        self.users = 0

    @property
    def slots(self) -> bytes:
        """The universe as it stands."""
        return bytes(self._slots)

    def join(self) -> None:
        """Open the wire, unless another fixture has."""
        with self._lock:
            if not self._open:
                self._transport.open()
                self._open, self._count = True, 0

    def put(self, address: int, values: bytes) -> None:
        """Set slots from `address` (1 to 512) on. Send where they changed, now or when DMX can carry it (`flush`)."""
        with self._lock:
            there = slice(address - 1, address - 1 + len(values))
            if self._slots[there] != values or self._count < FIRST:
                self._slots[there] = values
                self._waiting = True
            self._send_if_time()

    def flush(self, keep_alive_s: float) -> None:
        """Send what waits for its time; and the same again where nothing was sent for `keep_alive_s`."""
        with self._lock:
            if time.monotonic() - self._sent_s >= keep_alive_s:
                self._waiting = True
            self._send_if_time()

    def leave(self) -> None:
        """Close the wire, if this fixture was the last; lamps hold what they were told."""
        with self._lock:
            if self.users <= 1:
                self._transport.close()
                self._open = False

    def _send_if_time(self) -> None:
        now_s = time.monotonic()
        if not self._open:
            raise OSError("the universe is not open")
        if not self._waiting or now_s - self._sent_s < LEAST_S:
            return
        try:
            self._write()
            while self._count < FIRST:
                self._write()
        except BlockingIOError:
            # The system's buffer is full: this universe goes out with the next flush.
            return
        except OSError:
            self._transport.close()
            self._open = False
            raise
        self._sent_s, self._waiting = now_s, False

    def _write(self) -> None:
        self._transport.write(self._encode(bytes(self._slots), self._count))
        self._count += 1


_outlets: dict[Hashable, Outlet] = {}
_outlets_lock = threading.Lock()


def take(key: Hashable, make: Callable[[], Outlet]) -> Outlet:
    """The outlet of that key, made by `make` for the first fixture; give it back with `give_back`."""
    with _outlets_lock:
        outlet = _outlets.get(key)
        if outlet is None:
            outlet = _outlets[key] = make()
        outlet.users += 1
        return outlet


def give_back(key: Hashable) -> None:
    """One fixture fewer; the outlet is forgotten with the last."""
    with _outlets_lock:
        outlet = _outlets[key]
        outlet.users -= 1
        if outlet.users == 0:
            del _outlets[key]
