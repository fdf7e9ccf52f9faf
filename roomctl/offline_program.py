"""A dosing program as it would sound: its arc, the clinic's music, the pad and the bed, rendered offline, every time the same.

What the program does bilaterally by itself (a slow sweep, taps) is rendered as a set is. The dose is given when the arrival's
time is over. The player works without threads here, led by the same conductor as in the
room; the volume stands at 0 dB, so that loudness is the target's. The last stage's limiter is in the way as it is in the room.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from playlists.arc import Arc, Move, arc_at, planned_end_s
from playlists.arc_events import events_in
from playlists.breath import swell_gains
from playlists.library.tracks import Track
from playlists.moves import moved
from playlists.own_motion import own_scores
from playlists.player import MusicEvent, Player
from playlists.program import Program
from playlists.retiming import start_arc
from playlists.simulate import ROOM_K, ROOM_L
from roomctl.conductor import Conductor
from roomctl.errors import Invalid, RoomError
from roomctl.limits import check_own_motion
from roomctl.offline import TAIL_S, Event, OfflineRoom, PadOnly, Rendered, set_events, write_events
from roomctl.wav_file import WavFile
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_s
from stimuli.limiter import LIMITER_DELAY_FRAMES, Limiter
from stimuli.pad import Pad
from stimuli.score import Score
from stimuli.stimulus import stimulus_block

BLOCK_FRAMES: Final = frames_of_s(1.0)
"""The arc is looked at each second, and the sound made a second at a time."""

END_FADE_S: Final = 45.0
LONGEST_MIN: Final = 24 * 60.0


@dataclass(frozen=True, slots=True)
class FewTracks:
    """A library of given tracks."""

    chosen: tuple[Track, ...] = ()

    def tracks(self) -> tuple[Track, ...]:
        """All of them."""
        return self.chosen


class ProgramSound:
    """The sound of one program from its start, second by second; `moves` are what the operator does, in order of time."""

    def __init__(
        self,
        program: Program,
        tracks: Sequence[Track],
        *,
        seed: int = 1,
        target_lufs: float = -20.0,
        moves: Sequence[Move] = (),
    ) -> None:
        self._moves = sorted([*moves, *_dose(program, moves)], key=lambda move: move.at_s)
        self._arc = start_arc(program, 0.0, 0.0, light_l=ROOM_L, cct_k=ROOM_K)
        self._player = Player(FewTracks(tuple(tracks)), seed, target_lufs=target_lufs, threaded=False)
        self._player.volume(0.0, -FRAME_RATE_HZ * 60)
        self._conductor = Conductor(self._player)
        self._noted_s = 0.0
        self.events: list[Event] = []

    @property
    def arc(self) -> Arc:
        """The arc as it stands."""
        return self._arc

    def planned(self) -> Arc:
        """The arc once every move is made."""
        arc = self._arc
        for move in self._moves:
            arc = moved(arc, move)
        return arc

    def ends_s(self) -> float:
        """When a session that nobody ends is over: after the last phase and the minimum stay, with the end's fade."""
        arc = self.planned()
        return max(planned_end_s(arc), arc.stay_until_s or 0.0) + END_FADE_S

    def blocks(self, frames: int) -> Iterator[Samples]:
        """`frames` frames of music, a second at a time, before the limiter."""
        for first in range(0, frames, BLOCK_FRAMES):
            self._lead(first)
            yield self._swelled(self._player.block(first, min(BLOCK_FRAMES, frames - first)), first)
            self.events += [told for each in self._player.events() if (told := event_of(each)) is not None]
        self._told(frames / FRAME_RATE_HZ)
        self._player.close()

    def _swelled(self, music: Samples, first_frame: int) -> Samples:
        """The music as the breath leads it, where one is led."""
        if not self._arc.breath:
            return music
        gains = swell_gains(self._arc.breath, np.arange(first_frame, first_frame + len(music)) / FRAME_RATE_HZ)
        return music * gains[:, np.newaxis]

    def _lead(self, frame: int) -> None:
        now_s = frame / FRAME_RATE_HZ
        while self._moves and self._moves[0].at_s <= now_s:
            move = self._moves.pop(0)
            self._told(move.at_s)
            self._arc = moved(self._arc, move)
        self._conductor.follow(self._arc, arc_at(self._arc, now_s), frame)

    def _told(self, until_s: float) -> None:
        """Note what the arc brings until `until_s`; the music's own events come from the player."""
        self.events += [each for each in events_in(self._arc, self._noted_s, until_s) if each["kind"] != "music"]
        self._noted_s = until_s


def _dose(program: Program, moves: Sequence[Move]) -> list[Move]:
    """The dose at the end of the arrival, where the program waits for one and no move gives it."""
    if not program.clock or any(move.do == "dose" for move in moves):
        return []
    at_s = program.phases[0].nominal_s
    return [Move("dose", at_s, at_s)]


def event_of(told: MusicEvent) -> Event | None:
    """The contract's `music` event."""
    values: dict[str, Any] = {"action": told.action, "track": told.track or "pad", "gain_db": told.gain_db}
    if told.track_id:
        values["id"] = told.track_id
    if told.why:
        values["why"] = told.why
    return {"t_s": round(told.frame / FRAME_RATE_HZ, 6), "frame": told.frame, "kind": "music", **values}


def own_events(scores: Sequence[Score], frames: int, room: OfflineRoom) -> Iterator[Event]:
    """Everything that the program's own motion does before `frames`, in order: beats, tones, taps, pictures, states."""
    each = []
    for score in scores:
        end = frames if score.motion.end_frame is None else min(frames, math.ceil(score.motion.end_frame) + frames_of_s(TAIL_S))
        each.append(set_events(score, end, room, max(0, score.motion.start_frame - FRAME_RATE_HZ)))
    return heapq.merge(*each, key=frame_of_event)


def frame_of_event(event: Event) -> int:
    """By which events are put in order."""
    return int(event["frame"])


def limited(music: Iterator[Samples], scores: Sequence[Score], frames: int, room: OfflineRoom) -> Iterator[Samples]:
    """Blocks of `music`, `frames` in all, and what `scores` sound, through the last stage's limiter, its delay taken back."""
    limiter, sound = Limiter(room.limits.peak_dbfs), PadOnly(Pad(room.pad_seed))
    first, early, left = 0, LIMITER_DELAY_FRAMES, frames
    tail = np.zeros((LIMITER_DELAY_FRAMES, 2), dtype=np.float32)
    for block in _with_tail(music, tail):
        stimulus = np.zeros_like(block)
        for score in scores:
            stimulus += stimulus_block(score, first, len(block), sound)
        placed, played = limiter.process(stimulus, block)
        heard = (placed + played)[early : early + left]
        first += len(block)
        early = max(0, early - len(block))
        left -= len(heard)
        if len(heard):
            yield heard


def _with_tail(blocks: Iterator[Samples], tail: Samples) -> Iterator[Samples]:
    yield from blocks
    yield tail


def render_program(
    program: Program,
    tracks: Sequence[Track],
    minutes: float | None,
    out: Path,
    events: Path | None = None,
    seed: int = 1,
    *,
    room: OfflineRoom | None = None,
    target_lufs: float = -20.0,
    moves: Sequence[Move] = (),
) -> Rendered:
    """Write `minutes` of `program` (None: the whole of it) to `out` (24-bit WAV), and what happens to `events` (JSON lines).

    Both appear whole or not at all. Raises Invalid for a length that is not allowed, or a motion of the program's that the room
    does not do; RoomError where a file cannot be written.
    """
    room = room or OfflineRoom(pad_seed=seed)
    check_own_motion(program, room.limits)
    if minutes is not None and not 0.0 < minutes <= LONGEST_MIN:
        raise Invalid(f"{minutes:g} min cannot be rendered; allowed is more than 0 and at most {LONGEST_MIN:g} min")
    sound = ProgramSound(program, tracks, seed=seed, target_lufs=target_lufs, moves=moves)
    frames = frames_of_s(sound.ends_s() if minutes is None else 60.0 * minutes)
    scores = own_scores(sound.planned(), seed)
    try:
        peak = 0.0
        with WavFile(out, frames) as wav:
            for block in limited(sound.blocks(frames), scores, frames, room):
                wav.write(block)
                peak = max(peak, float(np.max(np.abs(block))))
        told = heapq.merge(sorted(sound.events, key=frame_of_event), own_events(scores, frames, room), key=frame_of_event)
        count = None if events is None else write_events(events, told)
    except OSError as problem:
        raise RoomError(f"{problem.filename or out}: cannot be written ({problem.strerror or problem})") from problem
    return Rendered(frames, peak, count)
