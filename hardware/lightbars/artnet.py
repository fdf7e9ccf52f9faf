"""A light bar as RGB pixels on DMX universes, over Art-Net.

Protocol: docs/protocols/artnet.md. Verified against: OLA 0.10.9 (`olad`), value for value; bytes equal to ledfx-senders 0.4.0.
"""

from __future__ import annotations

from typing import Final

from hardware.dmx import artnet
from hardware.dmx.universes import slots_of, stretches
from hardware.entries import LightBarEntry
from hardware.lightbars.wire import PictureWire, WiredLightBar
from hardware.seams import LightFrame, SafeBytes
from hardware.transports.udp import UdpPort

_MOST_HZ: Final = 44.0
_KEEP_ALIVE_S: Final = 1.0


def build(entry: LightBarEntry) -> ArtnetLightBar:
    """The bar of a room file's entry. Raises ValueError where its LEDs run past the last universe."""
    return ArtnetLightBar(entry)


class ArtnetEncoder:
    """Counts the pictures' sequence."""

    keep_alive_s = _KEEP_ALIVE_S

    def __init__(self, entry: LightBarEntry) -> None:
        self.parts = stretches(entry.leds, entry.universe, entry.address, 0x7FFF)
        self._sequence = 0

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """A packet for each universe."""
        self._sequence = artnet.next_sequence(self._sequence)
        return packets(self, rgb, self._sequence)

    def farewell(self) -> tuple[bytes, ...]:
        """Art-Net has none: receivers hold the dark picture they got last."""
        return ()


def packets(encoder: ArtnetEncoder, rgb: bytes, sequence: int) -> tuple[bytes, ...]:
    """One picture with the given sequence; 0 is taken by receivers whatever came before."""
    slots = slots_of(rgb, encoder.parts)
    return tuple(
        artnet.dmx_packet(part.universe, sequence, content) for part, content in zip(encoder.parts, slots, strict=True)
    )


class ArtnetLightBar(WiredLightBar):
    """Unicast to `host`. `universe` is the 15-bit port address. Receivers hold the last picture: the launcher darkens it."""

    driver = "artnet"
    verified = True

    def __init__(self, entry: LightBarEntry) -> None:
        self._encoder = ArtnetEncoder(entry)
        self._port = entry.network_port(artnet.PORT)
        super().__init__(
            entry,
            PictureWire(UdpPort(entry.host or "", self._port, artnet.poll_packet()), self._encoder, entry, inline=True),
            _MOST_HZ,
            "dark 1.0 s after the last frame; holds its last picture when the network is lost",
        )

    def safe_bytes(self) -> SafeBytes:
        """Dark, in no sequence."""
        return SafeBytes(self.name, "udp", f"{self.entry.host}:{self._port}", packets(self._encoder, self.dark_rgb, 0))
