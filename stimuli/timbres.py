"""The nine timbres of the bilateral tone, each a table of samples indexed by whole frames from the tone's onset.

Index 0 of a table sits on the onset frame and is its first sample above silence: the raised-cosine rise begins one step up,
and carriers begin at their crest, so a recording shows the onset on its frame. Every table lasts just `ms`, ends as softly as
it begins, and has a peak of at most 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import FRAME_RATE_HZ, FloatArray, frames_of_ms
from stimuli.settings import Timbre

Table = npt.NDArray[np.float32]
"""One tone, mono: float32 of shape (frames,), not writable."""

RAMP_MS: Final = (5.0, 20.0)
"""The shortest and the longest rise.

Held tones rise in a tenth of their length, struck ones in the shortest; all fall in a tenth.
"""

LONGEST_TONE_FRAMES: Final = frames_of_ms(400.0)
NOISE_SEED: Final = 20_070_301
TRIANGLE_HARMONICS: Final = 24
"""Odd harmonics of the triangle: the first one left out is 67 dB down, and none is above 20 kHz."""

Partial = tuple[float, float, float]
"""A decaying partial: its ratio to the tone's frequency, its amplitude, and its decay time."""

BARS: Final[dict[Timbre, tuple[Partial, ...]]] = {
    # A free bar's modes (Fletcher & Rossing 1998, The Physics of Musical Instruments, 2.16): a dry, hollow knock.
    "woodblock": ((1.0, 1.0, 0.22), (2.756, 0.35, 0.10), (5.404, 0.12, 0.05)),
    # A tuned bell's strike note under its upper partials, softened: the low ones ring longest.
    "chime": ((1.0, 1.0, 0.50), (2.0, 0.30, 0.35), (3.0, 0.16, 0.25), (4.2, 0.08, 0.16), (5.4, 0.04, 0.10)),
}
"""Struck timbres with a pitch; decay times are parts of the tone's length."""

KNOCKS: Final[dict[Timbre, tuple[Partial, ...]]] = {
    "click": ((3.0, 1.0, 0.007), (4.7, 0.5, 0.005), (6.8, 0.2, 0.004)),
    "tick": ((6.0, 1.0, 0.004), (8.5, 0.4, 0.003)),
}
"""Short knocks without a pitch to follow, whose brightness `hz` moves; decay times are in seconds."""

PITCHED: Final[frozenset[Timbre]] = frozenset(("sine", "triangle", "soft-drum", "woodblock", "chime", "heartbeat"))
"""The timbres whose strongest frequency is the tone's `hz`."""


def ramps(timbre: Timbre, ms: float) -> tuple[int, int]:
    """Frames of the rise and of the fall of a tone of `ms`."""
    fall = frames_of_ms(min(max(ms / 10.0, RAMP_MS[0]), RAMP_MS[1]))
    return (fall, fall) if timbre in ("sine", "triangle", "noise") else (frames_of_ms(RAMP_MS[0]), fall)


def envelope(frames: int, rise: int, fall: int) -> FloatArray:
    """A raised-cosine rise over `rise` frames, 1, and a fall over `fall`: shape (frames,), above 0 throughout."""
    result = np.ones(frames)
    result[:rise] = _rise(rise)
    result[frames - fall :] = np.minimum(result[frames - fall :], _rise(fall)[::-1])
    return result


def _rise(frames: int) -> FloatArray:
    rise: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / (frames + 1))
    return rise


def _seconds(frames: int) -> FloatArray:
    seconds: FloatArray = np.arange(frames) / FRAME_RATE_HZ
    return seconds


def _sine(hz: float, frames: int) -> FloatArray:
    wave: FloatArray = np.cos(2.0 * np.pi * hz * _seconds(frames))
    return wave


def _triangle(hz: float, frames: int) -> FloatArray:
    turns = 2.0 * np.pi * hz * _seconds(frames)
    wave = np.zeros(frames)
    for odd in range(1, 2 * TRIANGLE_HARMONICS, 2):
        if odd * hz < 20_000.0:
            wave += np.cos(odd * turns) / (odd * odd)
    return wave * (8.0 / np.pi**2)


def _struck(partials: Sequence[Partial], decay_unit_s: float, hz: float, frames: int) -> FloatArray:
    seconds = _seconds(frames)
    wave = np.zeros(frames)
    for ratio, amplitude, decay in partials:
        wave += amplitude * np.exp(-seconds / (decay * decay_unit_s)) * np.cos(2.0 * np.pi * ratio * hz * seconds)
    return wave


def _soft_drum(hz: float, frames: int) -> FloatArray:
    """A membrane struck with a felt mallet: the pitch falls a fifth onto `hz` in the first 10 ms or so."""
    seconds = _seconds(frames)
    glide_s = 0.006
    turns = hz * (seconds + 0.5 * glide_s * (1.0 - np.exp(-seconds / glide_s)))
    body = np.exp(-seconds / (0.35 * frames / FRAME_RATE_HZ)) * np.cos(2.0 * np.pi * turns)
    skin = 0.15 * np.exp(-seconds / 0.012) * np.cos(2.0 * np.pi * 1.593 * turns)
    wave: FloatArray = body + skin
    return wave


def _heartbeat(hz: float, frames: int) -> FloatArray:
    """Lub and dub: two thumps at `hz`, the second softer."""
    thump = max(frames_of_ms(2.0 * RAMP_MS[0]), round(0.42 * frames))
    ramp = min(frames_of_ms(2.0 * RAMP_MS[0]), thump // 2)
    seconds = _seconds(thump)
    one = envelope(thump, ramp, ramp) * np.exp(-seconds / (0.5 * thump / FRAME_RATE_HZ)) * np.cos(2.0 * np.pi * hz * seconds)
    wave = np.zeros(frames)
    wave[:thump] += one
    wave[frames - thump :] += 0.6 * one
    return wave


def _noise(hz: float, frames: int) -> FloatArray:
    """A soft breath: noise with most of its power around `hz`, the same one every time."""
    size = 1 << (frames - 1).bit_length()
    white = np.random.default_rng(NOISE_SEED).standard_normal(size)
    at_hz = np.fft.rfftfreq(size, 1.0 / FRAME_RATE_HZ)
    shape = (at_hz / hz) / (1.0 + (at_hz / (2.0 * hz)) ** 2) ** 1.5
    wave: FloatArray = np.fft.irfft(np.fft.rfft(white) * shape, size)[:frames]
    wave[0] = abs(wave[0]) + 0.1 * float(np.max(np.abs(wave)))
    return wave


_WAVES: Final[dict[Timbre, Callable[[float, int], FloatArray]]] = {
    "sine": _sine,
    "triangle": _triangle,
    "soft-drum": _soft_drum,
    "heartbeat": _heartbeat,
    "noise": _noise,
}


def _wave(timbre: Timbre, hz: float, frames: int) -> FloatArray:
    if timbre in BARS:
        return _struck(BARS[timbre], frames / FRAME_RATE_HZ, hz, frames)
    if timbre in KNOCKS:
        return _struck(KNOCKS[timbre], 1.0, hz, frames)
    return _WAVES[timbre](hz, frames)


@lru_cache(maxsize=64)
def tone_table(timbre: Timbre, hz: float, ms: float) -> Table:
    """The samples of one tone, before volume and pan; kept, so a tone that repeats costs nothing."""
    frames = frames_of_ms(ms)
    wave = _wave(timbre, hz, frames)
    if timbre != "heartbeat":
        wave = wave * envelope(frames, *ramps(timbre, ms))
    if timbre != "sine":
        wave = wave / np.max(np.abs(wave))
    table: Table = wave.astype(np.float32)
    table.flags.writeable = False
    return table
