"""The session clock: session frames tied to CLOCK_MONOTONIC by a delay-locked loop on what the sound card has played.

F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005), in the frame domain: each observation says that a
frame is heard at a monotonic time; the loop's second order follows the card's drift, its bandwidth falls from 2 Hz to 0.1 Hz in
the first seconds. A larger error is not followed, or the rate would run away on it: a run of them of one sign is a step (frames
were lost, or the sound server takes up its timing anew), by which the phase moves and the rate stays; single ones are ignored.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from stimuli.frames import FRAME_RATE_HZ

BANDWIDTH_FIRST_HZ: Final = 2.0
BANDWIDTH_LAST_HZ: Final = 0.1
SETTLING_S: Final = 4.0
MOST_DRIFT_PPM: Final = 500.0
STEP_ERROR_S: Final = 0.25e-3
"""Ten times the spread of a card's statements about the clock, where these are taken as the sound card drivers do."""

STEP_RUN: Final = 12
OUTLIER_ERROR_S: Final = 5e-3
"""Errors beyond this are lost frames, and no part of the spread."""
ERRORS_KEPT: Final = 2048


@dataclass(frozen=True, slots=True)
class ClockReading:
    """At monotonic time `mono_s` the client hears `frame`, and frames pass at `frames_per_s`."""

    frame: float
    mono_s: float
    frames_per_s: float

    def frame_at(self, mono_s: float) -> float:
        """The session frame heard at `mono_s`."""
        return self.frame + (mono_s - self.mono_s) * self.frames_per_s

    def mono_at(self, frame: float) -> float:
        """The monotonic time at which `frame` is heard."""
        return self.mono_s + (frame - self.frame) / self.frames_per_s


class SessionClock:
    """One writer observes; any thread reads. The reading is a frozen value that is replaced whole, so no reader waits."""

    def __init__(self, mono_s: float, speed: float = 1.0) -> None:
        self._nominal_hz = FRAME_RATE_HZ * speed
        self.reading = ClockReading(0.0, mono_s, self._nominal_hz)
        self._locked_since_s: float | None = None
        self._last_observed_s = mono_s
        self._run: list[float] = []
        self._errors_s: deque[float] = deque(maxlen=ERRORS_KEPT)

    def frame_at(self, mono_s: float) -> float:
        """The session frame heard at monotonic time `mono_s`."""
        return self.reading.frame_at(mono_s)

    def mono_at(self, frame: float) -> float:
        """The monotonic time at which the session frame `frame` is heard."""
        return self.reading.mono_at(frame)

    def unlock(self) -> None:
        """The card is gone: go on at the last rate, and settle anew when observations come back."""
        self._locked_since_s = None
        self._run.clear()

    def observe(self, frame: int, mono_s: float) -> None:
        """The card says that `frame` is heard at `mono_s`."""
        if self._locked_since_s is None:
            self._locked_since_s = mono_s
            self._last_observed_s = mono_s
            self.reading = ClockReading(float(frame), mono_s, self.reading.frames_per_s)
            return
        predicted_s = self.reading.mono_at(frame)
        error_s = mono_s - predicted_s
        period_s = max(0.0, mono_s - self._last_observed_s)
        self._last_observed_s = max(self._last_observed_s, mono_s)
        if self._is_step(error_s):
            self.reading = ClockReading(float(frame), predicted_s + self._step_s(), self.reading.frames_per_s)
            self._run.clear()
            return
        if abs(error_s) <= OUTLIER_ERROR_S:
            self._errors_s.append(error_s)
        if abs(error_s) < STEP_ERROR_S:
            self._follow(frame, predicted_s, error_s, period_s, mono_s - self._locked_since_s)

    def _is_step(self, error_s: float) -> bool:
        if abs(error_s) < STEP_ERROR_S or (self._run and (error_s > 0) != (self._run[-1] > 0)):
            self._run.clear()
        if abs(error_s) >= STEP_ERROR_S:
            self._run.append(error_s)
        return len(self._run) >= STEP_RUN

    def _step_s(self) -> float:
        ordered = sorted(self._run)
        return ordered[len(ordered) // 2]

    def _follow(self, frame: int, predicted_s: float, error_s: float, period_s: float, locked_s: float) -> None:
        settled = min(1.0, locked_s / SETTLING_S)
        bandwidth_hz = BANDWIDTH_FIRST_HZ * (BANDWIDTH_LAST_HZ / BANDWIDTH_FIRST_HZ) ** settled
        omega = 2.0 * math.pi * bandwidth_hz * min(period_s, 0.1)
        seconds_per_frame = 1.0 / self.reading.frames_per_s
        if period_s > 0.0:
            period_frames = period_s * self.reading.frames_per_s
            seconds_per_frame += omega * omega * error_s / period_frames
        frames_per_s = self._clamped(1.0 / seconds_per_frame)
        self.reading = ClockReading(float(frame), predicted_s + math.sqrt(2.0) * omega * error_s, frames_per_s)

    def _clamped(self, frames_per_s: float) -> float:
        most = self._nominal_hz * MOST_DRIFT_PPM * 1e-6
        return min(max(frames_per_s, self._nominal_hz - most), self._nominal_hz + most)

    def error_sd_ms(self) -> float | None:
        """Spread of the card's own statements about the smoothed clock, in ms; None before there are enough."""
        errors = list(self._errors_s)[-512:]
        if len(errors) < 32:
            return None
        mean = sum(errors) / len(errors)
        return 1000.0 * math.sqrt(sum((error - mean) ** 2 for error in errors) / len(errors))

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the card runs, in parts per million."""
        return (self.reading.frames_per_s / self._nominal_hz - 1.0) * 1e6
