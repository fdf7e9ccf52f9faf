"""From linear light to the bytes that LEDs are told: clamped at the lowest layer, whatever was offered."""

from __future__ import annotations

import numpy as np

from hardware.seams import Pixels


def rgb_bytes(pixels: Pixels, leds: int, level_frac: float = 1.0, reverse: bool = False) -> bytes:
    """Three bytes a pixel, red, green, blue, for exactly `leds` LEDs; what is missing is dark, what is not a number too.

    LEDs are dimmed by pulse width, so their light is linear in the byte and needs no gamma.
    """
    light = np.zeros((leds, 3), dtype=np.float32)
    given = pixels[:leds]
    light[: given.shape[0]] = given
    # fmax takes the number where the other is not one, so NaN becomes dark.
    scaled = np.rint(np.fmin(np.fmax(light, 0.0), 1.0) * np.float32(255.0 * level_frac)).astype(np.uint8)
    return (scaled[::-1] if reverse else scaled).tobytes()
