"""Room light over OSC: `/roomctl/roomlight level_l cct_k fade_s` to whatever listens. It is to hold when the room is lost.

Protocol: docs/protocols/osc.md. Verified against: python-osc's parser; the encoder is the one that liblo reads (hardware/osc).
"""

from __future__ import annotations

import socket
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.osc.packets import encode_message
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire, safe_look
from hardware.seams import RoomLook

DEFAULT_PORT: Final = 9002


def encode_look(look: RoomLook, level_frac: float = 1.0) -> bytes:
    """L* 0-100 (full light held to `level_frac` of it), kelvin, and the seconds the fade takes."""
    return encode_message("/roomctl/roomlight", float(look.level_l * level_frac), float(look.cct_k), float(look.fade_s))


class OscLampWire(SlowWire):
    """One UDP socket."""

    least_gap_s = 0.05

    def __init__(self, host: str, port: int, safe: RoomLook, level_frac: float = 1.0) -> None:
        super().__init__(safe)
        self._host, self._port = host, port
        self._level_frac = level_frac
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Resolve the host."""
        try:
            family, _, _, _, where = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
        except OSError as fault:
            raise OSError(f"{self._host} has no address ({fault.strerror or fault}); is the name right?") from fault
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(where)

    def check(self) -> None:
        """Say that the room is here, so that the network can say that nobody listens."""
        self._write(encode_message("/roomctl/alive", 1))

    def put(self, look: RoomLook) -> None:
        """Send the look."""
        self._write(encode_look(look, self._level_frac))

    def _write(self, packet: bytes) -> None:
        if self._socket is None:
            raise OSError("the socket is closed")
        try:
            self._socket.send(packet)
        except ConnectionRefusedError as fault:
            raise OSError(f"nobody listens at {self._host}:{self._port}; is the receiver running?") from fault

    def disconnect(self) -> None:
        """Let go of the socket."""
        sending, self._socket = self._socket, None
        if sending is not None:
            sending.close()


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry."""
    port = entry.port if isinstance(entry.port, int) else DEFAULT_PORT
    wire = OscLampWire(entry.host or "127.0.0.1", port, safe_look(entry), entry.level_frac)
    lamp = SlowLamp(entry.name, wire, entry.onset_ms)
    lamp.driver = "osc"
    return lamp
