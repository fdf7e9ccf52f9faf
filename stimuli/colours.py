"""Colours of the dot by name or `#rrggbb`, as the linear light of red, green and blue from 0 to 1.

No named colour is a saturated red, which takes a smaller area to provoke a seizure (WCAG 2.2, "red flash").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

Rgb = tuple[float, float, float]
"""Linear light of red, green and blue, 0 to 1."""

DEFAULT_COLOUR: Final = "blue-green"

COLOURS: Final[dict[str, str]] = {
    "blue-green": "#00d5b4",
    "green": "#2fd35a",
    "lime": "#a6dd3c",
    "cyan": "#2fcbe8",
    "sky": "#5aa9ff",
    "blue": "#2f6bff",
    "violet": "#8f6bff",
    "lavender": "#c3a6ff",
    "pink": "#ff8fc0",
    "coral": "#ff9a7a",
    "amber": "#ffb52e",
    "yellow": "#ffdf5a",
    "warm-white": "#ffd9ae",
    "white": "#f2f5ff",
}
"""The named colours, in sRGB, in the order a panel shows them."""

SATURATED_RED_SHARE: Final = 0.8
"""WCAG 2.2: a red is saturated where R / (R + G + B) of its linear light is at least this."""

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_SHOWN: Final = 40


def linear_of_srgb(value_frac: float) -> float:
    """Linear light of one sRGB channel, both 0 to 1 (IEC 61966-2-1)."""
    return value_frac / 12.92 if value_frac <= 0.04045 else float(((value_frac + 0.055) / 1.055) ** 2.4)


def srgb_of_linear(light_frac: float) -> float:
    """The sRGB value of one channel's linear light, both 0 to 1 (IEC 61966-2-1)."""
    return light_frac * 12.92 if light_frac <= 0.0031308 else float(1.055 * light_frac ** (1 / 2.4) - 0.055)


def _of_hex(text: str) -> Rgb:
    red, green, blue = (linear_of_srgb(int(text[at : at + 2], 16) / 255.0) for at in (1, 3, 5))
    return red, green, blue


@lru_cache(maxsize=256)
def parse_colour(text: str) -> Rgb:
    """Linear light of a colour's name, or of `#rrggbb` in sRGB.

    Raises ValueError with a sentence that names what is allowed.
    """
    if text in COLOURS:
        return _of_hex(COLOURS[text])
    if _HEX.fullmatch(text):
        return _of_hex(text)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    names = ", ".join(COLOURS)
    raise ValueError(f'colour "{shown}" is not known; allowed are {names}, or #rrggbb with six hexadecimal digits')


def is_saturated_red(colour: Rgb) -> bool:
    """Whether linear `colour` is a saturated red in the sense of WCAG 2.2."""
    total = sum(colour)
    return total > 0.0 and colour[0] / total >= SATURATED_RED_SHARE
