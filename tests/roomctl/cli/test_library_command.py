from __future__ import annotations

import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from roomctl.cli.app import main


def write_wav(path: Path, seconds: float, seed: int) -> None:
    sound = 3000 * np.random.default_rng(seed).standard_normal((round(48_000 * seconds), 2))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(sound.astype("<i2").tobytes())


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    write_wav(folder / "[one].wav", 2, 1)
    write_wav(folder / "two.wav", 3, 2)
    (folder / "words.mp3").write_text("only words " * 100)
    return folder


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("roomctl.cli.library.be_gentle", lambda: None)
    monkeypatch.setenv("ROOMCTL_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("ROOMCTL_ROOM", raising=False)
    return tmp_path / "data"


def test_a_scan_says_what_it_found_and_what_cannot_be_used(music: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "scan", str(music), "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "3 files, 3 read" in said and "1 that cannot be used" in said
    assert "words.mp3: this is a text file" in said


SCRIPT = Path(__file__).parents[3] / "packaging" / "link-checkout"


def test_the_command_as_it_is_installed_reads_music_in_processes_of_its_own(music: Path, tmp_path: Path) -> None:
    """These begin by reading the command's script again, which must do nothing then."""
    written = tmp_path / "environment"
    told = {"purelib": written, "scripts": written}
    written.mkdir()
    lines = f"import runpy, sysconfig\nsysconfig.get_path = { ({key: str(path) for key, path in told.items()})!r}.get"
    subprocess.run([sys.executable, "-c", f"{lines}\nrunpy.run_path({str(SCRIPT)!r})"], check=True)
    command = [str(written / "roomctl"), "library", "scan", str(music), "--data", str(tmp_path / "data"), "--workers", "1"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "1 that cannot be used" in ran.stdout
    assert "brought the decoder down" not in ran.stdout


def test_a_second_scan_reads_nothing(music: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["library", "scan", str(music), "--workers", "1"])
    assert main(["library", "scan", str(music), "--workers", "1"]) == 0
    assert "0 read" in capsys.readouterr().out.splitlines()[-2]


def test_the_list_shows_loudness_and_tags(music: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["library", "scan", str(music), "--workers", "1"])
    capsys.readouterr()
    assert main(["library", "list"]) == 0
    listed = capsys.readouterr().out
    line = next(line for line in listed.splitlines() if "[one]" in line)
    id = line.split()[0]
    assert re.search(r"-\d\d\.\d", line) and "2 tracks" in listed
    assert main(["library", "tag", id, "--phase", "peak", "--intensity", "4", "--no-voice"]) == 0
    capsys.readouterr()
    main(["library", "list"])
    tagged = next(line for line in capsys.readouterr().out.splitlines() if "[one]" in line)
    assert tagged.rstrip().endswith("4          peak, no voice")


def test_problems_are_listed_alone(music: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["library", "scan", str(music), "--workers", "1"])
    capsys.readouterr()
    assert main(["library", "list", "--problems"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "scan", str(tmp_path / "gone")]) == 1
    said = capsys.readouterr()
    assert "gone: it is not there" in said.out
    assert "gone: no such folder" in said.err


def test_a_scan_of_nothing_is_wrong_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "scan"]) == 2
    assert "name a folder" in capsys.readouterr().err


def test_an_id_that_nobody_has_is_wrong_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "tag", "zzz", "--intensity", "1"]) == 2
    assert "0 tracks" in capsys.readouterr().err


def test_a_play_list_is_taken_in_and_its_missing_tracks_are_named(
    music: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["library", "scan", str(music), "--workers", "1"])
    (music / "list.m3u8").write_text("two.wav\nlost.flac\n")
    capsys.readouterr()
    assert main(["library", "import", str(music / "list.m3u8"), "--pool", "return"]) == 1
    said = capsys.readouterr().out
    assert '1 of 2 tracks are in the library, now in the pool "return"' in said and "missing: lost.flac" in said
    main(["library", "list"])
    assert "return" in capsys.readouterr().out


def test_a_list_that_is_none_is_wrong_use(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "import", str(tmp_path / "x.pls")]) == 2
    assert "roomctl:" in capsys.readouterr().err
