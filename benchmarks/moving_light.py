"""The moving light: how fast it renders offline, what a picture costs live, and how evenly the screen window draws it.

The window is a full-HD one; without a display of the machine's own (DISPLAY, WAYLAND_DISPLAY) it is SDL's dummy display, which
costs no copy to a screen.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

from benchmarks.figures import Figure, How
from stimuli import motion
from stimuli.bar import bar_pixels
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import frames_paced, light_at, lights_at
from stimuli.score import Cue, Score
from stimuli.settings import Bls, Light

MOVING = motion.start(0, 1.0, None, soft=True)
SCORE = Score(MOVING, (Cue(0, Bls(light=Light(size=160.0, brightness_frac=0.5))),))


def offline() -> Figure:
    """An hour of pictures at 40 a second."""
    frames = frames_paced(0, 3600 * FRAME_RATE_HZ, 40.0)
    begun_s = time.perf_counter()
    lights_at(SCORE, frames)
    took_s = time.perf_counter() - begun_s
    speed = 3600 / took_s
    target = ">= 200x real time"
    return Figure("light, offline, 40 pictures a second", target, f"{speed:,.0f}x", speed >= 200.0, "", {"times": speed})


def _cost_us(call: Callable[[int], object], times: int = 20_000) -> float:
    begun_s = time.process_time()
    for number in range(times):
        call(number * 480)
    return (time.process_time() - begun_s) / times * 1e6


def live() -> Figure:
    """One picture of a bar of 60 LEDs."""

    def picture(frame: int) -> None:
        dot = light_at(SCORE, frame)
        bar_pixels(dot.pos, dot.level_frac, dot.colour, 60, dot.size)

    cost_us = _cost_us(picture)
    reached = f"{cost_us:.1f} us, {cost_us / 1e2:.2f} % of a core at 100 a second while nothing else cools its caches"
    return Figure("light, live, a picture of 60 LEDs", "", reached, None, "", {"picture_us": cost_us})


class SteadyRoom:
    """A feed of a set that never ends."""

    def __init__(self) -> None:
        from roomctl.screen.room_view import RoomClock, RoomView

        clock = RoomClock(0.0, time.monotonic_ns(), float(FRAME_RATE_HZ))
        self.view = RoomView(motion=MOVING, bls=SCORE.cues[0].bls, clock=clock)

    def is_fresh(self, mono_ns: int) -> bool:
        """Always."""
        return True

    def stop(self) -> None:
        """Nobody presses anything."""


def window(seconds: float) -> Figure:
    """The screen window over some seconds: times between pictures, and processor."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    from hardware.record import EventRecorder
    from roomctl.screen.window import Window, WindowConfig

    pygame.display.init()
    shown = Window(WindowConfig("benchmark", windowed=(1920, 1080)), SteadyRoom(), EventRecorder(None))
    stamps_ns: list[int] = []
    drawn = shown.tick

    def stamped(now_ns: int) -> object:
        picture = drawn(now_ns)
        stamps_ns.append(time.monotonic_ns())
        if stamps_ns[-1] - stamps_ns[0] > seconds * 1e9:
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        return picture

    shown.tick = stamped  # type: ignore[method-assign, assignment]
    begun_s = time.process_time()
    shown.run()
    busy = (time.process_time() - begun_s) / seconds
    driver = pygame.display.get_driver()
    shown.close()
    gaps_ms = sorted((later - sooner) / 1e6 for sooner, later in pairwise(stamps_ns))
    late_ms = gaps_ms[int(len(gaps_ms) * 0.99)]
    apart = f"{statistics.median(gaps_ms):.2f} ms apart, sd {statistics.stdev(gaps_ms):.2f}, p99 {late_ms:.2f} ms"
    return Figure(
        f"screen window, 1920x1080 on {driver}, dot of 160 px",
        "",
        f"{len(gaps_ms)} pictures, {apart}, {busy * 100:.1f} % of a core",
        None,
        "101 % of a core with SDL's accelerated copy, 4 % without",
        {"sd_ms": statistics.stdev(gaps_ms), "p99_ms": late_ms, "share_percent": busy * 100},
    )


def measure(how: How) -> list[Figure]:
    """All three."""
    return [offline(), live(), window(how.pick(5, 60))]
