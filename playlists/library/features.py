"""Three simple features of a run of sound, from its short-time spectrum: centroid, onsets, and how struck it sounds.

Spectral flux on log-compressed bands, peaks picked above a moving mean: S. Dixon, "Onset detection revisited", Proc. DAFx-06.
Good enough to sort a folder; the clinic's own tags win.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from playlists.library.tracks import Hints
from stimuli.frames import FRAME_RATE_HZ, Samples

WINDOW_FRAMES: Final = 2_048
HOP_FRAMES: Final = 1_024
BANDS: Final = 24
ONSET_GAP_S: Final = 0.1
ONSET_RISE: Final = 0.15
"""An onset's flux stands this far above the mean of the second around it; the flux is a mean over bands of log magnitudes."""

_WINDOW: Final = np.hanning(WINDOW_FRAMES).astype(np.float32)
_HZ: Final = np.fft.rfftfreq(WINDOW_FRAMES, 1.0 / FRAME_RATE_HZ).astype(np.float32)
_EDGES: Final = np.unique(np.searchsorted(_HZ, np.geomspace(40.0, 16_000.0, BANDS + 1)))

Floats = npt.NDArray[np.float32]


class FeatureMeter:
    """Feed it stereo at 48 kHz; ask `result` at the end. Keeps about 200 bytes for each second."""

    def __init__(self) -> None:
        self._held: Floats = np.zeros(0, dtype=np.float32)
        self._bands_before: Floats | None = None
        self._flux: list[Floats] = []
        self._power = 0.0
        self._power_hz = 0.0

    def feed(self, sound: Samples) -> None:
        """The next piece, of any length."""
        mono = np.concatenate((self._held, sound.mean(axis=1, dtype=np.float32)))
        count = (len(mono) - WINDOW_FRAMES) // HOP_FRAMES + 1
        if count < 1:
            self._held = mono
            return
        windows = np.lib.stride_tricks.sliding_window_view(mono, WINDOW_FRAMES)[::HOP_FRAMES][:count]
        spectrum = np.fft.rfft(windows * _WINDOW, axis=1)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        self._power += float(power.sum(dtype=np.float64))
        self._power_hz += float((power @ _HZ).sum(dtype=np.float64))
        self._rise(power)
        self._held = mono[count * HOP_FRAMES :].copy()

    def _rise(self, power: Floats) -> None:
        bands = np.log10(1.0 + 10.0 * np.sqrt(np.add.reduceat(power, _EDGES[:-1], axis=1))).astype(np.float32)
        before = bands[:1] if self._bands_before is None else self._bands_before
        steps = np.diff(np.concatenate((before, bands)), axis=0)
        self._flux.append(np.maximum(steps, 0.0).mean(axis=1))
        self._bands_before = bands[-1:]

    def result(self) -> Hints:
        """The features of all that was fed; zeros for silence and for less than one window."""
        if not self._flux or self._power <= 0.0:
            return Hints(0.0, 0.0, 0.0)
        flux = np.concatenate(self._flux).astype(np.float64)
        onsets = onset_indices(flux)
        around = np.unique(np.clip(onsets[:, None] + np.array([-1, 0, 1]), 0, len(flux) - 1))
        seconds = len(flux) * HOP_FRAMES / FRAME_RATE_HZ
        return Hints(
            centroid_hz=round(self._power_hz / self._power, 1),
            onsets_per_s=round(len(onsets) / seconds, 3),
            percussive_frac=round(float(flux[around].sum() / max(flux.sum(), 1e-12)), 3),
        )


def onset_indices(flux: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Where `flux` peaks above the mean of the second around it, at least ONSET_GAP_S apart."""
    width = FRAME_RATE_HZ // HOP_FRAMES | 1
    sums = np.cumsum(np.concatenate((np.zeros(width // 2 + 1), flux, np.zeros(width // 2))))
    mean = (sums[width:] - sums[:-width]) / width
    inner = (flux[1:-1] >= flux[:-2]) & (flux[1:-1] > flux[2:]) & (flux[1:-1] > mean[1:-1] + ONSET_RISE)
    gap = round(ONSET_GAP_S * FRAME_RATE_HZ / HOP_FRAMES)
    kept: list[int] = []
    for index in np.flatnonzero(inner) + 1:
        if not kept or index - kept[-1] >= gap:
            kept.append(int(index))
    return np.array(kept, dtype=np.int64)
