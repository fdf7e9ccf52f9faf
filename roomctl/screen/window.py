"""The window itself: draws what the score shows at the moment the picture is seen, and nothing where it may not.

Only the small rectangles that change are drawn. Times come from the monotonic clock alone, so a lost picture moves nothing.
"""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import dataclass
from typing import Final

import pygame

from hardware.record import EventRecorder
from hardware.seams import Due
from roomctl.screen.feed import Feed
from roomctl.screen.picture import GROUND_SRGB, Picture, eased, picture_at
from roomctl.screen.sprites import Sprites
from stimuli.colours import srgb_of_linear

log = logging.getLogger(__name__)

UNTOLD_REFRESH_HZ: Final = 60.0
MOST_REFRESH_HZ: Final = 144.0
VSYNC_SLEEP_FRAC: Final = 0.7
"""Where the display itself sets the beat, sleep only this part of it: enough not to spin should it not wait after all."""


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """Which display, how large (None: all of it), and how much later than the flip a person sees the picture.

    `vsync` waits for the display with each whole picture: free of tearing where nothing else sees to it (a bare X server, or no
    window system at all), at the cost of more work than the small rectangles.
    """

    name: str
    display: int = 0
    windowed: tuple[int, int] | None = None
    onset_ms: float = 0.0
    vsync: bool = False


class Window:
    """The bar on a screen. `run` returns when the window is closed or `ending` says so."""

    def __init__(self, config: WindowConfig, feed: Feed, recorder: EventRecorder) -> None:
        self.config = config
        self._feed = feed
        self._recorder = recorder
        self._sprites = Sprites()
        self._surface = _open_display(config)
        self._period_s = 1.0 / _refresh_hz()
        self._drawn: pygame.Rect | None = None
        self._level_frac = 0.0
        self._at_ns: int | None = None
        self._trouble = ""

    @property
    def lit(self) -> bool:
        """Whether a dot is on the screen."""
        return self._drawn is not None

    def run(self) -> None:
        """Draw until the window is closed."""
        next_s = time.monotonic()
        while self.handle_events():
            self.tick(time.monotonic_ns())
            display_waits = self.config.vsync and self.lit
            next_s = max(next_s + self._period_s * (VSYNC_SLEEP_FRAC if display_waits else 1.0), time.monotonic())
            time.sleep(max(0.0, next_s - time.monotonic()))

    def handle_events(self) -> bool:
        """Take what keys and the window system said; False when the window was closed."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                return False
            if event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE:
                self._feed.stop()
                self.darken()
            elif event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED):
                self._repaint()
        return True

    def tick(self, now_ns: int) -> Picture | None:
        """Draw the picture that will be seen one refresh and `onset_ms` from `now_ns`; returns it, None where all is dark."""
        view = self._feed.view
        if view.clock is None or not view.may_show or not self._feed.is_fresh(now_ns):
            self.darken()
            return None
        seen_ns = now_ns + round(self._period_s * 1e9 + self.config.onset_ms * 1e6)
        frame = round(view.clock.frame_at(seen_ns))
        score = view.score
        if score is None or (score.motion.cut_frame is not None and frame >= score.motion.cut_frame):
            self.darken()
            return None
        try:
            asked = picture_at(score, view.bar_level, frame, *self._surface.get_size())
        except ValueError as fault:
            self._say_once(str(fault))
            self.darken()
            return None
        elapsed_s = self._period_s if self._at_ns is None else (now_ns - self._at_ns) * 1e-9
        picture = eased(asked, self._level_frac, elapsed_s)
        self._at_ns = now_ns
        self._show(picture, frame, seen_ns)
        return picture

    def darken(self) -> None:
        """No dot, now."""
        self._level_frac, self._at_ns = 0.0, None
        if self._drawn is not None:
            erased, self._drawn = self._drawn, None
            self._surface.fill(GROUND_SRGB, erased)
            self._present([erased])
            self._recorder.put_now("light", pos=0.0, level=0.0, colour="#000000")

    def close(self) -> None:
        """Leave the screen dark and give it back."""
        self.darken()
        pygame.display.quit()

    def _show(self, picture: Picture, frame: int, seen_ns: int) -> None:
        self._level_frac = picture.level_frac
        if picture.level_frac <= 0.0:
            self.darken()
            return
        sprite, corner = self._sprites.placed(picture)
        changed = [self._surface.fill(GROUND_SRGB, self._drawn)] if self._drawn is not None else []
        self._drawn = self._surface.blit(sprite, corner)
        self._present([*changed, self._drawn])
        self._recorder.put(
            "light",
            Due(frame, seen_ns * 1e-9),
            time.monotonic_ns(),
            pos=round(picture.pos, 6),
            level=round(picture.level_frac, 6),
            colour=_hex_of(picture),
        )

    def _present(self, changed: list[pygame.Rect]) -> None:
        if self.config.vsync:
            pygame.display.flip()
        else:
            pygame.display.update(changed)

    def _repaint(self) -> None:
        surface = pygame.display.get_surface()
        if surface is not None:
            self._surface, self._drawn = surface, None
            surface.fill(GROUND_SRGB)
            pygame.display.flip()

    def _say_once(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("nothing is shown: %s", trouble)
        self._trouble = trouble


def _hex_of(picture: Picture) -> str:
    return "#" + "".join(f"{round(255.0 * srgb_of_linear(value)):02x}" for value in picture.colour)


def _open_display(config: WindowConfig) -> pygame.Surface:
    """Open the window. Raises ValueError where there is no such display."""
    sizes = pygame.display.get_desktop_sizes()
    if not 0 <= config.display < len(sizes):
        raise ValueError(f"display {config.display} is not there; this computer has display 0 to {len(sizes) - 1}")
    flags = (pygame.FULLSCREEN if config.windowed is None else 0) | (pygame.SCALED if config.vsync else 0)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        size = config.windowed or sizes[config.display]
        surface = pygame.display.set_mode(size, flags, display=config.display, vsync=int(config.vsync))
    for warning in warned:
        log.warning("the display says: %s", warning.message)
    pygame.display.set_caption(f"Light bar: {config.name} (Esc is STOP)")
    pygame.mouse.set_visible(config.windowed is not None)
    surface.fill(GROUND_SRGB)
    pygame.display.flip()
    return surface


def _refresh_hz() -> float:
    told = float(pygame.display.get_current_refresh_rate())
    return min(told, MOST_REFRESH_HZ) if told > 0.0 else UNTOLD_REFRESH_HZ
