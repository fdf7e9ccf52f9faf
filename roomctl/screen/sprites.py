"""The dot as ready pixels: a few are kept, because a moving dot comes back to the same fraction of a pixel again and again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import pygame

from roomctl.screen.dot_shapes import coverage, side_px
from roomctl.screen.picture import Picture, quarter_pixels, shaded

_KEPT: Final = 96
_LEVEL_STEPS: Final = 1023

Key = tuple[str, float, int, int, int, tuple[float, float, float]]


class Sprites:
    """Opaque surfaces of a dot on the background, newest kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, pygame.Surface] = OrderedDict()

    def placed(self, picture: Picture) -> tuple[pygame.Surface, tuple[int, int]]:
        """The dot's surface, and where its top left corner goes."""
        step = round(picture.level_frac**0.5 * _LEVEL_STEPS)
        side = side_px(picture.width_px)
        left, right = quarter_pixels(picture.x_px - side / 2.0)
        top, down = quarter_pixels(picture.y_px - side / 2.0)
        key = (picture.shape, picture.width_px, right, down, step, picture.colour)
        surface = self._kept.get(key)
        if surface is None:
            mask = coverage(picture.shape, picture.width_px, right, down)
            pixels = shaded(mask, (step / _LEVEL_STEPS) ** 2, picture.colour)
            surface = pygame.surfarray.make_surface(pixels.swapaxes(0, 1)).convert()
            self._kept[key] = surface
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return surface, (left, top)
