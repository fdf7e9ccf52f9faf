from __future__ import annotations

import json
import re
import shutil
import subprocess
import wave
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from playlists.arc import Move
from playlists.decode import Cue, Stream
from playlists.library import Library, Track, scan
from playlists.library.loudness import loudness_of
from playlists.programs import load_programs
from roomctl.errors import Invalid, RoomError
from roomctl.offline_program import ProgramSound, render_program
from stimuli.frames import FRAME_RATE_HZ, Samples

S = FRAME_RATE_HZ


def write_music(path: Path, seconds: float, seed: int, level: float, codec: str, rate_hz: int) -> None:
    """Steady noise through a gentle low pass, in whatever format."""
    noise = np.random.default_rng(seed).standard_normal((2, round(seconds * rate_hz)))
    noise[:, 1:] += 0.9 * noise[:, :-1]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate_hz)
        stream.layout = "stereo"
        fit = av.AudioResampler(format=stream.codec_context.codec.audio_formats[0].name, layout="stereo", rate=rate_hz)
        frame = av.AudioFrame.from_ndarray((level * noise).astype(np.float32), format="fltp", layout="stereo")
        frame.sample_rate = rate_hz
        stream.format = fit.format
        for fitted in [*fit.resample(frame), *fit.resample(None)]:
            out.mux(stream.encode(fitted))
        out.mux(stream.encode(None))


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Track, ...]:
    """Four formats, rates and loudnesses, 50 s each."""
    data = tmp_path_factory.mktemp("music")
    folder = data / "files"
    folder.mkdir()
    kinds = [("a.flac", 0.03, "flac", 44_100), ("b.mp3", 0.2, "libmp3lame", 48_000), ("c.wav", 0.08, "pcm_s16le", 96_000)]
    for seed, (name, level, codec, rate_hz) in enumerate(kinds):
        write_music(folder / name, 50.0, seed, level, codec, rate_hz)
    scan([folder], data / "library.db")
    library = Library(data)
    assert library.problems() == ()
    return tuple(library.set_tags(track.id, phases=["arrival", "settle"]) for track in library.tracks())


@pytest.fixture(scope="module")
def rendered(tracks: tuple[Track, ...], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """Four minutes of arrival."""
    folder = tmp_path_factory.mktemp("out")
    render_program(load_programs([])["ketamine-iv"], tracks, 4.0, folder / "a.wav", folder / "a.jsonl", seed=3)
    return folder / "a.wav", [json.loads(line) for line in (folder / "a.jsonl").read_text().splitlines()]


def sound_of(path: Path) -> Samples:
    return np.concatenate(list(Stream([Cue(path)]).chunks()))


def test_the_file_is_as_long_as_was_asked_and_24_bit(rendered: tuple[Path, Any]) -> None:
    with wave.open(str(rendered[0])) as file:
        assert (file.getnframes(), file.getsampwidth(), file.getnchannels(), file.getframerate()) == (240 * S, 3, 2, S)


def test_no_gap_of_more_than_5_ms_is_below_minus_60_dbfs(rendered: tuple[Path, Any]) -> None:
    """From 2 s on: before, the session's own fade rises from silence."""
    quiet = np.abs(sound_of(rendered[0])[2 * S :]).max(axis=1) < 1e-3
    pieces = quiet[: len(quiet) // 240 * 240].reshape(-1, 240)
    assert not pieces.all(axis=1).any()


def test_every_tracks_steady_part_is_at_target_plus_trim(rendered: tuple[Path, list[dict[str, Any]]]) -> None:
    sound, events = sound_of(rendered[0]), rendered[1]
    plays = [event for event in events if event["kind"] == "music" and event["action"] == "play"]
    assert len(plays) >= 4
    for play, following in pairwise(plays[1:]):
        steady = sound[play["frame"] + 9 * S : following["frame"] - S]
        assert loudness_of(steady).integrated_lufs == pytest.approx(-24.0, abs=1.0)


def test_crossfades_keep_the_power_within_1_db(rendered: tuple[Path, list[dict[str, Any]]]) -> None:
    sound, events = sound_of(rendered[0]), rendered[1]
    plays = [event["frame"] for event in events if event["kind"] == "music" and event["action"] == "play"]
    for frame in plays[2:]:
        around = sound[frame - 4 * S : frame + 12 * S].astype(np.float64)
        power = 10 * np.log10(np.square(around).mean(axis=1).reshape(-1, S).mean(axis=1))
        assert np.ptp(power) < 2.0


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs Debian's ffmpeg as an independent meter")
def test_another_program_reads_a_true_peak_under_minus_1_dbtp(rendered: tuple[Path, Any]) -> None:
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(rendered[0]), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stderr
    summary = said[said.rindex("Summary:") :]
    peak, integrated = (float(re.search(rf"{key}:\s+(-?[\d.]+)", summary)[1]) for key in ("Peak", "I"))  # type: ignore[index]
    assert peak <= -1.0
    assert integrated == pytest.approx(-24.0, abs=1.0)


def test_two_renders_with_one_seed_are_equal_to_the_byte(tracks: tuple[Track, ...], tmp_path: Path) -> None:
    program = load_programs([])["ketamine-im"]
    for name in ("one", "two"):
        render_program(program, tracks, 1.2, tmp_path / f"{name}.wav", tmp_path / f"{name}.jsonl", seed=9)
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_without_any_music_the_pad_plays(tmp_path: Path) -> None:
    out = tmp_path / "pad.wav"
    render_program(load_programs([])["psilocybin"], (), 1.5, out, seed=1)
    assert loudness_of(sound_of(out)[30 * S :]).integrated_lufs == pytest.approx(-24.0, abs=4.0)


def test_a_silent_program_is_silent(tmp_path: Path) -> None:
    assert render_program(load_programs([])["silence"], (), 0.2, tmp_path / "s.wav").peak == 0.0


def test_music_with_voice_is_not_played_in_a_phase_without(tracks: tuple[Track, ...]) -> None:
    sung = tuple(replace(track, tags=replace(track.tags, voice=track is not tracks[0])) for track in tracks)
    sound = ProgramSound(load_programs([])["ketamine-im"], sung)
    for _ in sound.blocks(150 * S):
        pass
    played = {event.get("id") for event in sound.events if event["kind"] == "music" and event["action"] == "play"}
    assert played == {tracks[0].id}


def test_the_dose_is_given_when_the_arrival_is_over_and_phases_follow() -> None:
    sound = ProgramSound(load_programs([])["ketamine-im"], ())
    frames = 1000 * S
    for _ in sound.blocks(frames):
        pass
    phases = {event["name"]: event["t_s"] for event in sound.events if event["kind"] == "phase"}
    assert phases == {"arrival": 0.0, "settle": 900.0}
    assert sound.arc.t0_s == 900.0


def test_moves_are_heard(tracks: tuple[Track, ...]) -> None:
    moves = [Move("dose", 5.0, 5.0), Move("attention", 20.0, 20.0)]
    sound = ProgramSound(load_programs([])["ketamine-im"], tracks, moves=moves)
    heard = np.concatenate(list(sound.blocks(30 * S)))
    assert np.abs(heard[15 * S : 20 * S]).max() > 0.01
    assert np.abs(heard[22 * S :]).max() == 0.0


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan"), 1e9])
def test_a_length_that_is_not_allowed_is_refused(minutes: float, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="more than 0"):
        render_program(load_programs([])["ketamine-im"], (), minutes, tmp_path / "a.wav")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RoomError, match="cannot be written"):
        render_program(load_programs([])["silence"], (), 0.1, tmp_path / "file" / "a.wav")
