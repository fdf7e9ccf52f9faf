"""Sends a device's safe bytes when its driver no longer can. For the launcher, which outlives the engine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Final

from hardware.seams import SafeBytes
from hardware.transports.serial import SerialPort

_WAIT_S: Final = 0.5


def send_safe(safe: SafeBytes) -> None:
    """Send `packets` once. Raises OSError where the device cannot be reached; waits half a second at most."""
    _send(safe, safe.packets)


def send_release(safe: SafeBytes) -> None:
    """Send `release` once: the engine has the device again. Raises OSError."""
    if safe.release:
        _send(safe, safe.release)


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
        mine.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
        for at, packet in enumerate(packets):
            host, _, port = addresses[at % len(addresses)].rpartition(":")
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
