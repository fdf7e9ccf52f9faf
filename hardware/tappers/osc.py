"""Tapper over OSC: `/roomctl/tap side ms strength` to whatever listens, and `/roomctl/tap/still`.

Protocol: docs/protocols/osc.md. Verified against: liblo 0.31 (oscdump). A receiver ends each pulse itself, after its `ms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardware.entries import TapperEntry
from hardware.io_thread import Wire
from hardware.osc.packets import ALIVE, encode_message
from hardware.seams import SafeBytes, TapPulse
from hardware.tappers.wired import MotorConfig, WiredTapper
from hardware.transports.udp import UdpPort

DEFAULT_PORT: Final = 9002
ALIVE_S: Final = 0.5
STILL: Final = encode_message("/roomctl/tap/still")


@dataclass(frozen=True, slots=True)
class OscTapperConfig(MotorConfig):
    """Who is told."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT


def encode_tap(pulse: TapPulse) -> bytes:
    """`/roomctl/tap` with side (0 left, 1 right), milliseconds and strength 0-1."""
    return encode_message("/roomctl/tap", 0 if pulse.side == "left" else 1, float(pulse.ms), float(pulse.strength_frac))


class OscTapper(WiredTapper):
    """Somebody else's tapper. READY means that nothing was said against its address."""

    driver = "osc"

    def __init__(self, name: str, config: OscTapperConfig) -> None:
        on_silence = "each pulse carries its length; a receiver that no longer hears /roomctl/alive is to be still after 1 s"
        super().__init__(name, OscTapperWire(config.host, config.port), config, on_silence)
        self._config = config

    def safe_bytes(self) -> SafeBytes:
        return SafeBytes(self.name, "udp", f"{self._config.host}:{self._config.port}", (STILL, STILL))


class OscTapperWire(Wire[TapPulse]):
    """One UDP socket; a datagram takes no waiting, so all of it is sent from the caller's thread."""

    def __init__(self, host: str, port: int) -> None:
        self._port = UdpPort(host, port, ALIVE)
        self._fault: OSError | None = None

    def connect(self) -> None:
        """Resolve the host, and ask whether anybody listens."""
        self._fault = None
        self._port.open()

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
        self._write(ALIVE)
        return ALIVE_S

    def disconnect(self) -> None:
        """Let go of the socket."""
        self._port.close()

    def _try(self, packet: bytes) -> bool:
        try:
            self._port.write(packet)
        except OSError as fault:
            # The device's own thread sends it again, and raises this: a datagram's fault is told only once.
            self._fault = fault
            return False
        return True

    def _write(self, packet: bytes) -> None:
        fault, self._fault = self._fault, None
        self._port.write(packet)
        if fault is not None:
            raise fault


def build(entry: TapperEntry) -> OscTapper:
    """The tapper of a room file's entry; whoever paces it scales strength by the entry's `strength_frac`."""
    port = entry.network_port(DEFAULT_PORT)
    host = entry.host or "127.0.0.1"
    config = OscTapperConfig(host, port, min_pulse_ms=entry.min_pulse_ms, onset_ms=entry.onset_ms)
    return OscTapper(entry.name, config)
