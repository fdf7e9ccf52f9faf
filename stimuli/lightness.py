"""How light a lamp looks and how warm: CIE lightness, its steps on 8 and 16 bits, and colour temperature.

Lightness L* runs from 0 to 100, luminance from 0 to 1 of the lamp's full light, colour temperature in kelvin or mired (a
million over kelvin, in which equal steps look about equal).
"""

from __future__ import annotations

from typing import Final

from stimuli.colours import Rgb

KAPPA: Final = 24389 / 27
"""CIE 15:2018, 8.2.1: the slope of L* near black, published rounded as 903.3."""

LINEAR_UP_TO_L: Final = 8.0
CCT_MIN_K: Final = 1667.0
CCT_MAX_K: Final = 25000.0

DITHER_PHASES: Final = 8
_DITHER_THRESHOLDS: Final = (1 / 16, 9 / 16, 5 / 16, 13 / 16, 3 / 16, 11 / 16, 7 / 16, 15 / 16)
"""The van der Corput sequence of 8, centred: any 8 pictures in a row hold each threshold once, any 4 nearly evenly spread."""


def luminance_of_l(level_l: float) -> float:
    """Luminance, 0 to 1, of lightness `level_l`; clipped to 0-100 (CIE 15:2018, 8.2.1)."""
    lightness = min(max(level_l, 0.0), 100.0)
    return lightness / KAPPA if lightness <= LINEAR_UP_TO_L else float(((lightness + 16.0) / 116.0) ** 3)


def l_of_luminance(luminance_frac: float) -> float:
    """Lightness L* of a luminance, clipped to 0 to 1: the inverse of `luminance_of_l`."""
    luminance = min(max(luminance_frac, 0.0), 1.0)
    return luminance * KAPPA if luminance <= LINEAR_UP_TO_L / KAPPA else float(116.0 * luminance ** (1 / 3) - 16.0)


def code16(level_frac: float) -> int:
    """The nearest of 65,536 steps to a linear level, clipped to 0 to 1. Its error is below 0.007 L* at every level."""
    return round(min(max(level_frac, 0.0), 1.0) * 65535.0)


def bytes16(level_frac: float) -> tuple[int, int]:
    """`code16` as a coarse and a fine DMX channel."""
    return divmod(code16(level_frac), 256)


def code8(level_frac: float) -> int:
    """The nearest of 256 steps to a linear level, clipped to 0 to 1: visible steps below about L* 28, so dither instead."""
    return round(min(max(level_frac, 0.0), 1.0) * 255.0)


def code8_dithered(level_frac: float, picture_index: int) -> int:
    """One of 256 steps for picture number `picture_index`, so that pictures in a row average to the linear level.

    Over any 8 pictures the mean is within 1/16 step of the level, which is 0.22 L* at the darkest: at 80 pictures a second
    that is within 100 ms. A 100 ms of 4 pictures (40 a second) holds 0.3 L* from L* 20 up and 0.67 L* below; slower wires
    want 16 bits in the dark.
    """
    level = min(max(level_frac, 0.0), 1.0) * 255.0
    return int(level + _DITHER_THRESHOLDS[picture_index % DITHER_PHASES])


def mired_of_k(cct_k: float) -> float:
    """Mired of a colour temperature. Raises ValueError at 0 K and below."""
    if cct_k <= 0.0:
        raise ValueError(f"a colour temperature must be above 0 K, not {cct_k}")
    return 1e6 / cct_k


def k_of_mired(mired: float) -> float:
    """Kelvin of a mired value. Raises ValueError at 0 and below."""
    if mired <= 0.0:
        raise ValueError(f"a colour temperature must be above 0 mired, not {mired}")
    return 1e6 / mired


def towards_cct(now_k: float, target_k: float, most_mired: float) -> float:
    """The colour temperature at most `most_mired` from `now_k` on the way to `target_k`, in kelvin."""
    now, target = mired_of_k(now_k), mired_of_k(target_k)
    return k_of_mired(now + min(max(target - now, -most_mired), most_mired)) if abs(target - now) > most_mired else target_k


def xy_of_cct(cct_k: float) -> tuple[float, float]:
    """CIE 1931 chromaticity of the Planckian locus at `cct_k`, clipped to 1667-25000 K.

    Cubic fits of B. Kang et al. 2002, "Design of advanced color temperature control system for HDTV applications", Journal of
    the Korean Physical Society 41, 865-871.
    """
    t = min(max(cct_k, CCT_MIN_K), CCT_MAX_K)
    if t <= 4000.0:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
    if t <= 2222.0:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif t <= 4000.0:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return x, y


def rgb_of_cct(cct_k: float) -> Rgb:
    """Linear sRGB of white at `cct_k`, its largest channel 1; what lies outside the gamut is clipped (IEC 61966-2-1)."""
    x, y = xy_of_cct(cct_k)
    big_x, big_z = x / y, (1.0 - x - y) / y
    red = 3.2404542 * big_x - 1.5371385 - 0.4985314 * big_z
    green = -0.9692660 * big_x + 1.8760108 + 0.0415560 * big_z
    blue = 0.0556434 * big_x - 0.2040259 + 1.0572252 * big_z
    most = max(red, green, blue)
    return max(red, 0.0) / most, max(green, 0.0) / most, max(blue, 0.0) / most


def cold_share(cct_k: float, warm_k: float, cold_k: float) -> float:
    """How much of a tunable lamp's light its cold channel gives for `cct_k`, 0 to 1; the rest is the warm one's.

    Linear in mired, which for two whites of equal flux lands within 15 mired of the colour temperature asked. Raises ValueError
    where `warm_k` is not below `cold_k`.
    """
    warm, cold = mired_of_k(warm_k), mired_of_k(cold_k)
    if warm <= cold:
        raise ValueError(f"the warm white must be below the cold white, not {warm_k:g} K and {cold_k:g} K")
    return min(max((warm - mired_of_k(cct_k)) / (warm - cold), 0.0), 1.0)
