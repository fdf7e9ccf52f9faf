"""A DMX lamp over sACN (E1.31).

Protocol: docs/protocols/e131.md. Verified against: OLA 0.10.9 (`olad`), value for value.
"""

from __future__ import annotations

from typing import Final

from hardware.dmx import e131, sources
from hardware.dmx.outlet import Outlet
from hardware.entries import RoomLightEntry
from hardware.roomlights.dmx import DmxRoomLight, DmxWire
from hardware.seams import SafeBytes

_REPEAT_S: Final = 0.8


def build(entry: RoomLightEntry) -> SacnRoomLight:
    """The lamp of a room file's entry. Raises ValueError for a fixture that is not there or does not fit."""
    return SacnRoomLight(entry)


class SacnRoomLight(DmxRoomLight):
    """Lamps of one universe share one source. Gone, it is forgotten after 2.5 s; the launcher holds the last look."""

    driver = "sacn"
    verified = True

    def __init__(self, entry: RoomLightEntry) -> None:
        self._port = entry.port if isinstance(entry.port, int) else None
        self._key = ("sacn", entry.host, entry.interface, self._port, entry.universe)
        self._source_name = f"universe {entry.universe}"
        on_silence = "holds its last look, which the launcher goes on sending"
        super().__init__(entry, DmxWire(self._key, self._outlet, entry), on_silence)

    def safe_bytes(self) -> SafeBytes:
        """What is shown now, from a source of its own with one less priority: receivers turn to it when ours is lost."""
        holder = sources.source(self._source_name, max(1, self.entry.priority - 1), "hold")
        universes = (self.entry.universe,)
        return SafeBytes(
            self.name,
            "udp",
            sources.addresses(self.entry.host, self._port, universes, self.entry.interface),
            sources.held(holder, universes, (self.wire.universe,)),
            repeat_s=_REPEAT_S,
            release=sources.let_go(holder, universes),
        )

    def _outlet(self) -> Outlet:
        source = sources.source(self._source_name, self.entry.priority)
        universe = self.entry.universe
        transport = sources.sacn_port(source, (universe,), self.entry.host, self._port, self.entry.interface)
        return Outlet(transport, lambda slots, count: e131.data_packet(source, universe, sources.sequence(count), slots))
