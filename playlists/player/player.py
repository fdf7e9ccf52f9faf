"""The player that the engine knows: commands and blocks in session frames, everything else on its own.

Live, a sequencer thread chooses and opens what comes next and reader threads decode ahead of the mix; `block` only reads
what is there. Offline (`threaded=False`) the same work is done between blocks, on a grid of session frames, so that a program
renders to the same samples every time, however it is split.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from playlists.decode import DecodeError, Stream, read_whole
from playlists.library.loudness import loudness_of
from playlists.library.tracks import Track
from playlists.player.bed import Ocean
from playlists.player.choosing import Targets
from playlists.player.events import Action, MusicEvent, Playing
from playlists.player.gain import BOOST_MAX_DB, PEAK_MAX_DBTP, TARGET_LUFS
from playlists.player.heard import next_track, playing
from playlists.player.mix import (
    ATTENTION_FRAMES,
    BED_LUFS,
    CALM_DB,
    CALM_FRAMES,
    DUCK_ATTACK_FRAMES,
    END_FRAMES,
    NEXT_FRAMES,
    PAUSE_FRAMES,
    RESUME_FRAMES,
    START_FRAMES,
    STOP_FRAMES,
    VOLUME_DB_PER_S,
    Announcement,
    Mix,
    announced,
    duck,
    unduck,
)
from playlists.player.mixer import BedSound, MusicMixer, PadSound
from playlists.player.reader import OpenRun
from playlists.player.sequencer import LEAD_FRAMES, Sequencer, Tracks, stepped
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_s
from stimuli.pad import Pad

VOLUME_MIN_DB: Final = -60.0
BED_MAX_LUFS: Final = -28.0
BED_FADE_FRAMES: Final = frames_of_s(3.0)

GRID_FRAMES: Final = frames_of_s(1.0)
"""Offline, what comes next is seen to at whole seconds of the session, and at once after a command."""

LOOK_S: Final = 0.1
"""Live, it is seen to this often."""

STARVED_FRAMES: Final = frames_of_s(1.5)
"""A reader with less than this left, and no end in sight, is given up while there is still something to fade."""

JOIN_S: Final = 2.0


class Player:
    """Music, pad, bed and announcements as one bus. Commands may come from any thread; `block` from one alone, in order."""

    def __init__(
        self,
        library: Tracks,
        pad_seed: int = 1,
        *,
        seed: int | None = None,
        target_lufs: float = TARGET_LUFS,
        threaded: bool = True,
        pad: PadSound | None = None,
        bed: BedSound | None = None,
        open_run: OpenRun = Stream,
        next_frame: int = 0,
    ) -> None:
        """`seed` draws the tracks (None: the pad's). `open_run` is where a test may let files fail. `next_frame`: the first."""
        self._pad: PadSound = Pad(pad_seed) if pad is None else pad
        self._bed: BedSound = Ocean(pad_seed) if bed is None else bed
        self._mixer = MusicMixer(self._pad, self._bed, target_lufs)
        self._target_lufs = target_lufs
        self._threaded = threaded
        self._mix = Mix()
        self._bed_lufs: float | None = BED_LUFS
        self._next_frame = next_frame
        self._gaps: list[tuple[int, int]] = []
        self._lock = threading.RLock()
        self._events: deque[MusicEvent] = deque(maxlen=10_000)
        self._sequencer = Sequencer(library, pad_seed if seed is None else seed, target_lufs, open_run, threaded=threaded)
        self._closed, self._wake = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        if threaded:
            self._spawn(self._prepare, "music-pad")
            self._spawn(self._sequence, "music-next")
        else:
            self._prepare()

    # Commands. Each takes effect at session frame `at_frame`, which should lie beyond every block on its way.

    def start(self, at_frame: int, fade_s: float = START_FRAMES / FRAME_RATE_HZ) -> None:
        """Music and bed rise from silence."""
        self._go(at_frame, fade_s, "start")

    def resume(self, at_frame: int, fade_s: float = RESUME_FRAMES / FRAME_RATE_HZ) -> None:
        """Music goes on where it stood, and the bed is what it was, after a pause, calm, attention or STOP."""
        self._go(at_frame, fade_s, "resume")

    def set_targets(
        self,
        intensity: float,
        trim_db: float,
        pool: Sequence[str],
        crossfade_s: float,
        at_frame: int,
        *,
        pad: bool = True,
        voice: bool = True,
        percussion: bool = True,
        known_pools: frozenset[str] = frozenset(),
    ) -> None:
        """A phase begins: music of these pools, by preference, at about this intensity. What plays stays where it suits.

        `pad`: whether the pad stands in for a pool without music; else anything that may play does. The rest is as in
        `Targets`.
        """
        frames = frames_of_s(crossfade_s)
        with self._lock:
            mix = self._mix
            slew = frames_of_s(abs(trim_db - mix.trim_db.at(at_frame)) / VOLUME_DB_PER_S)
            self._mix = replace(
                mix,
                trim_db=mix.trim_db.to(at_frame, trim_db, max(frames, slew)),
                intensities=stepped(mix.intensities, at_frame, intensity, self._next_frame),
            )
            targets = Targets(intensity, tuple(pool), pad, voice, percussion, known_pools)
            self._sequencer.aim(self._mix, targets, self._mix.clock.music_frame(at_frame), frames)
        self._look_now(at_frame)

    def set_intensity(self, intensity: float, at_frame: int) -> None:
        """The phase's intensity moves on: the pad follows, and so does what is still to be chosen; what plays is left alone."""
        with self._lock:
            steps = stepped(self._mix.intensities, at_frame, intensity, self._next_frame)
            self._mix = replace(self._mix, intensities=steps)
            self._sequencer.lean(intensity)

    def next(self, at_frame: int) -> None:
        """The operator's next: over to another run within 6 s."""
        with self._lock:
            self._sequencer.want_next(self._mix.clock.music_frame(at_frame), NEXT_FRAMES)
        self._look_now(at_frame)

    def duck(self, at_frame: int) -> None:
        """Music and bed down while someone speaks."""
        with self._lock:
            self._mix = replace(self._mix, duck_db=duck(self._mix.duck_db, at_frame))
        self._tell(at_frame, "duck")

    def unduck(self, at_frame: int) -> None:
        """Back up, after a moment."""
        with self._lock:
            self._mix = replace(self._mix, duck_db=unduck(self._mix.duck_db, at_frame))
        self._tell(at_frame, "unduck")

    def announce(self, file: Path, at_frame: int) -> None:
        """The clinic's own voice file or chime over ducked music, as soon as it is read. A file that fails becomes an event."""
        if self._threaded:
            self._spawn(lambda: self._announce(file, at_frame), "music-announce")
        else:
            self._announce(file, at_frame)

    def pause(self, at_frame: int) -> None:
        """Music stands still within 2 s; the bed goes on."""
        self._halt(at_frame, PAUSE_FRAMES, "pause", bed=self._bed_level())

    def calm(self, at_frame: int) -> None:
        """Music goes within 6 s, and the bed comes up to 6 dB under where the music was."""
        with self._lock:
            lufs = self._target_lufs + self._mix.trim_db.at(at_frame) + CALM_DB
            self._mix = replace(self._mix, bed_lufs=self._mix.bed_lufs.to(at_frame, lufs, CALM_FRAMES))
        self._halt(at_frame, CALM_FRAMES, "calm", bed=1.0)

    def attention(self, at_frame: int) -> None:
        """Silence within 1.5 s."""
        self._halt(at_frame, ATTENTION_FRAMES, "attention", bed=0.0)

    def stop(self, at_frame: int) -> None:
        """STOP: silence within 2 s, held until a resume."""
        self._halt(at_frame, STOP_FRAMES, "stop", bed=0.0)

    def end(self, at_frame: int) -> None:
        """The end of a session: silence within 45 s."""
        self._halt(at_frame, END_FRAMES, "end", bed=0.0)

    def volume(self, db: float, at_frame: int) -> None:
        """The room's volume in whole dB, -60 to 0, led there at 6 dB a second."""
        wanted = float(round(min(0.0, max(db, VOLUME_MIN_DB))))
        with self._lock:
            now = self._mix.volume_db.at(at_frame)
            frames = frames_of_s(abs(wanted - now) / VOLUME_DB_PER_S)
            self._mix = replace(self._mix, volume_db=self._mix.volume_db.to(at_frame, wanted, frames))

    def bed(self, lufs: float | None, at_frame: int) -> None:
        """The bed's loudness, at most -28 LUFS, or None for no bed."""
        self._bed_lufs = None if lufs is None else min(lufs, BED_MAX_LUFS)
        with self._lock:
            sounds = self._mix.bed.target > 0.0 or self._mix.music.target > 0.0
            level = self._bed_level() if sounds else 0.0
            mix = replace(self._mix, bed=self._mix.bed.to(at_frame, level, BED_FADE_FRAMES))
            if self._bed_lufs is not None:
                mix = replace(mix, bed_lufs=mix.bed_lufs.to(at_frame, self._bed_lufs, BED_FADE_FRAMES))
            self._mix = mix

    def _bed_level(self) -> float:
        return 0.0 if self._bed_lufs is None else 1.0

    def _go(self, at_frame: int, fade_s: float, action: Action) -> None:
        frames = frames_of_s(fade_s)
        with self._lock:
            mix = self._mix
            bed_lufs = mix.bed_lufs if self._bed_lufs is None else mix.bed_lufs.to(at_frame, self._bed_lufs, frames)
            self._mix = replace(
                mix,
                clock=mix.clock.going(at_frame),
                music=mix.music.to(at_frame, 1.0, frames),
                bed=mix.bed.to(at_frame, self._bed_level(), frames),
                bed_lufs=bed_lufs,
            )
        self._tell(at_frame, action)
        self._look_now(at_frame)

    def _halt(self, at_frame: int, frames: int, action: Action, *, bed: float) -> None:
        with self._lock:
            mix = self._mix
            self._mix = replace(
                mix,
                clock=mix.clock.halting(at_frame + frames),
                music=mix.music.to(at_frame, 0.0, frames),
                bed=mix.bed.to(at_frame, bed if mix.clock.go_frame is not None else 0.0, frames),
            )
        self._tell(at_frame, action)

    def _announce(self, file: Path, at_frame: int) -> None:
        try:
            sound = read_whole(file)
        except DecodeError as error:
            self._tell(at_frame, "failed", track=file.name, why=f"{file.name}: {error.reason}")
            return
        heard = loudness_of(sound)
        wanted = 0.0 if heard.integrated_lufs is None else self._target_lufs - heard.integrated_lufs
        gain_db = min(wanted, BOOST_MAX_DB, PEAK_MAX_DBTP - heard.true_peak_dbtp)
        with self._lock:
            earliest = self._next_frame + LEAD_FRAMES if self._threaded else at_frame
            start = max(at_frame, earliest) + DUCK_ATTACK_FRAMES
            self._mix = announced(self._mix, Announcement(sound, float(10.0 ** (gain_db / 20.0)), start))
        self._tell(start, "announce", track=file.name, gain_db=gain_db)

    # The render thread.

    def block(self, first_frame: int, frames: int) -> Samples:
        """The bus for `frames` session frames from `first_frame`: float32 of shape (frames, 2), full scale 1.0. Never waits.

        Frames that were never asked for count as time in which the music stood still.
        """
        if first_frame > self._next_frame:
            self._gaps.append((self._next_frame, first_frame))
        if self._gaps:
            self._skip()
        self._next_frame = first_frame + frames
        if not self._threaded:
            return self._offline_block(first_frame, frames)
        out = self._mixer.block(self._mix, first_frame, frames)
        self._rescue(first_frame + frames)
        return out

    def _offline_block(self, first_frame: int, frames: int) -> Samples:
        out: Samples = np.empty((frames, 2), dtype=np.float32)
        frame, end = first_frame, first_frame + frames
        while frame < end:
            if frame % GRID_FRAMES == 0:
                self._look(frame)
            stop = min(end, (frame // GRID_FRAMES + 1) * GRID_FRAMES)
            out[frame - first_frame : stop - first_frame] = self._mixer.block(self._mix, frame, stop - frame)
            frame = stop
        return out

    def _skip(self) -> None:
        """The session went on without the card. Done with the next block where a command is just being taken."""
        if self._lock.acquire(blocking=not self._threaded):
            try:
                while self._gaps:
                    self._mix = replace(self._mix, clock=self._mix.clock.skipped(*self._gaps.pop(0)))
            finally:
                self._lock.release()

    def _rescue(self, next_frame: int) -> None:
        """Lead away from a reader that runs dry, unless a command is just being taken; there are more blocks to do it in."""
        mix = self._mix
        if not mix.parts or not mix.clock.runs_at(next_frame) or not self._lock.acquire(blocking=False):
            return
        try:
            self._mix = self._sequencer.starved(self._mix, self._mix.clock.music_frame(next_frame), STARVED_FRAMES)
        finally:
            self._lock.release()

    # Looking ahead.

    def _look_now(self, at_frame: int) -> None:
        if self._threaded:
            self._wake.set()
        else:
            self._look(at_frame)

    def _look(self, frame: int) -> None:
        with self._lock:
            self._mix = self._sequencer.step(self._mix, frame)
            heard = tuple(each for each in self._mix.announcements if each.end > frame)
            if len(heard) < len(self._mix.announcements):
                self._mix = replace(self._mix, announcements=heard)
            self._events.extend(self._sequencer.news())

    def _sequence(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(LOOK_S)
            self._wake.clear()
            if not self._closed.is_set():
                self._look(self._next_frame)

    def _prepare(self) -> None:
        """Build the sounds made here."""
        if isinstance(self._bed, Ocean):
            self._bed.prepare()
        self._pad.prepare()

    def _spawn(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def close(self) -> None:
        """End every thread. What a hung disk holds is left behind."""
        self._closed.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(JOIN_S)
        with self._lock:
            self._sequencer.close()
        self._sequencer.join()

    # What is told.

    def _tell(self, frame: int, action: Action, track: str = "", gain_db: float = 0.0, why: str = "") -> None:
        self._events.append(MusicEvent(frame, action, track=track, gain_db=round(gain_db, 2), why=why))

    def events(self) -> list[MusicEvent]:
        """What happened since the last call, in the order it was found out."""
        told: list[MusicEvent] = []
        while self._events:
            told.append(self._events.popleft())
        return told

    def now_playing(self) -> Playing:
        """What is heard at the next frame."""
        return playing(self._mix, self._next_frame)

    def next_up(self) -> Track | None:
        """The track that follows: the next of a gapless run, else the first of what is chosen."""
        return next_track(self._mix, self._next_frame, self._sequencer.next_run())

    @property
    def volume_db(self) -> float:
        """Where the volume is going."""
        return self._mix.volume_db.target

    @property
    def ducked(self) -> bool:
        """Whether the music is, or is going, down under a voice."""
        mix = self._mix
        return mix.duck_db.target < 0.0 or any(each.end > self._next_frame for each in mix.announcements)
