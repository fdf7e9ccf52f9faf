"""UDP without waiting: a datagram leaves at once or not at all. Names are resolved in a thread, with a timeout."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

RESOLVE_S: Final = 2.0

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


class UdpPort:
    """Datagrams to one address; with `route`, to the one it gives for each. Calls may raise OSError; only `open` ever waits."""

    def __init__(self, host: str, port: int, route: Callable[[bytes], Address] | None = None) -> None:
        self.host = host
        self.port = port
        self._route = route
        self._to: Address = ("", 0)
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Resolve the name and take a port of our own."""
        self.close()
        if self._route is None:
            self._to = resolve(self.host, self.port)
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mine.setblocking(False)
        mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
        if self._route is not None and self.host:
            mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.host))
        self._socket = mine

    def write(self, data: bytes) -> None:
        """Send one datagram now."""
        if self._socket is None:
            raise OSError(f"nothing is open towards {self.host}:{self.port}")
        self._socket.sendto(data, self._to if self._route is None else self._route(data))

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
