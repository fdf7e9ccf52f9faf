"""WLED's own UDP realtime protocol, mode 4 (DNRGB), port 21324: `4, timeout, start high, start low, (R, G, B)*`.

Protocol: docs/protocols/dnrgb.md. The firmware drops a packet of one pixel, so such a pixel is sent with a dark neighbour.
"""

from __future__ import annotations

from typing import Final

PORT: Final = 21324
MOST_PIXELS: Final = 489
TIMEOUT_S: Final = 2

_DNRGB: Final = 4


def frame_packets(rgb: bytes, timeout_s: int = TIMEOUT_S) -> tuple[bytes, ...]:
    """One picture, three bytes a pixel. The bar leaves realtime `timeout_s` after the last packet: 0 at once, 255 never."""
    if len(rgb) == 3:
        rgb = rgb + b"\x00\x00\x00"
    pixels = len(rgb) // 3
    starts = list(range(0, pixels, MOST_PIXELS))
    if len(starts) > 1 and pixels - starts[-1] == 1:
        starts[-1] -= 1
    ends = [*starts[1:], pixels]
    return tuple(
        bytes((_DNRGB, timeout_s, start >> 8, start & 0xFF)) + rgb[3 * start : 3 * end]
        for start, end in zip(starts, ends, strict=True)
    )
