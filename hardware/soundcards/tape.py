"""The recorder behind the stub card: takes blocks without waiting, and writes them in a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import Final

import numpy as np

from hardware.soundcards.seam import Block
from hardware.soundcards.wav import WavWriter

_REFRESH_S: Final = 1.0
_MOST_WAITING: Final = 4096
_SILENCE_FRAMES: Final = 48_000


class Tape:
    """Writes what is put on it, in order. Trouble with the disk ends the recording and stands in `fault`, never in the sound.

    Where the disk falls too far behind, silence of the same length stands for the lost sound, and `lost_frames` counts it.
    """

    def __init__(self, path: Path, channels: int, rate_hz: int, first_mono_s: float, frames_per_s: float) -> None:
        self.path = path
        self.fault = ""
        self.lost_frames = 0
        self._about = (channels, rate_hz, first_mono_s, frames_per_s)
        self._waiting: queue.Queue[Block | int | None] = queue.Queue()
        self._gap_frames = 0
        self._thread = threading.Thread(target=self._run, name=f"tape {path.name}", daemon=True)
        self._thread.start()

    def put(self, block: Block) -> None:
        """Record a copy of `block`. Never waits."""
        if self._waiting.qsize() >= _MOST_WAITING:
            self.lost_frames += block.shape[0]
            self._gap_frames += block.shape[0]
            return
        if self._gap_frames:
            self._waiting.put(self._gap_frames)
            self._gap_frames = 0
        self._waiting.put(block.copy())

    def put_silence(self, frames: int) -> None:
        """Record `frames` frames of silence. Never waits."""
        if frames > 0:
            self._waiting.put(frames)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what waits, and end the file."""
        self._waiting.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        writer: WavWriter | None = None
        try:
            writer = WavWriter(self.path, *self._about)
            self._write_all(writer)
            writer.close()
        except OSError as fault:
            self.fault = f"{self.path} is no longer recorded: {fault.strerror or fault}"
            while self._waiting.get() is not None:
                pass

    def _write_all(self, writer: WavWriter) -> None:
        refresh_at_s = time.monotonic() + _REFRESH_S
        while (item := self._waiting.get()) is not None:
            if isinstance(item, int):
                for begin in range(0, item, _SILENCE_FRAMES):
                    writer.write(np.zeros((min(_SILENCE_FRAMES, item - begin), self._about[0]), dtype=np.float32))
            else:
                writer.write(item)
            if time.monotonic() >= refresh_at_s:
                writer.refresh()
                refresh_at_s = time.monotonic() + _REFRESH_S
