"""Packets as they come over the loopback, each with the kernel's own stamp of its arrival."""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import NotMeasuredError

SO_TIMESTAMPNS: Final = 35
"""Linux's option for stamps in ns of CLOCK_REALTIME; the socket module has no name for it."""

_TIMESPEC: Final = struct.Struct("@qq")
_MOST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Packet:
    """One datagram, and the monotonic time at which the kernel took it."""

    data: bytes
    mono_s: float


class Wire:
    """A UDP port of the loopback that keeps what comes. Use it as a context."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError as fault:
            self._socket.close()
            raise NotMeasuredError(f"the kernel stamps no packets here ({fault.strerror})") from fault
        self.port: int = self._socket.getsockname()[1]
        self.packets: list[Packet] = []
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name="wire", daemon=True)

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._thread.join(2.0)
        self._socket.close()

    def _listen(self) -> None:
        while not self._closing:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_MOST_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
            except TimeoutError:
                continue
            for level, kind, stamp in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                    seconds, nanos = _TIMESPEC.unpack(stamp[: _TIMESPEC.size])
                    self.packets.append(Packet(data, seconds + nanos * 1e-9 - wall_ahead_s()))


def wall_ahead_s() -> float:
    """How far the wall clock is ahead of the monotonic one: of three readings the one that was least interrupted."""
    readings = []
    for _ in range(3):
        before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after_ns - before_ns, wall_ns - (before_ns + after_ns) / 2))
    return min(readings)[1] * 1e-9
