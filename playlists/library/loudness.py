"""Loudness and true peak of a run of sound, by FFmpeg's EBU R 128 meter (ITU-R BS.1770-4), fed piece by piece.

It comes with the decoder, so it costs no further library, has wheels for every Python that the decoder has, and needs no more
memory for three hours than for three minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import av
import av.filter
import numpy as np

from stimuli.frames import FRAME_RATE_HZ, Samples

SILENCE_LUFS: Final = -70.0
"""BS.1770's absolute gate: what lies below does not count."""

_PIECE: Final = 4_800
_DONE = (av.BlockingIOError, av.EOFError)


@dataclass(frozen=True, slots=True)
class Loudness:
    """`integrated_lufs` is None below the gate, or where there is less than one gating block of 400 ms."""

    integrated_lufs: float | None
    short_term_max_lufs: float
    range_lu: float
    true_peak_dbtp: float


class LoudnessMeter:
    """Feed it stereo at 48 kHz; ask `result` at the end."""

    def __init__(self) -> None:
        self._graph = av.filter.Graph()
        source = self._graph.add(
            "abuffer",
            sample_rate=str(FRAME_RATE_HZ),
            sample_fmt="flt",
            channel_layout="stereo",
            time_base=f"1/{FRAME_RATE_HZ}",
        )
        meter = self._graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        sink = self._graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._graph.configure()
        self._fed = 0
        self._last: dict[str, str] = {}
        self._short_term_max = SILENCE_LUFS

    def feed(self, sound: Samples) -> None:
        """The next piece, of any length."""
        if not len(sound):
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound).reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate = FRAME_RATE_HZ
        frame.pts = self._fed
        self._fed += len(sound)
        self._graph.push(frame)
        self._collect()

    def _collect(self) -> None:
        while True:
            try:
                out = self._graph.pull()
            except _DONE:
                return
            values = out.metadata
            if values:
                self._last = values
                if self._fed >= 3 * FRAME_RATE_HZ:
                    self._short_term_max = max(self._short_term_max, float(values.get("lavfi.r128.S", SILENCE_LUFS)))

    def result(self) -> Loudness:
        """What was measured. Feeds up to 100 ms of silence first, so that the last sounds are counted too."""
        self.feed(np.zeros((_PIECE - self._fed % _PIECE, 2), dtype=np.float32))
        values = self._last
        integrated = float(values.get("lavfi.r128.I", SILENCE_LUFS))
        peak = max(float(values.get(f"lavfi.r128.true_peaks_ch{channel}", 0.0)) for channel in (0, 1))
        heard = math.isfinite(integrated) and integrated > SILENCE_LUFS
        return Loudness(
            integrated_lufs=integrated if heard else None,
            short_term_max_lufs=max(self._short_term_max, integrated if heard else SILENCE_LUFS),
            range_lu=float(values.get("lavfi.r128.LRA", 0.0)),
            true_peak_dbtp=20.0 * math.log10(max(peak, 1e-6)),
        )


def loudness_of(sound: Samples) -> Loudness:
    """The loudness of a sound that is all there."""
    meter = LoudnessMeter()
    for first in range(0, len(sound), FRAME_RATE_HZ):
        meter.feed(sound[first : first + FRAME_RATE_HZ])
    return meter.result()
