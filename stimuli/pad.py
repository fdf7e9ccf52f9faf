"""The built-in pad: eight loops of different lengths that never meet again in the same way, in one large room.

Every pitch is a whole multiple of one low D, so no two partials beat between 4 and 12 times a second: they agree, drift
apart by less than 2 Hz, or lie 16 Hz and more apart. Intensity 0 to 5 brings in voices, register and brightness, never tempo,
at one loudness. A block is the same to the bit however the sound is split, for the same intensities from the same frames.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples
from stimuli.hops import HOP_FRAMES, hop_lines, hop_span
from stimuli.loops import Loop, Swell, add_loop, loop_frames, loop_of, room_response, swells_spectrum
from stimuli.loudness import power_of_lufs
from stimuli.pan import pan_gains
from stimuli.room import impulse_response

PAD_LUFS: Final = -22.0
"""Loudness of the pad at every intensity, in the long run: a little under the music's target of -20."""

INTENSITY_MAX: Final = 5.0
GLIDE_PER_S: Final = 0.2
"""How fast the intensity follows what is asked: a whole step in 5 s."""

ROOT_HZ: Final = 440.0 / 24.0
"""D, three octaves below what can be heard as a note here; A above middle C is its 24th multiple."""

DRY: Final = 0.6
"""How much of a voice is heard from where it stands; the rest comes back from the room."""

ENSEMBLE: Final = 3
"""How many play each partial, a little apart, so that no single line meets a peak of the room alone."""

BASS_HZ: Final = 220.0
"""Partials below fall off by 6 dB an octave: low notes are known by what lies above them, in a small speaker too."""

CORRELATION: Final = 0.5
"""How alike the two ears hear each voice: its width is set so."""

DRIFT_HZ: Final = 0.9
DRIFT_FRAC: Final = 0.006
"""The most that a partial lies beside its pitch, in Hz and as a part of its note: slow, wide movement where two voices meet."""

SECOND_BREATH: Final = 0.6
"""How much the second of a voice's slow waves counts beside the first."""

LEAST_POWER: Final = 0.1
"""Where nearly all voices rest at once the rest is not made up for beyond this."""

SILENT_DB: Final = -60.0
Levels = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Voice:
    """One loop: `notes` in multiples of the root, each sounding for `overlap` times its share of `period_s`.

    `partials` at most, falling as 1 / k ** `roll_off`; `position` -1 left to 1 right; `levels_db` at intensities 0 to 5. It
    comes and goes, and turns over, by two slow waves of `breaths_s`, so the same bar never returns in the same company:
    the periods were searched for the smallest echo of the pad's level between 20 s and 30 min, over seeds and intensities.
    """

    period_s: float
    notes: tuple[int, ...]
    partials: int
    roll_off: float
    overlap: float
    position: float
    breaths_s: tuple[float, float]
    levels_db: Levels


VOICES: Final = (
    Voice(40.4, (4, 6), 10, 0.85, 2.0, 0.0, (75.7, 322.9), (-7.0, -6.0, -5.0, -5.0, -5.0, -5.0)),
    Voice(36.6, (8, 12, 6), 8, 0.9, 2.0, -0.25, (123.1, 414.1), (-3.0, -3.0, -2.0, -3.0, -4.0, -4.0)),
    Voice(32.6, (12, 16, 18), 8, 1.2, 1.9, 0.3, (102.4, 398.5), (0.0, 0.0, 0.0, 0.0, -1.0, -2.0)),
    Voice(28.9, (18, 24, 20), 6, 1.3, 1.8, -0.5, (155.4, 241.3), (-2.0, -1.0, 0.0, 0.0, 0.0, -1.0)),
    Voice(25.4, (24, 32), 6, 1.3, 1.7, 0.5, (139.8, 385.6), (-6.0, -4.0, -2.0, -1.0, 0.0, 0.0)),
    Voice(22.7, (20, 30), 6, 1.2, 1.7, -0.7, (90.8, 273.6), (-60.0, -60.0, -10.0, -4.0, -1.0, 0.0)),
    Voice(19.9, (36, 40, 48), 4, 1.5, 1.6, 0.7, (117.4, 253.4), (-60.0, -60.0, -60.0, -9.0, -4.0, -1.0)),
    Voice(17.3, (48, 36), 4, 1.6, 1.6, -0.4, (105.3, 356.5), (-60.0, -60.0, -60.0, -60.0, -8.0, -3.0)),
)


def voice_swells(voice: Voice, number: int, seed: int) -> list[Swell]:
    """The partials of one voice's notes over its loop."""
    rng = np.random.default_rng((seed, 2, number))
    frames = loop_frames(voice.period_s)
    share_s = frames / FRAME_RATE_HZ / len(voice.notes)
    swells = []
    for index, note in enumerate(voice.notes):
        begin_s = (index + rng.uniform(-0.1, 0.1)) * share_s
        drift_hz = min(DRIFT_HZ, DRIFT_FRAC * note * ROOT_HZ)
        for k in range(1, voice.partials + 1):
            late_s, length = rng.uniform(0.0, 0.25) * share_s, rng.uniform(0.85, 1.0)
            bass = min(1.0, k * note * ROOT_HZ / BASS_HZ)
            amplitude = bass * rng.uniform(0.75, 1.0) / k**voice.roll_off / ENSEMBLE
            for _ in range(ENSEMBLE):
                hz = k * note * ROOT_HZ + rng.uniform(-drift_hz, drift_hz)
                swells.append(Swell(hz, amplitude, begin_s + late_s, voice.overlap * share_s * length, rng.uniform()))
    return swells


def _voice_loop(voice: Voice, number: int, seed: int, room: tuple[FloatArray, FloatArray]) -> Loop:
    """The voice in the room."""
    frames = loop_frames(voice.period_s)
    dry = swells_spectrum(voice_swells(voice, number, seed), frames)
    wet_gain = math.sqrt(1.0 - DRY * DRY)
    left, right = (
        dry * (DRY * gain + wet_gain / math.sqrt(2.0) * room_response(side, frames))
        for gain, side in zip(pan_gains(voice.position), room, strict=True)
    )
    middle, side = 0.5 * (left + right), 0.5 * (left - right)
    middle_power, side_power = (float(np.sum(np.abs(part) ** 2)) for part in (middle, side))
    side *= math.sqrt((1.0 - CORRELATION) / (1.0 + CORRELATION) * middle_power / side_power)
    return loop_of(middle + side, middle - side, frames)


@lru_cache(maxsize=1)
def _built_loops(seed: int) -> tuple[Loop, ...]:
    room = impulse_response(seed)
    return tuple(_voice_loop(voice, number, seed, room) for number, voice in enumerate(VOICES))


_BUILDING: Final = threading.Lock()


def pad_loops(seed: int) -> tuple[Loop, ...]:
    """The loops of `seed`, built when first asked for, in about a second; whoever asks meanwhile waits. Kept for one seed."""
    with _BUILDING:
        return _built_loops(seed)


def voice_gains(hops: FloatArray, intensities: FloatArray, k_powers: FloatArray) -> FloatArray:
    """The gain of each voice's loop at hop edges `hops`: shape (hops, voices), scaled so that all together are at PAD_LUFS."""
    steps = np.arange(INTENSITY_MAX + 1.0)
    levels_db = np.stack([np.interp(intensities, steps, voice.levels_db) for voice in VOICES], axis=1)
    seconds = hops[:, None] * (HOP_FRAMES / FRAME_RATE_HZ)
    relative = np.where(levels_db > SILENT_DB, 10.0 ** (levels_db / 20.0), 0.0) * _breath(seconds)
    power = np.zeros(len(hops))
    for voice in range(len(VOICES)):
        power += relative[:, voice] ** 2
    power = np.maximum(power, LEAST_POWER)
    gains: FloatArray = relative * np.sqrt(power_of_lufs(PAD_LUFS) / power)[:, None] / np.sqrt(k_powers)
    return gains


def _breath(seconds: FloatArray) -> FloatArray:
    """Each voice's slow coming and going at each of `seconds`, of shape (n, 1): shape (n, voices), mean square 1."""
    total = np.zeros((len(seconds), len(VOICES)))
    for wave, weight in enumerate((1.0, SECOND_BREATH)):
        turns = seconds / np.array([voice.breaths_s[wave] for voice in VOICES]) + np.arange(len(VOICES)) * 0.381966 * (wave + 1)
        total += weight * np.cos(2.0 * np.pi * (turns - np.floor(turns)))
    return total / math.sqrt(0.5 + 0.5 * SECOND_BREATH**2)


class Pad:
    """The pad of one seed.

    The constructor is quick; the loops are built by `prepare`, which a thread may call, or by the first block. The intensity
    follows what is asked with a glide; a block that does not follow on from the one before starts at what it asks.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._loops: tuple[Loop, ...] = ()
        self._next_frame: int | None = None
        self._edges: list[float] = []
        self._first_edge = 0

    @property
    def ready(self) -> bool:
        """Whether the loops are built, so that a block costs no more than mixing."""
        return bool(self._loops)

    def prepare(self) -> None:
        """Build the loops, where they are not yet."""
        if not self._loops:
            loops = pad_loops(self._seed)
            self._k_powers = np.array([loop.k_power for loop in loops])
            self._scales = np.array([loop.scale for loop in loops])
            self._loops = loops

    def block(self, first_frame: int, frames: int, intensity: float) -> Samples:
        """The pad for `frames` frames from `first_frame` with `intensity` 0 to 5 asked: float32 of shape (frames, 2)."""
        self.prepare()
        out: Samples = np.zeros((frames, 2), np.float32)
        if frames == 0:
            return out
        gains = self._gains(first_frame, frames, min(max(intensity, 0.0), INTENSITY_MAX))
        for number, loop in enumerate(self._loops):
            edges = gains[:, number]
            if edges.any():
                add_loop(out, loop, first_frame, hop_lines(edges, first_frame, frames))
        return out

    def _gains(self, first_frame: int, frames: int, intensity: float) -> Samples:
        """Gains of the loops' steps at the hop edges around these frames."""
        first, last = hop_span(first_frame, frames)
        self._follow(first_frame, first, last, intensity)
        self._next_frame = first_frame + frames
        hops = np.arange(first, last + 1, dtype=np.float64)
        gains = voice_gains(hops, np.array(self._edges), self._k_powers) * self._scales
        result: Samples = gains.astype(np.float32)
        return result

    def _follow(self, first_frame: int, first: int, last: int, intensity: float) -> None:
        """Lead the intensity to `intensity` at the edges `first` to `last`, and forget those before."""
        if first_frame != self._next_frame:
            self._edges, self._first_edge = [intensity], first
        del self._edges[: first - self._first_edge]
        self._first_edge = first
        step = GLIDE_PER_S * HOP_FRAMES / FRAME_RATE_HZ
        while len(self._edges) < last - first + 1:
            now = self._edges[-1]
            self._edges.append(now + min(max(intensity - now, -step), step))
