"""Who we are on a sACN network: one source for each device, and one for its safe look, the same after every restart."""

from __future__ import annotations

import time
import uuid
from typing import Final

from hardware.dmx.e131 import DISCOVERY_S, PORT, Source, data_packet, discovery_packet, multicast_group, universe_of
from hardware.transports.udp import Address, MulticastPort, UdpPort

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


class AnnouncedPort(MulticastPort):
    """Multicast to each packet's own universe; every 10 s those who list sources are told of it."""

    def __init__(self, who: Source, universes: tuple[int, ...], port: int, interface: str) -> None:
        super().__init__(lambda packet: route(packet, port), interface)
        self._announcement = discovery_packet(who, universes)
        self._announced_s = float("-inf")

    def write(self, data: bytes) -> None:
        """Send it, and the announcement where that is due."""
        super().write(data)
        now_s = time.monotonic()
        if now_s - self._announced_s >= DISCOVERY_S:
            self._announced_s = now_s
            super().write(self._announcement)


def sacn_port(
    who: Source, universes: tuple[int, ...], host: str | None, port: int | None, interface: str | None
) -> UdpPort | AnnouncedPort:
    """Unicast where a host is named, else multicast by `interface`, or by the one that the system takes."""
    if host:
        return UdpPort(host, port or PORT, discovery_packet(who, universes))
    return AnnouncedPort(who, universes, port or PORT, interface or "")


def route(packet: bytes, port: int = PORT) -> Address:
    """The multicast address of a packet's universe."""
    return multicast_group(universe_of(packet)), port


def addresses(host: str | None, port: int | None, universes: tuple[int, ...], interface: str | None) -> str:
    """Where the launcher sends a packet for each universe, in its own notation."""
    if host:
        return f"{host}:{port or PORT}"
    way = f"@{interface}" if interface else ""
    return " ".join(f"{multicast_group(universe)}:{port or PORT}{way}" for universe in universes)


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
