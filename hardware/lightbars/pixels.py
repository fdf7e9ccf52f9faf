"""From linear light to the bytes that LEDs are told: clamped at the lowest layer, whatever was offered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hardware.seams import Pixels


def rgb_bytes(pixels: Pixels, leds: int, level_frac: float = 1.0, reverse: bool = False, gamma: float = 1.0) -> bytes:
    """Three bytes a pixel, red, green, blue, for exactly `leds` LEDs; what is missing is dark, what is not a number too.

    LEDs are dimmed by pulse width, so their light is linear in the byte, unless their controller bends it: with light in
    proportion to byte ** `gamma`, the bytes are bent back. Full light is the byte of `level_frac`, whatever the gamma.
    """
    light = np.zeros((leds, 3), dtype=np.float32)
    given = pixels[:leds]
    light[: given.shape[0]] = given
    # fmax takes the number where the other is not one, so NaN becomes dark.
    held = np.fmin(np.fmax(light, 0.0), 1.0)
    told = held if gamma == 1.0 else held ** np.float32(1.0 / gamma)
    scaled: npt.NDArray[np.uint8] = np.rint(told * np.float32(255.0 * level_frac)).astype(np.uint8)
    return (scaled[::-1] if reverse else scaled).tobytes()
