from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.library import Library, ListError, Matched, Track, match_list, read_list, scan
from playlists.library.lists import ListEntry, local_path


@pytest.fixture
def tracks(music_folder: Path, tmp_path: Path) -> Any:
    scan([music_folder], tmp_path / "library.db")
    return Library(tmp_path).tracks()


def names(matched: Matched) -> list[str]:
    return [track.path.name for track in matched.tracks]


def test_m3u8_finds_its_tracks_in_order_and_names_what_is_missing(tracks: tuple[Track, ...], music_folder: Path) -> None:
    path = music_folder / "peak.m3u8"
    path.write_text(
        "\ufeff#EXTM3U\n#PLAYLIST:Peak hour\n#EXTINF:8,Ensemble - One\nb.mp3\n\n"
        f"{music_folder}/a.flac\n#EXTINF:200,Somebody - Gone\nlost/gone.mp3\nhttp://radio.example/stream\n",
        encoding="utf-8",
    )
    found = read_list(path)
    matched = match_list(found, tracks)
    assert found.title == "Peak hour"
    assert names(matched) == ["b.mp3", "a.flac"]
    assert [entry.location for entry in matched.missing] == ["lost/gone.mp3", "http://radio.example/stream"]
    assert matched.missing[0].artist == "Somebody" and matched.missing[0].seconds == 200.0


def test_a_list_from_another_system_is_matched_by_the_end_of_its_paths(tracks: tuple[Track, ...], tmp_path: Path) -> None:
    path = tmp_path / "win.m3u"
    path.write_bytes(b"C:\\Users\\Zo\xeb\\Music\\c.m4a\r\nC:\\Users\\Zo\xeb\\Other\\c.m4a\r\n")
    matched = match_list(read_list(path), tracks)
    assert names(matched) == ["c.m4a"]
    assert matched.missing[0].location == "C:\\Users\\Zoë\\Other\\c.m4a"


def test_a_moved_file_is_found_by_artist_and_title(tracks: tuple[Track, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:8,ensemble - ONE\n/somewhere/else.flac\n")
    assert names(match_list(read_list(path), tracks)) == ["a.flac"]


def test_xspf_is_read_with_its_names_and_addresses(tracks: tuple[Track, ...], music_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.xspf"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><playlist version="1" xmlns="http://xspf.org/ns/0/">'
        "<title>Return &amp; rest</title>"
        f"<trackList><track><location>{(music_folder / 'a.flac').as_uri()}</location><title>One</title></track>"
        "<track><location>file:///gone/x%20y.mp3</location><creator>Z</creator><duration>61500</duration></track>"
        "</trackList></playlist>"
    )
    found = read_list(path)
    matched = match_list(found, tracks)
    assert found.title == "Return & rest"
    assert names(matched) == ["a.flac"]
    assert matched.missing[0].seconds == 61.5 and matched.missing[0].artist == "Z"


def test_jspf_is_read_too(tracks: tuple[Track, ...], music_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.jspf"
    body = {
        "playlist": {
            "title": "J",
            "track": [{"location": [(music_folder / "e.wav").as_uri()]}, {"title": "Two", "creator": ""}],
        }
    }
    path.write_text(json.dumps(body))
    assert names(match_list(read_list(path), tracks)) == ["e.wav", "b.mp3"]


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xspf"
    path.write_text(
        '<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><playlist xmlns="http://xspf.org/ns/0/">&b;</playlist>'
    )
    with pytest.raises(ListError, match="document type"):
        read_list(path)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.xspf", "<playlist>", "not XML"),
        ("a.jspf", "[1, 2]", "not JSPF"),
        ("a.jspf", '{"playlist": {"track": [3]}}', "not JSPF"),
        ("a.pls", "[playlist]", "ends in"),
    ],
)
def test_a_list_that_is_none_says_so(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ListError, match=says):
        read_list(path)


def test_a_list_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cannot be read"):
        read_list(tmp_path / "none.m3u8")


@given(st.binary(max_size=400), st.sampled_from([".m3u", ".m3u8", ".xspf", ".jspf"]))
@settings(max_examples=80, deadline=None)
def test_any_bytes_give_a_list_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, raw: bytes, suffix: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(raw)
    try:
        assert read_list(path).path == path
    except ListError as error:
        assert str(path) in str(error)


def test_addresses_elsewhere_are_no_files() -> None:
    assert local_path(ListEntry("https://x.example/a.mp3"), Path("/m")) is None
    assert local_path(ListEntry(""), Path("/m")) is None
    assert local_path(ListEntry("file:///m/a%20b.mp3"), Path("/q")) == Path("/m/a b.mp3")
    assert local_path(ListEntry("a.mp3"), Path("/m")) == Path("/m/a.mp3")
