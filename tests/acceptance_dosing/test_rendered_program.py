"""`roomctl render --program` over a folder of mixed formats, measured in the file it writes, by us and by another program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from playlists.decode import Cue, Stream
from playlists.library.loudness import loudness_of
from roomctl.cli import main

S = 48_000
TARGET_LUFS = -20.0
TRIMS_DB = {"arrival": -4.0, "settle": -3.0}
MINUTES = 16.5
"""The whole arrival of 15 min, the dose, and the first minute and a half after it."""

SPLIT_HZ = 440.0 + 0.1 / 30.0
"""A tenth of a cycle is left over at 30 s, so the two halves differ, and the sine is steep at the join."""

FADE_S = 20.0
CROSSFADE_S = 8.0

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="needs Debian's ffmpeg as a meter that nobody here wrote")

ARRIVAL: dict[str, dict[str, Any]] = {
    "a.flac": {"rate_hz": 44_100, "level": 0.02},
    "b.flac": {"rate_hz": 192_000, "level": 0.1, "sample_format": "s32"},
    "c.mp3": {"rate_hz": 44_100, "level": 0.2},
    "d.mp3": {"rate_hz": 48_000, "level": 0.05, "layout": "mono"},
    "e.m4a": {"rate_hz": 44_100, "level": 0.1},
    "f.m4a": {"rate_hz": 48_000, "level": 0.15, "codec": "alac"},
    "g.opus": {"rate_hz": 48_000, "level": 0.04},
    "h.ogg": {"rate_hz": 48_000, "level": 0.1},
    "i.wav": {"rate_hz": 96_000, "level": 0.08, "codec": "pcm_s24le"},
    "j.aiff": {"rate_hz": 44_100, "level": 0.12},
}
SETTLE: dict[str, dict[str, Any]] = {"k.flac": {"rate_hz": 48_000, "level": 0.1}, "l.mp3": {"rate_hz": 48_000, "level": 0.03}}


def steady_noise(seconds: float, seed: int, level: float, rate_hz: int, channels: int) -> npt.NDArray[np.float32]:
    """Noise with the same spectrum at every rate (all of it below 4 kHz), independent for every seed; rms `level`."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * rate_hz)
    hz = np.fft.rfftfreq(frames, 1.0 / rate_hz)
    shape = np.where((hz > 60.0) & (hz < 4000.0), 1.0 / np.sqrt(np.maximum(hz, 200.0)), 0.0)
    made = np.stack([np.fft.irfft(shape * np.exp(2j * np.pi * rng.uniform(size=len(hz))), frames) for _ in range(channels)])
    return (made * level / made.std()).astype(np.float32)


@dataclass(frozen=True)
class Heard:
    """The written file and what was told of it."""

    path: Path
    sound: npt.NDArray[np.float32]
    events: list[dict[str, Any]]

    def music(self, action: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["kind"] == "music" and each["action"] == action]

    @property
    def dose_frame(self) -> int:
        return int(next(each["frame"] for each in self.events if each["kind"] == "phase" and each["name"] == "settle"))

    def trim_db(self, frame: int) -> float:
        return TRIMS_DB["arrival" if frame < self.dose_frame else "settle"]


def rendered(folder: Path, minutes: float, *more: str) -> Heard:
    room, out, events = folder / "room.toml", folder / "out.wav", folder / "out.jsonl"
    room.write_text('[music]\nfolders = ["music"]\n', encoding="utf-8")
    line = ["render", "--program", "ketamine-iv", "--minutes", str(minutes), "--out", str(out), "--events", str(events)]
    assert main([*line, "--room", str(room), "--data", str(folder / "data"), *more]) == 0
    sound = np.concatenate(list(Stream([Cue(out)]).chunks()))
    return Heard(out, sound, [json.loads(each) for each in events.read_text(encoding="utf-8").splitlines()])


@pytest.fixture(scope="module")
def heard(studio: Any, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """Ten tracks for the arrival and two for what follows, of every format, rate and loudness, 75 s each."""
    folder = tmp_path_factory.mktemp("render")
    for pool, files in (("arrival", ARRIVAL), ("settle", SETTLE)):
        (folder / "music" / pool).mkdir(parents=True)
        for name, about in files.items():
            about = dict(about)
            layout = about.setdefault("layout", "stereo")
            sound = steady_noise(75.0, sum(map(ord, name)), about.pop("level"), about["rate_hz"], 1 if layout == "mono" else 2)
            studio.write(folder / "music" / pool / name, sound, **about)
    return rendered(folder, MINUTES)


pytestmark = pytest.mark.slow


def test_every_format_was_played(heard: Heard) -> None:
    assert {each["track"] for each in heard.music("play")} >= {Path(name).stem for name in ARRIVAL}
    assert heard.music("failed") == []


def test_no_gap_of_more_than_5_ms_is_below_minus_60_dbfs(heard: Heard) -> None:
    """From 2 s on: before, the session's own fade rises from silence."""
    quiet = np.abs(heard.sound[2 * S :]).max(axis=1) < 1e-3
    edges = np.flatnonzero(np.diff(np.r_[False, quiet, False].astype(np.int8)))
    longest = int(np.max(edges[1::2] - edges[::2])) if len(edges) else 0
    assert longest <= 0.005 * S


def steady_parts(heard: Heard) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float32]]]:
    """Each track with its sound after its own crossfade and before the next one, away from the phase's change of trim."""
    for play, following in pairwise(heard.music("play")):
        first, last = play["frame"] + int((CROSSFADE_S + 1) * S), following["frame"] - S
        if first < heard.dose_frame + FADE_S * S and last > heard.dose_frame:
            continue
        if first > FADE_S * S and last - first > 10 * S:
            yield play, heard.sound[first:last]


def test_every_tracks_steady_part_is_within_1_lu_of_target_plus_trim(heard: Heard) -> None:
    found = {play["track"]: (play, loudness_of(part).integrated_lufs) for play, part in steady_parts(heard)}
    assert len(found) >= 9
    for track, (play, lufs) in found.items():
        assert lufs == pytest.approx(TARGET_LUFS + heard.trim_db(play["frame"]), abs=1.0), track


def test_crossfades_keep_the_power_within_1_db_of_constant(heard: Heard) -> None:
    """Power over each second of a crossfade, against the mean of the two tracks' own beside it; they do not correlate."""
    starts = [each["frame"] for each in heard.music("play") if each["frame"] > (FADE_S + 4) * S]
    inside = [frame for frame in starts if frame + (CROSSFADE_S + 4) * S < heard.dose_frame]
    assert len(inside) >= 8
    for frame in inside:
        around = heard.sound[frame - 4 * S : frame + int(CROSSFADE_S + 4) * S].astype(np.float64)
        power = np.square(around).mean(axis=1).reshape(-1, S).mean(axis=1)
        outer = np.linspace(power[:3].mean(), power[-3:].mean(), len(power))
        assert np.abs(10.0 * np.log10(power / outer)).max() <= 1.0


def test_the_next_phases_music_comes_in_with_the_dose(heard: Heard) -> None:
    assert next(each["frame"] for each in heard.music("play") if each["track"] in ("k", "l")) == heard.dose_frame


@needs_ffmpeg
def test_another_program_reads_true_peak_and_loudness(heard: Heard) -> None:
    end_s = heard.dose_frame / S
    whole = ebur128(heard.path, "0", str(MINUTES * 60))
    assert whole["Peak"] <= -1.0
    arrival = ebur128(heard.path, str(FADE_S), str(end_s - FADE_S))
    assert arrival["I"] == pytest.approx(TARGET_LUFS + TRIMS_DB["arrival"], abs=1.0)


def ebur128(path: Path, from_s: str, for_s: str) -> dict[str, float]:
    command = [str(FFMPEG), "-hide_banner", "-nostats", "-ss", from_s, "-t", for_s, "-i", str(path)]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stderr
    summary = said[said.rindex("Summary:") :]
    return {key: float(re.search(rf"{key}:\s+(-?[\d.]+)", summary)[1]) for key in ("Peak", "I")}  # type: ignore[index]


@pytest.mark.parametrize(("suffix", "most"), [(".flac", 0.001), (".mp3", 0.02)])
def test_a_sine_split_over_two_files_of_an_album_plays_through(suffix: str, most: float, studio: Any, tmp_path: Path) -> None:
    """What is heard around the join, less what is heard of the same sine in one file, and the sine's phase on both sides.

    A hole would leave 0.1 of the sine there, and a frame lost or doubled turns its phase. `most` is LAME's own doing at a hard
    edge, at 320 kbit/s; the frames that it padded must not be heard.
    """
    halves, whole = tmp_path / "halves", tmp_path / "whole"
    for folder in (halves, whole):
        (folder / "music" / "arrival").mkdir(parents=True)
    for number in (1, 2):
        sound = studio.sine(30.0, SPLIT_HZ, 0.2, first=(number - 1) * 30 * S)
        tags = {"title": f"Part {number}", "album": "Whole", "album_artist": "One", "track": str(number)}
        more = {"bit_rate": 320_000} if suffix == ".mp3" else {}
        studio.write(halves / "music" / "arrival" / f"{number}{suffix}", sound, tags=tags, **more)
    studio.write(whole / "music" / "arrival" / "1.flac", studio.sine(60.0, SPLIT_HZ, 0.2))
    split, one = rendered(halves, 1.0), rendered(whole, 1.0)
    assert [each["track"] for each in split.music("play")[:2]] == ["Part 1", "Part 2"]
    join = split.music("play")[1]["frame"]
    around = slice(join - S, join + S)
    assert np.abs(split.sound[around] - one.sound[around]).max() <= most
    before, after = (phase_of(split.sound[first : first + S, 0], first) for first in (join - S - 2400, join + 2400))
    turned = (after - before + np.pi) % (2 * np.pi) - np.pi
    assert abs(turned) / (2 * np.pi * SPLIT_HZ / S) < 0.1


def phase_of(sound: npt.NDArray[np.float32], first_frame: int) -> float:
    """The phase of the sine in `sound` against one that begins at frame 0, in radians."""
    frames = np.arange(first_frame, first_frame + len(sound))
    turning = np.exp(-2j * np.pi * SPLIT_HZ * frames / S)
    return float(np.angle(np.sum(sound * turning)))
