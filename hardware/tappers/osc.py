"""Tapper over OSC: `/roomctl/tap side ms strength` to whatever listens, and `/roomctl/tap/still`.

Protocol: docs/protocols/osc.md. Verified against: liblo 0.31 (oscdump). A receiver ends each pulse itself, after its `ms`.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Final

from hardware.entries import TapperEntry
from hardware.io_thread import IoThread, Wire
from hardware.osc.packets import encode_message
from hardware.seams import Capabilities, Due, SafeBytes, Tapper, TapPulse
from hardware.tappers.clamp import clamp_pulse, too_short

DEFAULT_PORT: Final = 9002
ALIVE_S: Final = 0.5
STILL: Final = encode_message("/roomctl/tap/still")


@dataclass(frozen=True, slots=True)
class OscTapperConfig:
    """Who is told."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    min_pulse_ms: float = 30.0
    onset_ms: float = 0.0
    strength_share: float = 1.0


def encode_tap(pulse: TapPulse) -> bytes:
    """`/roomctl/tap` with side (0 left, 1 right), milliseconds and strength 0-1."""
    return encode_message("/roomctl/tap", 0 if pulse.side == "left" else 1, float(pulse.ms), float(pulse.strength_frac))


class OscTapper(Tapper):
    """Somebody else's tapper. UDP says nothing back: READY means that there is an address to send to."""

    driver = "osc"

    def __init__(self, name: str, config: OscTapperConfig) -> None:
        super().__init__(name)
        self._config = config
        self._wire = OscTapperWire(config)
        self._io = IoThread(self, self._wire)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            on_silence="each pulse carries its length; a receiver that no longer hears /roomctl/alive is to be still after 1 s",
            min_pulse_ms=self._config.min_pulse_ms,
            onset_ms=self._config.onset_ms,
        )

    def open(self) -> None:
        self._io.open()

    def offer(self, pulse: TapPulse, due: Due) -> None:
        pulse = clamp_pulse(pulse, self._config.strength_share)
        why = too_short(pulse, self._config.min_pulse_ms)
        if self.link.state == "READY":
            self.set_link("READY", why)
        if not why:
            self._io.offer(pulse)

    def safe(self) -> None:
        self._io.safe()

    def close(self) -> None:
        self._io.close()

    def safe_bytes(self) -> SafeBytes:
        return SafeBytes(self.name, "udp", f"{self._config.host}:{self._config.port}", (STILL, STILL))


class OscTapperWire(Wire[TapPulse]):
    """One UDP socket; a datagram takes no waiting, so all of it is sent from the caller's thread."""

    def __init__(self, config: OscTapperConfig) -> None:
        self._config = config
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Resolve the host."""
        config = self._config
        try:
            family, _, _, _, where = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_DGRAM)[0]
        except OSError as fault:
            raise OSError(f"{config.host} has no address ({fault.strerror or fault}); is the name right?") from fault
        sending = socket.socket(family, socket.SOCK_DGRAM)
        sending.setblocking(False)
        sending.connect(where)
        self._socket = sending

    def now(self, pulse: TapPulse) -> bool:
        """Send from the caller's thread."""
        return self._try(encode_tap(pulse))

    def safe_now(self) -> bool:
        """Send from the caller's thread."""
        return self._try(STILL)

    def send(self, pulse: TapPulse) -> None:
        """Tell of a pulse."""
        self._write(encode_tap(pulse))

    def safe(self) -> None:
        """Tell to be still."""
        self._write(STILL)

    def tick(self) -> float:
        """Tell that the room is here."""
        self._write(encode_message("/roomctl/alive", 1))
        return ALIVE_S

    def disconnect(self) -> None:
        """Let go of the socket."""
        sending, self._socket = self._socket, None
        if sending is not None:
            sending.close()

    def _try(self, packet: bytes) -> bool:
        sending: Any = self._socket
        if sending is None:
            return False
        try:
            sending.send(packet)
        except OSError:
            return False  # the device's thread tries again, and says what is wrong
        return True

    def _write(self, packet: bytes) -> None:
        if self._socket is None:
            raise OSError("the socket is closed")
        try:
            self._socket.send(packet)
        except ConnectionRefusedError as fault:
            raise OSError(f"nobody listens at {self._config.host}:{self._config.port}; is the receiver running?") from fault


def build(entry: TapperEntry) -> OscTapper:
    """The tapper of a room file's entry; whoever paces it scales strength by the entry's `strength_frac`."""
    port = entry.port if isinstance(entry.port, int) else DEFAULT_PORT
    config = OscTapperConfig(entry.host or "127.0.0.1", port, entry.min_pulse_ms, entry.onset_ms)
    return OscTapper(entry.name, config)
