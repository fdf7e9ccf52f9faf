"""The built-in pad against its acceptance figures (the domain's "Built-in sound"): measured value beside limit.

    python -m benchmarks.pad_acceptance [--hours 8] [--seed 1] [--intensity 2]

Renders the pad through intensities 0 to 5 in equal parts, or at one, and measures it second by second; twenty minutes of it
unless told otherwise.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.figures import Figure, How
from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples
from stimuli.loudness import k_weight_power, lufs_of_power
from stimuli.pad import INTENSITY_MAX, Pad

TARGET_LUFS: Final = -20.0
"""The loudness target of every track, which the pad stands in for."""

WINDOW_S: Final = 10
CORRELATION_S: Final = 60
SLOW_RATE_HZ: Final = 2000
LAG_S: Final = (20.0, 1800.0)
PIECE_S: Final = 7200
BEATING_LIMIT: Final = 0.10
"""RMS modulation of the power between 4 and 12 Hz: about what a tone's modulation by 7 % gives, which is hardly heard."""

OUTSIDE_LIMIT_DB: Final = -50.0


@dataclass
class Measured:
    """What each second of the pad was like."""

    steps: list[float] = field(default_factory=list)
    peaks_db: list[float] = field(default_factory=list)
    k_powers: list[float] = field(default_factory=list)
    spectrum: FloatArray = field(default_factory=lambda: np.zeros(FRAME_RATE_HZ // 2 + 1))
    centroids: list[float] = field(default_factory=list)
    by_magnitude: list[float] = field(default_factory=list)
    products: list[FloatArray] = field(default_factory=list)
    beating: list[float] = field(default_factory=list)
    slow: list[Samples] = field(default_factory=list)
    levels: list[FloatArray] = field(default_factory=list)
    render_s: float = 0.0


def _true_peak_db(sound: FloatArray) -> float:
    spectrum = np.fft.rfft(sound, axis=0)
    fine = np.fft.irfft(spectrum, 4 * len(sound), axis=0) * 4.0
    return float(20.0 * np.log10(max(np.max(np.abs(fine)), 1e-9)))


def _beating(sound: FloatArray) -> float:
    """RMS of the power's movement between 4 and 12 Hz, as a part of the power."""
    power = np.sum(sound**2, axis=1)
    lines = np.abs(np.fft.rfft(power * np.hanning(len(power))))
    hz = np.fft.rfftfreq(len(power), 1.0 / FRAME_RATE_HZ)
    band = (hz >= 4.0) & (hz <= 12.0)
    return float(np.sqrt(2.0 * np.sum(lines[band] ** 2) / 1.5) / lines[0])


def listen(hours: float, seed: int, only: float | None = None) -> Measured:
    """Render and measure."""
    pad, found = Pad(seed), Measured()
    seconds = round(hours * 3600)
    hz = np.arange(FRAME_RATE_HZ // 2 + 1, dtype=np.float64)
    weights, hann = k_weight_power(hz), np.hanning(FRAME_RATE_HZ)[:, None]
    last: Samples = np.zeros((0, 2), np.float32)
    window: list[FloatArray] = []
    here = np.zeros(len(hz))
    for second in range(seconds):
        intensity = INTENSITY_MAX * (second * 6 // seconds) / 5.0 if only is None else only
        began_s = time.perf_counter()
        block = pad.block(second * FRAME_RATE_HZ, FRAME_RATE_HZ, intensity)
        found.render_s += time.perf_counter() - began_s
        found.steps.append(float(np.max(np.abs(np.diff(np.concatenate((last, block)), axis=0)))))
        last = block[-1:]
        sound = block.astype(np.float64)
        spectrum = np.fft.rfft(sound, axis=0)
        power = 2.0 * np.sum(np.abs(spectrum) ** 2, axis=1) / FRAME_RATE_HZ**2
        found.k_powers.append(float(np.sum(power * weights)))
        here += np.sum(np.abs(np.fft.rfft(sound * hann, axis=0)) ** 2, axis=1)
        found.peaks_db.append(_true_peak_db(sound))
        found.products.append(np.array([np.mean(sound[:, 0] * sound[:, 1]), *np.mean(sound**2, axis=0)]))
        slow = np.fft.irfft(spectrum.sum(axis=1)[: SLOW_RATE_HZ // 2 + 1], SLOW_RATE_HZ)
        found.slow.append(slow.astype(np.float32))
        found.levels.append(np.sqrt(np.mean(sound.reshape(10, -1) ** 2, axis=1)))
        window.append(sound)
        if len(window) == WINDOW_S:
            found.beating.append(_beating(np.concatenate(window)))
            found.spectrum += here
            found.centroids.append(float(here @ hz / here.sum()))
            found.by_magnitude.append(float(np.sqrt(here) @ hz / np.sqrt(here).sum()))
            window, here = [], np.zeros(len(hz))
    return found


def _windows(values: FloatArray, length: int) -> FloatArray:
    """Sums over every `length` neighbours."""
    sums = np.cumsum(np.concatenate((np.zeros((1, *values.shape[1:])), values)), axis=0)
    result: FloatArray = sums[length:] - sums[:-length]
    return result


def largest_echo(signal: FloatArray, rate_hz: float) -> tuple[float, float]:
    """The largest autocorrelation of `signal` at lags of 20 s to 30 min, and its lag in s."""
    moved = signal - np.mean(signal)
    size = 1 << (2 * len(moved) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(moved.astype(np.float32), size)) ** 2
    echo = np.fft.irfft(spectrum, size)[: len(moved)]
    squares = np.cumsum(moved.astype(np.float64) ** 2)
    low, high = round(LAG_S[0] * rate_hz), min(round(LAG_S[1] * rate_hz), len(moved) * 3 // 4)
    lags = np.arange(low, high)
    energy = np.sqrt(squares[len(moved) - 1 - lags] * (squares[-1] - squares[lags - 1]))
    share = echo[low:high] / energy
    at = int(np.argmax(share))
    return float(share[at]), float(lags[at] / rate_hz)


def _pieces(signal: FloatArray, rate_hz: float) -> list[FloatArray]:
    length = round(PIECE_S * rate_hz)
    return [signal[at : at + length] for at in range(0, max(1, len(signal) - length // 2), length)]


Row = tuple[str, str, str, bool]


def rows_of(found: Measured) -> list[Row]:
    """(what, value, limit, whether it is kept) of each figure."""
    loud = [lufs_of_power(power / WINDOW_S) for power in _windows(np.array(found.k_powers), WINDOW_S)]
    centroids, by_magnitude, total = np.array(found.centroids), np.array(found.by_magnitude), found.spectrum
    products = _windows(np.array(found.products), CORRELATION_S)
    correlations = products[:, 0] / np.sqrt(products[:, 1] * products[:, 2])
    below = 10.0 * np.log10(total[:35].sum() / total.sum())
    above = 10.0 * np.log10(total[8001:].sum() / total.sum())
    waves = max(largest_echo(piece, SLOW_RATE_HZ) for piece in _pieces(np.concatenate(found.slow), SLOW_RATE_HZ))
    levels = max(largest_echo(piece, 10.0) for piece in _pieces(np.concatenate(found.levels), 10.0))
    return [
        ("largest sample step, FS", f"{max(found.steps):.4f}", "<= 0.05", max(found.steps) <= 0.05),
        ("10 s windows to target, LU", f"{min(loud) - TARGET_LUFS:+.1f} .. {max(loud) - TARGET_LUFS:+.1f}", "-8 .. +4",
         min(loud) >= TARGET_LUFS - 8.0 and max(loud) <= TARGET_LUFS + 4.0),
        ("centroid of power, Hz", f"{centroids.min():.0f} .. {centroids.max():.0f}", "250 .. 1200",
         centroids.min() >= 250.0 and centroids.max() <= 1200.0),
        ("centroid of magnitude, Hz", f"{by_magnitude.min():.0f} .. {by_magnitude.max():.0f}", "250 .. 1200",
         by_magnitude.min() >= 250.0 and by_magnitude.max() <= 1200.0),
        ("left-right correlation, 60 s", f"{correlations.min():.2f} .. {correlations.max():.2f}", "0.2 .. 0.8",
         correlations.min() >= 0.2 and correlations.max() <= 0.8),
        ("autocorrelation of the sound", f"{waves[0]:.2f} at {waves[1]:.1f} s", "<= 0.5", waves[0] <= 0.5),
        ("autocorrelation of its level", f"{levels[0]:.2f} at {levels[1]:.1f} s", "<= 0.5", levels[0] <= 0.5),
        ("true peak, dBTP", f"{max(found.peaks_db):.1f}", "< -3", max(found.peaks_db) < -3.0),
        ("beating 4-12 Hz, of power", f"{max(found.beating):.3f}", f"<= {BEATING_LIMIT}", max(found.beating) <= BEATING_LIMIT),
        ("below 35 Hz, dB", f"{below:.0f}", f"<= {OUTSIDE_LIMIT_DB:.0f}", below <= OUTSIDE_LIMIT_DB),
        ("above 8 kHz, dB", f"{above:.0f}", f"<= {OUTSIDE_LIMIT_DB:.0f}", above <= OUTSIDE_LIMIT_DB),
    ]  # fmt: skip


def report(found: Measured, seed: int) -> bool:
    """Print each figure beside its limit; whether all are kept."""
    rows, seconds = rows_of(found), len(found.steps)
    print(f"pad, seed {seed}, {seconds / 3600:.2f} h, rendered {seconds / found.render_s:.0f} times as fast as it sounds")
    for name, value, limit, kept in rows:
        print(f"  {name:32} {value:>18}   {limit:12} {'' if kept else 'NOT KEPT'}")
    return all(kept for *_, kept in rows)


def measure(how: How) -> list[Figure]:
    """Every acceptance figure of the pad, over one render through its intensities."""
    hours = how.pick(1 / 12, 8)
    about = f"{60 * hours:.0f} min through all intensities"
    return [Figure(f"pad: {what}", limit, value, kept, about) for what, value, limit, kept in rows_of(listen(hours, 1))]


def main() -> int:
    """Measure and print; exit code 1 where a figure is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1 / 3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--intensity", type=float, default=None)
    asked = parser.parse_args()
    return 0 if report(listen(asked.hours, asked.seed, asked.intensity), asked.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
