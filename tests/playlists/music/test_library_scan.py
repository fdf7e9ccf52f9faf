from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playlists.library import Library, LibraryError, scan
from playlists.library.store import opened


def hurt_files(studio: Any, folder: Path) -> None:
    """One of each kind of trouble."""
    (folder / "diary.mp3").write_text("not music at all, only words\n" * 40)
    (folder / "nothing.flac").touch()
    (folder / "old.wma").write_bytes(b"\x30\x26\xb2\x75" * 100)
    cut = studio.write(folder / "cut.flac", studio.music(20))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    studio.write(folder / "silent.wav", np.zeros(96_000, dtype=np.float32))
    studio.write(folder / "blip.wav", studio.sine(0.3))
    shop = studio.write(folder / "shop.m4a", studio.sine(3))
    shop.write_bytes(shop.read_bytes().replace(b"mp4a", b"drms", 1))


def test_every_format_is_measured_and_listed(studio: Any, music_folder: Path, tmp_path: Path) -> None:
    report = scan([music_folder], tmp_path / "data" / "library.db")
    library = Library(tmp_path / "data")
    assert (report.files, report.read, report.problems) == (5, 5, 0)
    assert [track.path.name for track in library.tracks()] == ["a.flac", "b.mp3", "c.m4a", "d.opus", "e.wav"]
    assert library.tracks()[0].label == "Ensemble - One"
    assert report.sound_s == pytest.approx(40, abs=0.1)


def test_each_bad_file_is_named_with_its_reason_and_the_scan_goes_on(studio: Any, music_folder: Path, tmp_path: Path) -> None:
    hurt_files(studio, music_folder)
    scan([music_folder], tmp_path / "library.db")
    library = Library(tmp_path)
    reasons = {problem.path.name: problem.reason for problem in library.problems()}
    assert len(library.tracks()) == 5
    assert "text file" in reasons["diary.mp3"]
    assert "empty" in reasons["nothing.flac"]
    assert "convert it" in reasons["old.wma"]
    assert "cut short" in reasons["cut.flac"] and "0:20" in reasons["cut.flac"]
    assert "silent" in reasons["silent.wav"]
    assert "too short" in reasons["blip.wav"]
    assert "protected" in reasons["shop.m4a"]


def test_what_has_not_changed_is_not_read_again(music_folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "library.db"
    scan([music_folder], db)
    read = []
    report = scan([music_folder], db, lambda progress: read.append(progress.path))
    assert (report.read, report.unchanged) == (0, 5)
    assert read == [None]


def test_a_bad_file_is_not_read_again_until_it_changes(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "a.wav").touch()
    assert scan([folder], tmp_path / "library.db").problems == 1
    assert scan([folder], tmp_path / "library.db").read == 0
    studio.write(folder / "a.wav", studio.music(3))
    report = scan([folder], tmp_path / "library.db")
    assert (report.read, report.problems) == (1, 0)


def test_new_tags_a_new_name_and_a_copy_stay_the_same_track(studio: Any, tmp_path: Path) -> None:
    mutagen = pytest.importorskip("mutagen")
    folder = tmp_path / "music"
    folder.mkdir()
    path = studio.write(folder / "a.mp3", studio.music(4), tags={"title": "Before"})
    scan([folder], tmp_path / "library.db")
    library = Library(tmp_path)
    (before,) = library.tracks()
    library.set_tags(before.id, intensity=4)
    tags = mutagen.File(path, easy=True)
    tags["title"] = "After"
    tags.save()
    path.rename(folder / "z.mp3")
    shutil.copy(folder / "z.mp3", folder / "copy.mp3")
    report = scan([folder], tmp_path / "library.db")
    library.reload()
    (after,) = library.tracks()
    assert report.sound_s == 0.0
    assert (after.id, after.names.title, after.tags.intensity) == (before.id, "After", 4.0)
    assert [path.name for path in after.paths] == ["copy.mp3", "z.mp3"]


def test_a_folder_that_went_away_is_named_and_comes_back_without_reading(music_folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "library.db"
    scan([music_folder], db)
    away = music_folder.rename(tmp_path / "unplugged")
    report = scan([music_folder], db)
    library = Library(tmp_path)
    assert report.missing == 5 and library.tracks() == ()
    assert "not there" in library.problems()[0].reason
    away.rename(music_folder)
    assert scan([music_folder], db).read == 0
    library.reload()
    assert len(library.tracks()) == 5 and library.problems() == ()


def test_links_that_go_in_circles_are_walked_once(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    (folder / "inner").mkdir(parents=True)
    studio.write(folder / "inner" / "a.wav", studio.music(2))
    (folder / "inner" / "up").symlink_to(folder)
    (folder / "other").symlink_to(folder / "inner")
    (folder / "dangling.wav").symlink_to(tmp_path / "none.wav")
    report = scan([folder, folder], tmp_path / "library.db")
    library = Library(tmp_path)
    assert report.files == 1
    assert [problem.path.name for problem in library.problems()] == ["dangling.wav"]


def test_a_folder_that_may_not_be_read_is_named_and_the_rest_is_walked(
    studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "music"
    (folder / "locked").mkdir(parents=True)
    studio.write(folder / "a.wav", studio.music(2))
    really = os.scandir

    def guarded(path: Path) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert scan([folder], tmp_path / "library.db").files == 1
    (problem,) = Library(tmp_path).problems()
    assert problem.path.name == "locked" and "may not be read" in problem.reason


def test_hidden_files_and_other_files_are_left_alone(studio: Any, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    studio.write(folder / "a.wav", studio.music(2))
    shutil.copy(folder / "a.wav", folder / "._a.wav")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8")
    assert scan([folder], tmp_path / "library.db").files == 1


def test_names_in_any_letters_are_kept(studio: Any, tmp_path: Path) -> None:
    mutagen_id3 = pytest.importorskip("mutagen.id3")
    folder = tmp_path / "music"
    folder.mkdir()
    path = studio.write(folder / "a.mp3", studio.music(2))
    tags = mutagen_id3.ID3()
    tags.add(mutagen_id3.TIT2(encoding=0, text="Für Élise"))
    tags.add(mutagen_id3.TPE1(encoding=3, text="🎹\x07 Trio\n"))
    tags.add(mutagen_id3.TRCK(encoding=3, text="7/12"))
    tags.save(path)
    raw = os.fsencode(folder) + b"/caf\xe9.wav"
    shutil.copy(studio.write(tmp_path / "b.wav", studio.music(2, 9)), raw)
    scan([folder], tmp_path / "library.db")
    first, second = Library(tmp_path).tracks()
    assert (first.names.title, first.names.artist, first.names.number) == ("Für Élise", "🎹 Trio", 7)
    assert second.names.title == "caf?" and os.fsencode(second.path) == raw


def test_the_clinics_files_are_never_written_to(studio: Any, music_folder: Path, tmp_path: Path) -> None:
    hurt_files(studio, music_folder)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in music_folder.iterdir()}
    scan([music_folder], tmp_path / "data" / "library.db")
    library = Library(tmp_path / "data")
    library.set_tags(library.tracks()[0].id, phases=["peak"], voice=False)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in music_folder.iterdir()} == before


def test_side_by_side_the_scan_finds_the_same(studio: Any, music_folder: Path, tmp_path: Path) -> None:
    hurt_files(studio, music_folder)
    scan([music_folder], tmp_path / "one" / "library.db")
    scan([music_folder], tmp_path / "two" / "library.db", workers=2)
    one, two = Library(tmp_path / "one"), Library(tmp_path / "two")
    assert one.tracks() == two.tracks() and one.problems() == two.problems()


def test_an_older_cache_is_measured_again(music_folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "library.db"
    scan([music_folder], db)
    with sqlite3.connect(db) as raw:
        raw.execute("PRAGMA user_version=0")
    raw.close()
    assert scan([music_folder], db).read == 5


def test_the_library_can_be_read_while_a_scan_writes(music_folder: Path, tmp_path: Path) -> None:
    scan([music_folder], tmp_path / "library.db")
    with opened(tmp_path / "library.db") as store:
        store.mark_missing([os.fsencode(music_folder / "a.flac")], True)
        assert len(Library(tmp_path).tracks()) == 5
        store.commit()
    assert len(Library(tmp_path).tracks()) == 4


def test_progress_counts_up_to_the_total(music_folder: Path, tmp_path: Path) -> None:
    steps = []
    scan([music_folder], tmp_path / "library.db", steps.append)
    assert [step.done for step in steps] == [0, 1, 2, 3, 4, 5]
    assert {step.total for step in steps} == {5}


def test_where_no_process_can_be_started_no_file_is_called_damaged(
    music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["playlists.library.scan"], "be_gentle", sys.exit)
    with pytest.raises(LibraryError, match="nothing is wrong with the files"):
        scan([music_folder], tmp_path / "library.db", workers=1)
    assert Library(tmp_path).problems() == ()
