"""The noise a room is calibrated with, as a card is fed with it: it rises gently to its gain, and goes without a click."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from roomctl.calibrate import NOISE_PEAK_DBTP, Calibration, cap_gain_db, pink_block
from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples, frames_of_s

NOISE_GAIN_DB: Final = 0.0
"""The gain that is asked for where nobody says another: the noise at -20 LUFS, as tracks are brought to."""

START_DB: Final = -30.0
RISE_DB_PER_S: Final = 6.0
FADE_S: Final = 0.05
MOST_S: Final = 120.0
"""The noise ends by itself after two minutes, in which a slow meter settles several times."""


def noise_gain_db(gain_db: float, peak_dbfs: float, cap_dba: float, known: Calibration | None = None) -> float:
    """The gain the noise may have where `gain_db` is asked for: under the room's peak, and its cap where that is known."""
    allowed_db = min(gain_db, 0.0, peak_dbfs - NOISE_PEAK_DBTP)
    return allowed_db if known is None else min(allowed_db, cap_gain_db(known, cap_dba))


class Noise:
    """One sounding of the noise. `finish` may be set from any thread; `block` belongs to the card's thread alone.

    `begun` is set with the first block, `done` once it is silent again.
    """

    def __init__(self, gain_db: float, most_s: float = MOST_S) -> None:
        self.gain_db = gain_db
        self._frame = 0
        self._end = frames_of_s(most_s)
        self.begun, self.finish, self.done = threading.Event(), threading.Event(), threading.Event()

    @property
    def left_s(self) -> float:
        """How long it goes on by itself, in seconds of sound."""
        return max(0.0, (self._end - self._frame) / FRAME_RATE_HZ)

    def block(self, frames: int) -> Samples:
        """The next `frames` frames, shape (frames, 2)."""
        if self.finish.is_set():
            self._end = min(self._end, self._frame)
        sound: Samples = pink_block(self._frame, frames) * self._gains(frames).astype(np.float32)[:, None]
        self._frame += frames
        self.begun.set()
        if self._frame > self._end + frames_of_s(FADE_S):
            self.done.set()
        return sound

    def _gains(self, frames: int) -> FloatArray:
        at_s = np.arange(self._frame, self._frame + frames) / FRAME_RATE_HZ
        rising_db = np.minimum(self.gain_db, START_DB + RISE_DB_PER_S * at_s)
        fade_in = np.minimum(1.0, at_s / FADE_S)
        fade_out = np.clip(1.0 - (at_s - self._end / FRAME_RATE_HZ) / FADE_S, 0.0, 1.0)
        gains: FloatArray = 10.0 ** (rising_db / 20.0) * fade_in * fade_out
        return gains
