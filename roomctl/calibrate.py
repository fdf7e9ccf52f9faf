"""From digital gain to dBA at the client's head, and back: pure, from one reading for each output.

Pink noise is played at -20 LUFS, the loudness that tracks are brought to, and someone reads a sound level meter (A, slow) at
the client's head. Sound pressure follows the gain dB for dB, so one reading fixes the line. Until there is one, no level is
given in dBA.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from playlists.library.loudness import loudness_of
from roomctl.errors import Invalid, RoomError
from stimuli.frames import FRAME_RATE_HZ, Samples

FILE_NAME: Final = "calibration.json"
NOISE_LUFS: Final = -20.0
NOISE_FRAMES: Final = 1 << 19
"""One round of the noise, 10.9 s; it joins on to itself without a click."""

NOISE_LOW_HZ: Final = 40.0
NOISE_HIGH_HZ: Final = 16_000.0
NOISE_PEAK_DBTP: Final = -10.8
"""No peak of the noise is above this at a gain of 0 dB."""

READ_LEAST_DBA: Final = 35.0
READ_MOST_DBA: Final = 95.0
"""Below, the room's own noise is read, not ours; above, it is too loud to sit in, and something is wrong."""

USUAL_DBA: Final = {"room": 58.0, "headphones": 62.0}
"""Where an output is set once it is calibrated [domain, sound defaults]."""

CAP_CEILING_DBA: Final = 80.0

TONE_OVER_MUSIC_DB: Final = 18.0
"""While it sounds, a tone of full scale on one side is at most this much louder than music at -20 LUFS (BS.1770: 17 dB)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One output's reading: `dba` at the client's head while noise of -20 LUFS played at `gain_db`; `at_utc_s` of the clock."""

    output: str
    dba: float
    gain_db: float
    at_utc_s: float

    @property
    def full_dba(self) -> float:
        """What material of -20 LUFS gives at a gain of 0 dB."""
        return self.dba - self.gain_db


def calibrated(output: str, dba: float, gain_db: float, at_utc_s: float) -> Calibration:
    """A reading that can be true; raises Invalid with the reason where it cannot."""
    if not READ_LEAST_DBA <= dba <= READ_MOST_DBA:
        raise Invalid(
            f"{dba:g} dBA was read for {output}; a reading from {READ_LEAST_DBA:g} to {READ_MOST_DBA:g} dBA can be used."
            " Turn the amplifier so that the noise is about as loud as speech, and read again",
            allowed={"ge": READ_LEAST_DBA, "le": READ_MOST_DBA},
        )
    if not -60.0 <= gain_db <= 0.0:
        raise Invalid(f"gain_db is {gain_db:g}; allowed is -60 to 0 dB", allowed={"ge": -60.0, "le": 0.0})
    return Calibration(output, float(dba), float(gain_db), at_utc_s)


def dba_of(calibration: Calibration, gain_db: float, lufs: float = NOISE_LUFS) -> float:
    """dBA at the client's head for material of `lufs` at `gain_db`."""
    return calibration.full_dba + gain_db + (lufs - NOISE_LUFS)


def gain_of(calibration: Calibration, dba: float, lufs: float = NOISE_LUFS) -> float:
    """The gain in dB at which material of `lufs` gives `dba`; may be above what the room allows."""
    return dba - calibration.full_dba - (lufs - NOISE_LUFS)


def cap_gain_db(calibration: Calibration, cap_dba: float, lufs: float = NOISE_LUFS) -> float:
    """The highest gain, at most 0 dB, that keeps material of `lufs` at or below `cap_dba` (never above 80 dBA)."""
    return min(0.0, gain_of(calibration, min(cap_dba, CAP_CEILING_DBA), lufs))


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the room's own music gives in dBA at the client's head, once its outputs are calibrated.

    `target_lufs` is the loudness that tracks are brought to; phases that are trimmed lie lower by their trim.
    """

    readings: Mapping[str, Calibration] = field(default_factory=dict)
    cap_dba: float = CAP_CEILING_DBA
    target_lufs: float = NOISE_LUFS

    def at(self, volume_db: float, headphones_db: float) -> dict[str, float | None]:
        """{room, headphones, cap}: dBA at this volume, None where an output was not calibrated."""
        return {
            "room": self._of("room", volume_db),
            "headphones": self._of("headphones", volume_db + headphones_db),
            "cap": min(self.cap_dba, CAP_CEILING_DBA),
        }

    def _of(self, output: str, under_cap_db: float) -> float | None:
        reading = self.readings.get(output)
        if reading is None:
            return None
        gain_db = cap_gain_db(reading, self.cap_dba) + under_cap_db
        return round(dba_of(reading, gain_db, self.target_lufs), 1)


@dataclass(frozen=True, slots=True)
class StartLevels:
    """Where the outputs start: `caps_db` by output, a gain that every sound of it passes, so that a volume of 0 dB is the cap.

    `volume_db` is what the music begins with, None where the room's output was not calibrated; `stimulus_db` brings tones to
    the room's usual level, and the loudest of them under the cap. Both count from the cap and are 0 at most.
    """

    caps_db: Mapping[str, float] = field(default_factory=dict)
    volume_db: float | None = None
    stimulus_db: float = 0.0


def start_levels(readings: Mapping[str, Calibration], cap_dba: float) -> StartLevels:
    """What readings say of the outputs' caps and of where they start; without a reading no cap in dBA can be known.

    A tone at its default of -18 dB is about as loud as music at target, so tones are brought down by as much as the usual level
    lies under the cap, and at least so far that one turned up to 0 dB keeps the cap.
    """
    caps_db = {name: cap_gain_db(reading, cap_dba) for name, reading in readings.items()}
    if not caps_db:
        return StartLevels()
    cap_dba = min(cap_dba, CAP_CEILING_DBA)
    tone_db = min(cap_dba - dba_of(reading, caps_db[name]) for name, reading in readings.items()) - TONE_OVER_MUSIC_DB
    room = readings.get("room")
    if room is None:
        return StartLevels(caps_db, None, min(0.0, tone_db))
    under_cap_db = min(0.0, usual_gain_db(room, cap_dba) - caps_db["room"])
    return StartLevels(caps_db, float(round(under_cap_db)), min(under_cap_db, tone_db))


def usual_gain_db(calibration: Calibration, cap_dba: float) -> float:
    """Where the volume of an output starts once it is calibrated: its usual dBA, under the cap, in whole dB."""
    wanted = gain_of(calibration, USUAL_DBA.get(calibration.output, USUAL_DBA["room"]))
    return float(max(-60, round(min(wanted, cap_gain_db(calibration, cap_dba)) - 0.5 + 1e-9)))


@lru_cache(maxsize=2)
def pink_round(seed: int = 1) -> Samples:
    """One round of pink noise at -20 LUFS, the same on both sides: shape (NOISE_FRAMES, 2), power falling 3 dB an octave."""
    hz = np.fft.rfftfreq(NOISE_FRAMES, 1.0 / FRAME_RATE_HZ)
    band = (hz >= NOISE_LOW_HZ) & (hz <= NOISE_HIGH_HZ)
    phases = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, len(hz))
    spectrum = np.where(band, np.exp(1j * phases) / np.sqrt(np.maximum(hz, 1.0)), 0.0)
    mono = np.fft.irfft(spectrum, NOISE_FRAMES)
    sound = np.repeat((mono / np.abs(mono).max())[:, None], 2, axis=1).astype(np.float32)
    lufs = loudness_of(np.concatenate((sound, sound))).integrated_lufs
    if lufs is None:
        raise RoomError("the calibration noise could not be measured")
    scaled: Samples = (sound * 10.0 ** ((NOISE_LUFS - lufs) / 20.0)).astype(np.float32)
    return scaled


def pink_block(first_frame: int, frames: int, seed: int = 1) -> Samples:
    """`frames` frames of the noise from `first_frame`, without end; the same to the bit for any split."""
    at = np.arange(first_frame, first_frame + frames) % NOISE_FRAMES
    block: Samples = pink_round(seed)[at]
    return block


def read_calibrations(data: Path) -> dict[str, Calibration]:
    """The outputs that were calibrated, by name; none where nobody has. Raises RoomError for a damaged file."""
    path = data / FILE_NAME
    try:
        values = json.loads(path.read_text("utf-8"))
        return {str(name): _of_json(str(name), entry) for name, entry in values.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Invalid) as error:
        raise RoomError(f"{path}: the calibration cannot be read ({error}); move the file away and calibrate again") from error


def _of_json(name: str, entry: dict[str, Any]) -> Calibration:
    return calibrated(name, float(entry["dba"]), float(entry["gain_db"]), float(entry["at_utc_s"]))


def keep_calibration(data: Path, calibration: Calibration) -> None:
    """Save one output's reading beside the others', in one step. Raises RoomError."""
    every = {**read_calibrations(data), calibration.output: calibration}
    entries = {name: {"dba": each.dba, "gain_db": each.gain_db, "at_utc_s": each.at_utc_s} for name, each in every.items()}
    path, part = data / FILE_NAME, data / (FILE_NAME + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise RoomError(f"{path}: the calibration cannot be saved ({error.strerror or error})") from error
