"""What is to be heard, as one frozen value: parts with their levels, the pad, the bed, fades, ducking, volume, announcements.

Commands and the sequencer make a new one; the render thread reads whichever is current and never waits for either. Levels
of parts and of the pad run on music frames (playlists.player.music_clock), everything else on session frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from playlists.library.tracks import Track
from playlists.player.envelope import Envelope, steady
from playlists.player.music_clock import MusicClock
from playlists.player.reader import Reader
from stimuli.frames import Samples, frames_of_ms, frames_of_s

CROSSFADE_FRAMES: Final = frames_of_s(8.0)
NEXT_FRAMES: Final = frames_of_s(6.0)
START_FRAMES: Final = frames_of_s(20.0)
PAUSE_FRAMES: Final = frames_of_s(2.0)
RESUME_FRAMES: Final = frames_of_s(4.0)
CALM_FRAMES: Final = frames_of_s(6.0)
ATTENTION_FRAMES: Final = frames_of_s(1.5)
STOP_FRAMES: Final = frames_of_s(2.0)
END_FRAMES: Final = frames_of_s(45.0)
"""The domain's fades [sound defaults]; STOP's is that of the last stage."""

DUCK_DB: Final = -14.0
DUCK_ATTACK_FRAMES: Final = frames_of_ms(250.0)
DUCK_HOLD_FRAMES: Final = frames_of_ms(600.0)
DUCK_RELEASE_FRAMES: Final = frames_of_s(2.5)

VOLUME_AT_BOOT_DB: Final = -12.0
VOLUME_DB_PER_S: Final = 6.0
BED_LUFS: Final = -34.0
CALM_DB: Final = -6.0
"""Calm: the bed comes up to this under the target, while tracks and pad go."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of tracks in the mix: read from `reader`, at `gain_db`, from music frame `start` until `end`."""

    reader: Reader
    gain_db: float
    start: int
    level: Envelope
    end: int | None = None

    @property
    def gain(self) -> float:
        """`gain_db` as an amplitude."""
        return float(10.0 ** (self.gain_db / 20.0))

    def leaving(self, frame: int, frames: int) -> Part:
        """Faded out from music frame `frame` in `frames`, and then gone."""
        return replace(self, level=self.level.to(frame, 0.0, frames), end=frame + frames)

    def sounding(self, frame: int) -> bool:
        """Whether it takes part at music frame `frame`."""
        return self.start <= frame and (self.end is None or frame < self.end)

    def track_at(self, read_frames: int) -> Track:
        """The track that sounds after `read_frames` of the run."""
        begun = sum(mark <= read_frames for mark in self.reader.marks())
        return self.reader.run.tracks[max(begun, 1) - 1]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A voice file or a chime over the ducked music, from session frame `start`."""

    sound: Samples
    gain: float
    start: int

    @property
    def end(self) -> int:
        """The first frame after it."""
        return self.start + len(self.sound)


@dataclass(frozen=True, slots=True)
class Mix:
    """Everything the render thread needs. `intensities` are steps, (session frame, value), the first one holding before it."""

    clock: MusicClock = field(default_factory=MusicClock)
    parts: tuple[Part, ...] = ()
    pad: Envelope = field(default_factory=lambda: steady(1.0))
    intensities: tuple[tuple[int, float], ...] = ((0, 1.0),)
    music: Envelope = field(default_factory=lambda: steady(0.0))
    bed: Envelope = field(default_factory=lambda: steady(0.0))
    bed_lufs: Envelope = field(default_factory=lambda: steady(BED_LUFS))
    trim_db: Envelope = field(default_factory=lambda: steady(0.0))
    volume_db: Envelope = field(default_factory=lambda: steady(VOLUME_AT_BOOT_DB))
    duck_db: Envelope = field(default_factory=lambda: steady(0.0))
    voice_duck_db: Envelope = field(default_factory=lambda: steady(0.0))
    announcements: tuple[Announcement, ...] = ()

    def intensity_at(self, frame: int) -> float:
        """The intensity asked of the pad at session frame `frame`."""
        value = self.intensities[0][1]
        for start, step in self.intensities:
            if start <= frame:
                value = step
        return value


def to_part(mix: Mix, part: Part, frame: int, frames: int) -> Mix:
    """`mix` led over to `part`, which starts at music frame `frame`, by an equal-power crossfade of `frames`.

    What was to start later is left out; its reader is the caller's to close.
    """
    leaving = tuple(
        old.leaving(frame, frames) if _must_leave(old, frame + frames) else old for old in mix.parts if old.start < frame
    )
    return replace(mix, parts=(*leaving, part), pad=mix.pad.to(frame, 0.0, frames))


def to_pad(mix: Mix, frame: int, frames: int) -> Mix:
    """`mix` led over to the pad from music frame `frame`."""
    leaving = tuple(
        old.leaving(frame, frames) if _must_leave(old, frame + frames) else old for old in mix.parts if old.start < frame
    )
    return replace(mix, parts=leaving, pad=mix.pad.to(frame, 1.0, frames))


def _must_leave(part: Part, frame: int) -> bool:
    """Whether `part` is not on its way out, or would be out only after `frame`."""
    return part.end is None or part.end > frame


def duck(envelope: Envelope, frame: int) -> Envelope:
    """Down by DUCK_DB from session frame `frame`."""
    return envelope.to(frame, DUCK_DB, DUCK_ATTACK_FRAMES)


def unduck(envelope: Envelope, frame: int) -> Envelope:
    """Back up, after holding, from session frame `frame`."""
    return envelope.to(frame + DUCK_HOLD_FRAMES, 0.0, DUCK_RELEASE_FRAMES)


def announced(mix: Mix, announcement: Announcement) -> Mix:
    """`mix` with an announcement; the music is down before it begins and stays down until the last one is over."""
    running = (*mix.announcements, announcement)
    start = announcement.start - DUCK_ATTACK_FRAMES
    ducked = mix.voice_duck_db
    if ducked.at(start) > DUCK_DB or ducked.target > DUCK_DB:
        ducked = duck(ducked, start)
    return replace(mix, announcements=running, voice_duck_db=unduck(ducked, max(each.end for each in running)))
