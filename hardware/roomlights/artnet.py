"""A DMX lamp over Art-Net.

Protocol: docs/protocols/artnet.md. Verified against: OLA 0.10.9 (`olad`), value for value.
"""

from __future__ import annotations

from hardware.dmx import artnet
from hardware.dmx.outlet import Outlet
from hardware.entries import RoomLightEntry
from hardware.roomlights.dmx import DmxRoomLight, DmxWire
from hardware.seams import SafeBytes
from hardware.transports.udp import UdpPort


def build(entry: RoomLightEntry) -> ArtnetRoomLight:
    """The lamp of a room file's entry. Raises ValueError for a fixture that is not there or does not fit."""
    return ArtnetRoomLight(entry)


class ArtnetRoomLight(DmxRoomLight):
    """Unicast to `host`. `universe` is the 15-bit port address. Receivers hold what they were told last."""

    driver = "artnet"
    verified = True

    def __init__(self, entry: RoomLightEntry) -> None:
        if entry.universe > 0x7FFF:
            raise ValueError(f'room light "{entry.name}": universe {entry.universe} is past 32767, the last of Art-Net')
        self._port = entry.network_port(artnet.PORT)
        key = ("artnet", entry.host, self._port, entry.universe)
        super().__init__(entry, DmxWire(key, self._outlet, entry), "holds its last look")

    def safe_bytes(self) -> SafeBytes:
        """What is shown now, once more."""
        packet = artnet.dmx_packet(self.entry.universe, 0, self.wire.universe)
        return SafeBytes(self.name, "udp", f"{self.entry.host}:{self._port}", (packet,))

    def _outlet(self) -> Outlet:
        universe = self.entry.universe
        transport = UdpPort(self.entry.host or "", self._port, artnet.poll_packet())
        return Outlet(transport, lambda slots, count: artnet.dmx_packet(universe, count % 255 + 1, slots))
