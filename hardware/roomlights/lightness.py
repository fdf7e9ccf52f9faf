"""From CIE L* to the number a lamp takes. Lamps differ: some dim by light output, some already by how bright it looks."""

from __future__ import annotations

from typing import Final, Literal

Curve = Literal["linear", "perceptual"]

LINEAR_DRIVERS: Final = ("sacn", "artnet", "enttec", "wled")
"""Lamps that are told light output; the others are told how bright to look."""


def luminance_frac(level_l: float) -> float:
    """Relative luminance of L* 0-100 (CIE 15:2018): L/903.3 up to 8, above it ((L + 16) / 116) cubed."""
    level_l = min(100.0, max(0.0, level_l))
    if level_l <= 8.0:
        return level_l / 903.3
    return float(((level_l + 16.0) / 116.0) ** 3)


def output_frac(level_l: float, curve: Curve, level_frac: float = 1.0) -> float:
    """What share of full output a lamp with this curve is asked for; `level_frac` is the share its full light is held to."""
    share = luminance_frac(level_l) if curve == "linear" else min(100.0, max(0.0, level_l)) / 100.0
    return share * min(1.0, max(0.0, level_frac))


def steps(share: float, most: int) -> int:
    """The nearest of 1 to `most` for any light at all, 0 for none: rounding never switches a lamp off that should glow."""
    return 0 if share <= 0.0 else min(most, max(1, round(share * most)))
