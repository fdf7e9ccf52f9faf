"""Sends a device's safe bytes when its driver no longer can. For the launcher, which outlives the engine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from hardware.seams import SafeBytes
from hardware.transports.serial import SerialPort
from hardware.transports.udp import MULTICAST_TTL, leave_by

_WAIT_S: Final = 0.5


def send_safe(safe: SafeBytes) -> None:
    """Send `packets` once. Raises OSError where the device cannot be reached; waits half a second at most."""
    _send(safe, safe.packets)


def send_release(safe: SafeBytes) -> None:
    """Send `release` once: the engine has the device again. Raises OSError."""
    if safe.release:
        _send(safe, safe.release)


class SafeKeeper:
    """Keeps devices safe from `hold` to `release`, each in a thread of its own, so that a sick one delays no other.

    `tell(device, why)` is called once for each attempt that changed the outcome: an empty `why` says that the bytes were sent.
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._held: list[SafeBytes] = []
        self._released = threading.Event()
        self._threads: list[threading.Thread] = []

    def hold(self, devices: Sequence[SafeBytes]) -> None:
        """Send every device's packets now, and again as often as it asks. Does not wait."""
        self.release()
        self._held = list(devices)
        self._released = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(safe, self._released), name=f"safe {safe.device}", daemon=True)
            for safe in self._held
        ]
        for thread in self._threads:
            thread.start()

    def release(self) -> None:
        """The engine has its devices again: send no more, and tell them so. Waits for what is under way, 2 s at most."""
        self._released.set()
        end_s = time.monotonic() + 2.0
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        self._threads, self._held = [], []

    def _keep(self, safe: SafeBytes, released: threading.Event) -> None:
        told: str | None = None
        while True:
            why = self._attempt(send_safe, safe)
            if why != told:
                self._tell(safe.device, why)
                told = why
            if safe.repeat_s <= 0.0 or released.wait(safe.repeat_s):
                break
        if safe.release:
            released.wait()
            self._attempt(send_release, safe)

    @staticmethod
    def _attempt(send: Callable[[SafeBytes], None], safe: SafeBytes) -> str:
        try:
            send(safe)
        except (OSError, ValueError) as fault:
            return str(fault) or type(fault).__name__
        return ""


def _send(safe: SafeBytes, packets: Sequence[bytes]) -> None:
    if safe.transport == "udp":
        _send_udp(safe.address.split(), packets)
    elif safe.transport == "serial":
        _send_serial(safe.address, packets)
    else:
        _send_unix(safe.address, packets)


def _send_udp(addresses: Sequence[str], packets: Sequence[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.settimeout(_WAIT_S)
        mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, MULTICAST_TTL)
        for at, packet in enumerate(packets):
            address, _, interface = addresses[at % len(addresses)].partition("@")
            host, _, port = address.rpartition(":")
            if interface:
                leave_by(mine, interface)
            mine.sendto(packet, (host, int(port)))


def _send_serial(address: str, packets: Sequence[bytes]) -> None:
    path, _, baud = address.rpartition("@")
    port = SerialPort(path, int(baud), exclusive=False)
    port.open()
    try:
        for packet in packets:
            port.write(packet)
        port.drain(_WAIT_S)
    finally:
        port.close()


def _send_unix(path: str, packets: Sequence[bytes]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mine:
        mine.settimeout(_WAIT_S)
        mine.connect(path)
        for packet in packets:
            mine.sendall(packet)
