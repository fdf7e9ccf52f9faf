"""Sound files as float32 stereo at 48 kHz, gapless: from mono to 7.1, any rate, any format of the domain's table.

Where an encoder says how many frames it put before and after the music (LAME and Xing headers, Opus pre-skip, edit lists,
iTunSMPB), they are cut. FFmpeg cuts what comes before; what comes after in MP4 is cut here, by the length of the last packet.
Neighbours of one album with one rate go through one resampler, so that a join carries no edge of a filter.

Down-mixing follows Recommendation ITU-R BS.775-3, Annex 4: centre and surrounds at 0.7071, the low-frequency channel left out.
The long work (decoding, resampling, large array sums) runs with the interpreter's lock released.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
import soxr

from stimuli.frames import FRAME_RATE_HZ, Samples

FORMATS: Final = ("wav", "w64", "aiff", "flac", "mp3", "ogg", "aac", "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "caf")
"""What FFmpeg may take a file for. Play lists, scripts and anything that opens other files or the network stay shut."""

CHUNK_FRAMES: Final = 16_384
"""Decoded frames are handed on in pieces of about this many, so that the cost of a call does not count."""

PREROLL_S: Final = 2.0
"""A decoder that starts in the middle is given this much to settle on."""

SEEK_FROM_S: Final = 20.0
"""Earlier starts decode from the very beginning: exact to the frame, and faster than a listener can notice."""

BAD_PACKETS_MAX: Final = 50
"""So many damaged packets in a row end a file."""

_HALF: Final = float(np.sqrt(0.5))
_PLACES: Final[dict[str, tuple[float, float]]] = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "DL": (1.0, 0.0), "DR": (0.0, 1.0), "FC": (_HALF, _HALF),
    "BL": (_HALF, 0.0), "SL": (_HALF, 0.0), "FLC": (1.0, _HALF), "WL": (_HALF, 0.0),
    "BR": (0.0, _HALF), "SR": (0.0, _HALF), "FRC": (_HALF, 1.0), "WR": (0.0, _HALF),
    "BC": (0.5, 0.5), "LFE": (0.0, 0.0), "LFE2": (0.0, 0.0),
}  # fmt: skip
_USUAL: Final = {
    1: ("FC",), 2: ("FL", "FR"), 3: ("FL", "FR", "FC"), 4: ("FL", "FR", "BL", "BR"), 5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"), 7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}  # fmt: skip
_FULL_SCALE: Final = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "flt": 1.0, "dbl": 1.0}


class DecodeError(Exception):
    """A file cannot be read as sound. `reason` says why, in words for the list of files that need attention."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What a file's header says. `seconds` is None where it does not say, and an estimate where it must."""

    format: str
    codec: str
    rate_hz: int
    channels: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cue:
    """Which part of a file to play: from `first_frame` to before `last_frame` (None: its end), in 48 kHz frames of the file."""

    path: Path
    first_frame: int = 0
    last_frame: int | None = None


def downmix_matrix(channels: Sequence[str]) -> npt.NDArray[np.float32]:
    """Gains of shape (channels, 2) that fold the named channels into left and right by ITU-R BS.775-3."""
    names = tuple(channels)
    if not all(name in _PLACES for name in names):
        names = _USUAL.get(len(names), ("FL", "FR") + ("LFE",) * (len(names) - 2))
    return np.array([_PLACES[name] for name in names], dtype=np.float32)


def _as_floats(frame: av.AudioFrame) -> npt.NDArray[np.float32]:
    """A decoded frame as float32 of shape (frames, channels), full scale 1.0."""
    values: npt.NDArray[Any] = frame.to_ndarray()
    name = frame.format.name.removesuffix("p")
    channels = values.T if frame.format.is_planar else values.reshape(frame.samples, -1)
    floats = channels.astype(np.float32)
    if name == "u8":
        floats -= 128.0
    scale = _FULL_SCALE[name]
    if scale != 1.0:
        floats *= 1.0 / scale
    return floats


def _names(frame: av.AudioFrame) -> tuple[str, ...]:
    return tuple(channel.name for channel in frame.layout.channels) or ("?",) * frame.layout.nb_channels


def fold(sound: npt.NDArray[np.float32], names: Sequence[str]) -> Samples:
    """`sound` of shape (frames, channels) as stereo."""
    if tuple(names) == ("FL", "FR"):
        return sound
    return np.ascontiguousarray(sound @ downmix_matrix(names))


def looks_like_text(start: bytes) -> bool:
    """Whether a file that begins with `start` is plain text."""
    if not start or b"\0" in start:
        return False
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = start[: error.start].decode("utf-8")
    return all(char.isprintable() or char in "\r\n\t\ufeff" for char in text)


def _why_not(path: Path, error: Exception) -> str:
    """The plain reason why `path` cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return "the file is not there"
    if isinstance(error, PermissionError):
        return "the file may not be read by this user"
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as trouble:
        return f"the disk cannot be read ({trouble.strerror})"
    if size == 0:
        return "the file is empty"
    if looks_like_text(start):
        return "this is a text file with the name of a sound"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, av.FFmpegError):
        return f"the disk cannot be read ({error.strerror})"
    return "the file is damaged, or not a sound format that is known here"


class Source:
    """One file as stereo at its own rate. Not shared between threads; `close` it, or use it as a context."""

    def __init__(self, path: Path, start_s: float = 0.0) -> None:
        """Opens the file; raises DecodeError where there is no sound in it."""
        self.path = path
        self.bad_packets = 0
        self._start_s = start_s
        try:
            self._container = av.open(
                str(path.absolute()),
                metadata_errors="replace",
                options={"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"},
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise DecodeError(path, _why_not(path, error)) from error
        try:
            self._stream = self._find_stream()
            self.facts = self._read_facts()
        except DecodeError:
            self.close()
            raise

    def _find_stream(self) -> av.AudioStream:
        if not self._container.streams.audio:
            raise DecodeError(self.path, "there is no sound in this file")
        stream = self._container.streams.audio[0]
        if _is_protected(stream):
            raise DecodeError(self.path, "the file is protected (DRM) and can only be played by the shop's own player")
        if stream.codec_context is None:
            raise DecodeError(self.path, "the sound is in a form that is not known here")
        stream.codec_context.thread_count = 1
        return stream

    def _read_facts(self) -> SoundFacts:
        stream, container = self._stream, self._container
        rate_hz = int(stream.rate or 0)
        channels = int(stream.channels or 0)
        if rate_hz <= 0 or channels <= 0:
            raise DecodeError(self.path, _why_not(self.path, ValueError()))
        seconds: float | None = None
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / av.time_base
        return SoundFacts(container.format.name, stream.codec.canonical_name, rate_hz, channels, seconds)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def packets(self) -> Iterator[bytes]:
        """The encoded sound, packet by packet, without what surrounds it; raises what FFmpeg raises."""
        for packet in self._container.demux(self._stream):
            if packet.size:
                yield bytes(packet)

    def chunks(self) -> Iterator[tuple[int, Samples]]:
        """(rate in Hz, stereo) pieces of about CHUNK_FRAMES, to the end; raises DecodeError where reading fails."""
        held: list[Samples] = []
        count = 0
        rate_hz = self.facts.rate_hz
        for frame_rate_hz, sound in self._frames():
            if count and (count >= CHUNK_FRAMES or frame_rate_hz != rate_hz):
                yield rate_hz, np.concatenate(held)
                held, count = [], 0
            rate_hz = frame_rate_hz
            held.append(sound)
            count += len(sound)
        if count:
            yield rate_hz, np.concatenate(held)

    def _frames(self) -> Iterator[tuple[int, Samples]]:
        """Decoded frames from `start_s` on, with what the encoder padded cut away."""
        seeks = self._start_s >= SEEK_FROM_S
        skip = 0 if seeks else round(self._start_s * self.facts.rate_hz)
        if seeks:
            self._seek()
        left = self._frames_declared() if not seeks else None
        for frame, frames_used in self._decoded():
            sound = fold(_as_floats(frame), _names(frame))[:frames_used]
            if seeks:
                skip = self._frames_before(frame)
                seeks = skip > 0
            if left is not None:
                sound = sound[:left]
                left -= len(sound)
            if skip > 0:
                cut = min(skip, len(sound))
                skip -= cut
                sound = sound[cut:]
            if len(sound):
                yield frame.sample_rate, sound

    def _seek(self) -> None:
        base = self._stream.time_base
        if base is None:
            raise DecodeError(self.path, "the file has no time in it, so it cannot be started in the middle")
        try:
            start = (self._stream.start_time or 0) * base
            self._container.seek(int((self._start_s - PREROLL_S + float(start)) / base), stream=self._stream)
        except (av.FFmpegError, OSError) as error:
            raise DecodeError(self.path, "the file cannot be started in the middle") from error

    def _frames_before(self, frame: av.AudioFrame) -> int:
        """Frames of `frame` and after it that lie before `start_s`."""
        start = float((self._stream.start_time or 0) * (self._stream.time_base or 0))
        return max(0, round((self._start_s + start - (frame.time or 0.0)) * frame.sample_rate))

    def _frames_declared(self) -> int | None:
        """How many frames of music iTunes says there are, in the file's own rate."""
        fields = self._container.metadata.get("iTunSMPB", "").split()
        if len(fields) < 4:
            return None
        try:
            return int(fields[3], 16) or None
        except ValueError:
            return None

    def _decoded(self) -> Iterator[tuple[av.AudioFrame, int]]:
        """Every decoded frame, and how many of its samples are music."""
        trims = "mp4" in self.facts.format
        bad_in_a_row = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
                bad_in_a_row = 0
            except av.InvalidDataError as error:
                self.bad_packets += 1
                bad_in_a_row += 1
                if bad_in_a_row > BAD_PACKETS_MAX:
                    raise DecodeError(self.path, "the file is damaged from here on") from error
                continue
            except (av.FFmpegError, OSError, ValueError) as error:
                raise DecodeError(self.path, _read_trouble(error)) from error
            for frame in frames:
                yield frame, _music_in(frame, packet) if trims and len(frames) == 1 else frame.samples


def _is_protected(stream: av.AudioStream) -> bool:
    """FairPlay's `drms` and common encryption's `enca` sample entries."""
    context: Any = stream.codec_context
    return context is not None and getattr(context, "codec_tag", "") in ("drms", "enca")


def _music_in(frame: av.AudioFrame, packet: av.Packet[Any]) -> int:
    """In MP4 the last packet is shorter than what it decodes to; the rest is the encoder's padding."""
    if not packet.duration or packet.time_base is None or frame.samples < 1:
        return frame.samples
    lasts = round(packet.duration * packet.time_base * frame.sample_rate)
    return min(frame.samples, lasts) if lasts > 0 else frame.samples


def _read_trouble(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return f"reading stopped: {strerror}" if strerror else "reading stopped: the file is damaged"


class Stream:
    """One or more cues as one run of float32 stereo at 48 kHz, without a seam between them.

    `marks` holds, for each cue begun so far, its first frame in the run. A file that fails ends the run with DecodeError, after
    everything before it has been handed out.
    """

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._cues = tuple(cues)
        self._resampler: Any = None
        self._rate_hz = FRAME_RATE_HZ
        self.frames = 0
        self.marks: list[int] = []

    def chunks(self) -> Iterator[Samples]:
        """Pieces of any length, in order, to the end; raises DecodeError."""
        for cue in self._cues:
            self._mark()
            with Source(cue.path, cue.first_frame / FRAME_RATE_HZ) as source:
                yield from self._resampled(cue, source)
        yield from self._flushed()

    def _mark(self) -> None:
        """The join of two files lies where the input so far comes out, not where the resampler is just now."""
        self.marks.append(self.frames if self._resampler is None else self.frames + round(self._resampler.delay()))

    def _resampled(self, cue: Cue, source: Source) -> Iterator[Samples]:
        left_s = None if cue.last_frame is None else (cue.last_frame - cue.first_frame) / FRAME_RATE_HZ
        for rate_hz, sound in source.chunks():
            if left_s is not None:
                sound = sound[: max(0, round(left_s * rate_hz))]
                left_s -= len(sound) / rate_hz
            if rate_hz != self._rate_hz:
                yield from self._flushed()
                self._rate_hz = rate_hz
            yield from self._counted(self._convert(sound, last=False))
            if left_s is not None and left_s * rate_hz < 0.5:
                return

    def _convert(self, sound: Samples, *, last: bool) -> Samples:
        if self._rate_hz == FRAME_RATE_HZ:
            return sound
        if self._resampler is None:
            self._resampler = soxr.ResampleStream(self._rate_hz, FRAME_RATE_HZ, 2, dtype="float32", quality="HQ")
        converted: Samples = self._resampler.resample_chunk(sound, last=last)
        return converted

    def _counted(self, sound: Samples) -> Iterator[Samples]:
        if len(sound):
            self.frames += len(sound)
            yield sound

    def _flushed(self) -> Iterator[Samples]:
        if self._resampler is not None:
            tail = self._convert(np.zeros((0, 2), dtype=np.float32), last=True)
            self._resampler = None
            yield from self._counted(tail)


def read_whole(path: Path, limit_s: float = 600.0) -> Samples:
    """All of a short file, for announcements; raises DecodeError, also where it is longer than `limit_s`."""
    pieces: list[Samples] = []
    stream = Stream([Cue(path)])
    for piece in stream.chunks():
        pieces.append(piece)
        if stream.frames > limit_s * FRAME_RATE_HZ:
            raise DecodeError(path, f"it lasts longer than {limit_s / 60:.0f} minutes, the most for an announcement")
    if not pieces:
        raise DecodeError(path, "there is no sound in this file")
    return np.concatenate(pieces)
