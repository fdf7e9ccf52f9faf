"""Recordings of what was heard: 32-bit float WAV that can be read at any moment, and knows when its first frame was heard.

A reserved chunk turns into `ds64` past 4 GB (RF64, EBU Tech 3306). The header is brought up to date about once a second, so a
recording whose writer was killed lacks at most that. The chunk `room` holds the monotonic time of the first frame, as JSON.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from hardware.soundcards.seam import Block

_NOTE_BYTES: Final = 128
_DATA_AT: Final = 12 + (8 + 28) + (8 + 16) + (8 + 4) + (8 + _NOTE_BYTES) + 8
_UNKNOWN: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Recording:
    """`samples` float32 (frames, channels); frame n was heard at `first_mono_s + n / frames_per_s`."""

    samples: Block
    rate_hz: int
    first_mono_s: float
    frames_per_s: float

    def frame_at(self, mono_s: float) -> int:
        """The frame heard at `mono_s`; may lie outside the recording."""
        return round((mono_s - self.first_mono_s) * self.frames_per_s)


def header(channels: int, rate_hz: int, frames: int, first_mono_s: float, frames_per_s: float) -> bytes:
    """The bytes before the samples, for a recording of `frames` frames."""
    data_bytes = frames * channels * 4
    riff_bytes = _DATA_AT - 8 + data_bytes
    large = riff_bytes >= _UNKNOWN
    note = json.dumps({"first_mono_ns": round(first_mono_s * 1e9), "frames_per_s": frames_per_s}).encode()
    return b"".join(
        (
            struct.pack("<4sI4s", b"RF64" if large else b"RIFF", _UNKNOWN if large else riff_bytes, b"WAVE"),
            struct.pack("<4sIQQQI", b"ds64" if large else b"JUNK", 28, riff_bytes, data_bytes, frames, 0),
            struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, channels, rate_hz, rate_hz * channels * 4, channels * 4, 32),
            struct.pack("<4sII", b"fact", 4, min(frames, _UNKNOWN)),
            struct.pack("<4sI", b"room", _NOTE_BYTES) + note.ljust(_NOTE_BYTES),
            struct.pack("<4sI", b"data", _UNKNOWN if large else data_bytes),
        )
    )


class WavWriter:
    """Writes one recording. A file that is there already is kept beside it as `NAME.previous.wav`. Calls may raise OSError."""

    def __init__(self, path: Path, channels: int, rate_hz: int, first_mono_s: float, frames_per_s: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > 0:
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        self._about = (channels, rate_hz)
        self._since = (first_mono_s, frames_per_s)
        self.frames = 0
        self._file: BinaryIO = path.open("wb")
        self._file.write(header(*self._about, 0, *self._since))
        self._file.flush()

    def write(self, block: Block) -> None:
        """Append a block of shape (frames, channels)."""
        self._file.write(np.ascontiguousarray(block, dtype="<f4").data)
        self.frames += block.shape[0]

    def refresh(self) -> None:
        """Make what was written so far a whole, readable file."""
        self._file.flush()
        self._file.seek(0)
        self._file.write(header(*self._about, self.frames, *self._since))
        self._file.seek(0, 2)
        self._file.flush()

    def close(self) -> None:
        """Refresh and let go of the file."""
        try:
            self.refresh()
        finally:
            self._file.close()


def read_recording(path: Path) -> Recording:
    """Read a recording of ours, one still being written or left by a killed process too. Raises ValueError where it is none."""
    raw = path.read_bytes()
    if raw[:4] not in (b"RIFF", b"RF64") or raw[8:12] != b"WAVE" or len(raw) < _DATA_AT:
        raise ValueError(f"{path} is not a recording of this program")
    channels, rate_hz = struct.unpack_from("<HI", raw, 12 + 36 + 8 + 2)
    note = json.loads(raw[_DATA_AT - 8 - _NOTE_BYTES : _DATA_AT - 8])
    whole = (len(raw) - _DATA_AT) // (4 * channels)
    samples = np.frombuffer(raw, dtype="<f4", offset=_DATA_AT, count=whole * channels).reshape(whole, channels)
    return Recording(samples.astype(np.float32), rate_hz, note["first_mono_ns"] / 1e9, note["frames_per_s"])
