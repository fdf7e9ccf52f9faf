"""LIFX lamps on the room's network, over their LAN protocol (UDP 56700).

Protocol: docs/protocols/lifx.md. Verified against: lifx-emulator 4.11, and to the byte against lifx-async 7.13. The lamps hold
when the room is lost.
"""

from __future__ import annotations

import itertools
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.roomlights.lightness import output_frac, steps
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire
from hardware.seams import RoomLook

DEFAULT_PORT: Final = 56_700
SOURCE: Final = 0x524F4F4D
"""Whoever sends has a number of its own, so that lamps answer to it alone."""
HEADER_BYTES: Final = 36
EVERYONE: Final = bytes(8)

GET_SERVICE, STATE_SERVICE = 2, 3
GET_LABEL, STATE_LABEL = 23, 25
ACKNOWLEDGEMENT = 45
LIGHT_GET, LIGHT_SET_COLOUR, LIGHT_STATE, LIGHT_SET_POWER = 101, 102, 107, 117

TRIES: Final = 4
ANSWER_S: Final = 0.3
DISCOVER_S: Final = 1.0
KELVIN_LEAST: Final = 1500
KELVIN_MOST: Final = 9000
LONGEST_FADE_MS: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class LifxMessage:
    """A message of the protocol; `target` is a lamp's serial number in 8 bytes, the last two 0."""

    kind: int
    payload: bytes = b""
    target: bytes = EVERYONE
    sequence: int = 0
    ack_wanted: bool = False
    answer_wanted: bool = False
    source: int = SOURCE


def encode(message: LifxMessage) -> bytes:
    """Header (frame, frame address, protocol header) and payload, little-endian."""
    tagged = 0x2000 if message.target == EVERYONE else 0
    flags = (0x02 if message.ack_wanted else 0) | (0x01 if message.answer_wanted else 0)
    size = HEADER_BYTES + len(message.payload)
    frame = struct.pack("<HHI", size, tagged | 0x1000 | 1024, message.source)
    address = message.target + bytes(6) + bytes([flags, message.sequence & 0xFF])
    return frame + address + struct.pack("<QHH", 0, message.kind, 0) + message.payload


def decode(data: bytes) -> LifxMessage | None:
    """The message in a datagram; None where it is none."""
    if len(data) < HEADER_BYTES:
        return None
    size, protocol, source = struct.unpack_from("<HHI", data)
    if size != len(data) or protocol & 0x0FFF != 1024:
        return None
    (kind,) = struct.unpack_from("<H", data, 32)
    return LifxMessage(kind, data[HEADER_BYTES:], data[8:16], data[23], bool(data[22] & 2), bool(data[22] & 1), source)


def colour_payload(look: RoomLook, level_frac: float = 1.0) -> bytes:
    """SetColor: white of `look`'s kelvin and brightness, after its fade in milliseconds."""
    brightness = steps(output_frac(look.level_l, "perceptual", level_frac), 0xFFFF)
    kelvin = min(KELVIN_MOST, max(KELVIN_LEAST, round(look.cct_k)))
    return struct.pack("<BHHHHI", 0, 0, 0, brightness, kelvin, fade_ms(look))


def power_payload(on: bool, duration_ms: int) -> bytes:
    """LightSetPower."""
    return struct.pack("<HI", 0xFFFF if on else 0, duration_ms)


def fade_ms(look: RoomLook) -> int:
    """The fade as the protocol counts it."""
    return min(LONGEST_FADE_MS, max(0, round(look.fade_s * 1000)))


@dataclass(frozen=True, slots=True)
class LifxLamp:
    """A lamp that answered: where, its serial number, and the name people gave it."""

    host: str
    port: int
    target: bytes
    label: str

    @property
    def serial(self) -> str:
        """As it is printed on the lamp."""
        return self.target[:6].hex()


def discover(host: str = "255.255.255.255", port: int = DEFAULT_PORT, wait_s: float = DISCOVER_S) -> list[LifxLamp]:
    """The lamps that answer at `host`, or on this network, within `wait_s`. Raises OSError where nothing can be sent."""
    found: dict[bytes, LifxLamp] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.sendto(encode(LifxMessage(GET_SERVICE, answer_wanted=True)), (host, port))
        until_s = time.monotonic() + wait_s
        while (left_s := until_s - time.monotonic()) > 0:
            asking.settimeout(left_s)
            try:
                data, peer = asking.recvfrom(2048)
            except TimeoutError:
                break
            message = decode(data)
            if message is None:
                continue
            if message.kind == STATE_SERVICE and message.target not in found and len(message.payload) == 5:
                (lamp_port,) = struct.unpack_from("<I", message.payload, 1)
                found[message.target] = LifxLamp(peer[0], lamp_port, message.target, "")
                ask = LifxMessage(GET_LABEL, target=message.target, sequence=1, answer_wanted=True)
                asking.sendto(encode(ask), (peer[0], lamp_port))
            elif message.kind == STATE_LABEL and message.target in found:
                label = message.payload[:32].rstrip(b"\0").decode(errors="replace")
                lamp = found[message.target]
                found[message.target] = LifxLamp(lamp.host, lamp.port, lamp.target, label)
    return sorted(found.values(), key=lambda lamp: (lamp.label, lamp.serial))


def choose_lamp(lamps: list[LifxLamp], wanted: str) -> LifxLamp | None:
    """The lamp of that name or serial number; without a name, the only one."""
    if not wanted:
        return lamps[0] if len(lamps) == 1 else None
    return next((lamp for lamp in lamps if wanted.lower() in (lamp.label.lower(), lamp.serial)), None)


def why_none(lamps: list[LifxLamp], wanted: str, where: str) -> str:
    """Why none of the lamps that answered is the one that is meant, and what to do."""
    if not lamps:
        return f"no LIFX lamp answers at {where}; is it powered, and on the room's network?"
    there = ", ".join(f"{each.label} ({each.serial})" for each in lamps)
    if not wanted:
        return f"more than one LIFX lamp answers at {where}; name one of them as entity: {there}"
    return f'no LIFX lamp "{wanted}" at {where}; there is {there}'


class LifxWire(SlowWire):
    """One lamp, told until it acknowledges."""

    least_gap_s = 0.1

    def __init__(self, entry: RoomLightEntry) -> None:
        super().__init__(entry)
        self._host, self._port, self._wanted = entry.host or "", entry.network_port(DEFAULT_PORT), entry.entity or ""
        self._sequence = itertools.count(1)
        self._lamp: LifxLamp | None = None
        self._socket: socket.socket | None = None
        self._lit = False

    def connect(self) -> None:
        """Find the lamp."""
        where = self._host or "any address of this network"
        try:
            lamps = discover(self._host or "255.255.255.255", self._port)
        except OSError as fault:
            raise OSError(f"LIFX lamps cannot be asked at {where} ({fault.strerror or fault})") from fault
        lamp = choose_lamp(lamps, self._wanted)
        if lamp is None:
            raise OSError(why_none(lamps, self._wanted, where))
        self._lamp = lamp
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((lamp.host, lamp.port))
        self.check()

    def check(self) -> None:
        """Ask the lamp how it shines."""
        answer = self._tell(LIGHT_GET, b"", LIGHT_STATE)
        self._lit = len(answer.payload) >= 12 and answer.payload[10:12] != b"\0\0"

    def put(self, look: RoomLook) -> None:
        """Lead the lamp to a look; an unlit one is set to it dark, then switched on over the fade."""
        dark = look.level_l <= 0.0
        if dark:
            self._tell(LIGHT_SET_POWER, power_payload(False, fade_ms(look)), ACKNOWLEDGEMENT)
            self._lit = False
            return
        at_once = RoomLook(look.level_l, look.cct_k, 0.0)
        self._tell(LIGHT_SET_COLOUR, colour_payload(look if self._lit else at_once, self._level_frac), ACKNOWLEDGEMENT)
        if not self._lit:
            self._tell(LIGHT_SET_POWER, power_payload(True, fade_ms(look)), ACKNOWLEDGEMENT)
            self._lit = True

    def _tell(self, kind: int, payload: bytes, answer_kind: int) -> LifxMessage:
        """Send until the wanted answer to this very message came. Raises TimeoutError in words."""
        lamp, talking = self._lamp, self._socket
        if lamp is None or talking is None:
            raise OSError("the lamp is not connected")
        acknowledged = answer_kind == ACKNOWLEDGEMENT
        sequence = next(self._sequence) & 0xFF
        message = LifxMessage(kind, payload, lamp.target, sequence, ack_wanted=acknowledged, answer_wanted=not acknowledged)
        for _ in range(TRIES):
            talking.send(encode(message))
            until_s = time.monotonic() + ANSWER_S
            while (left_s := until_s - time.monotonic()) > 0:
                talking.settimeout(left_s)
                try:
                    answer = decode(talking.recv(2048))
                except TimeoutError:
                    break
                except ConnectionRefusedError:
                    continue
                if answer is not None and (answer.kind, answer.sequence, answer.target) == (answer_kind, sequence, lamp.target):
                    return answer
        name = lamp.label or lamp.serial
        raise TimeoutError(f'LIFX lamp "{name}" at {lamp.host} did not answer in {TRIES * ANSWER_S:.1f} s; is it powered?')

    def disconnect(self) -> None:
        """Let go of the socket."""
        talking, self._socket = self._socket, None
        if talking is not None:
            talking.close()


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry; `entity` is its name or serial number."""
    return SlowLamp(entry, LifxWire(entry))
