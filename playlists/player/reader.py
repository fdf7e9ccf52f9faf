"""Reading ahead: a run's sound, decoded by a thread of its own into a ring that the render thread empties without waiting.

One writer, one reader, and two counters that each is written by one side only: neither ever waits for the other. A disk that
hangs holds up its own thread and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from playlists.decode import Cue, DecodeError, Stream
from playlists.player.choosing import Run
from stimuli.frames import Samples, frames_of_s

RING_FRAMES: Final = frames_of_s(32.0)
"""Read this far ahead; at least 30 s are there whenever the disk has kept up."""

WAITING_FRAMES: Final = frames_of_s(10.0)
"""A run that waits for its turn has so much at hand, and the rest only when its turn is near: a ring's memory is taken up as
it is filled, and three full ones at every moment are for nothing."""

READY_FRAMES: Final = frames_of_s(5.0)
LOOK_S: Final = 0.25
"""How often a full ring is looked at for room."""

JOIN_S: Final = 2.0


class SoundRun(Protocol):
    """What gives a run's sound, piece by piece; raises DecodeError where a file fails."""

    marks: list[int]

    def chunks(self) -> Iterator[Samples]:
        """Pieces of 48 kHz stereo, in order."""
        ...


OpenRun = Callable[[Sequence[Cue]], SoundRun]


def cues_of(run: Run) -> tuple[Cue, ...]:
    """A run's files: silence before the first and after the last is left out, what lies between is played whole."""
    cues = []
    for index, track in enumerate(run.tracks):
        first = track.measure.cue_in_frame if index == 0 else 0
        last = track.measure.cue_out_frame if index == len(run.tracks) - 1 else None
        cues.append(Cue(track.path, first, last))
    return tuple(cues)


class Reader:
    """One run on its way to the mix. It waits with WAITING_FRAMES at hand until it is told to `read_on`."""

    def __init__(self, run: Run, open_run: OpenRun = Stream, *, threaded: bool = True) -> None:
        self.run = run
        self.error: DecodeError | None = None
        self.ended_frames: int | None = None
        self._sound = open_run(cues_of(run))
        self._ring: Samples = np.empty((RING_FRAMES, 2), dtype=np.float32)
        self._ahead_frames = WAITING_FRAMES
        self._written = 0
        self._read = 0
        self._chunks = self._sound.chunks()
        self._over: Samples = np.zeros((0, 2), dtype=np.float32)
        self._closed, self._look = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._work, name="music-read", daemon=True)
            self._thread.start()

    @property
    def available_frames(self) -> int:
        """Frames that can be read now."""
        return self._written - self._read

    @property
    def read_frames(self) -> int:
        """Frames that have been read."""
        return self._read

    @property
    def ready(self) -> bool:
        """Whether it may be brought into the mix."""
        ended = self.ended_frames
        return self.available_frames >= READY_FRAMES if ended is None else ended > 0

    def marks(self) -> tuple[int, ...]:
        """The first frame of each track begun so far."""
        return tuple(self._sound.marks)

    def read_on(self) -> None:
        """Its turn is near: read as far ahead as there is room for."""
        self._ahead_frames = RING_FRAMES
        self._look.set()

    def fill(self) -> None:
        """Decode here and now as far ahead as is wanted, or to the run's end; for offline work."""
        while self.ended_frames is None and self._step():
            continue

    def _work(self) -> None:
        while not self._closed.is_set() and self.ended_frames is None:
            if not self._step():
                self._look.wait(LOOK_S)
                self._look.clear()
        self._end_decoder()

    def _step(self) -> bool:
        """Move one piece into the ring; False where there is no room."""
        if not len(self._over):
            try:
                piece = next(self._chunks, None)
            except DecodeError as error:
                self.error, piece = error, None
            if piece is None:
                self.ended_frames = self._written
                return True
            self._over = piece
        room = self._ahead_frames - self.available_frames
        count = min(max(room, 0), len(self._over))
        if count:
            self._put(self._over[:count])
            self._over = self._over[count:]
        return count > 0

    def _put(self, piece: Samples) -> None:
        start = self._written % RING_FRAMES
        until_end = min(len(piece), RING_FRAMES - start)
        self._ring[start : start + until_end] = piece[:until_end]
        self._ring[: len(piece) - until_end] = piece[until_end:]
        self._written += len(piece)

    def read_into(self, out: Samples) -> int:
        """Fill `out` from the ring as far as there is sound, zeros after that; returns the frames of sound. Never waits."""
        count = min(len(out), self.available_frames)
        start = self._read % RING_FRAMES
        until_end = min(count, RING_FRAMES - start)
        out[:until_end] = self._ring[start : start + until_end]
        out[until_end:count] = self._ring[: count - until_end]
        out[count:] = 0.0
        self._read += count
        return count

    def give_up(self, reason: str) -> None:
        """What is in the ring is all that will come."""
        self.error = DecodeError(self.run.tracks[0].path, reason)
        self.ended_frames = self._written
        self._closed.set()

    def _end_decoder(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def close(self) -> None:
        """Stop reading. A thread that hangs on a dead disk is left behind; it can do no harm."""
        self._closed.set()
        self._look.set()
        if self._thread is None:
            self._end_decoder()

    def join(self) -> None:
        """Wait for the thread to end, for at most JOIN_S."""
        if self._thread is not None:
            self._thread.join(JOIN_S)
