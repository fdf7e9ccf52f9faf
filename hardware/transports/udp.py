"""UDP without waiting: a datagram leaves at once or not at all. Names are resolved in a thread, with a timeout."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

RESOLVE_S: Final = 2.0
FIRST_S: Final = 0.1
AGAIN_S: Final = 3.2
"""A host that is not there is known after three unanswered questions for its address, a second apart (Linux's ARP)."""
MULTICAST_TTL: Final = 8

Address = tuple[str, int]


def resolve(host: str, port: int, timeout_s: float = RESOLVE_S) -> Address:
    """The IPv4 address of `host`. Raises OSError with a sentence where there is none, or none in `timeout_s`."""
    found: list[Address] = []
    faults: list[OSError] = []

    def ask() -> None:
        try:
            info = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)
            found.append((str(info[0][4][0]), port))
        except OSError as fault:
            faults.append(fault)

    asking = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
    asking.start()
    asking.join(timeout_s)
    if found:
        return found[0]
    if faults:
        raise OSError(f"there is no host called {host}; is the name right, and the device on the room's network?")
    raise TimeoutError(f"the name {host} was not resolved in {timeout_s:.1f} s; is the room's network up?")


def own_address(host: str) -> str:
    """Our own address as `host` sees it, by asking the system for a route; empty where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(resolve(host, 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def why_unheard(host: str, port: int, fault: OSError) -> OSError:
    """What the system learned of a datagram's way, as a sentence that says what to do."""
    if fault.errno == errno.ECONNREFUSED:
        return OSError(f"nothing listens at {host}:{port}; is the port right, and is the receiver there set to listen?")
    if fault.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
        return OSError(f"{host} cannot be reached; is it powered, and on the room's network?")
    if fault.errno == errno.EACCES:
        return OSError(f"{host} is the address of a whole network; give that of the one device")
    return OSError(f"{host}:{port} cannot be sent to ({fault.strerror or fault})")


class UdpPort:
    """Datagrams to one address. Calls may raise OSError; only `open` ever waits.

    Nobody acknowledges a datagram, but the system learns of a port where nothing listens and of a host that is not there, and
    says so at a later `write`. `probe` is a datagram that changes nothing: `open` sends it and waits whether one of these
    comes back, for long enough where the last time ended in such a fault.
    """

    def __init__(self, host: str, port: int, probe: bytes = b"") -> None:
        self.host = host
        self.port = port
        self._probe = probe
        self._socket: socket.socket | None = None
        self._unheard = False

    def open(self) -> None:
        """Resolve the name, take a port of our own and ask whether anybody is there."""
        self.close()
        to = resolve(self.host, self.port)
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mine.setblocking(False)
        try:
            mine.connect(to)
            if self._probe:
                mine.send(self._probe)
                select.select([mine], [], [], AGAIN_S if self._unheard else FIRST_S)
                learned = mine.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if learned:
                    raise OSError(learned, os.strerror(learned))
        except OSError as fault:
            mine.close()
            self._unheard = True
            raise why_unheard(self.host, self.port, fault) from fault
        self._socket, self._unheard = mine, False

    def write(self, data: bytes) -> None:
        """Send one datagram now; it leaves too where an earlier one's fate is raised."""
        if self._socket is None:
            raise OSError(f"nothing is open towards {self.host}:{self.port}")
        try:
            self._socket.send(data)
        except BlockingIOError:
            raise
        except OSError as fault:
            self._unheard = True
            with suppress(OSError):
                self._socket.send(data)
            raise why_unheard(self.host, self.port, fault) from fault

    def read(self, most: int) -> bytes:
        """A datagram that came back; empty where none has."""
        if self._socket is None:
            raise OSError(f"nothing is open towards {self.host}:{self.port}")
        with suppress(BlockingIOError):
            return self._socket.recv(most)
        return b""

    def close(self) -> None:
        """Let go of the port."""
        mine, self._socket = self._socket, None
        if mine is not None:
            mine.close()


def leave_by(mine: socket.socket, interface: str) -> None:
    """Have multicast leave by an interface, named as the system names it or by its own address. Raises OSError in words."""
    try:
        try:
            way = socket.inet_aton(interface)
        except OSError:
            way = struct.pack("=4s4si", b"", b"", socket.if_nametoindex(interface))
        mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way)
    except OSError as fault:
        there = ", ".join(name for _, name in socket.if_nameindex())
        raise OSError(f'this machine has no network interface "{interface}" now; there is {there}') from fault


class MulticastPort:
    """Datagrams to the groups that `route` gives, by `interface` or the system's own choice. Calls may raise OSError."""

    def __init__(self, route: Callable[[bytes], Address], interface: str = "") -> None:
        self._route = route
        self._interface = interface
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Take a port of our own."""
        self.close()
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mine.setblocking(False)
        mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, MULTICAST_TTL)
        try:
            if self._interface:
                leave_by(mine, self._interface)
        except OSError:
            mine.close()
            raise
        self._socket = mine

    def write(self, data: bytes) -> None:
        """Send one datagram now."""
        if self._socket is None:
            raise OSError("no multicast is open")
        group, port = self._route(data)
        try:
            self._socket.sendto(data, (group, port))
        except BlockingIOError:
            raise
        except OSError as fault:
            raise why_unheard(group, port, fault) from fault

    def read(self, most: int) -> bytes:
        """Nothing comes back."""
        return b""

    def close(self) -> None:
        """Let go of the port."""
        mine, self._socket = self._socket, None
        if mine is not None:
            mine.close()
