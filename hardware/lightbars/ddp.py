"""DDP: pixels in UDP packets, port 4048, big-endian header of 10 bytes, at most 1440 data bytes each.

Protocol: docs/protocols/ddp.md; 3waylabs, "Distributed Display Protocol".
"""

from __future__ import annotations

import struct
from typing import Final

PORT: Final = 4048
MOST_DATA: Final = 1440

_VERSION_1: Final = 0x40
_PUSH: Final = 0x01
_RGB8: Final = 0x0B
_DEFAULT_OUTPUT: Final = 1


def frame_packets(rgb: bytes, sequence: int) -> tuple[bytes, ...]:
    """One picture, three bytes a pixel; the last packet shows it. `sequence` is 1 to 15, 0 for "not counted"."""
    starts = range(0, max(len(rgb), 1), MOST_DATA)
    return tuple(
        struct.pack(
            ">BBBBIH",
            _VERSION_1 | (_PUSH if start + MOST_DATA >= len(rgb) else 0),
            sequence & 0x0F,
            _RGB8,
            _DEFAULT_OUTPUT,
            start,
            len(rgb[start : start + MOST_DATA]),
        )
        + rgb[start : start + MOST_DATA]
        for start in starts
    )


def next_sequence(sequence: int) -> int:
    """1 to 15 and round again."""
    return sequence % 15 + 1
