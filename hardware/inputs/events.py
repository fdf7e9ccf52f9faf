"""The kernel's input events as bytes: `struct input_event` of <linux/input.h> on a 64-bit or 32-bit machine."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_LAYOUT: Final = struct.Struct("llHHi")
EVENT_BYTES: Final = _LAYOUT.size
EV_KEY: Final = 1
RELEASED, PRESSED, REPEATED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event; for keys `value` is 0 released, 1 pressed, 2 repeated."""

    kind: int
    code: int
    value: int


class EventReader:
    """Cuts a stream of bytes into events, wherever it was cut before."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[InputEvent]:
        """The events that `data` completes."""
        data = self._rest + data
        whole = len(data) - len(data) % EVENT_BYTES
        self._rest = data[whole:]
        return [InputEvent(*event[2:]) for event in _LAYOUT.iter_unpack(data[:whole])]


def encode_event(event: InputEvent, at_s: int = 0, at_us: int = 0) -> bytes:
    """As the kernel writes it."""
    return _LAYOUT.pack(at_s, at_us, event.kind, event.code, event.value)


def pressed_codes(events: list[InputEvent]) -> list[int]:
    """The codes of the keys that went down. Repeats are not presses; nothing is debounced."""
    return [event.code for event in events if event.kind == EV_KEY and event.value == PRESSED]
