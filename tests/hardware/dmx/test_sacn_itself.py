"""sACN as the `sacn` library reads it, which nobody here wrote: sequence, priority, the end of a stream, and discovery."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sacn
from sacn.messages.universe_discovery import UniverseDiscoveryPacket

from hardware.dmx import e131, sources
from hardware.entries import LightBarEntry, RoomLightEntry
from hardware.registry import make_light_bar, make_room_light
from hardware.safe_send import send_release, send_safe
from hardware.seams import Due, LightFrame

WAIT_S = 20.0
LEDS = 3


class Receiver:
    """The library's receiver on loopback: what comes on universe 1, and whether the stream is there."""

    def __init__(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.packets: queue.Queue[Any] = queue.Queue()
        self.streams: queue.Queue[str] = queue.Queue()
        self._receiver = sacn.sACNreceiver(bind_address="127.0.0.1", bind_port=self.port)
        self._receiver.register_listener("universe", self.packets.put, universe=1)
        self._receiver.register_listener("availability", lambda universe, changed: self.streams.put(changed))
        self._receiver.start()

    def wait_for(self, slots: tuple[int, ...]) -> Any:
        """The packet with these first slots; the library tells of changes only."""
        while True:
            packet = self.packets.get(timeout=WAIT_S)
            if packet.dmxData[: len(slots)] == slots:
                return packet

    def close(self) -> None:
        self._receiver.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def lit(value: int) -> LightFrame:
    return LightFrame(0.0, value / 255, (1.0, 1.0, 1.0), np.full((LEDS, 3), value / 255, dtype=np.float32))


@pytest.fixture
def bar(receiver: Receiver, request: pytest.FixtureRequest, links_of: Any) -> Any:
    made: Any = make_light_bar(LightBarEntry("bar", "sacn", leds=LEDS, host="127.0.0.1", port=receiver.port, priority=120))
    request.addfinalizer(made.close)
    links = links_of(made)
    made.open()
    links.wait_for("READY")
    return made


def test_every_picture_is_taken_in_order_with_the_rooms_priority_and_name(bar: Any, receiver: Receiver) -> None:
    for value in range(1, 256):
        bar.offer(lit(value), Due(0, 0.0))
        # One by one: a receiver's buffer holds fewer pictures than a loop can send at once.
        packet = receiver.wait_for((value,) * 9)
    assert (packet.priority, packet.sourceName, packet.universe) == (120, "roomctl bar", 1)
    assert receiver.streams.get(timeout=WAIT_S) == "available"


def test_closing_ends_the_stream_at_once_and_not_by_its_silence(bar: Any, receiver: Receiver) -> None:
    bar.offer(lit(200), Due(0, 0.0))
    receiver.wait_for((200,) * 9)
    bar.close()
    receiver.wait_for((0,) * 9)
    assert [receiver.streams.get(timeout=WAIT_S) for _ in range(2)] == ["available", "timeout"]
    assert receiver._receiver._handler._lastDataTimestamps == {}


def test_the_launchers_darkness_outbids_the_bar_and_lets_go_again(bar: Any, receiver: Receiver) -> None:
    bar.offer(lit(200), Due(0, 0.0))
    receiver.wait_for((200,) * 9)
    safe = bar.safe_bytes()
    send_safe(safe)
    assert receiver.wait_for((0,) * 9).priority == 121
    send_release(safe)
    while receiver.streams.get(timeout=WAIT_S) != "timeout":
        """The library forgets a source that ends its stream."""


@pytest.mark.parametrize("universes", [(1,), (1, 2, 63_999), tuple(range(1, 513))])
def test_a_discovery_packet_is_byte_for_byte_the_librarys(universes: tuple[int, ...]) -> None:
    who = sources.source("bar", 100)
    theirs = UniverseDiscoveryPacket(tuple(who.cid.bytes), who.name, universes)
    assert e131.discovery_packet(who, universes) == bytes(theirs.getBytes())


def test_more_universes_than_one_packet_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="512 universes, not 513"):
        e131.discovery_packet(sources.source("bar", 100), tuple(range(1, 514)))


class Group:
    """A socket that has joined a universe's group, and that of discovery, on the loopback interface."""

    def __init__(self, *universes: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self._socket.settimeout(WAIT_S)
        self.port: int = self._socket.getsockname()[1]
        for universe in (*universes, e131.DISCOVERY_UNIVERSE):
            way = socket.inet_aton(e131.multicast_group(universe)) + socket.inet_aton("127.0.0.1")
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, way)

    def hear(self, universe: int) -> bytes:
        """The next packet for that universe."""
        while True:
            packet = self._socket.recv(2048)
            if e131.universe_of(packet) == universe:
                return packet

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def group() -> Iterator[Group]:
    made = Group(1, 2, 7)
    yield made
    made.close()


@pytest.mark.parametrize("interface", ["lo", "127.0.0.1"])
def test_multicast_leaves_by_the_interface_that_is_named_and_is_announced(
    interface: str, group: Group, request: pytest.FixtureRequest
) -> None:
    bar: Any = make_light_bar(LightBarEntry("bar", "sacn", leds=171, port=group.port, interface=interface))
    request.addfinalizer(bar.close)
    bar.open()
    group.hear(1)
    group.hear(2)
    announced = UniverseDiscoveryPacket.make_universe_discovery_packet(tuple(group.hear(e131.DISCOVERY_UNIVERSE)))
    assert (announced.sourceName, announced.universes) == ("roomctl bar", (1, 2))
    safe = bar.safe_bytes()
    assert safe.address.split() == [f"239.255.0.{universe}:{group.port}@{interface}" for universe in (1, 2)]
    send_safe(safe)
    while group.hear(1)[108] != 101:
        """Until the launcher's own source is heard there, with one more priority."""


def test_a_lamps_multicast_leaves_by_its_interface_too(group: Group, request: pytest.FixtureRequest) -> None:
    lamp: Any = make_room_light(RoomLightEntry("lamp", "sacn", universe=7, port=group.port, interface="lo"))
    request.addfinalizer(lamp.close)
    lamp.open()
    lamp.safe()
    group.hear(7)
    group.hear(e131.DISCOVERY_UNIVERSE)


def test_an_interface_that_is_not_there_is_said_with_those_that_are(request: pytest.FixtureRequest, links_of: Any) -> None:
    bar: Any = make_light_bar(LightBarEntry("bar", "sacn", leds=3, interface="eth77"))
    request.addfinalizer(bar.close)
    links = links_of(bar)
    bar.open()
    why = links.wait_for("FAULT").why
    assert why.startswith('this machine has no network interface "eth77" now; there is ')
    assert "lo" in why


@pytest.mark.parametrize("entry", [{"driver": "artnet", "host": "192.0.2.1"}, {"driver": "sacn", "host": "192.0.2.1"}])
def test_an_interface_is_for_multicast_alone(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='interface is for driver "sacn" without host'):
        LightBarEntry("bar", interface="eth0", **entry)
