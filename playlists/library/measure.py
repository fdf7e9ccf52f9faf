"""Everything measured of one file in a single pass over its sound: loudness, peaks, cue points, features."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from playlists.decode import Cue, DecodeError, Source, Stream
from playlists.library.features import FeatureMeter
from playlists.library.loudness import LoudnessMeter
from playlists.library.tracks import Measure
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_ms

SILENCE_DBFS: Final = -66.0
"""What stays below this at either end of a file is not played."""

EDGE_FRAMES: Final = frames_of_ms(50)
MUST_LAST_S: Final = 1.0
"""Shorter files are sounds, not music, and are not offered as tracks."""

MAY_MISS_FRAC: Final = 0.02
MAY_MISS_S: Final = 2.0
"""A file that ends earlier than its header says, by more than both of these, is called truncated."""


def _db(value: float) -> float:
    return 20.0 * math.log10(max(value, 1e-6))


class _Edges:
    """First and last audible frames, and the peaks of the first and last 50 ms."""

    def __init__(self) -> None:
        self.frames = 0
        self.first: int | None = None
        self.last = 0
        self._head = 0.0
        self._tail = np.zeros((0, 2), dtype=np.float32)

    def feed(self, sound: Samples) -> None:
        loud = np.flatnonzero(np.abs(sound).max(axis=1) > 10.0 ** (SILENCE_DBFS / 20.0))
        if len(loud):
            if self.first is None:
                self.first = self.frames + int(loud[0])
            self.last = self.frames + int(loud[-1]) + 1
        if self.frames < EDGE_FRAMES:
            self._head = max(self._head, float(np.abs(sound[: EDGE_FRAMES - self.frames]).max(initial=0.0)))
        self._tail = np.concatenate((self._tail, sound))[-EDGE_FRAMES:]
        self.frames += len(sound)

    @property
    def head_db(self) -> float:
        return _db(self._head)

    @property
    def tail_db(self) -> float:
        return _db(float(np.abs(self._tail).max(initial=0.0)))


def measure(path: Path) -> Measure:
    """Decode and measure `path`; raises DecodeError with a plain reason where it cannot be used as music."""
    with Source(path) as source:
        declared_s = source.facts.seconds
    loudness, features, edges = LoudnessMeter(), FeatureMeter(), _Edges()
    for sound in Stream([Cue(path)]).chunks():
        if not np.isfinite(sound).all():
            raise DecodeError(path, "the file is damaged: it holds values that are not numbers")
        loudness.feed(sound)
        features.feed(sound)
        edges.feed(sound)
    _refuse(path, edges, declared_s)
    heard = loudness.result()
    return Measure(
        frames=edges.frames,
        integrated_lufs=heard.integrated_lufs,
        short_term_max_lufs=heard.short_term_max_lufs,
        range_lu=heard.range_lu,
        true_peak_dbtp=heard.true_peak_dbtp,
        cue_in_frame=edges.first or 0,
        cue_out_frame=edges.last,
        head_db=edges.head_db,
        tail_db=edges.tail_db,
        hints=features.result(),
    )


def _refuse(path: Path, edges: _Edges, declared_s: float | None) -> None:
    lasts_s = edges.frames / FRAME_RATE_HZ
    if not edges.frames:
        raise DecodeError(path, "there is no sound in this file")
    if declared_s is not None and declared_s - lasts_s > max(MAY_MISS_S, MAY_MISS_FRAC * declared_s):
        raise DecodeError(path, f"the file is cut short: {_clock(lasts_s)} of {_clock(declared_s)} are there")
    if edges.first is None:
        raise DecodeError(path, f"the file is silent from end to end ({_clock(lasts_s)})")
    if lasts_s < MUST_LAST_S:
        raise DecodeError(path, f"it lasts only {lasts_s:.2f} s, too short for music")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
