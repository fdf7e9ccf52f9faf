from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.decode import DecodeError
from playlists.library.features import FeatureMeter
from playlists.library.loudness import LoudnessMeter, loudness_of
from playlists.library.measure import measure
from playlists.library.tracks import Hints, Measure, Names, Tags, Track, intensity_hint, joins_gaplessly

RATE_HZ = 48_000


def stereo(planes: Any) -> Any:
    return np.ascontiguousarray(np.atleast_2d(planes).T.repeat(3 - np.atleast_2d(planes).shape[0], axis=1).astype(np.float32))


def test_a_full_scale_997_hz_sine_on_one_side_reads_minus_3_01_lufs(studio: Any) -> None:
    """BS.1770-4, Annex 1: the meter's own calibration."""
    sound = np.zeros((10 * RATE_HZ, 2), dtype=np.float32)
    sound[:, 0] = studio.sine(10, 997.0, 1.0)
    assert loudness_of(sound).integrated_lufs == pytest.approx(-3.01, abs=0.05)


def test_another_library_agrees_on_loudness_range_and_peak(studio: Any) -> None:
    ebur128 = pytest.importorskip("pyebur128")
    loud, soft = studio.music(20, 3), 0.25 * studio.music(20, 4)
    sound = np.ascontiguousarray(np.concatenate((loud, soft, loud), axis=1).T)
    modes = ebur128.MeasurementMode
    state = ebur128.R128State(2, RATE_HZ, modes.MODE_I | modes.MODE_LRA | modes.MODE_S | modes.MODE_TRUE_PEAK)
    state.add_frames(sound.ravel(), len(sound))
    ours = loudness_of(sound)
    assert ours.integrated_lufs == pytest.approx(ebur128.get_loudness_global(state), abs=0.1)
    assert ours.range_lu == pytest.approx(ebur128.get_loudness_range(state), abs=0.5)
    theirs = max(ebur128.get_true_peak(state, channel) for channel in (0, 1))
    assert ours.true_peak_dbtp == pytest.approx(20 * np.log10(theirs), abs=0.3)


def test_true_peak_sees_what_lies_between_the_samples() -> None:
    frames = np.arange(2 * RATE_HZ)
    fade = np.minimum(1.0, np.minimum(frames, frames[::-1]) / 4800)
    sound = stereo(0.5 * fade * np.sin(2 * np.pi * frames / 4 + np.pi / 4))
    assert np.abs(sound).max() < 0.36
    assert loudness_of(sound).true_peak_dbtp == pytest.approx(20 * np.log10(0.5), abs=0.3)


@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_loudness_does_not_depend_on_the_pieces(studio: Any, cuts: list[int]) -> None:
    sound = stereo(studio.music(4))
    meter, first = LoudnessMeter(), 0
    for cut in [*cuts, len(sound)]:
        meter.feed(sound[first : first + cut])
        first += cut
    assert meter.result() == loudness_of(sound)


def test_silence_has_no_loudness() -> None:
    assert loudness_of(np.zeros((RATE_HZ, 2), dtype=np.float32)).integrated_lufs is None
    assert LoudnessMeter().result().integrated_lufs is None


def test_cue_points_bound_what_can_be_heard(studio: Any, tmp_path: Path) -> None:
    sound = np.concatenate((np.zeros(50_000), studio.sine(2), np.zeros(30_000))).astype(np.float32)
    found = measure(studio.write(tmp_path / "a.wav", sound))
    assert found.frames == len(sound)
    assert found.cue_in_frame == pytest.approx(50_000, abs=2)
    assert found.cue_out_frame == pytest.approx(50_000 + 2 * RATE_HZ, abs=10)
    assert found.head_db < -90 and found.tail_db < -90


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs Debian's ffmpeg as an independent meter")
def test_ffmpegs_own_program_reads_the_same_of_a_file(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "a.flac", studio.music(15, rate_hz=44_100), 44_100)
    run = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    summary = run.stderr[run.stderr.rindex("Summary:") :]
    integrated, peak = (float(re.search(rf"{key}:\s+(-?[\d.]+)", summary)[1]) for key in ("I", "Peak"))
    found = measure(path)
    assert found.integrated_lufs == pytest.approx(integrated, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.3)


def test_a_file_of_nan_is_refused(studio: Any, tmp_path: Path) -> None:
    sound = studio.sine(2)
    sound[5000:5100] = np.nan
    with pytest.raises(DecodeError, match="not numbers"):
        measure(studio.write(tmp_path / "a.wav", sound, codec="pcm_f32le"))


def features(planes: Any) -> Hints:
    meter = FeatureMeter()
    sound = stereo(planes)
    for first in range(0, len(sound), 10_000):
        meter.feed(sound[first : first + 10_000])
    return meter.result()


def test_the_centroid_of_a_sine_is_its_frequency(studio: Any) -> None:
    assert features(studio.sine(4, 1000.0)).centroid_hz == pytest.approx(1000, rel=0.02)


def test_drum_strokes_are_counted_and_a_steady_chord_has_none(studio: Any) -> None:
    rng = np.random.default_rng(2)
    drums = np.zeros(20 * RATE_HZ)
    for stroke in range(40):
        at = stroke * RATE_HZ // 2 + 1000
        drums[at : at + 4800] += rng.standard_normal(4800) * np.exp(-np.arange(4800) / 900) * 0.3
    struck, held = features(drums), features(sum(studio.sine(20, hz, 0.1) for hz in (220, 277, 330)))
    assert struck.onsets_per_s == pytest.approx(2.0, abs=0.15)
    assert held.onsets_per_s < 0.1
    assert struck.percussive_frac > 0.5


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=10))
@settings(max_examples=15, deadline=None)
def test_features_hardly_depend_on_the_pieces(studio: Any, cuts: list[int]) -> None:
    sound = stereo(studio.music(3))
    meter, first = FeatureMeter(), 0
    for cut in [*cuts, len(sound)]:
        meter.feed(sound[first : first + cut])
        first += cut
    assert meter.result() == features(studio.music(3))


def test_silence_has_no_features() -> None:
    assert features(np.zeros(RATE_HZ)) == Hints(0.0, 0.0, 0.0)


def a_measure(centroid_hz: float = 500.0, onsets: float = 1.0, percussive: float = 0.4, range_lu: float = 6.0) -> Measure:
    return Measure(480_000, -20.0, -18.0, range_lu, -3.0, 0, 480_000, -20.0, -20.0, Hints(centroid_hz, onsets, percussive))


@given(st.floats(0, 20_000), st.floats(0, 50), st.floats(0, 1), st.floats(0, 60))
def test_the_hint_lies_between_0_and_5_in_halves(centroid_hz: float, onsets: float, percussive: float, range_lu: float) -> None:
    hint = intensity_hint(a_measure(centroid_hz, onsets, percussive, range_lu))
    assert 0.0 <= hint <= 5.0 and hint * 2 == round(hint * 2)


def test_busier_brighter_music_is_more_intense() -> None:
    calm, wild = a_measure(250, 0.1, 0.2, 3), a_measure(1800, 4, 0.8, 14)
    assert intensity_hint(calm) < 1.0 and intensity_hint(wild) > 4.0


def test_what_the_clinic_says_counts_before_the_hint(tmp_path: Path) -> None:
    track = Track("x", (tmp_path / "a.wav",), Names("A"), a_measure())
    assert track.intensity == intensity_hint(track.measure)
    assert replace(track, tags=Tags(intensity=0.0)).intensity == 0.0


def test_only_neighbours_of_one_album_with_sound_at_the_join_are_gapless(tmp_path: Path) -> None:
    one = Track("1", (tmp_path / "1.flac",), Names("1", album="Live", number=1), a_measure())
    two = Track("2", (tmp_path / "2.flac",), Names("2", album="Live", number=2), a_measure())
    faded = replace(one, measure=replace(one.measure, tail_db=-80.0))
    assert joins_gaplessly(one, two)
    assert not joins_gaplessly(two, one)
    assert not joins_gaplessly(faded, two)
    assert not joins_gaplessly(one, replace(two, names=replace(two.names, number=3)))
    assert not joins_gaplessly(one, replace(two, names=replace(two.names, album="Studio")))
    assert not joins_gaplessly(replace(one, names=Names("1", number=1)), replace(two, names=Names("2", number=2)))
