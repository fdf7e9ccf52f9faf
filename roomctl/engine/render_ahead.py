"""The render-ahead: a thread that keeps a little more sound ready than the card asks for at a time.

The card's thread only copies. The ring is indexed by session frame, so what is read is what was meant for that frame or, where
nothing was ready, silence that is counted.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from roomctl.engine.realtime import RENDER_PRIORITY, ask_realtime
from stimuli.frames import Samples

log = logging.getLogger(__name__)

BLOCK_FRAMES: Final = 512
RING_BLOCKS: Final = 32
LEAST_AHEAD_BLOCKS: Final = 2
MOST_AHEAD_BLOCKS: Final = 4
MOST_AT_ONCE_BLOCKS: Final = 2
BURST_GAP_S: Final = 0.002
MOST_HELD_S: Final = 0.002
"""A command may keep the render thread from its next block for this long, and no longer: a fifth of a block."""

STIMULUS: Final = slice(0, 2)
MUSIC: Final = slice(2, 4)
TAPS: Final = slice(4, 6)
"""Columns of the ring: one array, so that the card's thread copies once."""


@dataclass(frozen=True, slots=True)
class Block:
    """Sound for the frames from `first_frame`: what the score placed, the music, and the tap channels (None without any)."""

    first_frame: int
    stimulus: Samples
    music: Samples
    taps: Samples | None = None


class Renderer(Protocol):
    """Makes sound for frames. Called from the render thread alone, in order; `restart` says where it goes on after a jump."""

    def restart(self, first_frame: int) -> None: ...
    def block(self, first_frame: int, frames: int) -> Block: ...


class RenderAhead:
    """One thread fills, one thread (the card's) reads."""

    def __init__(self, renderer: Renderer, speed: float = 1.0) -> None:
        """Simulated time renders longer blocks, and more of them ahead."""
        self._renderer = renderer
        self._block_frames = BLOCK_FRAMES * math.ceil(speed)
        self._ring_frames = RING_BLOCKS * self._block_frames
        self._ring = np.zeros((self._ring_frames, 6), np.float32)
        self._read_frame = 0
        self._written_frame = 0
        self._claimed_frame = 0
        self._hold = threading.Lock()
        self._restart_at: int | None = 0
        self._valid_from_frame = 0
        self._ahead_frames = LEAST_AHEAD_BLOCKS * self._block_frames
        self._burst_frames = 0
        self._card_frames = 0
        self._last_read_s = 0.0
        self._wanted = threading.Event()
        self._closing = False
        self.underruns = 0
        self.block_seconds: deque[float] = deque(maxlen=1024)
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)

    @property
    def written_frame(self) -> int:
        """Sound up to here has been made, and changes no more."""
        return self._written_frame

    @property
    def claimed_frame(self) -> int:
        """Sound up to here has been made or is being made, with what was in force when it was begun."""
        return self._claimed_frame

    @contextmanager
    def held(self) -> Iterator[None]:
        """No block is begun meanwhile, so what is put in force from `claimed_frame` on is in time.

        The render thread waits `MOST_HELD_S` at most, and then goes on: nothing that commands do can silence the room.
        """
        with self._hold:
            yield

    @property
    def ahead_frames(self) -> int:
        """How much is kept ready beyond what the card has taken: its largest burst and one of its blocks."""
        return self._ahead_frames

    def start(self) -> None:
        """Begin to fill."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def restart(self, first_frame: int) -> None:
        """Make sound from `first_frame` on; what was ready for other frames is dropped, and before it there is silence."""
        self._valid_from_frame = first_frame
        self._restart_at = first_frame
        self._read_frame = first_frame
        self._wanted.set()

    def read(self, first_frame: int, frames: int) -> tuple[Samples, Samples, Samples]:
        """(stimulus, music, taps) for the frames from `first_frame`; silence, counted, where nothing is ready.

        `refill` is called when the card has what it asked for, so that the render thread does not get in its way.
        """
        self._measure_burst(frames)
        self._read_frame = max(self._read_frame, first_frame + frames)
        begin = min(max(self._valid_from_frame - first_frame, 0), frames)
        end = 0 if self._restart_at is not None else self._written_frame - first_frame
        if begin < frames and end < frames:
            self.underruns += 1
        taken = self._taken(first_frame, frames)
        if begin > 0 or end < frames:
            taken[:begin] = 0.0
            taken[max(end, 0) :] = 0.0
        return taken[:, STIMULUS], taken[:, MUSIC], taken[:, TAPS]

    def refill(self) -> None:
        """Wake the render thread where the card's largest burst, or two of its blocks, are not ready any more.

        So a card that reads in bursts wakes it once in a burst.
        """
        least = max(self._ahead_frames - self._card_frames, 2 * self._card_frames)
        if self._restart_at is not None or self._written_frame - self._read_frame < least:
            self._wanted.set()

    def _taken(self, first_frame: int, frames: int) -> Samples:
        """A copy of the ring's frames from `first_frame`, around its end where need be."""
        at = first_frame % self._ring_frames
        if at + frames <= self._ring_frames:
            return self._ring[at : at + frames].copy()
        return np.concatenate([self._ring[at:], self._ring[: at + frames - self._ring_frames]])

    def _measure_burst(self, frames: int) -> None:
        now_s = time.monotonic()
        self._card_frames = frames
        in_burst = now_s - self._last_read_s < BURST_GAP_S
        self._burst_frames = self._burst_frames + frames if in_burst else frames
        self._last_read_s = now_s
        wanted = min(self._burst_frames + frames, max(2 * frames, MOST_AHEAD_BLOCKS * self._block_frames))
        self._ahead_frames = max(self._ahead_frames, wanted)

    def _run(self) -> None:
        ask_realtime(RENDER_PRIORITY)
        while not self._closing:
            self._wanted.wait(timeout=1.0)
            self._wanted.clear()
            self._fill()

    def _fill(self) -> None:
        restart_at = self._restart_at
        if restart_at is not None:
            self._renderer.restart(restart_at)
            self._written_frame = restart_at
        while not self._closing and (frames := self._due_frames()) > 0:
            self._claim(frames)
            begun_s = time.monotonic()
            self._store(self._renderer.block(self._written_frame, frames))
            self.block_seconds.append(time.monotonic() - begun_s)
            if self._restart_at == restart_at:
                self._restart_at = restart_at = None
            elif self._restart_at is not None:
                return

    def _due_frames(self) -> int:
        """How much to render at a time: whole blocks, as many as are due, few."""
        due = self._read_frame + self._ahead_frames - self._written_frame
        return self._block_frames * min(math.ceil(due / self._block_frames), MOST_AT_ONCE_BLOCKS)

    def _claim(self, frames: int) -> None:
        """Say which frames are made next, before anything is looked at that they are made from."""
        holds = self._hold.acquire(timeout=MOST_HELD_S)
        self._claimed_frame = self._written_frame + frames
        if holds:
            self._hold.release()

    def _store(self, block: Block) -> None:
        self._lay(STIMULUS, block.first_frame, block.stimulus)
        self._lay(MUSIC, block.first_frame, block.music)
        if block.taps is not None:
            self._lay(TAPS, block.first_frame, block.taps)
        self._written_frame = block.first_frame + len(block.stimulus)

    def _lay(self, bus: slice, first_frame: int, sound: Samples) -> None:
        """Put `sound` into the ring, around its end where need be."""
        at = first_frame % self._ring_frames
        fits = min(len(sound), self._ring_frames - at)
        self._ring[at : at + fits, bus] = sound[:fits]
        if fits < len(sound):
            self._ring[: len(sound) - fits, bus] = sound[fits:]
