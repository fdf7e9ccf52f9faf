"""OSC 1.0 packets to messages and back. Bundles are opened here, and nobody waits for a time tag."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

MOST_BYTES: Final = 4096
MOST_DEPTH: Final = 3
MOST_MESSAGES: Final = 32
IMMEDIATELY: Final = 1
_NTP_TO_UNIX_S: Final = 2_208_988_800
_BUNDLE: Final = b"#bundle\0"

OscValue = str | int | float | bool | bytes


@dataclass(frozen=True, slots=True)
class OscIn:
    """One message. `due_utc_s` is its bundle's time tag, None for a message that is due at once."""

    address: str
    args: tuple[object, ...]
    due_utc_s: float | None = None


class NotOscError(ValueError):
    """The bytes are no OSC packet, or one too large to be meant for a room."""


def encode_message(address: str, *args: OscValue) -> bytes:
    """One message; ints are int32, floats float32. Raises NotOscError where a value has no OSC form."""
    builder = OscMessageBuilder(address=address)
    try:
        for arg in args:
            builder.add_arg(arg)
        return bytes(builder.build().dgram)
    except (BuildError, ValueError) as fault:
        raise NotOscError(f"{address} {args!r} cannot be sent as OSC: {fault}") from fault


ALIVE: Final = encode_message("/roomctl/alive", 1)
"""The room is here: said again and again to whoever is to know when it is not."""


def parse_packet(data: bytes) -> list[OscIn]:
    """The messages of a packet, bundles opened. Raises NotOscError."""
    found: list[OscIn] = []
    _open(data, None, 0, found)
    return found


def _open(data: bytes, due_utc_s: float | None, depth: int, found: list[OscIn]) -> None:
    if len(data) > MOST_BYTES or depth > MOST_DEPTH or len(found) >= MOST_MESSAGES:
        raise NotOscError(f"more than {MOST_BYTES} bytes, {MOST_DEPTH} bundles deep or {MOST_MESSAGES} messages in one packet")
    if not data.startswith(_BUNDLE):
        found.append(_message(data, due_utc_s))
        return
    if len(data) < 16:
        raise NotOscError("a bundle that ends before its time tag")
    (tag,) = struct.unpack(">Q", data[8:16])
    due_utc_s = None if tag == IMMEDIATELY else tag / 2**32 - _NTP_TO_UNIX_S
    for element in _elements(data[16:]):
        _open(element, due_utc_s, depth + 1, found)


def _elements(rest: bytes) -> Sequence[bytes]:
    elements = []
    while rest:
        (size,) = struct.unpack(">I", rest[:4]) if len(rest) >= 4 else (0,)
        if size == 0 or size % 4 or size > len(rest) - 4:
            raise NotOscError("a bundle whose elements do not fit it")
        elements.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    return elements


def _message(data: bytes, due_utc_s: float | None) -> OscIn:
    if not data.startswith(b"/"):
        raise NotOscError("a message whose address does not begin with /")
    try:
        message = OscMessage(data)
        return OscIn(message.address, tuple(message.params), due_utc_s)
    except (ParseError, ValueError, IndexError, struct.error, OverflowError) as fault:
        raise NotOscError(f"not an OSC message: {fault}") from fault
