"""The command line: every command explains itself, exits 0, 1 or 2, and says what went wrong in one plain sentence."""

from __future__ import annotations

import concurrent.futures
import json
import wave
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

COMMANDS = "run check devices render simulate program library sessions calibrate measure pair doctor"
LEAVES = [
    "run",
    "check",
    "devices list",
    "devices check",
    "render",
    "simulate",
    "program list",
    "program show",
    "program check",
    "library scan",
    "library list",
    "sessions list",
    "sessions show",
    "sessions export",
    "calibrate",
    "measure",
    "pair",
    "doctor",
]


def refused(said: Any, code: int, words: str) -> None:
    """It failed with `code` and one plain sentence that has `words` in it."""
    assert said.code == code, said
    assert said.err.startswith("roomctl: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert words in said.err


def test_the_help_names_every_command(roomctl: Any) -> None:
    said = roomctl("--help")
    assert said.code == 0
    for name in COMMANDS.split():
        assert f" {name} " in said.out


def test_every_command_explains_itself_and_takes_a_room_file_and_a_data_folder(roomctl: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        helps = dict(zip(LEAVES, pool.map(lambda leaf: roomctl(*leaf.split(), "--help"), LEAVES), strict=True))
    for leaf, said in helps.items():
        assert said.code == 0, leaf
        for word in ("--room", "--data", "ROOMCTL_ROOM", "ROOMCTL_DATA"):
            assert word in said.out, leaf
        assert "--install-completion" not in said.out, leaf


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("nope", 2, "No such command"),
        ("check --room nope.toml", 1, "no such room file"),
        ("render --out x.wav", 2, "one of --preset and --program"),
        ("render --preset nope --out x.wav", 2, "seizure-safe"),
        ("render --preset child --seconds nan --out x.wav", 2, "nan s cannot be rendered"),
        ("render --preset child --seconds 1 --minutes 1 --out x.wav", 2, "one of --seconds and --minutes"),
        ("simulate --program nope --events x.jsonl", 2, "ketamine-iv"),
        ("simulate --program silence --events x.jsonl --moves nope.jsonl", 1, "nope.jsonl"),
        ("program show nope", 2, "psilocybin"),
        ("program check nope.toml", 1, "nope.toml"),
        ("library scan nope", 1, "nope: no such folder"),
        ("sessions show nope", 2, "roomctl sessions list"),
        ("calibrate --output nope", 2, "allowed: room"),
        ("calibrate --dba 600 --output room", 2, "35 to 95 dBA"),
        ("measure --seconds 1", 1, "roomctl run"),
        ("pair --role boss", 2, "view, control, admin"),
        ("devices check nope", 2, "there are"),
        ("devices check taps", 1, "nobody answered"),
        ("run --port 99999", 2, "65535"),
        ("run --speed 0", 2, "0.1"),
        ("run --host= --port 0", 2, "--host is empty"),
        ("run --host 203.0.113.9 --port 0", 1, "no address of this machine"),
    ],
)
def test_wrong_use_is_2_failure_is_1_and_both_say_why_in_a_sentence(
    roomctl: Any, tmp_path: Path, line: str, code: int, words: str
) -> None:
    name, *rest = line.split()
    sub = rest[:1] if name in ("program", "library", "sessions", "devices") else []
    more = [] if name == "nope" else ["--data", tmp_path / "data"]
    refused(roomctl(name, *sub, *rest[len(sub) :], *more, cwd=tmp_path), code, words)
    assert not (tmp_path / "x.wav").exists()


def test_a_room_file_with_a_misspelt_key_names_the_file_the_key_and_what_is_allowed(roomctl: Any, tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text('[audio]\ndriver = "stub"\nlatencyms = 48\n', "utf-8")
    for name in ("check", "run", "doctor"):
        said = roomctl(name, "--room", file, "--data", tmp_path / "data")
        assert said.code == 1
        words = said.err + said.out
        assert "room.toml: audio.latencyms: there is no such key; allowed here are driver, device" in words


def test_a_room_runs_where_its_files_say_and_a_second_one_on_its_folder_is_refused(room: Any, roomctl: Any) -> None:
    run = room.data / "run"
    assert (run / "address").read_text("utf-8").strip() == room.address
    for name in ("engine", "web"):
        process = psutil.Process(int((run / f"{name}.pid").read_text("utf-8")))
        assert room.process.pid in {parent.pid for parent in process.parents()}
    refused(roomctl("run", "--data", room.data, "--port", "0"), 1, "already runs on the data folder")
    assert httpx.get(f"{room.address}/api/health").status_code == 200
    port = room.address.rpartition(":")[2]
    refused(roomctl("run", "--data", room.folder / "other", "--port", port), 1, "is another room running there?")


def test_measure_prints_the_rooms_own_timing_as_json(room: Any, roomctl: Any) -> None:
    said = roomctl("measure", "--seconds", "1", "--json", "--data", room.data)
    assert said.code == 0
    assert {"onset_sd_ms", "light_skew_ms", "tap_skew_ms", "underruns", "loop_p99_ms", "drift_ppm"} <= set(json.loads(said.out))


def test_doctor_is_0_for_the_demo_room_and_1_for_a_sound_card_that_is_not_there(roomctl: Any, tmp_path: Path) -> None:
    assert roomctl("doctor", "--data", tmp_path).code == 0
    file = tmp_path / "room.toml"
    file.write_text('[audio]\ndriver = "portaudio"\ndevice = "Nobody\'s card"\n', "utf-8")
    said = roomctl("doctor", "--room", file, "--data", tmp_path)
    assert said.code == 1
    assert "Nobody's card" in said.out + said.err


def test_what_lists_lists_and_what_checks_checks(roomctl: Any, tmp_path: Path) -> None:
    data = ("--data", tmp_path)
    assert "ketamine-iv" in roomctl("program", "list", *data).out
    drawn = roomctl("program", "show", "ketamine-iv", *data).out
    assert "█" in drawn
    assert "Baseline" in drawn or "vitals" in drawn.lower()
    assert roomctl("library", "list", *data).code == 0
    assert "No session" in roomctl("sessions", "list", *data).out
    assert "No output is calibrated yet" in roomctl("calibrate", "--show", *data).out
    kept = roomctl("calibrate", "--output", "room", "--dba", "60", *data)
    assert (kept.code, "60 dBA" in kept.out) == (0, True)
    assert "60 dBA" in roomctl("calibrate", "--show", *data).out
    listed = roomctl("devices", "list", "--no-network", "--json", *data)
    assert [device["name"] for device in json.loads(listed.out)["room"]]


def test_a_program_file_with_mistakes_has_a_sentence_for_each(roomctl: Any, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('title = "Own"\nkindd = "dosing"\n', "utf-8")
    said = roomctl("program", "check", file)
    assert said.code == 1
    assert "own.toml: kind: is missing" in said.err
    assert "own.toml: kindd: there is no such key; allowed here are title, kind" in said.err


def test_music_that_cannot_be_read_is_listed_with_its_reason_and_stops_nothing(roomctl: Any, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / "words.mp3").write_text("this is no music", "utf-8")
    (music / "empty.flac").write_bytes(b"")
    with wave.open(str(music / "tone é.wav"), "wb") as out:
        out.setparams((2, 2, 48_000, 0, "NONE", ""))
        out.writeframes(b"\x10\x01\xf0\xfe" * 48_000 * 5)
    before = {path.name: path.read_bytes() for path in music.iterdir()}
    said = roomctl("library", "scan", music, "--data", tmp_path / "data")
    assert said.code == 0
    assert "words.mp3" in said.out and "empty.flac" in said.out
    assert "1 tracks" in roomctl("library", "list", "--data", tmp_path / "data").out
    assert {path.name: path.read_bytes() for path in music.iterdir()} == before
