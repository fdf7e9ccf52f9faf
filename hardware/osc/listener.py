"""OSC in: a UDP socket with a thread of its own, which calls back with commands. STOP is never rate-limited and never waits."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hardware.osc.commands import PING_ADDRESS, STOP_ADDRESS, command_of, is_press
from hardware.osc.packets import NotOscError, OscIn, encode_message, parse_packet

OnCommand = Callable[[str, Mapping[str, Any]], None]
"""Called from the listener's thread with a command's name and values; must not wait."""

PER_SECOND: Final = 100.0
BURST: Final = 30.0
LATE_S: Final = 0.05
"""A bundle dated further ahead than this is dropped: the room waits for nobody's time tag."""
RECEIVE_BYTES: Final = 1 << 20
_STOP_BYTES: Final = STOP_ADDRESS.encode()


@dataclass(slots=True)
class Counts:
    """What came in since the listener was opened."""

    taken: int = 0
    strangers: int = 0
    too_many: int = 0
    not_osc: int = 0
    unknown: int = 0
    dated_ahead: int = 0
    refused: int = 0
    failed: int = 0
    last_trouble: str = ""


class TokenBucket:
    """Lets `per_second` through in the long run and `burst` at once."""

    def __init__(self, per_second: float = PER_SECOND, burst: float = BURST) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at_s = time.monotonic()

    def take(self, now_s: float) -> bool:
        """Whether one more may pass at `now_s`."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_second)
        self._at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:9000"; raises ValueError in words."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f'"{text}" is not HOST:PORT, such as "127.0.0.1:9000"')
    return host.strip("[]"), int(port)


def why_deaf(host: str, port: int, fault: OSError) -> str:
    """Why nobody can listen there, and what to do."""
    what = {
        errno.EADDRINUSE: "another program has that port; close it, or name another port",
        errno.EADDRNOTAVAIL: "this machine does not have that address now; is its network up?",
        errno.EACCES: "this user may not take that port; name one above 1023",
    }
    return f"OSC cannot listen at {host}:{port}: {what.get(fault.errno or 0, fault.strerror or fault)}"


class AllowList:
    """Who may send: addresses or networks; this machine always may. The last few verdicts are remembered."""

    def __init__(self, peers: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(peer, strict=False) for peer in peers]
        self._known: dict[str, bool] = {}

    def allows(self, host: str) -> bool:
        """Whether `host`, an address, may send."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) > 256:
                self._known.clear()
            address = ipaddress.ip_address(host.partition("%")[0])
            known = address.is_loopback or any(address in network for network in self._networks)
            self._known[host] = known
        return known


class OscListener:
    """Listens at `listen` ("HOST:PORT"), for this machine and for `peers`. Raises OSError from `open` where it cannot."""

    def __init__(self, listen: str, on_command: OnCommand, peers: Sequence[str] = ()) -> None:
        self._host, self._port = parse_listen(listen)
        self._on_command = on_command
        self._allowed = AllowList(peers)
        self._bucket = TokenBucket()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self.counts = Counts()

    @property
    def port(self) -> int:
        """The port that is listened at; the one bound, where 0 was asked for."""
        return int(self._socket.getsockname()[1]) if self._socket else self._port

    def open(self) -> None:
        """Bind and begin to listen."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_DGRAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            listening.bind((self._host, self._port))
        except OSError as fault:
            listening.close()
            raise OSError(why_deaf(self._host, self._port, fault)) from fault
        self._closing.clear()
        listening.settimeout(0.2)
        self._socket = listening
        self._thread = threading.Thread(target=self._run, name="osc in", args=(listening,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._closing.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2.0)
        listening, self._socket = self._socket, None
        if listening is not None:
            listening.close()

    def _run(self, listening: socket.socket) -> None:
        while not self._closing.is_set():
            try:
                data, peer = listening.recvfrom(65_536)
            except TimeoutError:
                continue
            except OSError as fault:  # an answer of ours found nobody: the next datagram may be good
                self.counts.last_trouble = str(fault)
                continue
            self.take(data, peer, listening)

    def take(self, data: bytes, peer: Any, listening: socket.socket | None = None) -> None:
        """One datagram of `peer`. Cheap where it is to be dropped, so that a flood leaves time for the STOP in it."""
        counts = self.counts
        if not self._allowed.allows(peer[0]):
            counts.strangers += 1
            return
        if _STOP_BYTES not in data and not self._bucket.take(time.monotonic()):
            counts.too_many += 1
            return
        try:
            messages = parse_packet(data)
        except NotOscError as fault:
            counts.not_osc += 1
            counts.last_trouble = str(fault)
            return
        for message in sorted(messages, key=lambda each: each.address != STOP_ADDRESS):
            self._obey(message, peer, listening)

    def _obey(self, message: OscIn, peer: Any, listening: socket.socket | None) -> None:
        counts = self.counts
        ahead = message.due_utc_s is not None and message.due_utc_s > time.time() + LATE_S
        if ahead and message.address != STOP_ADDRESS:
            counts.dated_ahead += 1
            return
        if message.address == PING_ADDRESS:
            self._pong(message, peer, listening)
            return
        try:
            wanted = command_of(message.address, message.args)
        except ValueError as fault:
            counts.refused += 1
            counts.last_trouble = str(fault)
            return
        if wanted is None:
            counts.unknown += is_press(message.args)
            return
        counts.taken += 1
        try:
            self._on_command(wanted.name, wanted.args)
        except Exception as fault:  # noqa: BLE001 - a command that fails must not end the way in for STOP
            counts.failed += 1
            counts.last_trouble = f"{wanted.name} failed: {type(fault).__name__}: {fault}"

    def _pong(self, message: OscIn, peer: Any, listening: socket.socket | None) -> None:
        number = next((arg for arg in message.args if isinstance(arg, int)), 0)
        if listening is None:
            return
        try:
            listening.sendto(encode_message("/roomctl/pong", number & 0x7FFFFFFF), peer)
        except OSError as fault:
            self.counts.last_trouble = str(fault)
