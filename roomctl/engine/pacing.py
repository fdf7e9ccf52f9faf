"""Pacing: a thread for each fast device, which sleeps to absolute times of the session clock and then offers what is due.

Every device is told its own `onset_ms` early. A STOP that comes while a thread is busy with an offer is noticed after it, and
the device is made safe again, so no offer can undo a STOP.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Final

from hardware.seams import Due, LightBar, LightFrame, Tapper, TapPulse
from roomctl.clock import SessionClock
from roomctl.engine.light_governor import LightGovernor
from roomctl.engine.realtime import PACING_PRIORITY, ask_realtime, sleep_until
from roomctl.engine.view import Outlook, View
from stimuli.bar import bar_pixels
from stimuli.beats import Side
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms, frames_of_s
from stimuli.light import DARK, Dot, light_at
from stimuli.taps import Pulse, TapLimits, pulses_between

log = logging.getLogger(__name__)

DARK_PERIOD_S: Final = 0.5
"""A dark bar is told so this often, so that it stays the room's."""

PREPARED_S: Final = 0.1
"""Pictures of this long are worked out at a time: waking for each costs more than the work."""

TAP_HORIZON_FRAMES: Final = frames_of_s(1.0)
TAP_CHECK_S: Final = 0.02
TEST_S: Final = 1.0
TEST_LEVEL_FRAC: Final = 0.2
LATE_KEPT: Final = 2048


class Pacer(ABC):
    """What both kinds of pacing share: a thread, the clock, the outlook, and how late offers were."""

    def __init__(self, name: str, clock: SessionClock, outlook: Outlook, onset_ms: float) -> None:
        self._clock = clock
        self._outlook = outlook
        self._onset_s = onset_ms / 1000.0
        self._waker = outlook.waker()
        self._closing = False
        self.late_s: deque[float] = deque(maxlen=LATE_KEPT)
        self._thread = threading.Thread(target=self._run, name=f"pace-{name}", daemon=True)

    def start(self) -> None:
        """Begin to pace."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._waker.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _told_at(self, frame: float) -> float:
        """The monotonic time at which the device must be told of `frame`."""
        return self._clock.mono_at(frame) - self._onset_s

    def _run(self) -> None:
        ask_realtime(PACING_PRIORITY)
        while not self._closing:
            self._step()

    @abstractmethod
    def _step(self) -> None:
        """Wait for what is next and offer it, or wait for a change."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a bar shows at `frame`; `lively` while there is light in it or more to come soon."""

    frame: int
    shown: LightFrame
    lively: bool


class LightPacer(Pacer):
    """Pictures for one bar, at its rate while there is light, seldom while it is dark.

    Pictures are worked out a few at a time, before they are due, and thrown away where the score changes meanwhile.
    """

    def __init__(
        self, bar: LightBar, clock: SessionClock, outlook: Outlook, *, fps: float, leds: int, onset_ms: float, bar_level: float
    ) -> None:
        super().__init__(bar.name, clock, outlook, onset_ms)
        self.bar = bar
        self._fps = fps
        self._leds = leds
        self._governor = LightGovernor(bar_level, leds)
        self._number = 0
        self._ready: deque[Picture] = deque()
        self._ready_for: View | None = None
        self._test: tuple[Side, float] | None = None

    def test(self, side: Side) -> None:
        """Show the dot at one side for a second."""
        self._test = (side, time.monotonic() + TEST_S)
        self._waker.set()

    def _step(self) -> None:
        self._number = self._next_number()
        self._prepare()
        sleep_until(self._told_at(self._frame_of(self._number)))
        if not self._offer():
            self._waker.wait(timeout=DARK_PERIOD_S)
            self._waker.clear()

    def _frame_of(self, number: int) -> int:
        """Pictures lie on multiples of the period."""
        return round(number * FRAME_RATE_HZ / self._fps)

    def _next_number(self) -> int:
        """The next picture that can still be told in time."""
        now = self._clock.frame_at(time.monotonic() + self._onset_s) * self._fps / FRAME_RATE_HZ
        following = max(self._number + 1, math.ceil(now))
        return following if following <= now + 2 else math.ceil(now)

    def _offer(self) -> bool:
        """Tell the bar the picture that is due; True while there is light now or soon."""
        stops = self._outlook.stops
        self._prepare()
        picture = self._ready.popleft()
        due_s = self._told_at(picture.frame)
        if self._outlook.stops != stops:
            self._went_dark(picture.frame)
            return False
        self.bar.offer(picture.shown, Due(picture.frame, self._clock.mono_at(picture.frame)))
        self._governor.shown(picture.shown.level_frac, picture.frame)
        if picture.shown.level_frac > 0.0:
            self.late_s.append(time.monotonic() - due_s)
        if self._outlook.stops != stops:
            self._went_dark(picture.frame)
            self.bar.safe()
        return picture.lively

    def _went_dark(self, frame: int) -> None:
        self._governor.shown(0.0, frame)
        self._ready.clear()

    def _prepare(self) -> None:
        """Have the next picture ready, as it is to be seen from what is in force now."""
        view, frame = self._outlook.view, self._frame_of(self._number)
        if self._outlook.stopped or self._is_tested:
            self._ready_for, self._ready = None, deque([self._made(self._number, *self._lone_dot())])
        elif self._ready_for is not view or not self._ready or self._ready[0].frame != frame:
            self._ready.clear()
            self._governor.rewind()
            count = max(1, round(self._fps * PREPARED_S)) if view.scores else 1
            for number in range(self._number, self._number + count):
                self._ready.append(self._made(number, *self._dot(view, self._frame_of(number))))
            self._ready_for = view

    def _made(self, number: int, dot: Dot, soon: bool) -> Picture:
        frame = self._frame_of(number)
        dot = self._governor.limit(dot, frame)
        pixels = bar_pixels(dot.pos, dot.level_frac, dot.colour, self._leds, dot.size)
        return Picture(frame, LightFrame(dot.pos, dot.level_frac, dot.colour, pixels), soon or dot.level_frac > 0.0)

    @property
    def _is_tested(self) -> bool:
        if self._test is not None and time.monotonic() >= self._test[1]:
            self._test = None
        return self._test is not None

    def _lone_dot(self) -> tuple[Dot, bool]:
        """Dark after a STOP; else the dot of a test."""
        self._governor.rewind()
        test = self._test
        if self._outlook.stopped or test is None:
            return DARK, False
        return Dot(-1.0 if test[0] == "left" else 1.0, TEST_LEVEL_FRAC, (0.0, 0.6, 0.6), 3.0), True

    @staticmethod
    def _dot(view: View, frame: int) -> tuple[Dot, bool]:
        """The dot at `frame`, and whether there is more to come."""
        score = view.score_at(frame)
        if score is None:
            return DARK, bool(view.scores)
        motion = score.motion
        return light_at(score, frame), score is not view.scores[-1] or motion.end_frame is None or frame < motion.end_frame


class TapPacer(Pacer):
    """Pulses for one tapper: never both hands at once, never longer than the way to the next.

    `strength_frac` of the constructor is what full strength means in these hands; the attribute is the person's share of it.
    """

    def __init__(
        self,
        tapper: Tapper,
        clock: SessionClock,
        outlook: Outlook,
        *,
        onset_ms: float,
        limits: TapLimits,
        strength_frac: float = 1.0,
    ) -> None:
        super().__init__(tapper.name, clock, outlook, onset_ms)
        self.tapper = tapper
        self.strength_frac = 1.0
        self.on = True
        self._full_frac = strength_frac
        self._limits = limits
        self._cursor = 0

    def test(self, side: Side) -> None:
        """One pulse in one hand, at half this person's strength."""
        now_s = time.monotonic()
        pulse = TapPulse(side, 200.0, 0.5 * self._full_frac * self.strength_frac)
        self.tapper.offer(pulse, Due(int(self._clock.frame_at(now_s)), now_s))
        if self._outlook.stopped or not self.on:
            self.tapper.safe()

    def tune(self, *, on: bool | None = None, strength_frac: float | None = None) -> None:
        """This tapper's own switch and strength. Off is still at once; strength counts from the next pulse."""
        if strength_frac is not None:
            self.strength_frac = strength_frac
        if on is not None:
            self.on = on
            if not on:
                self.tapper.safe()
            self._waker.set()

    def _step(self) -> None:
        pulse = self._next_pulse()
        told_s = None if pulse is None else self._told_at(pulse.frame)
        left_s = 1.0 if told_s is None else told_s - time.monotonic()
        if pulse is None or left_s > TAP_CHECK_S:
            self._waker.wait(timeout=min(1.0, left_s - TAP_CHECK_S / 2))
            self._waker.clear()
            return
        stops, view = self._outlook.stops, self._outlook.view
        sleep_until(self._told_at(pulse.frame))
        if self._outlook.view is view and self._outlook.stops == stops:
            self._offer(pulse, stops)

    def _next_pulse(self) -> Pulse | None:
        view = self._outlook.view
        if self._outlook.stopped or not view.scores or not self.on:
            return None
        now_frame = int(self._clock.frame_at(time.monotonic() + self._onset_s)) - frames_of_ms(20)
        first = max(self._cursor, now_frame)
        found = pulses_between(view.scores[-1], first, now_frame + TAP_HORIZON_FRAMES, self._limits)
        return found[0] if found else None

    def _offer(self, pulse: Pulse, stops: int) -> None:
        due_s = self._told_at(pulse.frame)
        strength_frac = pulse.strength_frac * self._full_frac * self.strength_frac
        if strength_frac > 0.0 and self.on and self._outlook.stops == stops:
            due = Due(pulse.frame, self._clock.mono_at(pulse.frame))
            self.tapper.offer(TapPulse(pulse.side, pulse.ms, strength_frac), due)
            self.late_s.append(time.monotonic() - due_s)
        self._cursor = pulse.frame + 1
        if self._outlook.stops != stops or not self.on:
            self.tapper.safe()
