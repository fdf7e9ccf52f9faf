"""The last stage of the sound: a look-ahead true-peak limiter over both buses, always in the way.

One gain serves the stimulus and the music, worked out from a bound that holds for every mixture a * stimulus + b * music with
a and b in 0..1, so whatever STOP's two gains do behind it, the mixture keeps the ceiling. Time is cut into hops of 1 ms counted
from the first frame; all of the work is done hop by hop, so the samples do not depend on how the sound is split into blocks.

True peak after ITU-R BS.1770-5 Annex 2 (four times oversampled), with its under-reading at high frequencies taken back by the
parabola through each peak. The reading is good to the margin for sound up to 21 kHz; above, as with the standard's own meter,
it falls short, while no sample itself is ever above the ceiling.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples

LIMITER_DELAY_FRAMES: Final = 240
"""What comes out left the other side this many frames ago: 5 ms."""

HOP_FRAMES: Final = 48
MARGIN_DB: Final = 0.05
"""What comes this near to the ceiling is limited, for what the readings leave open."""

AIM_DB: Final = 0.25
"""How far under the ceiling what is limited is brought: a gain that moves adds peaks of its own to very high sound.

Loud noise up to 20 kHz on both buses, 13,000 draws of it, came out 0.18 dB above the aim at worst.
"""

RELEASE_S: Final = 0.1
ATTACK_HOPS: Final = 3
OVERSAMPLING: Final = 4
HALF_TAPS: Final = 12
_WINDOW_FRAMES: Final = HOP_FRAMES + 2 * HALF_TAPS
_KAISER_BETA: Final = 6.0
_UNDER_READING: Final = 1.0 / float(np.cos(np.pi / (2 * OVERSAMPLING)))
"""The most by which a peak can exceed what four readings a sample see of it, at half the sample rate."""

_RELEASE: Final = 1.0 - float(np.exp(-HOP_FRAMES / (RELEASE_S * FRAME_RATE_HZ)))
_OPEN_AGAIN: Final = 1.0 - 1e-4

FourChannels = npt.NDArray[np.float32]
"""Stimulus left and right, music left and right: float32 of shape (frames, 4)."""


@lru_cache(maxsize=1)
def _interpolator() -> npt.NDArray[np.float32]:
    """The matrix from a window of samples to its readings, four to a sample and one to spare on either side."""
    rows = OVERSAMPLING * HOP_FRAMES + 2
    matrix = np.zeros((rows, _WINDOW_FRAMES))
    offsets = np.arange(_WINDOW_FRAMES)
    for row in range(rows):
        at = HALF_TAPS + (row - 1) / OVERSAMPLING
        distance = offsets - at
        near = np.abs(distance) <= HALF_TAPS
        window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / HALF_TAPS) ** 2))) / np.i0(_KAISER_BETA)
        taps = np.where(near, np.sinc(distance) * window, 0.0)
        matrix[row] = taps / taps.sum()
    return matrix.astype(np.float32)


@lru_cache(maxsize=1)
def _worst_gain() -> float:
    """No peak is larger than this times the largest sample it is made from."""
    return float(np.max(np.sum(np.abs(_interpolator()), axis=1))) * _UNDER_READING


def true_peaks(windows: FourChannels, enough: float) -> FloatArray:
    """The largest |stimulus| + |music| between and on samples, for each of `windows` of shape (n, 72, 4).

    Readings cover the hop that begins 12 frames into the window. What is surely under `enough` is not refined.
    """
    readings = np.abs(np.matmul(_interpolator(), windows))
    sums = readings[:, :, :2] + readings[:, :, 2:]
    peaks: FloatArray = np.max(sums, axis=(1, 2)).astype(np.float64)
    near = peaks * _UNDER_READING > enough
    if near.any():
        peaks[near] = np.max(_vertices(sums[near].astype(np.float64)), axis=(1, 2))
    return peaks


def _vertices(sums: FloatArray) -> FloatArray:
    """Each reading raised to the vertex of the parabola through it and its neighbours where it is the largest of the three."""
    before, here, after = sums[:, :-2], sums[:, 1:-1], sums[:, 2:]
    bend = 2.0 * here - before - after
    is_peak = (here >= before) & (here >= after) & (bend > 0.0)
    raised = here + np.where(is_peak, (after - before) ** 2 / (8.0 * np.where(is_peak, bend, 1.0)), 0.0)
    return np.maximum(raised, here)


def _loudest(sound: FourChannels) -> float:
    """The largest sample of either sign; not a number where one is not."""
    return float(np.maximum(np.max(sound, initial=0.0), -np.min(sound, initial=0.0)))


class Limiter:
    """A limiter for one stream, with a delay of exactly 240 frames; frames are counted from the first one it gets.

    Samples under the ceiling come out untouched. NaN and infinity come out as silence.
    """

    def __init__(self, ceiling_dbtp: float = -1.0) -> None:
        self._target = float(10.0 ** ((ceiling_dbtp - MARGIN_DB) / 20.0))
        self._aim = float(10.0 ** ((ceiling_dbtp - AIM_DB) / 20.0))
        # What takes long the first time is done here, and not when the first sound comes by.
        self._worst_gain = _worst_gain()
        true_peaks(np.zeros((1, _WINDOW_FRAMES, 4), np.float32), 0.0)
        self.reset()

    def reset(self) -> None:
        """As new: silence before the first frame, the gain open."""
        self._held: FourChannels = np.zeros((LIMITER_DELAY_FRAMES, 4), np.float32)
        self._held_peak = 0.0
        self._taken = 0
        self._hops_read = 0
        self._hop_peak = 0.0
        self._needed = [1.0] * (ATTACK_HOPS + 2)
        self._gains = [1.0] * 2
        self._gains_from = -LIMITER_DELAY_FRAMES // HOP_FRAMES

    @property
    def gain(self) -> float:
        """The gain at the newest hop: 1 while nothing is limited."""
        return self._gains[-1]

    def process(self, stimulus: Samples, music: Samples) -> tuple[Samples, Samples]:
        """Take a block of both buses, shape (n, 2) each, and give the block of 240 frames before, limited."""
        frames = len(stimulus)
        fresh = np.concatenate((stimulus, music), axis=1, dtype=np.float32)
        loudest = _loudest(fresh)
        if loudest == self._held_peak == 0.0 and self._is_open:
            return self._silence(fresh)
        if not np.isfinite(loudest):
            np.nan_to_num(fresh, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        sound = np.concatenate((self._held, fresh))
        first = self._taken - LIMITER_DELAY_FRAMES
        self._taken += frames
        self._read_hops(sound, first)
        out = self._limited(sound[:frames], first)
        self._held = sound[frames:].copy()
        self._held_peak = _loudest(self._held)
        return out[:, :2], out[:, 2:]

    @property
    def _is_open(self) -> bool:
        return min(self._gains) == 1.0 and min(self._needed) == 1.0

    def _silence(self, silent: FourChannels) -> tuple[Samples, Samples]:
        """What `process` does where nothing sounds, nothing did and nothing is limited, without looking at each sample."""
        self._taken += len(silent)
        self._hops_read = self._taken // HOP_FRAMES
        self._hop_peak = 0.0
        self._gains_from = self._hops_read - LIMITER_DELAY_FRAMES // HOP_FRAMES
        self._gains = [1.0] * 2
        return silent[:, :2], silent[:, 2:]

    def flush(self) -> tuple[Samples, Samples]:
        """The last 240 frames, and then as new."""
        rest = np.zeros((LIMITER_DELAY_FRAMES, 2), np.float32)
        out = self.process(rest, rest)
        self.reset()
        return out

    def _read_hops(self, sound: FourChannels, first: int) -> None:
        """Take in every hop of `sound` that is whole now, and extend the gain by as many."""
        count = self._taken // HOP_FRAMES - self._hops_read
        if count <= 0:
            return
        begin = self._hops_read * HOP_FRAMES - first
        self._hops_read += count
        bound = 2.0 * _loudest(sound)
        if bound * self._worst_gain <= self._target:
            self._hop_peak = bound
            self._extend_gains(np.ones(count))
        else:
            self._extend_gains(self._needed_gains(sound, begin, count))

    def _needed_gains(self, sound: FourChannels, begin: int, count: int) -> FloatArray:
        """The gain that the readings of each of `count` hops need, the first of which begins at `begin` of `sound`."""
        maxima = np.max(np.abs(sound[begin : begin + count * HOP_FRAMES].reshape(count, HOP_FRAMES, 4)), axis=1)
        bounds = np.max(maxima[:, :2] + maxima[:, 2:], axis=1).astype(np.float64)
        spans = np.maximum(bounds, np.concatenate(([self._hop_peak], bounds[:-1])))
        self._hop_peak = float(bounds[-1])
        loud = np.flatnonzero(spans * self._worst_gain > self._target)
        needed = np.ones(count)
        if loud.size:
            starts = begin + loud * HOP_FRAMES - 2 * HALF_TAPS
            windows = np.stack([sound[start : start + _WINDOW_FRAMES] for start in starts])
            peaks = true_peaks(windows, self._target)
            needed[loud] = np.where(peaks > self._target, self._aim / np.maximum(peaks, self._aim), 1.0)
        return needed

    def _extend_gains(self, needed: FloatArray) -> None:
        """One more gain for each hop read: the lowest any reading near it needs, approached in a line, left slowly."""
        if self._gains[-1] == 1.0 and min(self._needed) == 1.0 and float(needed.min()) == 1.0:
            self._gains = [*self._gains, *([1.0] * len(needed))]
            return
        for one in needed.tolist():
            self._needed = [*self._needed[1:], one]
            released = self._gains[-1] + (1.0 - self._gains[-1]) * _RELEASE
            released = 1.0 if released > _OPEN_AGAIN else released
            self._gains.append(min(released, self._approach()))

    def _approach(self) -> float:
        """The gain that the readings in sight ask for at the hop edge furthest behind them."""
        lowest = 1.0
        for ahead in range(ATTACK_HOPS):
            least = min(self._needed[ahead : ahead + 3])
            lowest = min(lowest, least + (1.0 - least) * ahead / ATTACK_HOPS)
        return lowest

    def _limited(self, sound: FourChannels, first: int) -> FourChannels:
        """`sound`, whose first frame is `first`, under the gain drawn in lines from hop edge to hop edge."""
        gains = np.array(self._gains)
        keep = min((first + len(sound)) // HOP_FRAMES - self._gains_from, len(gains) - 2)
        from_hop, self._gains_from = self._gains_from, self._gains_from + keep
        self._gains = self._gains[keep:]
        if gains.min() == 1.0:
            return sound
        frames = np.arange(first, first + len(sound))
        hop = frames // HOP_FRAMES - from_hop
        part = (frames % HOP_FRAMES) / HOP_FRAMES
        gain = gains[hop] + (gains[hop + 1] - gains[hop]) * part
        out: FourChannels = sound * gain.astype(np.float32)[:, None]
        return out
