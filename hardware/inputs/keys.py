"""Which commands a key can be given, by the short names a room file uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Interval, MaxLen, MinLen

STRICT: Final[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A command by its name in `roomctl/messages.py`, and its values."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


COMMANDS: Final[Mapping[str, KeyCommand]] = {
    "stop": KeyCommand("stop"),
    "resume": KeyCommand("resume"),
    "set-start": KeyCommand("set-start"),
    "set-finish": KeyCommand("set-finish"),
    "react": KeyCommand("react"),
    "program-next": KeyCommand("program-move", {"move": "next"}),
    "program-previous": KeyCommand("program-move", {"move": "previous"}),
    "program-hold": KeyCommand("program-move", {"move": "hold"}),
    "program-release": KeyCommand("program-move", {"move": "release"}),
    "program-calm": KeyCommand("program-move", {"move": "calm"}),
    "check-light": KeyCommand("program-move", {"move": "check-light"}),
    "music-next": KeyCommand("music-move", {"move": "next"}),
    "duck": KeyCommand("music-move", {"move": "duck"}),
    "unduck": KeyCommand("music-move", {"move": "unduck"}),
}


@dataclass(frozen=True, slots=True)
class InputEntry:
    """`[[input]]`: a device by `usb` (vendor:product in hex), by those two numbers, or by a part of its name, and its keys.

    `*` in `keys` stands for every key that is not named: a client's button is best `"*" = "stop"`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Annotated[str, MinLen(1), MaxLen(60)]
    driver: Literal["evdev"] = "evdev"
    usb: str = ""
    vendor: Annotated[int, Interval(ge=0, le=0xFFFF)] = 0
    product: Annotated[int, Interval(ge=0, le=0xFFFF)] = 0
    device: str = ""
    keys: dict[str, str] = field(default_factory=lambda: {"*": "stop"})
    grab: bool = True

    def __post_init__(self) -> None:
        if not self.usb and not self.device and not (self.vendor or self.product):
            raise ValueError(f'input "{self.name}" needs usb, such as "1a86:e026", or device, a part of its name')
        parse_usb(self.usb)
        for key, command in self.keys.items():
            if command not in COMMANDS:
                raise ValueError(f'input "{self.name}": "{command}" is no command for {key}; there are {", ".join(COMMANDS)}')
            if key != "*" and not key.startswith(("KEY_", "BTN_")):
                raise ValueError(f'input "{self.name}": "{key}" is no key; keys are called KEY_... or BTN_..., or * for any')

    @property
    def numbers(self) -> tuple[int, int] | None:
        """Vendor and product; None where any will do."""
        return parse_usb(self.usb) or ((self.vendor, self.product) if self.vendor or self.product else None)


def parse_usb(text: str) -> tuple[int, int] | None:
    """Vendor and product of "1a86:e026"; None of "". Raises ValueError in words."""
    if not text:
        return None
    vendor, _, product = text.partition(":")
    try:
        numbers = int(vendor, 16), int(product, 16)
    except ValueError:
        raise ValueError(f'"{text}" is not VENDOR:PRODUCT in hex, such as "1a86:e026"') from None
    if max(numbers) > 0xFFFF or min(numbers) < 0:
        raise ValueError(f'"{text}" is not VENDOR:PRODUCT in hex, such as "1a86:e026"')
    return numbers


def command_of(keys: Mapping[str, str], names: tuple[str, ...]) -> KeyCommand | None:
    """What a key with these names (the kernel has several for some) asks for; None where nothing."""
    for name in (*names, "*"):
        if name in keys:
            return COMMANDS[keys[name]]
    return None
