"""Art-Net 4: one universe of DMX in an ArtDmx packet, UDP 6454, unicast.

Protocol: docs/protocols/artnet.md; Artistic Licence, Art-Net 4 specification. No rule for a lost sender: receivers hold.
"""

from __future__ import annotations

import struct
from typing import Final

PORT: Final = 6454
REPEAT_S: Final = 4.0
"""A static universe is repeated at least this often, or receivers that merge drop the sender."""

_OP_POLL: Final = 0x2000
_OP_DMX: Final = 0x5000
_VERSION: Final = 14


def dmx_packet(universe: int, sequence: int, slots: bytes) -> bytes:
    """One universe: 18 bytes, then 2 to 512 slots, an even number (an odd one gets a zero). `sequence` 0 is "do not order".

    `universe` is the 15-bit port address: net, sub-net and universe. Raises ValueError outside these.
    """
    if not 0 <= universe <= 0x7FFF:
        raise ValueError(f"port address {universe} is outside 0 to 32767")
    if len(slots) > 512:
        raise ValueError(f"a universe has 512 slots, not {len(slots)}")
    data = slots + b"\x00" * (max(2, len(slots) + len(slots) % 2) - len(slots))
    head = struct.pack("<8sH", b"Art-Net\x00", _OP_DMX) + struct.pack(">HBB", _VERSION, sequence & 0xFF, 0)
    return head + struct.pack("<H", universe) + struct.pack(">H", len(data)) + data


def poll_packet() -> bytes:
    """ArtPoll: asks a node who it is, and changes nothing."""
    return struct.pack("<8sH", b"Art-Net\x00", _OP_POLL) + struct.pack(">HBB", _VERSION, 0, 0)


def next_sequence(sequence: int) -> int:
    """1 to 255 and round again; 0 would switch ordering off."""
    return sequence % 255 + 1
