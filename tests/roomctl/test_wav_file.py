"""Rendered files as other programs read them, and whole or not there."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from roomctl.wav_file import FULL_SCALE, WavFile, header, pcm24
from stimuli.frames import Samples


def read(path: Path) -> Samples:
    """The samples, by the standard library's own reader."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 48_000, 3)
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3)
    padded = np.concatenate((np.zeros((len(raw), 1), np.uint8), raw), axis=1)
    return ((padded.view("<i4") >> 8).reshape(-1, 2) / FULL_SCALE).astype(np.float32)


def sound(frames: int) -> Samples:
    return np.random.default_rng(1).uniform(-1.0, 1.0, (frames, 2)).astype(np.float32)


def test_what_was_written_is_read_back_to_the_nearest_step(tmp_path: Path) -> None:
    written = sound(1_000)
    with WavFile(tmp_path / "a.wav", 1_000) as file:
        file.write(written[:300])
        file.write(written[300:])
    assert float(np.max(np.abs(read(tmp_path / "a.wav") - written))) <= 0.5001 / FULL_SCALE + 6e-8


def test_full_scale_and_silence_are_exact() -> None:
    assert pcm24(np.array([[1.0, -1.0], [0.0, 2.0]], np.float32)) == b"\xff\xff\x7f\x01\x00\x80\x00\x00\x00\xff\xff\x7f"


def test_folders_are_made(tmp_path: Path) -> None:
    with WavFile(tmp_path / "new" / "a.wav", 10) as file:
        file.write(sound(10))
    assert (tmp_path / "new" / "a.wav").is_file()


def test_a_render_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"old")
    with pytest.raises(RuntimeError, match="broke off"), WavFile(tmp_path / "a.wav", 1_000) as file:
        file.write(sound(500))
        raise RuntimeError("broke off")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"old"


def test_too_few_frames_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="made for 1000 frames, got 500"), WavFile(tmp_path / "a.wav", 1_000) as file:
        file.write(sound(500))
    assert list(tmp_path.iterdir()) == []


def test_too_many_frames_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="asked to take 11"), WavFile(tmp_path / "a.wav", 10) as file:
        file.write(sound(11))


def test_a_file_of_more_than_4_gb_says_so_in_its_ds64_chunk() -> None:
    frames = 5 * 3600 * 48_000
    made = header(frames)
    assert made[:4] == b"RF64" and made[12:16] == b"ds64"
    riff_bytes, data_bytes, counted = struct.unpack_from("<QQQ", made, 20)
    assert data_bytes == frames * 6
    assert counted == frames
    assert riff_bytes == len(made) - 8 + data_bytes
    assert made[-8:] == b"data\xff\xff\xff\xff"


def test_a_file_of_less_is_plain_riff() -> None:
    made = header(4 * 3600 * 48_000)
    assert made[:4] == b"RIFF"
    assert struct.unpack_from("<I", made, 4)[0] == len(made) - 8 + 4 * 3600 * 48_000 * 6
