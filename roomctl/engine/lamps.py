"""The room light: one look for the whole room as a function of the frame, and the pacing of lamps that follow it.

A paced lamp is told its look many times a second while it changes and once a second while it does not. A lamp with transitions
of its own is told the end of each segment and how long to take.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from hardware.seams import Due, RoomLight, RoomLook
from roomctl.clock import SessionClock
from roomctl.engine.realtime import sleep_until
from roomctl.engine.view import Outlook
from stimuli.beats import Side
from stimuli.frames import FRAME_RATE_HZ

BOOT_LEVEL_L: Final = 55.0
BOOT_CCT_K: Final = 2700.0
SAFE_LEVEL_L: Final = 20.0
SAFE_CCT_K: Final = 2200.0
OPERATOR_FADE_S: Final = 3.0
MOST_L_PER_S: Final = 5.0
MOST_MIRED_PER_S: Final = 5.0
LAMP_FPS: Final = 40.0
KEEP_ALIVE_S: Final = 1.0
SEGMENT_S: Final = 10.0
SEGMENTS_S: Final = (SEGMENT_S, 3.0, 1.0)
"""A lamp with transitions is told the longest of these that fits; one message a second is what the slowest bridge takes."""

SEGMENT_ERROR_L: Final = 0.5
TEST_RISE_L: Final = 10.0
TEST_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class LampFade:
    """From one look to another: L* linearly, kelvin in mired, each over its own time."""

    start_frame: int
    from_level_l: float
    to_level_l: float
    level_frames: int
    from_cct_k: float
    to_cct_k: float
    cct_frames: int

    def look_at(self, frame: float) -> RoomLook:
        """Where the fade is at `frame`."""
        level_part = _part(frame - self.start_frame, self.level_frames)
        cct_part = _part(frame - self.start_frame, self.cct_frames)
        mired = 1e6 / self.from_cct_k + (1e6 / self.to_cct_k - 1e6 / self.from_cct_k) * cct_part
        return RoomLook(self.from_level_l + (self.to_level_l - self.from_level_l) * level_part, 1e6 / mired)

    @property
    def end_frame(self) -> int:
        """From here nothing changes."""
        return self.start_frame + max(self.level_frames, self.cct_frames)


def _part(elapsed: float, frames: int) -> float:
    return 1.0 if frames <= 0 else min(max(elapsed / frames, 0.0), 1.0)


STEADY: Final = LampFade(0, BOOT_LEVEL_L, BOOT_LEVEL_L, 0, BOOT_CCT_K, BOOT_CCT_K, 0)


def steady(look: RoomLook, frame: int) -> LampFade:
    """Nothing moves: `look` from `frame` on."""
    return LampFade(frame, look.level_l, look.level_l, 0, look.cct_k, look.cct_k, 0)


def operator_fade(now: RoomLook, frame: int, level_l: float, cct_k: float, fade_s: float | None) -> LampFade:
    """An operator's move: at least 3 s, at most 5 L* a second; the colour at most 5 mired a second, at its own pace."""
    least_s = max(OPERATOR_FADE_S, abs(level_l - now.level_l) / MOST_L_PER_S)
    level_s = max(least_s, fade_s or 0.0)
    mired = abs(1e6 / cct_k - 1e6 / now.cct_k)
    cct_s = max(level_s, mired / MOST_MIRED_PER_S)
    frames, cct_frames = (math.ceil(seconds * FRAME_RATE_HZ) for seconds in (level_s, cct_s))
    return LampFade(frame, now.level_l, level_l, frames, now.cct_k, cct_k, cct_frames)


class RoomLightScore(Protocol):
    """What lamps follow."""

    def room_light_at(self, frame: float) -> RoomLook: ...


class LampPacer:
    """One lamp's thread."""

    def __init__(self, lamp: RoomLight, clock: SessionClock, score: RoomLightScore, outlook: Outlook) -> None:
        self.lamp = lamp
        self._clock = clock
        self._score = score
        self._waker = outlook.waker()
        self._closing = False
        self._last: RoomLook | None = None
        self._told_s = 0.0
        self._test_from_s = -TEST_S
        self._thread = threading.Thread(target=self._run, name=f"lamp-{lamp.name}", daemon=True)

    def start(self) -> None:
        """Begin to pace."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; the lamp stays as it is."""
        self._closing = True
        self._waker.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def test(self, side: Side) -> None:
        """A little brighter and back within five seconds; a lamp has no sides."""
        now_s = time.monotonic()
        if now_s >= self._test_from_s + TEST_S:
            self._test_from_s = now_s
        self._waker.set()

    def _run(self) -> None:
        while not self._closing:
            if self.lamp.capabilities.transitions:
                self._step_segment()
            else:
                self._step_paced()

    def _look(self, frame: float) -> RoomLook:
        look = self._score.room_light_at(frame)
        rise_l = self._test_rise_l(time.monotonic() - self._test_from_s)
        return look if rise_l == 0.0 else RoomLook(min(100.0, look.level_l + rise_l), look.cct_k)

    def _test_rise_l(self, elapsed_s: float) -> float:
        """How far a test lifts the lamp: up and down at an operator's pace, which a lamp with transitions takes for itself."""
        if elapsed_s >= TEST_S:
            return 0.0
        if self.lamp.capabilities.transitions:
            return TEST_RISE_L
        return min(TEST_RISE_L, MOST_L_PER_S * elapsed_s, MOST_L_PER_S * (TEST_S - elapsed_s))

    def _step_paced(self) -> None:
        now_s = time.monotonic()
        frame = int(self._clock.frame_at(now_s))
        look = self._look(frame)
        changed = look != self._last
        if changed or now_s - self._told_s >= KEEP_ALIVE_S:
            self.lamp.offer(look, Due(frame, now_s))
            self._last, self._told_s = look, now_s
        if changed:
            sleep_until(now_s + 1.0 / LAMP_FPS)
        else:
            self._waker.wait(timeout=1.0 / LAMP_FPS)
            self._waker.clear()

    def _step_segment(self) -> None:
        """One message a segment: where the light will be at its end, and how long to take to it."""
        now_s = time.monotonic()
        frame = self._clock.frame_at(now_s)
        length_s = segment_s(self._look, frame)
        real_s = length_s * FRAME_RATE_HZ / self._clock.reading.frames_per_s
        ahead = self._look(frame + length_s * FRAME_RATE_HZ)
        if ahead != self._last:
            self.lamp.offer(RoomLook(ahead.level_l, ahead.cct_k, real_s), Due(int(frame), now_s))
            self._last = ahead
        self._waker.wait(timeout=real_s)
        self._waker.clear()


def segment_s(look_at: Callable[[float], RoomLook], frame: float) -> float:
    """The longest segment from `frame` that a straight fade of the lamp's own follows to half an L* at its middle."""
    now_l = look_at(frame).level_l
    for length_s in SEGMENTS_S[:-1]:
        middle, end = (look_at(frame + part * length_s * FRAME_RATE_HZ).level_l for part in (0.5, 1.0))
        if abs(middle - (now_l + end) / 2.0) <= SEGMENT_ERROR_L:
            return length_s
    return SEGMENTS_S[-1]
