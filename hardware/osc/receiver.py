"""Whoever listens to OSC at one address: packets leave at once or not at all, and trouble is said in words."""

from __future__ import annotations

import socket


class OscReceiver:
    """A receiver at `host`:`port`. UDP says nothing back, but a port that nobody listens at can be told on this machine."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Resolve the host. Raises OSError in words."""
        try:
            family, _, _, _, where = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
        except OSError as fault:
            raise OSError(f"{self.host} has no address ({fault.strerror or fault}); is the name right?") from fault
        sending = socket.socket(family, socket.SOCK_DGRAM)
        sending.setblocking(False)
        sending.connect(where)
        self._socket = sending

    def send(self, packet: bytes) -> None:
        """Send one packet now. Raises OSError, in words where nobody listens."""
        sending = self._socket
        if sending is None:
            raise OSError("the socket is closed")
        try:
            sending.send(packet)
        except ConnectionRefusedError as fault:
            raise OSError(f"nobody listens at {self.host}:{self.port}; is the receiver running?") from fault

    def close(self) -> None:
        """Let go of the socket; legal at any time."""
        sending, self._socket = self._socket, None
        if sending is not None:
            sending.close()
