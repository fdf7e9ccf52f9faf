"""A light bar for whatever listens to OSC: an installation, a media server, a lab.

Address: `/roomctl/bar/dot` position, level, red, green, blue (floats), then `/roomctl/bar/pixels` a blob of three bytes an LED.
Verified against: liblo's `oscdump`.
"""

from __future__ import annotations

from typing import Final

from pythonosc.osc_message_builder import OscMessageBuilder

from hardware.entries import LightBarEntry
from hardware.lightbars.wire import PictureWire, WiredLightBar, dark_frame
from hardware.osc.packets import ALIVE
from hardware.seams import LightFrame, SafeBytes
from hardware.transports.udp import UdpPort

PORT: Final = 9001
DOT: Final = "/roomctl/bar/dot"
PIXELS: Final = "/roomctl/bar/pixels"

_MOST_HZ: Final = 100.0
_KEEP_ALIVE_S: Final = 1.0


def build(entry: LightBarEntry) -> OscLightBar:
    """The bar of a room file's entry."""
    return OscLightBar(entry)


def encode_dot(frame: LightFrame) -> bytes:
    """Where the dot is."""
    message = OscMessageBuilder(DOT)
    for value in (frame.pos, frame.level_frac, *frame.colour):
        message.add_arg(float(value), "f")
    return bytes(message.build().dgram)


def encode_pixels(rgb: bytes) -> bytes:
    """What each LED shows."""
    message = OscMessageBuilder(PIXELS)
    message.add_arg(rgb, "b")
    return bytes(message.build().dgram)


class OscEncoder:
    """Two messages a picture."""

    keep_alive_s = _KEEP_ALIVE_S

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """The dot, then the pixels."""
        return encode_dot(frame), encode_pixels(rgb)

    def farewell(self) -> tuple[bytes, ...]:
        """OSC has none."""
        return ()


class OscLightBar(WiredLightBar):
    """To `host`, 127.0.0.1 where none is named. What the far end does in silence is its own affair."""

    driver = "osc"

    def __init__(self, entry: LightBarEntry) -> None:
        self._address = (entry.host or "127.0.0.1", entry.network_port(PORT))
        super().__init__(
            entry,
            PictureWire(UdpPort(*self._address, ALIVE), OscEncoder(), entry, inline=True),
            _MOST_HZ,
            "told to be dark 1.0 s after the last frame; what it does when the network is lost is its own affair",
        )

    def safe_bytes(self) -> SafeBytes:
        """Dark."""
        dark = (encode_dot(dark_frame(self.entry.leds)), encode_pixels(self.dark_rgb))
        return SafeBytes(self.name, "udp", f"{self._address[0]}:{self._address[1]}", dark)
