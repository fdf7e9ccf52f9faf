"""What comes next and when: the part of the player that looks ahead. Driven by `step`, between blocks or by its own thread.

A run's end is known long before it is heard, because it is read ahead; a file that fails is a run that ends early. So both are
led over to what follows within an ordinary crossfade, and to the pad where nothing follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from playlists.library.tracks import Track
from playlists.player.choosing import Run, Targets, choose, fitting
from playlists.player.envelope import Envelope
from playlists.player.events import Action, MusicEvent
from playlists.player.gain import gain_db
from playlists.player.mix import CROSSFADE_FRAMES, Mix, Part, to_pad, to_part
from playlists.player.reader import OpenRun, Reader
from stimuli.frames import frames_of_s

LEAD_FRAMES: Final = frames_of_s(0.25)
"""Live, what the sequencer decides by itself takes effect this much later, clear of every block on its way."""

WAIT_FRAMES: Final = frames_of_s(1.0)
"""The pad is called in this long before a crossfade for which nothing is ready."""

RETRY_FRAMES: Final = frames_of_s(60.0)
"""A run that failed is not tried again for this long."""

BEGUN_FRAMES: Final = frames_of_s(3.0)
FIRST_FRAMES: Final = frames_of_s(2.0)
"""A first track that is ready within 3 s of the start takes the pad's place in 2 s."""

TRIES: Final = 20
"""Offline, so many runs may fail to open, one after another, before the pad gets a second to itself."""


class Tracks(Protocol):
    """Where tracks come from: a `playlists.library.Library`, or a few values."""

    def tracks(self) -> tuple[Track, ...]:
        """Everything that can be played."""
        ...


class Sequencer:
    """Not safe for threads by itself: the player holds its lock around every call."""

    def __init__(self, library: Tracks, seed: int, target_lufs: float, open_run: OpenRun, *, threaded: bool) -> None:
        self._library = library
        self._seed = seed
        self._target_lufs = target_lufs
        self._open_run = open_run
        self._threaded = threaded
        self._targets: Targets | None = None
        self._next: Reader | None = None
        self._change: tuple[int, int] | None = None
        self._played: dict[str, int] = {}
        self._broken: dict[str, int] = {}
        self._told: dict[Reader, int] = {}
        self._fit: tuple[tuple[Track, ...], Targets, tuple[Run, ...]] | None = None
        self._readers: list[Reader] = []
        self._news: list[MusicEvent] = []

    # What is asked of it.

    def aim(self, mix: Mix, targets: Targets, music_frame: int, frames: int) -> None:
        """From `music_frame` on, music for `targets`; a crossfade of `frames` where what plays does not suit them."""
        self._targets = targets
        playing = open_part(mix)
        if playing is None or playing.reader.run.id not in {run.id for run in self._fitting()}:
            self._change = (music_frame, frames)
        self._drop_unfit()

    def lean(self, intensity: float) -> None:
        """What is still to be chosen should be of this intensity."""
        if self._targets is not None:
            self._targets = replace(self._targets, intensity=intensity)
            self._drop_unfit()

    def want_next(self, music_frame: int, frames: int) -> None:
        """Over to the next run from `music_frame` on."""
        self._change = (music_frame, frames)

    def next_run(self) -> Run | None:
        """What is ready, or nearly, to come next."""
        return None if self._next is None else self._next.run

    def news(self) -> list[MusicEvent]:
        """What happened since the last call."""
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """Stop all reading."""
        for reader in self._readers:
            reader.close()

    def join(self) -> None:
        """Wait for the readers' threads."""
        for reader in self._readers:
            reader.join()

    # What it does, once before each stretch of the session.

    def step(self, mix: Mix, frame: int) -> Mix:
        """`mix` with whatever has to be arranged by session frame `frame`."""
        music_frame = mix.clock.music_frame(frame)
        running = mix.clock.runs_at(frame)
        soon = music_frame + (LEAD_FRAMES if running and self._threaded else 0)
        mix = self._without_gone(mix, music_frame)
        self._tell_marks(mix, music_frame)
        if self._change is not None:
            mix = self._recalled(mix, max(self._change[0], soon))
        self._choose_next(mix, music_frame)
        if self._change is not None:
            mix = self._changed(mix, soon, running=running)
        playing = open_part(mix)
        if playing is not None:
            mix = self._followed(mix, playing, soon)
        elif self._next is not None and self._next.ready:
            mix = self._from_pad(mix, soon, running=running)
        self._fill(mix)
        return mix

    def _fill(self, mix: Mix) -> None:
        if not self._threaded:
            for part in mix.parts:
                part.reader.fill()

    def _without_gone(self, mix: Mix, music_frame: int) -> Mix:
        """`mix` without parts that are over, and their readers closed; so are those that never came into it."""
        kept = tuple(part for part in mix.parts if part.end is None or part.end > music_frame)
        needed = {part.reader for part in kept} | {self._next}
        for reader in [reader for reader in self._readers if reader not in needed]:
            reader.close()
            self._readers.remove(reader)
            self._told.pop(reader, None)
        return mix if len(kept) == len(mix.parts) else replace(mix, parts=kept)

    def _tell_marks(self, mix: Mix, music_frame: int) -> None:
        """Say which track of a run has begun, and what has failed."""
        for part in mix.parts:
            told = self._told.get(part.reader, 0)
            for number, mark in enumerate(part.reader.marks()[told:], start=told):
                if part.start + mark > music_frame:
                    break
                if number == 0:
                    self._played[part.reader.run.id] = self._played.get(part.reader.run.id, 0) + 1
                self._tell(mix, part.start + mark, "play", part.reader.run.tracks[number], part.gain_db)
                self._told[part.reader] = number + 1
            self._tell_failure(mix, part.reader, music_frame)

    def _tell_failure(self, mix: Mix, reader: Reader, music_frame: int) -> None:
        """Say once that a run failed, and leave it alone for a while."""
        error = reader.error
        if error is None or self._broken.get(reader.run.id, -RETRY_FRAMES) > music_frame:
            return
        self._broken[reader.run.id] = music_frame + RETRY_FRAMES
        failed = next((track for track in reader.run.tracks if error.path in track.paths), reader.run.tracks[0])
        self._tell(mix, music_frame, "failed", failed, 0.0, f"{error.path.name}: {error.reason}")

    def _tell(self, mix: Mix, music_frame: int, action: Action, track: Track | None, gain: float = 0.0, why: str = "") -> None:
        frame = mix.clock.frame_of(music_frame)
        if track is None:
            self._news.append(MusicEvent(frame, action, why=why))
        else:
            self._news.append(MusicEvent(frame, action, track.label, track.id, round(gain, 2), why))

    def _fitting(self) -> tuple[Run, ...]:
        if self._targets is None:
            return ()
        tracks = self._library.tracks()
        if self._fit is None or self._fit[0] is not tracks or self._fit[1] != self._targets:
            self._fit = (tracks, self._targets, fitting(tracks, self._targets))
        return self._fit[2]

    def _drop_unfit(self) -> None:
        if self._next is not None and self._next.run not in self._fitting():
            self._next.close()
            self._next = None

    def _choose_next(self, mix: Mix, music_frame: int) -> None:
        """Have a run at hand. Runs that do not open are named and passed over."""
        playing = open_part(mix)
        if playing is not None and playing.start > music_frame:
            return
        for _ in range(1 if self._threaded else TRIES):
            if self._next is not None:
                if self._next.ended_frames != 0:
                    return
                self._tell_failure(mix, self._next, music_frame)
                self._broken[self._next.run.id] = music_frame + RETRY_FRAMES
                self._next = None
            run = self._chosen(playing, music_frame)
            if run is None:
                return
            self._next = Reader(run, self._open_run, threaded=self._threaded)
            self._readers.append(self._next)
            if not self._threaded:
                self._next.fill()

    def _chosen(self, playing: Part | None, music_frame: int) -> Run | None:
        runs = self._fitting()
        broken = {id for id, until in self._broken.items() if until > music_frame}
        if playing is not None:
            other = choose(runs, self._played, broken | {playing.reader.run.id}, self._seed)
            if other is not None:
                return other
        return choose(runs, self._played, broken, self._seed)

    def _recalled(self, mix: Mix, at: int) -> Mix:
        """`mix` without the part that was to start after `at`; it is at hand again, where it still fits."""
        coming = open_part(mix)
        if coming is None or coming.start <= at:
            return mix
        if self._next is not None:
            self._next.close()
        self._next = coming.reader
        self._drop_unfit()
        return replace(mix, parts=tuple(part for part in mix.parts if part is not coming))

    def _changed(self, mix: Mix, soon: int, *, running: bool) -> Mix:
        """The change that was asked for, if it can be made now."""
        assert self._change is not None
        at = max(self._change[0], soon)
        frames = self._first_frames(at, self._change[1], running=running)
        if self._next is not None and self._next.ready:
            return self._begun(mix, at, frames)
        if self._next is None:
            self._change = None
            if not self._fitting() and open_part(mix) is not None:
                return self._padded(mix, at, frames)
        return mix

    def _followed(self, mix: Mix, playing: Part, soon: int) -> Mix:
        """The natural end: into the next run, or the pad, over the last seconds of what plays."""
        ended = playing.reader.ended_frames
        if ended is None:
            return mix
        end = playing.start + ended
        at = max(end - min(CROSSFADE_FRAMES, ended // 2), soon, playing.start)
        if self._next is not None and self._next.ready:
            return self._begun(mix, at, end - at)
        if soon + WAIT_FRAMES >= at:
            return self._padded(mix, at, end - at)
        return mix

    def _from_pad(self, mix: Mix, soon: int, *, running: bool) -> Mix:
        """Music is there again (or for the first time): in from the pad, or in place of it where that has yet to begin."""
        at = max(soon, fade_begins(mix.parts[-1].level)) if mix.parts else soon
        return self._begun(mix, at, self._first_frames(at, CROSSFADE_FRAMES, running=running))

    def _first_frames(self, at: int, frames: int, *, running: bool) -> int:
        """A crossfade's length: none before the music runs, a short one while it has hardly begun to rise."""
        if not running:
            return 1
        return min(frames, FIRST_FRAMES) if at < BEGUN_FRAMES else frames

    def _begun(self, mix: Mix, at: int, frames: int) -> Mix:
        """`mix` led over to what is next, at music frame `at`."""
        reader = self._next
        assert reader is not None
        reader.read_on()
        self._next, self._change = None, None
        lasts = reader.run.frames if reader.ended_frames is None else reader.ended_frames
        frames = max(min(frames, lasts // 2), 1)
        part = Part(reader, gain_db(reader.run.tracks, self._target_lufs), at, Envelope(((at, 0.0), (at + frames, 1.0))))
        return to_part(mix, part, at, frames)

    def _padded(self, mix: Mix, at: int, frames: int) -> Mix:
        self._tell(mix, at, "pad", None)
        return to_pad(mix, at, max(frames, 1))

    def starved(self, mix: Mix, music_frame: int, floor_frames: int) -> Mix:
        """`mix` led to the pad where a reader has less than `floor_frames` left and no end in sight. For the render thread."""
        for part in mix.parts:
            reader = part.reader
            left = reader.available_frames
            if not part.sounding(music_frame) or reader.ended_frames is not None or left >= floor_frames:
                continue
            reader.give_up("the disk cannot keep up, or has gone")
            if part.end is None:
                mix = self._padded(mix, music_frame, left)
            elif part.end > music_frame + left:
                gone = part.leaving(music_frame, max(left, 1))
                mix = replace(mix, parts=tuple(gone if old is part else old for old in mix.parts))
        return mix


def open_part(mix: Mix) -> Part | None:
    """The part that plays, or will, and is not yet on its way out."""
    return next((part for part in reversed(mix.parts) if part.end is None), None)


def fade_begins(level: Envelope) -> int:
    """The frame at which the last line of an envelope begins."""
    return level.points[-2][0] if len(level.points) > 1 else level.points[-1][0]


def stepped(steps: Sequence[tuple[int, float]], frame: int, value: float, from_frame: int) -> tuple[tuple[int, float], ...]:
    """Steps with another from `frame`, without what lies before `from_frame` and no longer counts."""
    kept = [step for step in steps if step[0] < frame]
    past = [step for step in kept if step[0] <= from_frame]
    return (*past[-1:], *kept[len(past) :], (frame, value))
