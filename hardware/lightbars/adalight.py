"""A light bar on a serial port: Adalight, as microcontroller sketches and hyperion-like controllers read it.

Protocol: docs/protocols/adalight.md. Verified against: bytes equal to ledfx-senders 0.4.0; a pseudo-terminal. No strip yet.
"""

from __future__ import annotations

from typing import Final

from hardware.entries import LightBarEntry
from hardware.lightbars.wire import PictureWire, WiredLightBar
from hardware.seams import LightFrame, SafeBytes
from hardware.transports.serial import SerialPort

_BITS_A_BYTE: Final = 10
_SPARE: Final = 1.25
_KEEP_ALIVE_S: Final = 0.5


def build(entry: LightBarEntry) -> AdalightLightBar:
    """The bar of a room file's entry."""
    return AdalightLightBar(entry)


def encode_picture(rgb: bytes) -> bytes:
    """`Ada`, the number of LEDs less one, a check byte, then three bytes a pixel. Raises ValueError for none or too many."""
    leds = len(rgb) // 3
    if not 1 <= leds <= 65_536:
        raise ValueError(f"Adalight carries 1 to 65536 LEDs, not {leds}")
    high, low = divmod(leds - 1, 256)
    return b"Ada" + bytes((high, low, high ^ low ^ 0x55)) + rgb


def most_fps(leds: int, baud: int) -> float:
    """Pictures a second that the line carries, with a quarter to spare."""
    return baud / (_BITS_A_BYTE * (6 + 3 * leds) * _SPARE)


class AdalightEncoder:
    """One message a picture."""

    keep_alive_s = _KEEP_ALIVE_S

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """The message."""
        return (encode_picture(rgb),)

    def farewell(self) -> tuple[bytes, ...]:
        """Adalight has none."""
        return ()


class AdalightLightBar(WiredLightBar):
    """At least 500,000 baud for 60 LEDs. Most sketches hold the last picture: the launcher darkens it."""

    driver = "adalight"

    def __init__(self, entry: LightBarEntry) -> None:
        self._path = str(entry.port)
        super().__init__(
            entry,
            PictureWire(SerialPort(self._path, entry.baud), AdalightEncoder(), entry, inline=False),
            most_fps(entry.leds, entry.baud),
            "dark 1.0 s after the last frame; most controllers hold their last picture when the cable is pulled",
        )

    def safe_bytes(self) -> SafeBytes:
        """Dark."""
        return SafeBytes(self.name, "serial", f"{self._path}@{self.entry.baud}", (encode_picture(self.dark_rgb),))
