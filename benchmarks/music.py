"""Music for measurements: the built-in pad, recorded as FLAC and MP3 with gaps and levels of its own in each file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.pad import Pad

CODECS: Final = {"flac": ("flac", "s16"), "mp3": ("libmp3lame", "s16p")}
PIECE_S: Final = 20
BLOCK: Final = 4_096


def make_music(folder: Path, files: int, seconds: float) -> Path:
    """`files` files of `seconds` each, every second one an MP3; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pad = Pad(1)
    piece = pad.block(0, PIECE_S * FRAME_RATE_HZ, 3.0)
    for number in range(files):
        suffix = list(CODECS)[number % 2]
        turned = np.roll(piece, number * FRAME_RATE_HZ, axis=0) * np.float32(0.8 + 0.05 * number)
        times = int(np.ceil(seconds / PIECE_S))
        _write(folder / f"{number:02d}.{suffix}", suffix, np.tile(turned, (times, 1))[: round(seconds * FRAME_RATE_HZ)])
    return folder


def _write(path: Path, suffix: str, sound: Samples) -> None:
    codec, layout = CODECS[suffix]
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(codec, rate=FRAME_RATE_HZ)
        stream.layout = "stereo"
        whole = (np.clip(sound, -1.0, 1.0) * 32_767).astype(np.int16)
        for at in range(0, len(whole), BLOCK):
            part = whole[at : at + BLOCK]
            shaped = part.T if layout.endswith("p") else part.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(shaped), format=layout, layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = FRAME_RATE_HZ, at, Fraction(1, FRAME_RATE_HZ)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
