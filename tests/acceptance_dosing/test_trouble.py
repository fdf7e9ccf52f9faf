"""Bad music and bad moments: what people really have in their folders, and what really happens in a session."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import mutagen.id3
import numpy as np
import pytest

from playlists.decode import Cue, Stream
from playlists.library import Library
from roomctl import messages as m
from roomctl.cli import main
from roomctl.errors import Refused
from roomctl.sign_in import SignIn

S = 48_000


def move(name: str, **args: Any) -> m.ProgramMove:
    return m.ProgramMove(move=name, **args)  # type: ignore[arg-type]


def scan(folder: Path, data: Path) -> Library:
    """The library of a folder; the scan itself never fails."""
    assert main(["library", "scan", str(folder), "--data", str(data), "--workers", "1"]) == 0
    return Library(data)


@pytest.fixture(autouse=True)
def not_gentle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan makes its process the least important one, which these tests would then remain."""
    monkeypatch.setattr("roomctl.cli.library.be_gentle", lambda: None)


# --- the folder ---


def test_folders_that_are_not_there_or_are_none_are_named_and_the_scan_goes_on(
    studio: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    studio.write(music / "one.flac", studio.music(4))
    (tmp_path / "file").touch()
    folders = [str(tmp_path / "gone"), str(tmp_path / "file" / "inside"), str(music)]
    assert main(["library", "scan", *folders, "--data", str(tmp_path / "data"), "--workers", "1"]) == 1
    assert "no such folder; is the disk connected" in capsys.readouterr().err
    library = Library(tmp_path / "data")
    assert [track.names.title for track in library.tracks()] == ["one"]
    assert {problem.path.name for problem in library.problems()} >= {"gone", "inside"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything: an unreadable folder needs another user")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o000)
    library = scan(shut, tmp_path / "data")
    assert [problem.path for problem in library.problems()] == [shut]


def test_what_people_have_in_their_folders(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    studio.write(folder / "high.flac", studio.music(6, 1, rate_hz=192_000), 192_000, sample_format="s32")
    studio.write(folder / "mono.mp3", studio.music(6, 2)[:1], layout="mono")
    studio.write(folder / "round.m4a", np.repeat(studio.music(6, 3), 3, axis=0), layout="5.1")
    studio.write(folder / "net.opus", studio.music(6, 4))
    studio.write(folder / "apple.m4a", studio.music(6, 5), codec="alac")
    studio.write(folder / "latin.mp3", studio.music(6, 6))
    studio.write(folder / "waves.mp3", studio.music(6, 7))
    for name, title, encoding in (("latin.mp3", "Café für Zoë", 0), ("waves.mp3", "🌊 Stilles Meer 海", 1)):
        tags = mutagen.id3.ID3()
        tags.add(mutagen.id3.TIT2(encoding=encoding, text=[title]))
        tags.save(folder / name)
    studio.write(folder / "whole.flac", studio.music(12, 8))
    whole = (folder / "whole.flac").read_bytes()
    (folder / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (folder / "words.mp3").write_text("not music at all\n" * 50)
    (folder / "empty.wav").touch()
    library = scan(folder, tmp_path / "data")
    titles = {track.path.name: track.names.title for track in library.tracks()}
    assert {"high.flac", "mono.mp3", "round.m4a", "net.opus", "apple.m4a", "whole.flac"} <= set(titles)
    assert titles["latin.mp3"] == "Café für Zoë"
    assert titles["waves.mp3"] == "🌊 Stilles Meer 海"
    reasons = {problem.path.name: problem.reason for problem in library.problems()}
    assert "text" in reasons["words.mp3"]
    assert "empty.wav" in reasons
    assert "cut.flac" in titles or "cut.flac" in reasons


@pytest.mark.slow
def test_a_file_of_three_hours_is_measured_and_played(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music" / "arrival"
    folder.mkdir(parents=True)
    long_file(folder / "long.flac", 3 * 3600)
    library = scan(folder, tmp_path / "data")
    assert [track.measure.seconds for track in library.tracks()] == [pytest.approx(3 * 3600, abs=1.0)]
    events = rendered(tmp_path, 0.5)[1]
    assert [each["track"] for each in events if each["kind"] == "music" and each["action"] == "play"] == ["long"]


def long_file(path: Path, seconds: int, rate_hz: int = 8000) -> None:
    """A quiet mono hum of `seconds`, encoded a minute at a time."""
    minute = np.round(3000 * np.sin(2 * np.pi * 200 * np.arange(60 * rate_hz) / rate_hz)).astype(np.int16)[np.newaxis]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("flac", rate=rate_hz)
        stream.layout = "mono"
        for number in range(seconds // 60):
            frame = av.AudioFrame.from_ndarray(minute, format="s16", layout="mono")
            frame.sample_rate = rate_hz
            frame.pts = number * minute.shape[1]
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


# --- the session, offline ---


def rendered(folder: Path, minutes: float) -> tuple[np.ndarray[Any, Any], list[dict[str, Any]]]:
    out, told = folder / "out.wav", folder / "out.jsonl"
    (folder / "room.toml").write_text('[music]\nfolders = ["music"]\n', encoding="utf-8")
    line = ["render", "--program", "ketamine-im", "--minutes", str(minutes), "--out", str(out), "--events", str(told)]
    assert main([*line, "--room", str(folder / "room.toml"), "--data", str(folder / "data")]) == 0
    sound = np.concatenate(list(Stream([Cue(out)]).chunks()))
    return sound, [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]


def longest_gap_s(sound: np.ndarray[Any, Any], from_s: float = 2.0) -> float:
    """The longest stretch under -60 dBFS after the session's own fade has begun to rise."""
    quiet = np.abs(sound[round(from_s * S) :]).max(axis=1) < 1e-3
    edges = np.flatnonzero(np.diff(np.r_[False, quiet, False].astype(np.int8)))
    return float(np.max(edges[1::2] - edges[::2], initial=0)) / S


def test_a_pool_that_ends_early_comes_again_without_a_gap(studio: Any, tmp_path: Path) -> None:
    (tmp_path / "music" / "arrival").mkdir(parents=True)
    studio.write(tmp_path / "music" / "arrival" / "short.flac", studio.music(14))
    sound, events = rendered(tmp_path, 1.2)
    plays = [each["frame"] for each in events if each["kind"] == "music" and each["action"] == "play"]
    assert len(plays) >= 5
    assert longest_gap_s(sound) <= 0.005


def test_a_file_cut_in_the_middle_is_led_over_to_the_next_without_a_gap(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music" / "arrival"
    folder.mkdir(parents=True)
    for name, seed in (("a", 1), ("b", 2)):
        studio.write(folder / f"{name}.mp3", studio.music(40, seed), bit_rate=128_000)
    scan(tmp_path / "music", tmp_path / "data")
    cut = (folder / "a.mp3").read_bytes()
    stamp = (folder / "a.mp3").stat()
    (folder / "a.mp3").write_bytes(cut[: len(cut) // 2])
    os.utime(folder / "a.mp3", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    sound, _ = rendered(tmp_path, 1.5)
    assert longest_gap_s(sound) <= 0.005


# --- the session, live ---

BLOCK_S = 512 / S


def allowed_gap_s(starved: int) -> float:
    """5 ms, and a block for each that a starved machine did not get ready in time: the room counts those itself."""
    return 0.005 + starved * BLOCK_S


def start_in_the_peak(engine: Any) -> None:
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    engine.do(move("skip", phase="peak"))


def test_the_disk_with_the_music_goes_in_the_peak_and_the_pad_takes_over_without_a_gap(
    studio: Any, make_engine: Callable[..., Any], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    (disk / "peak").mkdir(parents=True)
    for number in range(3):
        studio.write(disk / "peak" / f"{number}.flac", studio.music(25, number, level=0.1))
    scan(disk, tmp_path / "data")
    engine = make_engine()
    engine.do(m.ChangeMusic(volume_db=0.0))
    start_in_the_peak(engine)
    engine.until(lambda state: (state["music"]["now"] or {}).get("source") == "track")
    disk.rename(tmp_path / "unplugged")
    for _ in range(2):
        before = engine.state()["program"]["medicine_s"]
        engine.do(m.MusicMove(move="next"))
        engine.until(lambda state, before=before: state["program"]["medicine_s"] > before + 7.0)
    state = engine.until(lambda state: (state["music"]["now"] or {}).get("source") == "pad")
    assert any("other music or the pad plays on" in notice["text"] for notice in state["notices"])
    ends_s = state["program"]["medicine_s"]
    engine.until(lambda state: state["program"]["medicine_s"] > ends_s + 4.0)
    starved = int(engine.ask("timing")["underruns"])
    engine.end()
    heard = engine.heard()
    begun = int(np.flatnonzero(np.abs(heard).max(axis=1) > 0.01)[0])
    assert len(heard) - begun > 15 * S
    assert longest_gap_s(heard[begun:], 0.0) <= allowed_gap_s(starved)


def test_plus_ten_pressed_twenty_times_is_taken_twenty_times(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    start_in_the_peak(engine)
    left_s = engine.state()["program"]["phase_left_s"]
    answers = [engine.do(move("extend", minutes=10.0)) for _ in range(20)]
    assert engine.state()["program"]["phase_left_s"] == pytest.approx(left_s + 20 * 600.0, abs=20.0)
    assert "beyond its maximum" in answers[-1]["warnings"][0]
    assert [after["phase_left_s"] > before["phase_left_s"] for before, after in pairwise(answers)] == [True] * 19


def test_a_booster_before_the_dose_says_why_not_and_what_would_be_possible(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    with pytest.raises(Refused, match="the dose was not given yet") as refused:
        engine.do(move("booster", mg=20.0))
    assert refused.value.details["state"] == "arrival"
    assert "program/dose" in refused.value.details["possible"]
    with pytest.raises(Refused, match="the dose was not given yet"):
        engine.ask("preview", move="booster", mg=20.0)


def test_a_preview_shows_what_a_booster_would_do_and_changes_nothing(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    start_in_the_peak(engine)
    before = engine.state()
    would = engine.ask("preview", move="booster", mg=20.0)
    assert would["program"]["phase"] == "ascent"
    assert would["picture"]["phases"] != engine.ask("picture")["phases"]
    after = engine.state()
    assert (after["rev"], after["program"]["phase"], after["program"]["boosters_s"]) == (before["rev"], "peak", [])


def test_preflight_names_the_hours_for_each_phase_and_what_is_missing(
    studio: Any, make_engine: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "music" / "peak"
    folder.mkdir(parents=True)
    studio.write(folder / "one.flac", studio.music(30))
    library = scan(tmp_path / "music", tmp_path / "data")
    library.set_tags(library.tracks()[0].id, phases=["peak"])
    engine = make_engine('[music]\nfolders = ["music", "elsewhere"]\n')
    found = engine.ask("preflight", program="ketamine-im")
    music = {each["phase"]: each for each in found["phases"]}
    assert music["peak"]["music_min"] == pytest.approx(0.5, abs=0.01)
    assert (music["peak"]["needs_min"], music["peak"]["tracks"], music["arrival"]["tracks"]) == (25.0, 1, 0)
    checks = {check["name"]: check for check in found["checks"]}
    assert not checks["Files"]["ok"] and "elsewhere" in checks["Files"]["text"]
    assert "the pad plays in Arrival" in checks["Music"]["text"]
    assert "comes again in Peak" in checks["Music"]["text"]
    assert not found["ok"]
    (folder / "one.flac").unlink()
    (tmp_path / "elsewhere").mkdir()
    assert "not there: one.flac" in next(
        check["text"] for check in engine.ask("preflight", program="ketamine-im")["checks"] if check["name"] == "Files"
    )


# --- the whole room ---


def test_the_web_process_killed_in_the_peak_costs_not_one_frame_of_music(make_room: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "room.toml").write_text('[audio]\nrecord = "out.wav"\n', encoding="utf-8")
    room = make_room("--room", str(tmp_path / "room.toml"))
    store = SignIn(room.data / "sign_in.db")
    token = store.new_token("control", "acceptance")[1]
    store.close()
    with httpx.Client(base_url=room.address, headers={"Authorization": f"Bearer {token}"}, timeout=30.0) as client:
        assert client.put("/api/music", json={"volume_db": 0}).status_code == 200
        assert client.post("/api/program/start", json={"program": "ketamine-im"}).status_code == 200
        assert client.post("/api/program/dose", json={"mg": 70}).status_code == 200
        assert client.post("/api/program/skip", json={"phase": "peak"}).status_code == 200
        before = until(client, lambda state: state["program"]["medicine_s"] > 4.0)
        os.kill(room.web_pid(), signal.SIGKILL)
        after = until(client, lambda state: state["program"]["medicine_s"] > before["program"]["medicine_s"] + 6.0)
        assert (after["boot_id"], after["program"]["phase"]) == (before["boot_id"], "peak")
        starved = int(client.get("/api/timing").json()["underruns"])
    room.process.send_signal(signal.SIGINT)
    room.process.wait(30.0)
    data = (tmp_path / "out.wav").read_bytes()
    at = data.index(b"data") + 8
    heard = np.frombuffer(data[at : at + (len(data) - at) // 8 * 8], "<f4").reshape(-1, 2)
    begun = int(np.flatnonzero(np.abs(heard).max(axis=1) > 0.005)[0])
    assert len(heard) - begun > 8 * S
    # The room's own end fades out in its last moments.
    assert longest_gap_s(heard[begun : -2 * S], 0.0) <= allowed_gap_s(starved)


def until(client: httpx.Client, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first state in which `holds` is true; the panel's server may be away for a while."""
    end_s = time.monotonic() + 60.0
    while time.monotonic() < end_s:
        try:
            answer = client.get("/api/state")
        except httpx.TransportError:
            continue
        if answer.status_code == 200 and holds(answer.json()):
            return dict(answer.json())
    raise AssertionError("the room never came to it")
