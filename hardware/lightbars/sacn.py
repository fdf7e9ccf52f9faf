"""A light bar as RGB pixels on DMX universes, over sACN (E1.31).

Protocol: docs/protocols/e131.md. Verified against: OLA 0.10.9 (`olad`), value for value; bytes equal to ledfx-senders 0.4.0.
"""

from __future__ import annotations

from typing import Final

from hardware.dmx import e131, sources
from hardware.dmx.universes import slots_of, stretches
from hardware.entries import LightBarEntry
from hardware.lightbars.wire import PictureWire, WiredLightBar
from hardware.seams import LightFrame, SafeBytes

_KEEP_ALIVE_S: Final = 0.8
"""E1.31 6.6.2 asks for a packet every 800 to 1000 ms where nothing changes."""


def build(entry: LightBarEntry) -> SacnLightBar:
    """The bar of a room file's entry. Raises ValueError where its LEDs run past the last universe."""
    return SacnLightBar(entry)


class SacnEncoder:
    """Counts each universe's sequence."""

    keep_alive_s = _KEEP_ALIVE_S

    def __init__(self, entry: LightBarEntry) -> None:
        self.parts = stretches(entry.leds, entry.universe, entry.address)
        self.universes = tuple(part.universe for part in self.parts)
        self.source = sources.source(entry.name, entry.priority)
        self._count = 0

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """A packet for each universe."""
        return self._packets(slots_of(rgb, self.parts))

    def farewell(self) -> tuple[bytes, ...]:
        """Terminate the stream, three times, so that nobody waits 2.5 s for us."""
        dark = tuple(bytes(512) for _ in self.parts)
        return tuple(packet for _ in range(3) for packet in self._packets(dark, terminated=True))

    def _packets(self, slots: tuple[bytes, ...], terminated: bool = False) -> tuple[bytes, ...]:
        sequence = sources.sequence(self._count)
        self._count += 1
        return tuple(
            e131.data_packet(self.source, universe, sequence, content, terminated)
            for universe, content in zip(self.universes, slots, strict=True)
        )


class SacnLightBar(WiredLightBar):
    """Multicast, or unicast to `host`. Gone, it is forgotten after 2.5 s; the launcher outbids it at once, with darkness."""

    driver = "sacn"
    verified = True

    def __init__(self, entry: LightBarEntry) -> None:
        self._encoder = SacnEncoder(entry)
        self._port = entry.port if isinstance(entry.port, int) else None
        transport = sources.sacn_port(self._encoder.source, self._encoder.universes, entry.host, self._port, entry.interface)
        super().__init__(
            entry,
            PictureWire(transport, self._encoder, entry, inline=True),
            e131.MOST_HZ,
            "dark 1.0 s after the last frame; what receivers do 2.5 s after the last packet is set in them",
        )

    def safe_bytes(self) -> SafeBytes:
        """Dark, from a source of its own with one more priority, until the engine is back."""
        safe = sources.source(self.name, min(200, self.entry.priority + 1), "safe")
        universes = self._encoder.universes
        dark = tuple(bytes(512) for _ in universes)
        return SafeBytes(
            self.name,
            "udp",
            sources.addresses(self.entry.host, self._port, universes, self.entry.interface),
            sources.held(safe, universes, dark),
            repeat_s=_KEEP_ALIVE_S,
            release=sources.let_go(safe, universes),
        )
