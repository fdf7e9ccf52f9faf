"""Sends each device's safe bytes when the engine is gone: what the engine handed over while it lived."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Final

from hardware.seams import SafeBytes

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 0.5


def send_all(devices: list[SafeBytes]) -> None:
    """Send every device's safe bytes, all at once, each in a thread of its own; a device that fails is logged."""
    for device in devices:
        threading.Thread(target=_send, args=(device,), name=f"safe-{device.device}", daemon=True).start()


def _send(device: SafeBytes) -> None:
    try:
        SENDERS[device.transport](device)
    except (OSError, ValueError) as problem:
        log.error('"%s" could not be made safe (%s): look at it', device.device, problem)
    else:
        log.warning('"%s" was made safe for the engine', device.device)


def _send_udp(device: SafeBytes) -> None:
    host, _, port = device.address.rpartition(":")
    info = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
    with socket.socket(info[0], socket.SOCK_DGRAM) as sock:
        for packet in device.packets:
            sock.sendto(packet, info[4])


def _send_serial(device: SafeBytes) -> None:
    import serial

    port, _, baud = device.address.rpartition("@")
    with serial.Serial(port, int(baud), timeout=TIMEOUT_S, write_timeout=TIMEOUT_S) as line:
        for packet in device.packets:
            line.write(packet)


def _send_unix(device: SafeBytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(TIMEOUT_S)
        sock.connect(device.address)
        for packet in device.packets:
            sock.sendall(packet)


SENDERS: Final = {"udp": _send_udp, "serial": _send_serial, "unix": _send_unix}
