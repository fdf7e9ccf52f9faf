"""What is known of a track: names from its tags, measures of its sound, and what the clinic says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stimuli.frames import FRAME_RATE_HZ

GAPLESS_EDGE_DB: Final = -50.0
"""Two neighbours of an album join without a gap where both sound louder than this, in dBFS, at the join."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Simple features of the sound, from which an intensity is guessed until someone says better.

    `centroid_hz` is the power-weighted mean frequency, `onsets_per_s` the number of sudden rises of the spectrum,
    `percussive_frac` the share of all spectral rise that falls in those onsets.
    """

    centroid_hz: float
    onsets_per_s: float
    percussive_frac: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What the sound itself says, measured on the stereo 48 kHz run that will be played (EBU R 128, Tech 3341 and 3342).

    `integrated_lufs` is None where the track is silent or shorter than 400 ms. The cue frames bound what is louder than the
    silence threshold; `head_db` and `tail_db` are the peaks of the first and last 50 ms in dBFS.
    """

    frames: int
    integrated_lufs: float | None
    short_term_max_lufs: float
    range_lu: float
    true_peak_dbtp: float
    cue_in_frame: int
    cue_out_frame: int
    head_db: float
    tail_db: float
    hints: Hints

    @property
    def seconds(self) -> float:
        """Length of the whole file."""
        return self.frames / FRAME_RATE_HZ


@dataclass(frozen=True, slots=True)
class Names:
    """What the file's own tags say; the title falls back on the file's name."""

    title: str
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    disc: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Tags:
    """What the clinic says of a track: pools and phases it suits, intensity 0-5, whether there is voice or percussion in it.

    None means that nobody has said.
    """

    phases: tuple[str, ...] = ()
    intensity: float | None = None
    voice: bool | None = None
    percussion: bool | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One piece of music that can be played. `paths` are all files with this very sound, best first."""

    id: str
    paths: tuple[Path, ...]
    names: Names
    measure: Measure
    tags: Tags = field(default_factory=Tags)

    @property
    def path(self) -> Path:
        """The file to play."""
        return self.paths[0]

    @property
    def intensity(self) -> float:
        """0-5: what the clinic said, else what the hints suggest."""
        return self.tags.intensity if self.tags.intensity is not None else intensity_hint(self.measure)

    @property
    def label(self) -> str:
        """For people: artist and title."""
        return f"{self.names.artist} - {self.names.title}" if self.names.artist else self.names.title

    @property
    def album_key(self) -> tuple[str, str, str] | None:
        """Tracks with an equal key are of one album; None where there is no album to speak of."""
        if not self.names.album:
            return None
        return str(self.path.parent), self.names.album.casefold(), self.names.album_artist.casefold()


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or folder that cannot be used, and why, in plain words."""

    path: Path
    reason: str


def _between(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def intensity_hint(measure: Measure) -> float:
    """A guess of intensity, 0-5 in steps of 0.5: busy, bright, struck and widely swelling music scores high.

    5 x (0.4 onsets from 0 to 4 a second + 0.3 centroid from 250 to 2,000 Hz, by octaves + 0.2 percussive share from 0.2 to 0.8
    + 0.1 loudness range from 3 to 15 LU). The weights are this project's own, for sorting a folder before anyone has listened.
    """
    hints = measure.hints
    brightness = _between(math.log2(max(hints.centroid_hz, 1.0) / 250.0), 0.0, 3.0)
    score = (
        0.4 * _between(hints.onsets_per_s, 0.0, 4.0)
        + 0.3 * brightness
        + 0.2 * _between(hints.percussive_frac, 0.2, 0.8)
        + 0.1 * _between(measure.range_lu, 3.0, 15.0)
    )
    return round(score * 10.0) / 2.0


def joins_gaplessly(first: Track, second: Track) -> bool:
    """Whether `second` follows `first` on one album with sound right up to the join."""
    if first.album_key is None or first.album_key != second.album_key:
        return False
    follows = (first.names.disc, first.names.number + 1) == (second.names.disc, second.names.number) and first.names.number > 0
    return follows and first.measure.tail_db > GAPLESS_EDGE_DB and second.measure.head_db > GAPLESS_EDGE_DB
