from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.decode import Cue, DecodeError, Source, Stream, downmix_matrix, looks_like_text, read_whole

RATE_HZ = 48_000


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.aiff", "a.mp3", "a.m4a"])
def test_a_file_gives_exactly_the_frames_that_went_in(studio: Any, tmp_path: Path, name: str) -> None:
    path = studio.write(tmp_path / name, studio.sine(2.1037))
    assert len(studio.decoded(Cue(path))) == round(2.1037 * RATE_HZ)


def test_opus_preskip_and_end_padding_are_cut(studio: Any, tmp_path: Path) -> None:
    sound = studio.sine(1.2345)
    out = studio.decoded(Cue(studio.write(tmp_path / "a.opus", sound)))
    assert len(out) == len(sound)
    assert np.corrcoef(out[4800:-4800, 0], sound[4800:-4800])[0, 1] > 0.999


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a"])
def test_lossy_music_starts_on_the_frame_it_started_on(studio: Any, tmp_path: Path, name: str) -> None:
    sound = studio.music(3)
    out = studio.decoded(Cue(studio.write(tmp_path / name, sound, bit_rate=256_000)))
    middle = slice(20_000, 120_000)
    lags = range(-3, 4)
    match = [np.corrcoef(out[20_000 + lag : 120_000 + lag, 0], sound[0, middle])[0, 1] for lag in lags]
    assert lags[int(np.argmax(match))] == 0


def test_itunes_gapless_note_bounds_the_music_where_there_is_no_edit_list(studio: Any, tmp_path: Path) -> None:
    mutagen_mp4 = pytest.importorskip("mutagen.mp4")
    sound = studio.sine(1.5)
    path = studio.write(tmp_path / "a.m4a", sound, container={"use_editlist": "0"})
    tags = mutagen_mp4.MP4(path)
    note = f" 00000000 {1024:08X} {700:08X} {len(sound):016X} 00000000"
    tags["----:com.apple.iTunes:iTunSMPB"] = mutagen_mp4.MP4FreeForm(note.encode())
    tags.save()
    out = studio.decoded(Cue(path))
    assert len(out) == len(sound)
    assert np.corrcoef(out[9600:-9600, 0], sound[9600:-9600])[0, 1] > 0.999


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "bits"),
    [
        ("a.flac", "flac", "s16", 16),
        ("a.flac", "flac", "s32", 24),
        ("a.m4a", "alac", "s16p", 16),
        ("a.wav", "pcm_f32le", "flt", 24),
    ],
)
def test_lossless_formats_keep_every_sample(
    studio: Any, tmp_path: Path, name: str, codec: str, sample_format: str, bits: int
) -> None:
    sound = studio.music(1)
    out = studio.decoded(Cue(studio.write(tmp_path / name, sound, codec=codec, sample_format=sample_format)))
    assert np.abs(out.T - sound).max() <= 1.0 / 2 ** (bits - 1)


def test_eight_bit_wav_is_centred(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "a.wav", studio.sine(1), codec="pcm_u8", sample_format="u8")
    assert abs(studio.decoded(Cue(path)).mean()) < 0.01


def test_24_bit_192_khz_flac_becomes_48_khz(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "hi.flac", studio.sine(2, rate_hz=192_000), 192_000, sample_format="s32")
    out = studio.decoded(Cue(path))
    assert abs(len(out) - 2 * RATE_HZ) <= 1
    expected = studio.sine(2)
    assert np.abs(out[2000:-2000, 0] - expected[2000 : len(out) - 2000]).max() < 1e-4


def test_a_mono_mp3_sounds_alike_on_both_sides(studio: Any, tmp_path: Path) -> None:
    out = studio.decoded(Cue(studio.write(tmp_path / "mono.mp3", studio.sine(1), layout="mono")))
    assert np.array_equal(out[:, 0], out[:, 1])
    assert np.abs(out).max() == pytest.approx(0.3 * np.sqrt(0.5), rel=0.05)


def test_surround_folds_down_by_bs_775_and_leaves_the_lfe_out(studio: Any, tmp_path: Path) -> None:
    planes = np.stack([studio.sine(1, hz, 0.1) for hz in (300, 500, 700, 50, 900, 1100)])
    path = studio.write(tmp_path / "six.wav", planes, layout="5.1", codec="pcm_s24le")
    out = studio.decoded(Cue(path))
    half = np.sqrt(0.5)
    assert np.allclose(out[:, 0], planes[0] + half * planes[2] + half * planes[4], atol=1e-5)
    assert np.allclose(out[:, 1], planes[1] + half * planes[2] + half * planes[5], atol=1e-5)


def test_a_5_1_aac_file_decodes_to_stereo(studio: Any, tmp_path: Path) -> None:
    planes = np.stack([studio.sine(1, 300 + 100 * n, 0.1) for n in range(6)])
    out = studio.decoded(Cue(studio.write(tmp_path / "six.m4a", planes, layout="5.1")))
    assert out.shape == (RATE_HZ, 2)


def test_channels_of_an_unnamed_layout_are_taken_in_the_usual_order() -> None:
    assert downmix_matrix(["?"] * 6).tolist() == downmix_matrix(["FL", "FR", "FC", "LFE", "BL", "BR"]).tolist()
    assert downmix_matrix(["?"] * 12).shape == (12, 2)


@pytest.mark.parametrize(("name", "limit"), [("a.flac", 1e-4), ("a.mp3", 0.02)])
def test_a_sine_split_over_two_files_plays_through(studio: Any, tmp_path: Path, name: str, limit: float) -> None:
    """`limit` is what the encoder itself may do to a sine of 0.3, in full scale: 16 bit, and LAME at 320 kbit/s."""
    whole = studio.sine(6)
    cut = 131_071
    options = {"bit_rate": 320_000} if name.endswith("mp3") else {}
    first = studio.write(tmp_path / f"1{name}", whole[:cut], **options)
    second = studio.write(tmp_path / f"2{name}", whole[cut:], **options)
    out = studio.decoded(Cue(first), Cue(second))
    assert len(out) == len(whole)
    step = 2 * np.pi * 440 / RATE_HZ * 0.3
    assert np.abs(np.diff(out[cut - 2000 : cut + 2000, 0])).max() < step + limit


def test_a_join_at_another_rate_carries_no_edge_of_the_resampler(studio: Any, tmp_path: Path) -> None:
    whole = studio.sine(4, rate_hz=44_100)
    cut = 80_001
    first = studio.write(tmp_path / "1.flac", whole[:cut], 44_100)
    second = studio.write(tmp_path / "2.flac", whole[cut:], 44_100)
    stream = Stream([Cue(first), Cue(second)])
    out = np.concatenate(list(stream.chunks()))
    straight = studio.decoded(Cue(studio.write(tmp_path / "0.flac", whole, 44_100)))
    assert np.abs(out - straight).max() < 1e-6
    assert stream.marks[0] == 0
    assert stream.marks[1] == pytest.approx(cut * RATE_HZ / 44_100, abs=2)


def test_neighbours_of_different_rates_follow_each_other_whole(studio: Any, tmp_path: Path) -> None:
    first = studio.write(tmp_path / "1.flac", studio.sine(1, rate_hz=44_100), 44_100)
    second = studio.write(tmp_path / "2.flac", studio.sine(1), RATE_HZ)
    stream = Stream([Cue(first), Cue(second)])
    assert sum(map(len, stream.chunks())) == pytest.approx(2 * RATE_HZ, abs=1)
    assert stream.marks == [0, pytest.approx(RATE_HZ, abs=1)]


@given(first=st.integers(0, 40_000), length=st.integers(1, 50_000))
@settings(max_examples=20, deadline=None)
def test_cue_points_cut_to_the_frame(studio: Any, tmp_path_factory: pytest.TempPathFactory, first: int, length: int) -> None:
    folder = tmp_path_factory.getbasetemp() / "cues"
    folder.mkdir(exist_ok=True)
    path = folder / "a.wav"
    if not path.exists():
        studio.write(path, studio.music(2), codec="pcm_f32le")
    whole = studio.decoded(Cue(path))
    assert np.array_equal(studio.decoded(Cue(path, first, first + length)), whole[first : first + length])


@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.m4a"])
def test_a_start_deep_in_a_file_lands_on_its_frame(studio: Any, tmp_path: Path, name: str) -> None:
    seconds = 30.0
    sweep = np.sin(
        2 * np.pi * (200 + 10 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ) * np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    )
    path = studio.write(tmp_path / name, 0.3 * sweep, bit_rate=256_000 if name == "a.m4a" else None)
    start = round(25.5 * RATE_HZ)
    whole, part = studio.decoded(Cue(path)), studio.decoded(Cue(path, start))
    assert len(part) == len(whole) - start
    assert np.abs(part[9600:] - whole[start + 9600 :]).max() < 1e-3


def test_bad_files_give_one_plain_reason_each(studio: Any, tmp_path: Path) -> None:
    def reason(path: Path) -> str:
        with pytest.raises(DecodeError) as caught:
            studio.decoded(Cue(path))
        return caught.value.reason

    text, empty, noise = tmp_path / "text.mp3", tmp_path / "empty.flac", tmp_path / "noise.wav"
    text.write_text("Dear diary, today I named a text file mp3.\n" * 50)
    empty.touch()
    noise.write_bytes(os.urandom(20_000))
    assert "text file" in reason(text)
    assert "empty" in reason(empty)
    assert "damaged" in reason(noise)
    assert "not there" in reason(tmp_path / "none.mp3")


def test_a_play_list_named_mp3_opens_nothing_else(studio: Any, tmp_path: Path) -> None:
    inner = studio.write(tmp_path / "inner.mp3", studio.sine(2))
    trick = tmp_path / "trick.mp3"
    trick.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{inner}\n#EXT-X-ENDLIST\n")
    with pytest.raises(DecodeError):
        Source(trick)
    trick.write_text(f"ffconcat version 1.0\nfile '{inner}'\n")
    with pytest.raises(DecodeError):
        Source(trick)


def test_a_protected_file_says_so(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "shop.m4a", studio.sine(1))
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"drms", 1))
    with pytest.raises(DecodeError, match="protected"):
        Source(path)


def test_a_file_cut_in_the_middle_gives_what_is_there(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "cut.flac", studio.music(10))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 4 * RATE_HZ < len(studio.decoded(Cue(path))) < 6 * RATE_HZ


def test_a_file_that_vanishes_between_two_tracks_keeps_what_came_before(studio: Any, tmp_path: Path) -> None:
    first = studio.write(tmp_path / "1.wav", studio.sine(1))
    stream = Stream([Cue(first), Cue(tmp_path / "2.wav")])
    got = 0
    with pytest.raises(DecodeError, match="not there"):
        for piece in stream.chunks():
            got += len(piece)
    assert got == RATE_HZ


def test_bytes_changed_at_random_never_raise_anything_else(studio: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for name in ("a.mp3", "a.flac", "a.m4a", "a.opus", "a.ogg", "a.wav"):
        whole = bytearray(studio.write(tmp_path / name, studio.music(1)).read_bytes())
        for _ in range(15):
            hurt = bytearray(whole)
            for at in rng.integers(0, len(hurt), 30):
                hurt[at] = int(rng.integers(0, 256))
            path = tmp_path / f"hurt{name}"
            path.write_bytes(hurt)
            try:
                out = studio.decoded(Cue(path))
            except DecodeError as error:
                assert error.reason
            else:
                assert out.dtype == np.float32


@pytest.mark.parametrize(
    ("start", "text"),
    [(b"plain words", True), ("Grüße 🙂".encode(), True), (b"ID3\x03\0\0", False), (b"\xff\xfb\x90\x64", False), (b"", False)],
)
def test_text_is_told_from_sound(start: bytes, text: str) -> None:
    assert looks_like_text(start) is text


def test_text_cut_inside_a_letter_is_still_text() -> None:
    assert looks_like_text("ä".encode() * 10 + b"\xc3")


def test_an_announcement_longer_than_allowed_is_refused_with_the_limit(studio: Any, tmp_path: Path) -> None:
    path = studio.write(tmp_path / "long.flac", studio.sine(65))
    with pytest.raises(DecodeError, match="1 minutes"):
        read_whole(path, limit_s=60)
    assert len(read_whole(path)) == 65 * RATE_HZ
