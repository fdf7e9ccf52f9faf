"""A rendered session as a file: stereo WAV, 24-bit, at 48 kHz; RF64 (EBU Tech 3306) where it is longer than 4 GB.

Written beside its place under another name and moved there when it is whole, so a file that is there can be trusted.
"""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, Samples

CHANNELS: Final = 2
BYTES_A_SAMPLE: Final = 3
FULL_SCALE: Final = (1 << 23) - 1
_BYTES_A_FRAME: Final = CHANNELS * BYTES_A_SAMPLE
_UNKNOWN: Final = 0xFFFFFFFF


def header(frames: int) -> bytes:
    """What stands before the samples of a file of `frames` frames."""
    data_bytes = frames * _BYTES_A_FRAME
    form = struct.pack(
        "<4sIHHIIHH",
        b"fmt ",
        16,
        1,
        CHANNELS,
        FRAME_RATE_HZ,
        FRAME_RATE_HZ * _BYTES_A_FRAME,
        _BYTES_A_FRAME,
        8 * BYTES_A_SAMPLE,
    )
    riff_bytes = 4 + len(form) + 8 + data_bytes
    if riff_bytes < _UNKNOWN:
        return struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)
    size64 = struct.pack("<4sIQQQI", b"ds64", 28, riff_bytes + 36, data_bytes, frames, 0)
    return struct.pack("<4sI4s", b"RF64", _UNKNOWN, b"WAVE") + size64 + form + struct.pack("<4sI", b"data", _UNKNOWN)


def pcm24(sound: Samples) -> bytes:
    """`sound` as little-endian 24-bit numbers, each the nearest."""
    steps = np.rint(np.clip(sound, -1.0, 1.0).astype(np.float64) * FULL_SCALE).astype("<i4")
    return np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 4)[:, :BYTES_A_SAMPLE].tobytes()


class WavFile:
    """A file that is being written, `frames` frames long, as a context. Calls may raise OSError."""

    def __init__(self, path: Path, frames: int) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._frames = frames
        self._written = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> WavFile:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb")
        self._file.write(header(self._frames))
        return self

    def write(self, sound: Samples) -> None:
        """The next frames, shape (n, 2). Raises ValueError where they are more than the file was made for."""
        self._written += len(sound)
        if self._file is None or self._written > self._frames:
            raise ValueError(f"{self._path}: made for {self._frames} frames, asked to take {self._written}")
        self._file.write(pcm24(sound))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
        if kind is None and self._written == self._frames:
            self._part.replace(self._path)
            return
        self._part.unlink(missing_ok=True)
        if kind is None:
            raise ValueError(f"{self._path}: made for {self._frames} frames, got {self._written}")
