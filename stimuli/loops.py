"""Loops of sound made as spectra: slow swelling notes, a large room around them, bands of noise.

A loop of P frames has its energy at whole multiples of 1/P, so it is written there directly: a swell of a partial is a few
lines, the room is a product, and the loop closes on itself with nothing to hide. It is kept as 16-bit numbers, half as large,
whose rounding is 98 dB down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples
from stimuli.loudness import k_weight_power

Spectrum = npt.NDArray[np.complex128]

SPECTRUM_PARTS: Final = 4
"""Spectra reach to 48 kHz / 4 / 2 = 6 kHz; above, loops are silent."""

LINES_EACH_SIDE: Final = 160
"""Lines written on either side of a partial; the first one left out of a swell is over 120 dB down."""

FULL_SCALE: Final = 32_767


@dataclass(frozen=True, slots=True)
class Loop:
    """Sound that repeats: `samples` int16 of shape (frames, 2), `scale` the value of one step, `k_power` its weighted power."""

    samples: npt.NDArray[np.int16]
    scale: float
    k_power: float


@dataclass(frozen=True, slots=True)
class Swell:
    """One partial that rises and sinks once, as a raised cosine `length_s` long from `begin_s`, at phase `turn`."""

    hz: float
    amplitude: float
    begin_s: float
    length_s: float
    turn: float


def loop_frames(period_s: float) -> int:
    """The loop length nearest to `period_s` that is quick to transform: four times a number with factors up to 7 alone."""
    wanted = round(period_s * FRAME_RATE_HZ / SPECTRUM_PARTS)
    for away in range(wanted):
        for near in (wanted - away, wanted + away):
            if _only_small_factors(near):
                return near * SPECTRUM_PARTS
    raise ValueError(f"a loop must last longer than nothing, not {period_s} s")


def _only_small_factors(number: int) -> bool:
    for factor in (2, 3, 5, 7):
        while number % factor == 0:
            number //= factor
    return number == 1


def line_count(frames: int) -> int:
    """Lines of the spectrum of a loop of `frames`."""
    return frames // SPECTRUM_PARTS // 2 + 1


def line_hz(frames: int) -> FloatArray:
    """The frequency of each line, Hz."""
    hz: FloatArray = np.arange(line_count(frames), dtype=np.float64) * (FRAME_RATE_HZ / frames)
    return hz


def swells_spectrum(swells: Iterable[Swell], frames: int) -> Spectrum:
    """The spectrum of a loop of `frames` in which `swells` sound; one that passes the loop's end goes on at its start."""
    spectrum = np.zeros(line_count(frames), np.complex128)
    spacing_hz = FRAME_RATE_HZ / frames
    for swell in swells:
        middle = round(swell.hz / spacing_hz)
        lines = np.arange(max(1, middle - LINES_EACH_SIDE), min(spectrum.size, middle + LINES_EACH_SIDE))
        hz = lines * spacing_hz
        away = (hz - swell.hz) * swell.length_s
        hann: FloatArray = 0.5 * np.sinc(away) + 0.25 * (np.sinc(away - 1.0) + np.sinc(away + 1.0))
        turns = swell.turn - hz * swell.begin_s - 0.5 * away
        spectrum[lines] += 0.5 * swell.amplitude * swell.length_s * FRAME_RATE_HZ * hann * np.exp(2j * np.pi * turns)
    return spectrum


def room_response(impulse: FloatArray, frames: int) -> Spectrum:
    """The spectrum of a room's `impulse` (at 12 kHz, shorter than the loop) on the lines of a loop of `frames`."""
    response: Spectrum = np.fft.rfft(impulse, frames // SPECTRUM_PARTS)
    return response


def noise_spectrum(shape: FloatArray, frames: int, rng: np.random.Generator) -> Spectrum:
    """Noise whose lines have the amplitudes `shape`."""
    lines = rng.standard_normal((2, shape.size))
    spectrum: Spectrum = shape * (lines[0] + 1j * lines[1]) * np.sqrt(frames)
    return spectrum


def loop_of(left: Spectrum, right: Spectrum, frames: int) -> Loop:
    """The loop that two spectra stand for."""
    weights = k_weight_power(line_hz(frames))
    k_power = sum(2.0 * float(np.sum(weights * np.abs(side) ** 2)) / frames**2 for side in (left, right))
    channels = [np.fft.irfft(side.astype(np.complex64), frames) for side in (left, right)]
    peak = max(float(np.max(np.abs(channel))) for channel in channels)
    scale = peak / FULL_SCALE
    samples = np.empty((frames, 2), np.int16)
    for index, channel in enumerate(channels):
        np.rint(channel / scale, out=channel)
        samples[:, index] = channel
    samples.flags.writeable = False
    return Loop(samples, scale, k_power)


def add_loop(out: Samples, loop: Loop, first_frame: int, gain: Samples) -> None:
    """Add `loop` under `gain` to `out`, which begins at `first_frame`."""
    done, length = 0, len(loop.samples)
    while done < len(out):
        at = (first_frame + done) % length
        count = min(len(out) - done, length - at)
        out[done : done + count] += loop.samples[at : at + count] * gain[done : done + count, None]
        done += count
