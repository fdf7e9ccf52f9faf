"""Enttec DMX USB Pro: framed messages on a USB serial port.

Protocol: docs/protocols/enttec.md; ENTTEC, DMX USB Pro widget API 1.44. The widget itself repeats the last universe for ever.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

GET_PARAMETERS: Final = 3
SEND_DMX: Final = 6
GET_SERIAL: Final = 10
GET_MANUFACTURER: Final = 77
GET_DEVICE: Final = 78

_START: Final = 0x7E
_END: Final = 0xE7
_LEAST_SLOTS: Final = 24
_MOST_DATA: Final = 600


def message(label: int, data: bytes = b"") -> bytes:
    """`7E label length data E7`, the length little-endian. Raises ValueError for more than 600 bytes."""
    if len(data) > _MOST_DATA:
        raise ValueError(f"a message holds {_MOST_DATA} bytes, not {len(data)}")
    return struct.pack("<BBH", _START, label, len(data)) + data + bytes((_END,))


def dmx_message(slots: bytes) -> bytes:
    """One universe, start code 0 first; at least 24 slots, as the widget asks. Raises ValueError for more than 512."""
    if len(slots) > 512:
        raise ValueError(f"a universe has 512 slots, not {len(slots)}")
    return message(SEND_DMX, b"\x00" + slots.ljust(_LEAST_SLOTS, b"\x00"))


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the widget, or to it."""

    label: int
    data: bytes


def messages_in(stream: bytes) -> tuple[list[Message], bytes]:
    """The whole messages in `stream`, and the bytes that may be the start of another. What is no message is skipped."""
    found: list[Message] = []
    at = 0
    while (at := stream.find(_START, at)) >= 0:
        if len(stream) < at + 4:
            return found, stream[at:]
        label, length = struct.unpack_from("<BH", stream, at + 1)
        end = at + 4 + length
        if length > _MOST_DATA:
            at += 1
        elif len(stream) <= end:
            return found, stream[at:]
        elif stream[end] != _END:
            at += 1
        else:
            found.append(Message(label, stream[at + 4 : end]))
            at = end + 1
    return found, b""
