"""Room light over OSC: `/roomctl/roomlight level_l cct_k fade_s` to whatever listens. It is to hold when the room is lost.

Protocol: docs/protocols/osc.md. Verified against: python-osc's parser; the encoder is the one that liblo reads (hardware/osc).
"""

from __future__ import annotations

from typing import Final

from hardware.entries import RoomLightEntry
from hardware.osc.packets import ALIVE, encode_message
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire
from hardware.seams import RoomLook
from hardware.transports.udp import UdpPort

DEFAULT_PORT: Final = 9002


def encode_look(look: RoomLook, level_frac: float = 1.0) -> bytes:
    """L* 0-100 (full light held to `level_frac` of it), kelvin, and the seconds the fade takes."""
    return encode_message("/roomctl/roomlight", float(look.level_l * level_frac), float(look.cct_k), float(look.fade_s))


class OscLampWire(SlowWire):
    """One UDP socket."""

    least_gap_s = 0.05

    def __init__(self, entry: RoomLightEntry) -> None:
        super().__init__(entry)
        self._port = UdpPort(entry.host or "127.0.0.1", entry.network_port(DEFAULT_PORT), ALIVE)

    def connect(self) -> None:
        """Resolve the host."""
        self._port.open()

    def check(self) -> None:
        """Say that the room is here, so that the network can say that nobody listens."""
        self._port.write(ALIVE)

    def put(self, look: RoomLook) -> None:
        """Send the look."""
        self._port.write(encode_look(look, self._level_frac))

    def disconnect(self) -> None:
        """Let go of the socket."""
        self._port.close()


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry."""
    return SlowLamp(entry, OscLampWire(entry))
