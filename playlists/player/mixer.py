"""The mixer: one `Mix` and a block of session frames in, samples out. Never waits; works in buffers it already has.

Gains are worked out for each frame from that frame alone, so the split into blocks changes nothing. Where a file's sound is
short, the pad has taken its place within what was left of it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final, Protocol

import numpy as np

from playlists.player.envelope import Envelope, db_gain, share_gain
from playlists.player.gain import TARGET_LUFS
from playlists.player.mix import BED_LUFS, Mix, Part
from playlists.player.music_clock import Span
from stimuli.frames import FloatArray, Samples

PIECE_FRAMES: Final = 4_800
"""Longer blocks are mixed in pieces of this many frames, which the buffers hold."""

Gain = float | FloatArray


class PadSound(Protocol):
    """The built-in sound at -20 LUFS."""

    @property
    def ready(self) -> bool:
        """Whether a block costs no more than mixing."""
        ...

    def prepare(self) -> None:
        """Make ready; may take seconds."""
        ...

    def block(self, first_frame: int, frames: int, intensity: float) -> Samples:
        """`frames` frames from `first_frame`."""
        ...


BedSound = Callable[[int, int], Samples]
"""`frames` frames from `first_frame` of the bed at -34 LUFS."""


class MusicMixer:
    """Mixes into one float32 bus; `pad_lufs` is the loudness the pad is brought to."""

    def __init__(self, pad: PadSound, bed: BedSound, pad_lufs: float = TARGET_LUFS) -> None:
        self._pad = pad
        self._bed = bed
        self._pad_gain = float(10.0 ** ((pad_lufs - TARGET_LUFS) / 20.0))
        self._buffer: Samples = np.zeros((PIECE_FRAMES, 2), dtype=np.float32)

    def block(self, mix: Mix, first_frame: int, frames: int) -> Samples:
        """float32 of shape (frames, 2): `mix` from session frame `first_frame` on."""
        out: Samples = np.zeros((frames, 2), dtype=np.float32)
        for start in range(0, frames, PIECE_FRAMES):
            count = min(PIECE_FRAMES, frames - start)
            self._piece(mix, first_frame + start, out[start : start + count])
        return out

    def _piece(self, mix: Mix, first_frame: int, out: Samples) -> None:
        frames = len(out)
        for span in mix.clock.spans(first_frame, frames):
            if span.runs:
                self._music(mix, span, out[span.frame - first_frame :][: span.frames])
        self._bedded(mix, first_frame, out)
        _scale(out, _lower(mix.duck_db, mix.voice_duck_db, first_frame, frames))
        _announce(mix, first_frame, out)
        _scale(out, db_gain(mix.volume_db, first_frame, frames))

    def _music(self, mix: Mix, span: Span, out: Samples) -> None:
        """Tracks and pad, with the fades and the trim that are theirs."""
        for part in mix.parts:
            self._part(part, span, out)
        self._padded(mix, span, out)
        _scale(out, share_gain(mix.music, span.frame, span.frames))
        _scale(out, db_gain(mix.trim_db, span.frame, span.frames))

    def _part(self, part: Part, span: Span, out: Samples) -> None:
        skip = max(0, part.start - span.music_frame)
        stop = span.frames if part.end is None else min(span.frames, part.end - span.music_frame)
        if stop <= skip:
            return
        sound = self._buffer[: stop - skip]
        part.reader.read_into(sound)
        _scale(sound, share_gain(part.level, span.music_frame + skip, stop - skip))
        _scale(sound, part.gain)
        out[skip:stop] += sound

    def _padded(self, mix: Mix, span: Span, out: Samples) -> None:
        if mix.pad.steady(span.music_frame, span.frames) == 0.0 or not self._pad.ready:
            return
        level = share_gain(mix.pad, span.music_frame, span.frames)
        steps = [frame for frame, _ in mix.intensities if span.frame < frame < span.frame + span.frames]
        cuts = [span.frame, *steps, span.frame + span.frames]
        for start, stop in pairwise(cuts):
            sound = self._pad.block(start, stop - start, mix.intensity_at(start))
            first = start - span.frame
            _scale(sound, level if isinstance(level, float) else level[first : first + stop - start])
            _scale(sound, self._pad_gain)
            out[first : first + stop - start] += sound

    def _bedded(self, mix: Mix, first_frame: int, out: Samples) -> None:
        frames = len(out)
        if mix.bed.steady(first_frame, frames) == 0.0:
            return
        sound = self._bed(first_frame, frames)
        _scale(sound, share_gain(mix.bed, first_frame, frames))
        _scale(sound, db_gain(mix.bed_lufs, first_frame, frames))
        _scale(sound, float(10.0 ** (-BED_LUFS / 20.0)))
        out += sound


def _scale(sound: Samples, gain: Gain) -> None:
    """Multiply in place. A number and an array of that number give the same samples."""
    if isinstance(gain, float):
        if gain != 1.0:
            sound *= np.float32(gain)
    else:
        sound *= gain.astype(np.float32)[:, None]


def _lower(one: Envelope, other: Envelope, first_frame: int, frames: int) -> Gain:
    """The gain of whichever envelope is lower at each frame."""
    gain, other_gain = db_gain(one, first_frame, frames), db_gain(other, first_frame, frames)
    if isinstance(gain, float) and isinstance(other_gain, float):
        return min(gain, other_gain)
    lower: FloatArray = np.minimum(gain, other_gain)
    return lower


def _announce(mix: Mix, first_frame: int, out: Samples) -> None:
    for announcement in mix.announcements:
        first = max(first_frame, announcement.start)
        stop = min(first_frame + len(out), announcement.end)
        if first < stop:
            sound = announcement.sound[first - announcement.start : stop - announcement.start]
            out[first - first_frame : stop - first_frame] += sound * np.float32(announcement.gain)
