"""A device's own thread: it connects, sends the newest value offered, goes safe before anything else, and comes back by itself.

The engine's side (`offer`, `safe`) takes a lock only long enough to swap a reference. Whatever waits is a `Wire`'s doing, on
this thread, and has a timeout of its own; a wire that hangs longer makes the link STALE, and nothing else.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from hardware.seams import Device, LinkState

Item = TypeVar("Item")

BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 5.0
_STEADY_S: Final = 2.0
"""A link that held for less than this has not shown that the trouble is over: the backoff goes on from where it was."""

STALE_S: Final = 1.0
"""How long a wire may be busy with one thing before its link is STALE."""

_JOIN_S: Final = 4.0


class Terminal(Exception):
    """Trying again will not help: a refused token, a device of another kind. The message is a sentence for the panel."""


class Wire(ABC, Generic[Item]):
    """A driver's waiting half. Its calls may raise OSError, and come from the device's thread alone.

    The exceptions are `now` and `safe_now`: they come from any thread, and never raise.
    """

    caution: str = ""
    """Something to tell people about a device that was reached; shown as the reason of READY."""

    @abstractmethod
    def connect(self) -> None:
        """Reach the device, or raise OSError with a sentence, or Terminal. The device's own fallback is written here."""

    @abstractmethod
    def send(self, item: Item) -> None:
        """Give the device what was offered."""

    @abstractmethod
    def safe(self) -> None:
        """Drive the device to its safe look."""

    def leave(self) -> None:
        """The last word before a close; the safe look, unless the device is to hold."""
        self.safe()

    def tick(self) -> float:
        """Keep-alives and health; returns in how many seconds it wants to be called again."""
        return 1.0

    @abstractmethod
    def disconnect(self) -> None:
        """Let go of sockets and ports; legal at any time. Must not raise."""

    def now(self, item: Item) -> bool:
        """Send at once on the caller's thread, if that takes no waiting; False leaves it to the device's thread."""
        return False

    def safe_now(self) -> bool:
        """Go safe at once on the caller's thread, if that takes no waiting; False has the device's thread do it too."""
        return False


class IoThread(Generic[Item]):
    """Runs a wire for a device. `resend` gives the last value again after a reconnect; without it an old value is forgotten."""

    def __init__(self, device: Device, wire: Wire[Item], resend: bool = False) -> None:
        self._device = device
        self._wire = wire
        self._resend = resend
        self._wake = threading.Condition()
        self._item: Item | None = None
        self._last: Item | None = None
        self._is_safe = False
        self._safe_wanted = False
        self._closing = False
        self._kicked = False
        self._connected = False
        self._busy_since_s = 0.0
        self._tick_in_s = 0.0
        self._backoff_s = BACKOFF_FIRST_S
        self._thread: threading.Thread | None = None

    @property
    def opened(self) -> bool:
        """Whether `open` was called, and `close` was not."""
        return self._thread is not None and not self._closing

    def open(self) -> None:
        """Begin to connect."""
        if self._thread is not None:
            raise AssertionError(f'"{self._device.name}" was opened twice')
        self._device.set_link("CONNECTING")
        self._thread = threading.Thread(target=self._run, name=f"{self._device.kind} {self._device.name}", daemon=True)
        self._thread.start()

    def offer(self, item: Item) -> None:
        """Send `item` as soon as can be; one that waits already is replaced."""
        self._last, self._is_safe = item, False
        if self._idle and self._wire.now(item):
            return
        with self._wake:
            self._item = item
            self._wake.notify()
        self._notice_a_hang()

    def safe(self) -> None:
        """Forget what was offered, and go safe before anything else is sent."""
        with self._wake:
            self._item = self._last = None
            self._is_safe = self._safe_wanted = True
        done = self._connected and self._wire.safe_now()
        with self._wake:
            if done:
                self._safe_wanted = False
            self._wake.notify()
        self._notice_a_hang()

    def kick(self) -> None:
        """Try to connect now: the device was just seen, or its settings changed."""
        with self._wake:
            self._kicked = True
            self._wake.notify()

    def close(self) -> None:
        """Have the last word, let go and end the thread. Waits a few seconds at most."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                self._device.set_link("FAULT", f"did not let go within {_JOIN_S:.0f} s of being closed")
                return
        self._device.set_link("ABSENT")

    @property
    def _idle(self) -> bool:
        """Whether nothing older is waiting or under way, which a value sent at once would overtake and be followed by."""
        return self._connected and not self._safe_wanted and self._item is None and not self._busy_since_s

    def _notice_a_hang(self) -> None:
        since_s = self._busy_since_s
        if since_s and self._connected and time.monotonic() - since_s > STALE_S:
            self._device.set_link("STALE", f"has taken nothing for more than {STALE_S:.0f} s")

    def _run(self) -> None:
        while not self._closing:
            if self._connect():
                up_s = time.monotonic()
                self._serve()
                if time.monotonic() - up_s >= _STEADY_S:
                    self._backoff_s = BACKOFF_FIRST_S
        if self._connected:
            self._attempt(self._wire.leave)
        self._connected = False
        self._wire.disconnect()

    def _connect(self) -> bool:
        try:
            self._wire.connect()
        except Terminal as fault:
            self._down(str(fault), "FAULT")
            self._pause(None)
            return False
        except Exception as fault:  # noqa: BLE001 - the thread must outlive a driver's mistake; the link keeps the words
            self._down(words_of(fault), "ABSENT" if isinstance(fault, FileNotFoundError) else "FAULT")
            self._pause(self._backoff_s)
            self._backoff_s = min(2 * self._backoff_s, BACKOFF_MOST_S)
            return False
        with self._wake:
            self._item = self._last if self._resend else None
            self._safe_wanted = self._is_safe
            self._connected = True
        self._device.set_link("READY", self._wire.caution)
        return True

    def _serve(self) -> None:
        """Send until closed or cut off."""
        tick_at_s = time.monotonic()
        while True:
            with self._wake:
                self._wake.wait_for(self._has_work, max(0.0, tick_at_s - time.monotonic()))
                if self._closing:
                    return
                safe, self._safe_wanted = self._safe_wanted, False
                item, self._item = (self._item, None) if not safe else (None, self._item)
                self._busy_since_s = time.monotonic() if safe or item is not None else 0.0
            if safe and not self._attempt(self._wire.safe):
                self._safe_wanted = True
                return
            if item is not None and not self._attempt(partial(self._wire.send, item)):
                return
            if time.monotonic() >= tick_at_s:
                if not self._attempt(self._tick):
                    return
                tick_at_s = time.monotonic() + self._tick_in_s

    def _has_work(self) -> bool:
        return self._closing or self._safe_wanted or self._item is not None

    def _tick(self) -> None:
        self._tick_in_s = self._wire.tick()

    def _attempt(self, call: Callable[[], None]) -> bool:
        """Do one thing on the wire; False where that cut it off, and the link says why."""
        self._busy_since_s = time.monotonic()
        try:
            call()
        except Terminal as fault:
            self._down(str(fault), "FAULT")
            if not self._closing:
                self._pause(None)
            return False
        except Exception as fault:  # noqa: BLE001 - the thread must outlive a driver's mistake; the link keeps the words
            self._down(words_of(fault), "FAULT")
            if not self._closing:
                self._pause(self._backoff_s)
            return False
        finally:
            self._busy_since_s = 0.0
        if self._device.link.state == "STALE" and self._device.link.why.startswith("has taken nothing"):
            self._device.set_link("READY", self._wire.caution)
        return True

    def _down(self, why: str, state: LinkState) -> None:
        self._connected = False
        self._wire.disconnect()
        self._device.set_link(state, why)

    def _pause(self, for_s: float | None) -> None:
        """Wait before the next attempt: until `for_s` is over, a kick, or the close."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._kicked, for_s)
            self._kicked = False


def words_of(fault: Exception) -> str:
    """A sentence of a fault, for people: what OSError was given, or what the system calls it."""
    if isinstance(fault, OSError):
        return fault.strerror or str(fault) or type(fault).__name__
    return f"the driver failed: {type(fault).__name__}: {fault}"
