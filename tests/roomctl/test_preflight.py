"""What is said before a program is begun."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from playlists.library.tracks import Hints, Measure, Names, Tags, Track
from playlists.programs import load_programs
from roomctl import preflight as module
from roomctl.preflight import Looked, checks_of, look, music_of, preflight, wanted_by
from stimuli.frames import frames_of_s

PROGRAM = load_programs([])["ketamine-im"]
SOUND: dict[str, Any] = {"volume_db": -12.0, "dba": {"room": None, "headphones": None, "cap": 75.0}}
READY = [{"name": "bar", "link": "READY", "why": ""}]


def track(name: str, minutes: float, *phases: str, folder: Path = Path("music")) -> Track:
    frames = frames_of_s(60.0 * minutes)
    measure = Measure(frames, -20.0, -18.0, 5.0, -3.0, 0, frames, -40.0, -40.0, Hints(500.0, 0.5, 0.1))
    return Track(name, (folder / f"{name}.flac",), Names(name), measure, Tags(phases=phases))


def line(name: str, tracks: list[Track], data: Path, **more: Any) -> Any:
    given = {"looked": Looked(), "devices": READY, "sound": SOUND, **more}
    music, wanted = music_of(PROGRAM, tracks), wanted_by(PROGRAM, tracks)
    checks = checks_of(PROGRAM, music, wanted, given["looked"], given["devices"], data, given["sound"])
    return next(check for check in checks if check.name == name)


def test_each_phase_has_its_minutes_of_music_and_the_pad_is_named(tmp_path: Path) -> None:
    tracks = [track("long", 30, "peak"), track("short", 5, "return")]
    minutes = {each.phase: each.music_min for each in music_of(PROGRAM, tracks)}
    assert minutes["peak"] == pytest.approx(30.0)
    assert minutes["return"] == pytest.approx(5.0)
    assert minutes["arrival"] == 0.0
    said = line("Music", tracks, tmp_path)
    assert said.ok
    assert said.text.startswith("2 pieces, 35 min")
    assert "the pad plays in Arrival" in said.text
    assert "comes again in Return" in said.text
    assert "Peak" not in said.text


def test_no_music_at_all_is_no_reason_to_wait(tmp_path: Path) -> None:
    assert line("Music", [], tmp_path).text == "none of the clinic's own; the built-in pad plays throughout"
    assert line("Music", [], tmp_path).ok


def test_a_silent_program_wants_no_music() -> None:
    silent = load_programs([])["silence"]
    assert music_of(silent, [track("one", 1)]) == ()
    assert wanted_by(silent, [track("one", 1)]) == ()


def test_the_look_leaves_out_what_the_phase_will_leave_out() -> None:
    sung = track("sung", 10, "arrival", "peak")
    tagged = Track(sung.id, sung.paths, sung.names, sung.measure, Tags(phases=sung.tags.phases, voice=True))
    minutes = {each.phase: each.music_min for each in music_of(PROGRAM, [tagged])}
    assert (minutes["arrival"], minutes["peak"]) == (0.0, pytest.approx(10.0))
    in_folder = {each.phase: each.music_min for each in music_of(PROGRAM, [track("deep", 10, folder=Path("music/Peak"))])}
    assert {phase for phase, there in in_folder.items() if there > 0.0} == {"peak"}


def test_a_piece_in_two_phases_is_counted_once() -> None:
    assert len(wanted_by(PROGRAM, [track("both", 10, "peak", "return")])) == 1


def test_files_and_folders_that_are_gone_are_named(tmp_path: Path) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.mkdir()
    (there / "kept.flac").touch()
    looked = look([track("kept", 1, folder=there), track("lost", 1, folder=there)], [there])
    assert [path.name for path in looked.missing] == ["lost.flac"]
    assert look([], [there, gone]).folders == (f"{gone}: No such file or directory",)
    assert "not there: lost.flac" in line("Files", [], tmp_path, looked=looked).text


def test_many_missing_files_are_counted(tmp_path: Path) -> None:
    looked = Looked(tuple(Path(f"{number}.flac") for number in range(9)))
    said = line("Files", [], tmp_path, looked=looked)
    assert not said.ok
    assert "and 6 more" in said.text


def test_a_disk_that_does_not_answer_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hang(folder: Path) -> str:
        let_go.wait(30.0)
        return ""

    monkeypatch.setattr(module, "_folder", hang)
    looked = look([], [tmp_path], within_s=0.05)
    let_go.set()
    assert not looked.answered
    assert "did not answer" in line("Files", [], tmp_path, looked=looked).text


def test_devices_that_are_not_ready_say_why(tmp_path: Path) -> None:
    lost = [*READY, {"name": "lamps", "link": "FAULT", "why": "no answer"}, {"name": "taps", "link": "ABSENT", "why": ""}]
    said = line("Devices", [], tmp_path, devices=lost)
    assert (said.ok, said.text) == (False, "lamps: no answer; taps is not ready")


def test_the_level_is_in_dba_once_it_is_known_and_nearly_silent_is_said(tmp_path: Path) -> None:
    assert "not calibrated" in line("Sound level", [], tmp_path).text
    known = {"volume_db": -12.0, "dba": {"room": 57.6, "headphones": None, "cap": 75.0}}
    assert line("Sound level", [], tmp_path, sound=known).text == "about 58 dBA in the room, at most 75"
    assert not line("Sound level", [], tmp_path, sound={**SOUND, "volume_db": -55.0}).ok


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roomctl.preflight.LEAST_FREE_BYTES", 10**18)
    said = line("Disk", [], tmp_path)
    assert not said.ok
    assert "free for the journal" in said.text


def test_the_answer_is_not_ok_where_one_line_is_not(tmp_path: Path) -> None:
    answer = preflight(PROGRAM, [], [tmp_path / "gone"], READY, tmp_path, SOUND)
    assert answer["ok"] is False
    assert preflight(PROGRAM, [], [tmp_path], READY, tmp_path, SOUND)["ok"] is True
    assert [each["phase"] for each in answer["phases"]] == [phase.id for phase in PROGRAM.phases]
