"""What a lamp's DMX slots mean, and the slots for a look. A clinic's own fixture is a small TOML of the same shape:

    channels = ["dimmer16", "warm", "cold", "=255", "-"]      # in the order of the slots
    warm_k = 2700
    cold_k = 6500

A channel is a name, with `16` where it takes two slots, coarse then fine. `=n` holds a value, `-` is left at 0.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardware.seams import RoomLook
from stimuli.colours import Rgb
from stimuli.lightness import bytes16, code8, code8_dithered, cold_share, luminance_of_l, rgb_of_cct

ROLES: Final = ("dimmer", "warm", "cold", "cct", "red", "green", "blue", "white")
"""`cct` runs from the warm white at 0 to the cold one at full; `white` is an LED of `warm_k` beside red, green and blue."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing a fixture can be told. Without a role its slot holds `value`."""

    role: str = ""
    wide: bool = False
    value: int = 0


@dataclass(frozen=True, slots=True)
class Fixture:
    """A lamp's channels in order, and the whites of its LEDs in kelvin."""

    channels: tuple[Channel, ...]
    warm_k: float = 2700.0
    cold_k: float = 6500.0

    @property
    def slots(self) -> int:
        """Slots it takes."""
        return sum(2 if channel.wide else 1 for channel in self.channels)

    @property
    def dithers(self) -> bool:
        """Whether any of its channels has only 8 bits."""
        return any(channel.role and not channel.wide for channel in self.channels)

    def shares(self, look: RoomLook, most_frac: float = 1.0) -> dict[str, float]:
        """The linear level of each role, 0 to 1, that together give the look; full light is `most_frac`."""
        light = most_frac * luminance_of_l(look.level_l)
        has_dimmer = any(channel.role == "dimmer" for channel in self.channels)
        level = 1.0 if has_dimmer else light
        cold = cold_share(look.cct_k, self.warm_k, self.cold_k)
        colour = rgb_of_cct(look.cct_k)
        white = self._white_share(colour)
        red, green, blue = (max(0.0, part - white * base) for part, base in zip(colour, self._white_rgb, strict=True))
        return {
            "dimmer": light,
            "warm": level * (1.0 - cold),
            "cold": level * cold,
            "cct": cold,
            "white": level * white,
            "red": level * red,
            "green": level * green,
            "blue": level * blue,
        }

    def render(self, look: RoomLook, picture_index: int, settled_frac: float = 0.0, most_frac: float = 1.0) -> bytes:
        """The slots of a look. 8-bit channels are dithered over pictures, less and less as `settled_frac` goes from 0 to 1."""
        shares = self.shares(look, most_frac)
        found = bytearray()
        for channel in self.channels:
            if not channel.role:
                found.append(channel.value)
            elif channel.wide:
                found.extend(bytes16(shares[channel.role]))
            else:
                level = shares[channel.role]
                nearest = code8(level) / 255.0
                found.append(code8_dithered(level + settled_frac * (nearest - level), picture_index))
        return bytes(found)

    @property
    def _white_rgb(self) -> Rgb:
        return rgb_of_cct(self.warm_k)

    def _white_share(self, colour: Rgb) -> float:
        """How much the white LED can give before one of the colours would have to be negative."""
        if not any(channel.role == "white" for channel in self.channels):
            return 0.0
        return min(1.0, *(part / base for part, base in zip(colour, self._white_rgb, strict=True) if base > 0.0))


def channel_of(text: str) -> Channel:
    """A channel as a fixture's file names it. Raises ValueError that says what is allowed."""
    if text == "-":
        return Channel()
    if text.startswith("=") and text[1:].isdecimal() and int(text[1:]) <= 255:
        return Channel(value=int(text[1:]))
    role = text.removesuffix("16")
    if role not in ROLES:
        raise ValueError(
            f'channel "{text}" is not known; allowed are {", ".join(ROLES)}, each with 16 behind it too, =0 to =255, -'
        )
    return Channel(role, wide=text.endswith("16"))


BUILT_IN: Final = {
    "dimmer8": Fixture((Channel("dimmer"),)),
    "dimmer16": Fixture((Channel("dimmer", True),)),
    "cct8": Fixture((Channel("warm"), Channel("cold"))),
    "cct16": Fixture((Channel("warm", True), Channel("cold", True))),
    "rgb": Fixture((Channel("red"), Channel("green"), Channel("blue"))),
    "rgbw": Fixture((Channel("red"), Channel("green"), Channel("blue"), Channel("white"))),
}


def fixture_of(named: str) -> Fixture:
    """A built-in fixture, or the one in the TOML file of that path.

    Raises ValueError with a sentence that names the file, the key and what is allowed.
    """
    if named in BUILT_IN:
        return BUILT_IN[named]
    path = Path(named).expanduser()
    if path.suffix != ".toml":
        raise ValueError(f'fixture "{named}" is not known; there are {", ".join(BUILT_IN)}, or the path of a .toml file')
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ValueError(f"{path}: the fixture cannot be read: {fault.strerror}") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path}: the fixture is not TOML: {fault}") from fault
    return _fixture_in(path, told)


def _fixture_in(path: Path, told: dict[str, object]) -> Fixture:
    unknown = sorted(set(told) - {"channels", "warm_k", "cold_k"})
    if unknown:
        raise ValueError(f"{path}: {unknown[0]} is not known; allowed are channels, warm_k, cold_k")
    channels = told.get("channels")
    if not isinstance(channels, list) or not channels or not all(isinstance(text, str) for text in channels):
        raise ValueError(f'{path}: channels must be a list of names, such as ["dimmer16", "-"]')
    whites = [told.get(key, usual) for key, usual in (("warm_k", 2700.0), ("cold_k", 6500.0))]
    if not all(isinstance(white, int | float) and not isinstance(white, bool) for white in whites):
        raise ValueError(f"{path}: warm_k and cold_k are kelvin, such as 2700")
    warm_k, cold_k = (float(str(white)) for white in whites)
    if not 1000.0 <= warm_k < cold_k <= 20_000.0:
        raise ValueError(f"{path}: warm_k {warm_k:g} and cold_k {cold_k:g} must rise, within 1000 to 20000 K")
    try:
        fixture = Fixture(tuple(channel_of(text) for text in channels), warm_k, cold_k)
    except ValueError as fault:
        raise ValueError(f"{path}: {fault}") from fault
    if fixture.slots > 512:
        raise ValueError(f"{path}: {fixture.slots} slots are more than the 512 of a universe")
    return fixture
