"""`roomctl render` as a person calls it."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from roomctl.cli import main


def frames_in(path: Path) -> int:
    with wave.open(str(path)) as file:
        return file.getnframes()


def test_a_preset_becomes_a_wav_and_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, events = tmp_path / "set.wav", tmp_path / "set.jsonl"
    assert main(["render", "--preset", "desensitise", "--out", str(out), "--events", str(events)]) == 0
    kinds = [json.loads(line)["kind"] for line in events.read_text(encoding="utf-8").splitlines()]
    assert kinds.count("beat") == kinds.count("tone") == kinds.count("tap") == 48
    assert frames_in(out) == round(25.25 * 48_000)
    said = capsys.readouterr()
    assert f"{out}: 25.25 s" in said.out and f"{events}: {len(kinds)} events" in said.out
    assert said.err == ""


def test_every_onset_in_the_file_is_on_its_frame(tmp_path: Path) -> None:
    out = tmp_path / "set.wav"
    assert main(["render", "--preset", "desensitise", "--out", str(out)]) == 0
    with wave.open(str(out)) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 6)
    sounding = np.flatnonzero(raw.any(axis=1))
    onsets = sounding[np.concatenate(([True], np.diff(sounding) > 1_000))]
    assert onsets.tolist() == [12_000 + 24_000 * number for number in range(48)]


def test_minutes_and_seconds_mean_the_same(tmp_path: Path) -> None:
    by_minutes, by_seconds = tmp_path / "m.wav", tmp_path / "s.wav"
    assert main(["render", "--preset", "closure", "--minutes", "0.5", "--out", str(by_minutes)]) == 0
    assert main(["render", "--preset", "closure", "--seconds", "30", "--out", str(by_seconds)]) == 0
    assert by_minutes.read_bytes() == by_seconds.read_bytes()


def test_every_built_in_preset_can_be_rendered(tmp_path: Path) -> None:
    from playlists.presets import load_presets

    for preset in load_presets():
        assert main(["render", "--preset", preset, "--seconds", "2", "--out", str(tmp_path / f"{preset}.wav")]) == 0


def test_a_clinics_own_preset_is_found_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "ours.toml").write_text('title = "Ours"\ngroup = "other"\n[bls]\nset_cycles = 2\nrate_hz = 2.0\n')
    out = tmp_path / "ours.wav"
    assert main(["render", "--preset", "ours", "--out", str(out), "--data", str(tmp_path)]) == 0
    assert frames_in(out) == round(2.125 * 48_000)


def test_the_rooms_bar_and_limits_are_taken_from_its_file(tmp_path: Path) -> None:
    room, events = tmp_path / "room.toml", tmp_path / "e.jsonl"
    room.write_text('[[lightbar]]\nname = "bar"\nfps = 20\n[limits]\nbar_level = 0.05\n')
    arguments = ["render", "--preset", "emdr-test", "--seconds", "4", "--out", str(tmp_path / "a.wav")]
    assert main([*arguments, "--events", str(events), "--room", str(room)]) == 0
    lights = [event for event in map(json.loads, events.read_text().splitlines()) if event["kind"] == "light"]
    assert lights[1]["frame"] - lights[0]["frame"] == 2_400
    assert max(event["level"] for event in lights) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--preset", "nothing"], 'there is no preset "nothing"; allowed: '),
        ([], "render takes one of --preset and --program"),
        (["--preset", "closure", "--program", "mdma"], "render takes one of --preset and --program"),
        (["--preset", "closure", "--seconds", "1", "--minutes", "1"], "render takes one of --seconds and --minutes"),
        (["--preset", "closure", "--seconds", "-1"], "-1 s cannot be rendered"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", *arguments, "--out", str(tmp_path / "a.wav")]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"roomctl: {sentence}")
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "a.wav"
    assert main(["render", "--preset", "closure", "--seconds", "2", "--out", str(out)]) == 1
    assert "cannot be written" in capsys.readouterr().err
