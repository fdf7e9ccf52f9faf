"""E1.31 (streaming ACN, "sACN"): one universe of DMX in a UDP packet.

Protocol: docs/protocols/e131.md; ANSI E1.31-2018. UDP 5568, multicast to 239.255.hi.lo of the universe, or unicast.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

PORT: Final = 5568
SLOTS: Final = 512
MOST_HZ: Final = 44.0
LOST_S: Final = 2.5
"""E131_NETWORK_DATA_LOSS_TIMEOUT: a receiver takes a source for lost after this long."""

DISCOVERY_UNIVERSE: Final = 64_214
DISCOVERY_S: Final = 10.0
"""E131_UNIVERSE_DISCOVERY_INTERVAL: how often a source lists its universes."""

_EXTENDED: Final = 8
_ROOT: Final = struct.pack(">HH12s", 0x0010, 0x0000, b"ASC-E1.17\x00\x00\x00")
_TERMINATED: Final = 0x40


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends: receivers take the universe of the highest `priority` (0 to 200), and tell sources apart by `cid`."""

    cid: UUID
    name: str
    priority: int = 100


def multicast_group(universe: int) -> str:
    """The multicast address of a universe (E1.31 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


def data_packet(source: Source, universe: int, sequence: int, slots: bytes, terminated: bool = False) -> bytes:
    """One universe: 126 bytes, then up to 512 slots. `sequence` counts modulo 256, one count for each universe.

    Raises ValueError for more slots than a universe has, or a universe outside 1 to 63999.
    """
    if len(slots) > SLOTS:
        raise ValueError(f"a universe has {SLOTS} slots, not {len(slots)}")
    if not 1 <= universe <= 63_999:
        raise ValueError(f"universe {universe} is outside 1 to 63999")
    count = len(slots) + 1
    dmp = struct.pack(">HBBHHHB", 0x7000 | (10 + count), 0x02, 0xA1, 0, 1, count, 0) + slots
    options = _TERMINATED if terminated else 0
    frame = struct.pack(
        ">HI64sBHBBH", 0x7000 | (77 + len(dmp)), 2, name_of(source), source.priority, 0, sequence & 0xFF, options, universe
    )
    root = _ROOT + struct.pack(">HI16s", 0x7000 | (22 + len(frame) + len(dmp)), 4, source.cid.bytes)
    return root + frame + dmp


def discovery_packet(source: Source, universes: tuple[int, ...]) -> bytes:
    """The universes that a source sends, for those who list sources (E1.31 8). Raises ValueError for more than 512 of them."""
    if len(universes) > SLOTS:
        raise ValueError(f"one discovery packet lists {SLOTS} universes, not {len(universes)}")
    numbers = b"".join(universe.to_bytes(2, "big") for universe in sorted(universes))
    listed = struct.pack(">HIBB", 0x7000 | (8 + len(numbers)), 1, 0, 0) + numbers
    frame = struct.pack(">HI64s4x", 0x7000 | (74 + len(listed)), 2, name_of(source))
    return _ROOT + struct.pack(">HI16s", 0x7000 | (22 + len(frame) + len(listed)), _EXTENDED, source.cid.bytes) + frame + listed


def universe_of(packet: bytes) -> int:
    """The universe that a packet of ours is for."""
    if packet[18:22] == _EXTENDED.to_bytes(4, "big"):
        return DISCOVERY_UNIVERSE
    return int.from_bytes(packet[113:115], "big")


def name_of(source: Source) -> bytes:
    """A source's name, in no more bytes than there is room for, and no character cut."""
    return source.name.encode()[:63].decode(errors="ignore").encode()
