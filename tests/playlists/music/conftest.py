"""Real sound files, made here by the encoders in PyAV's own wheel."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from playlists.decode import Cue, Stream

Sound = npt.NDArray[np.float32]

CODECS = {
    ".wav": "pcm_s16le",
    ".aiff": "pcm_s16be",
    ".flac": "flac",
    ".mp3": "libmp3lame",
    ".m4a": "aac",
    ".opus": "libopus",
    ".ogg": "vorbis",
    ".aac": "aac",
}


def _as_planes(sound: Sound, layout: str) -> Sound:
    planes = np.atleast_2d(np.asarray(sound, dtype=np.float32))
    if layout == "stereo" and planes.shape[0] == 1:
        planes = np.repeat(planes, 2, axis=0)
    return np.ascontiguousarray(planes)


def write_sound(
    path: Path,
    sound: Sound,
    rate_hz: int = 48_000,
    *,
    codec: str | None = None,
    layout: str = "stereo",
    sample_format: str | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    bit_rate: int | None = None,
) -> Path:
    """Encode `sound`, float of shape (channels, frames) or (frames,), full scale 1.0, to `path` by its suffix."""
    planes = _as_planes(sound, layout)
    extra = {"strict": "experimental"} if codec is None and path.suffix == ".ogg" else {}
    kind = "adts" if path.suffix == ".aac" else None
    with av.open(str(path), "w", format=kind, options=container or {}) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec or CODECS[path.suffix], rate=rate_hz, options={**extra, **(options or {})})
        stream.layout = layout
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.format = sample_format or stream.codec_context.codec.audio_formats[0].name
        fit = av.AudioResampler(format=stream.format, layout=layout, rate=rate_hz)
        for first in range(0, planes.shape[1], 4096):
            piece = np.ascontiguousarray(planes[:, first : first + 4096])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
            frame.sample_rate = rate_hz
            frame.pts = first
            for fitted in fit.resample(frame):
                out.mux(stream.encode(fitted))
        for fitted in fit.resample(None):
            out.mux(stream.encode(fitted))
        out.mux(stream.encode(None))
    return path


def sine(seconds: float, hz: float = 440.0, level: float = 0.3, rate_hz: int = 48_000, first: int = 0) -> Sound:
    """A mono sine whose phase counts from frame 0, cut out from frame `first` on."""
    frames = np.arange(first, first + round(seconds * rate_hz))
    return (level * np.sin(2 * np.pi * hz * frames / rate_hz)).astype(np.float32)


def music(seconds: float, seed: int = 1, level: float = 0.1, rate_hz: int = 48_000) -> Sound:
    """Stereo that behaves like music to a meter: smoothed noise over a chord, steady in loudness."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    t = np.arange(frames) / rate_hz
    chord = sum(np.sin(2 * np.pi * hz * t + seed) for hz in (196.0, 246.9, 293.7, 392.0))
    noise = rng.standard_normal((2, frames))
    smooth = np.cumsum(noise, axis=1)
    smooth[:, 200:] -= smooth[:, :-200].copy()
    both = 0.5 * chord + 0.5 * smooth / smooth.std()
    return (level * both / np.sqrt(np.mean(both**2))).astype(np.float32)


class Studio:
    """The helpers above, handed to tests."""

    write = staticmethod(write_sound)
    sine = staticmethod(sine)
    music = staticmethod(music)

    @staticmethod
    def decoded(*cues: Cue) -> Sound:
        """All of a run, shape (frames, 2)."""
        pieces = list(Stream(cues).chunks())
        return np.concatenate(pieces) if pieces else np.zeros((0, 2), dtype=np.float32)


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio()


@pytest.fixture
def music_folder(tmp_path: Path) -> Path:
    """Five formats and rates with names, each 8 s."""
    folder = tmp_path / "music"
    folder.mkdir()
    write_sound(folder / "a.flac", music(8, 1, rate_hz=44_100), 44_100, tags={"title": "One", "artist": "Ensemble"})
    write_sound(folder / "b.mp3", music(8, 2, 0.02), tags={"title": "Two"})
    write_sound(folder / "c.m4a", music(8, 3, 0.3))
    write_sound(folder / "d.opus", music(8, 4, 0.05))
    write_sound(folder / "e.wav", music(8, 5, 0.1, 96_000), 96_000, codec="pcm_s24le")
    return folder
