"""Which OSC message asks for which command of the room. Values are checked by the engine; here only their kind is.

A button of TouchOSC sends 1.0 when pressed and 0.0 when let go: a message without a value, or with one that is not zero, is
a press. For STOP, anything but a zero is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

STOP_ADDRESS: Final = "/roomctl/stop"
PING_ADDRESS: Final = "/roomctl/ping"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A command by its name in `roomctl/messages.py`, and its values."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


Maker = Callable[[Any], Wanted]


def _number(make: Callable[[float], Wanted]) -> Maker:
    def from_value(value: Any) -> Wanted:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError("it takes a number")
        return make(float(value))

    return from_value


def _word(make: Callable[[str], Wanted]) -> Maker:
    def from_value(value: Any) -> Wanted:
        if not isinstance(value, str) or not value:
            raise ValueError("it takes a word")
        return make(value)

    return from_value


PRESSES: Final[Mapping[str, Wanted]] = {
    STOP_ADDRESS: Wanted("stop"),
    "/roomctl/resume": Wanted("resume"),
    "/roomctl/set/start": Wanted("set-start"),
    "/roomctl/set/finish": Wanted("set-finish"),
    "/roomctl/react": Wanted("react"),
    "/roomctl/program/next": Wanted("program-move", {"move": "next"}),
    "/roomctl/program/previous": Wanted("program-move", {"move": "previous"}),
    "/roomctl/program/hold": Wanted("program-move", {"move": "hold"}),
    "/roomctl/program/release": Wanted("program-move", {"move": "release"}),
    "/roomctl/program/calm": Wanted("program-move", {"move": "calm"}),
    "/roomctl/program/check-light": Wanted("program-move", {"move": "check-light"}),
    "/roomctl/music/next": Wanted("music-move", {"move": "next"}),
    "/roomctl/music/duck": Wanted("music-move", {"move": "duck"}),
    "/roomctl/music/unduck": Wanted("music-move", {"move": "unduck"}),
}

VALUES: Final[Mapping[str, Maker]] = {
    "/roomctl/bls/rate": _number(lambda hz: Wanted("bls", {"change": {"rate_hz": round(hz, 4)}})),
    "/roomctl/light/level": _number(lambda frac: Wanted("bls", {"change": {"light": {"brightness_frac": round(frac, 4)}}})),
    "/roomctl/tap/strength": _number(lambda frac: Wanted("bls", {"change": {"tap": {"strength_frac": round(frac, 4)}}})),
    "/roomctl/tone/volume": _number(lambda db: Wanted("bls", {"change": {"tone": {"volume_db": round(db, 2)}}})),
    "/roomctl/music/volume": _number(lambda db: Wanted("music", {"volume_db": round(db, 2)})),
    "/roomctl/lights/level": _number(lambda level: Wanted("lights", {"level_l": round(level, 2)})),
    "/roomctl/bls/preset": _word(lambda preset: Wanted("preset", {"preset": preset})),
}


def is_press(args: tuple[object, ...]) -> bool:
    """Whether a button's message is its press: no value, or a first one that is not zero, false or not-a-number."""
    if not args:
        return True
    first = args[0]
    return bool(first) and first == first


def command_of(address: str, args: tuple[object, ...]) -> Wanted | None:
    """What a message asks for; None where it asks for nothing. Raises ValueError, in words, for a value of the wrong kind."""
    pressed = PRESSES.get(address)
    if pressed is not None:
        if pressed.name == "stop":
            return None if args[:1] in ((0,), (False,)) else pressed
        return pressed if is_press(args) else None
    make = VALUES.get(address)
    if make is None:
        return None
    if len(args) != 1:
        raise ValueError(f"{address} takes one value, not {len(args)}")
    try:
        return make(args[0])
    except ValueError as fault:
        raise ValueError(f"{address}: {fault}, not {args[0]!r}") from fault
