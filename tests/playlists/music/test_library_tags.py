from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playlists.library import Library, LibraryError, Tags, scan
from playlists.library.sidecar import FILE_NAME


@pytest.fixture
def library(music_folder: Path, tmp_path: Path) -> Library:
    scan([music_folder], tmp_path / "library.db")
    return Library(tmp_path)


def test_tags_are_kept_by_content_and_outlive_the_cache(library: Library, music_folder: Path, tmp_path: Path) -> None:
    track = library.tracks()[0]
    library.set_tags(track.id, phases=["peak", "return", "peak"], intensity=3.5, voice=True)
    library.db_path.unlink()
    scan([music_folder], library.db_path)
    assert Library(tmp_path).track(track.id).tags == Tags(("peak", "return"), 3.5, True, None)


def test_one_part_changes_and_the_others_stay(library: Library) -> None:
    id = library.tracks()[1].id
    library.set_tags(id, intensity=2, percussion=True)
    assert library.set_tags(id, voice=False).tags == Tags((), 2.0, False, True)
    assert library.set_tags(id, percussion=None).tags == Tags((), 2.0, False, None)
    assert library.track(id).tags == library.tracks()[1].tags


def test_the_file_names_the_track_for_a_reader(library: Library) -> None:
    library.set_tags(library.tracks()[0].id, intensity=1)
    written = json.loads(library.tags_path.read_text("utf-8"))
    assert written[library.tracks()[0].id] == {"title": "Ensemble - One", "intensity": 1.0}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"intensity": 6}, "0 to 5"),
        ({"intensity": float("nan")}, "0 to 5"),
        ({"intensity": "high"}, "0 to 5"),
        ({"intensity": True}, "0 to 5"),
        ({"voice": 1}, "true, false"),
        ({"phases": "peak"}, "list of names"),
        ({"phases": [""]}, "names of 1 to 60"),
    ],
)
def test_a_tag_out_of_range_is_refused_with_what_is_allowed(library: Library, change: dict[str, Any], says: str) -> None:
    with pytest.raises(LibraryError, match=says):
        library.set_tags(library.tracks()[0].id, **change)
    assert not library.tags_path.exists()


def test_an_unknown_track_is_said_to_be_unknown(library: Library) -> None:
    with pytest.raises(LibraryError, match="no track") as caught:
        library.set_tags("nobody", intensity=1)
    assert caught.value.unknown


def test_a_damaged_file_of_tags_is_named_and_never_overwritten(library: Library, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text('{"half": ')
    with pytest.raises(LibraryError, match="mend the file"):
        library.set_tags(library.tracks()[0].id, intensity=1)
    with pytest.raises(LibraryError, match=FILE_NAME):
        library.reload()
    assert path.read_text() == '{"half": '
    assert len(library.tracks()) == 5


@pytest.mark.parametrize(
    "text", ["[]", '{"a": 1}', '{"a": {"mood": "sad"}}', '{"a": {"intensity": 9}}', '{"a": {"phases": 5}}']
)
def test_a_file_of_tags_with_wrong_values_is_refused(library: Library, text: str) -> None:
    library.tags_path.write_text(text)
    with pytest.raises(LibraryError):
        library.reload()


def test_taking_back_every_tag_takes_the_entry_out(library: Library) -> None:
    id = library.tracks()[0].id
    library.set_tags(id, voice=True)
    library.set_tags(id, voice=None)
    assert json.loads(library.tags_path.read_text()) == {}


def test_a_damaged_library_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"this is not a database, not at all" * 100)
    with pytest.raises(LibraryError, match="scan again"):
        Library(tmp_path)
