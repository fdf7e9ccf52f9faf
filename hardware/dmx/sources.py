"""Who we are on a sACN network: one source for each device, and one for its safe look, the same after every restart."""

from __future__ import annotations

import uuid
from typing import Final

from hardware.dmx.e131 import PORT, Source, data_packet, multicast_group, universe_of
from hardware.transports.udp import Address, UdpPort

_SPACE: Final = uuid.UUID("5b1f7c1e-9a4e-4c2b-8f3d-2f6f0a4c7d11")
SAFE_SEQUENCES: Final = (0, 85, 170)
"""Sent in turn for ever, each of these is newer than the one before it, so receivers take all of them (E1.31 6.7.2)."""


def sequence(count: int) -> int:
    """The sequence number of packet `count` (0, 1, 2 ...) of a stream that receivers may remember from before a restart.

    The first three are 85 apart, so one at most of them is dropped as old, and what follows is newer than any of them.
    """
    return SAFE_SEQUENCES[count] if count < len(SAFE_SEQUENCES) else (SAFE_SEQUENCES[-1] + count - 2) % 256


def source(device: str, priority: int, role: str = "") -> Source:
    """The source of a device on this machine; `role` tells its safe sender from itself."""
    cid = uuid.uuid5(_SPACE, f"{uuid.getnode():x}/{device}/{role}")
    return Source(cid, f"roomctl {device} {role}".strip(), priority)


def sacn_port(host: str | None, port: int | None) -> UdpPort:
    """Unicast where a host is named, else multicast to each packet's own universe."""
    if host:
        return UdpPort(host, port or PORT)
    return UdpPort("", port or PORT, route=lambda packet: route(packet, port or PORT))


def route(packet: bytes, port: int = PORT) -> Address:
    """The multicast address of a packet's universe."""
    return multicast_group(universe_of(packet)), port


def addresses(host: str | None, port: int | None, universes: tuple[int, ...]) -> str:
    """Where the launcher sends a packet for each universe, in its own notation."""
    if host:
        return f"{host}:{port or PORT}"
    return " ".join(f"{multicast_group(universe)}:{port or PORT}" for universe in universes)


def held(who: Source, universes: tuple[int, ...], slots: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Packets that hold these slots: each universe with each of the three sequence numbers."""
    return tuple(
        data_packet(who, universe, sequence, content)
        for sequence in SAFE_SEQUENCES
        for universe, content in zip(universes, slots, strict=True)
    )


def let_go(who: Source, universes: tuple[int, ...]) -> tuple[bytes, ...]:
    """Packets that terminate the stream on each universe, three times as E1.31 6.2.6 asks."""
    return tuple(
        data_packet(who, universe, sequence + 1, bytes(512), terminated=True)
        for sequence in SAFE_SEQUENCES
        for universe in universes
    )
