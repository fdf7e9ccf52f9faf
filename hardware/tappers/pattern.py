"""From single pulses to a pattern that a slow link can be told once: sides alternate, so many milliseconds apart.

A link that takes a tenth of a second or more for a message cannot carry each tap on time; it can carry the rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardware.seams import TapPulse
from stimuli.beats import Side

TAPS_AHEAD: Final = 8
"""How many taps a device goes on by itself; it is told again well before it has given them."""
INTERVAL_SHARE: Final = 0.05
STALE_INTERVALS: Final = 1.6


@dataclass(frozen=True, slots=True)
class Pattern:
    """The next tap is in `first`, in `wait_ms`; then sides alternate each `interval_ms`, for `taps` taps."""

    first: Side
    wait_ms: int
    interval_ms: int
    pulse_ms: int
    strength_frac: float
    taps: int = TAPS_AHEAD


class PatternFollower:
    """Follows pulses as they come due; says when the device must be told something new. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._last: tuple[float, TapPulse] | None = None
        self._told: Pattern | None = None
        self._left = 0

    def take(self, pulse: TapPulse, due_s: float) -> Pattern | TapPulse | None:
        """What to tell the device of this pulse: the pulse itself, a pattern that begins with the next one, or nothing."""
        last, self._last = self._last, (due_s, pulse)
        if last is None or last[1].side == pulse.side or due_s <= last[0]:
            self._told = None
            return pulse
        interval_ms = round((due_s - last[0]) * 1000)
        told, self._left = self._told, self._left - 1
        if told is not None and self._left > 2 and _like(told, pulse, interval_ms):
            return None
        self._told = Pattern(
            "right" if pulse.side == "left" else "left", interval_ms, interval_ms, round(pulse.ms), pulse.strength_frac
        )
        self._left = TAPS_AHEAD
        return self._told

    def is_over(self, now_s: float) -> bool:
        """Whether pulses have stopped coming, so that the device should stop too; says so once."""
        if self._told is None or self._last is None:
            return False
        if (now_s - self._last[0]) * 1000 < STALE_INTERVALS * self._told.interval_ms:
            return False
        self.forget()
        return True

    def forget(self) -> None:
        """Begin anew: the next pulse is a first one."""
        self._last = self._told = None


def _like(told: Pattern, pulse: TapPulse, interval_ms: int) -> bool:
    near = abs(interval_ms - told.interval_ms) <= INTERVAL_SHARE * told.interval_ms
    return near and round(pulse.ms) == told.pulse_ms and pulse.strength_frac == told.strength_frac
