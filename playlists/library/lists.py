"""Play lists from other programs: M3U and M3U8, XSPF (xspf.org, version 1), JSPF. What they name and is not there is named.

Lists are read, never followed: entries are looked up on this machine's disks and in the library, nothing is fetched, and XML
with a document type (the way to entity bombs) is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from playlists.library.tracks import Track

LARGEST_BYTES: Final = 20_000_000
XSPF: Final = "http://xspf.org/ns/0/"


class ListError(Exception):
    """The list cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One line of a list: where it points, as it is written, and what else it says of the track."""

    location: str
    title: str = ""
    artist: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PlayList:
    """A list as it is written."""

    path: Path
    title: str
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """A list's tracks that are in the library, in its order, and the entries that are not."""

    tracks: tuple[Track, ...]
    missing: tuple[ListEntry, ...]


def read_list(path: Path) -> PlayList:
    """The list at `path`; raises ListError."""
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise ListError(f"{path}: {size / 1e6:.0f} MB is too large for a play list")
        raw = path.read_bytes()
    except OSError as error:
        raise ListError(f"{path}: the list cannot be read ({error.strerror})") from error
    suffix = path.suffix.lower()
    if suffix in (".m3u", ".m3u8"):
        return _m3u(path, raw)
    if suffix == ".xspf":
        return _xspf(path, raw)
    if suffix in (".jspf", ".json"):
        return _jspf(path, raw)
    raise ListError(f"{path}: a play list ends in .m3u8, .m3u, .xspf or .jspf")


def _m3u(path: Path, raw: bytes) -> PlayList:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    title, hint = path.stem, ListEntry("")
    entries: list[ListEntry] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#EXTINF:"):
            hint = _extinf(line.removeprefix("#EXTINF:"))
        elif line.startswith("#PLAYLIST:"):
            title = line.removeprefix("#PLAYLIST:").strip() or title
        elif line and not line.startswith("#"):
            entries.append(ListEntry(line, hint.title, hint.artist, hint.seconds))
            hint = ListEntry("")
    return PlayList(path, title, tuple(entries))


def _extinf(text: str) -> ListEntry:
    """`seconds attributes,Artist - Title`."""
    head, _, name = text.partition(",")
    artist, dash, title = name.partition(" - ")
    length = head.split()[0] if head.split() else ""
    seconds = _number(length)
    return ListEntry("", (title if dash else name).strip(), artist.strip() if dash else "", seconds)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value < 1e6 else None


class _XspfReader:
    """Collects the texts of the few elements that count."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text: list[str] = []
        self._track: dict[str, str] | None = None
        self.title = path.stem
        self.entries: list[ListEntry] = []
        self._depth: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append

    def _refuse(self, *_: Any) -> None:
        raise ListError(f"{self._path}: the list declares a document type, which is not allowed")

    def _start(self, name: str, _: dict[str, str]) -> None:
        local = name.removeprefix(f"{XSPF} ")
        self._depth.append(local)
        self._text.clear()
        if self._depth == ["playlist", "trackList", "track"]:
            self._track = {}

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        place = self._depth[:]
        self._depth.pop()
        self._text.clear()
        if place == ["playlist", "title"] and text:
            self.title = text
        elif self._track is not None and len(place) == 4:
            self._track.setdefault(place[3], text)
        elif place == ["playlist", "trackList", "track"] and self._track is not None:
            self.entries.append(_entry(self._track))
            self._track = None


def _entry(values: dict[str, str]) -> ListEntry:
    milliseconds = _number(values.get("duration", ""))
    return ListEntry(
        values.get("location", ""),
        values.get("title", ""),
        values.get("creator", ""),
        None if milliseconds is None else milliseconds / 1000.0,
    )


def _xspf(path: Path, raw: bytes) -> PlayList:
    reader = _XspfReader(path)
    try:
        reader.parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ListError(f"{path}: the list is not XML ({error})") from error
    return PlayList(path, reader.title, tuple(reader.entries))


def _jspf(path: Path, raw: bytes) -> PlayList:
    try:
        body = json.loads(raw)["playlist"]
        tracks = body.get("track", [])
        entries = tuple(_jspf_entry(track) for track in tracks)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ListError(f"{path}: the list is not JSPF, which is a JSON object with a playlist of tracks") from error
    return PlayList(path, str(body.get("title") or path.stem), entries)


def _jspf_entry(track: dict[str, Any]) -> ListEntry:
    location = track.get("location", "")
    first = location[0] if isinstance(location, list) and location else location
    texts = {"title": track.get("title"), "creator": track.get("creator"), "duration": track.get("duration"), "location": first}
    return _entry({key: str(value) for key, value in texts.items() if value})


def local_path(entry: ListEntry, folder: Path) -> Path | None:
    """The file that an entry of a list in `folder` names, or None for an address elsewhere."""
    location = entry.location
    if len(location) > 2 and location[1] == ":" and location[2] in "\\/":
        return Path(location)
    parts = urlsplit(location) if "://" in location or location.startswith("file:") else None
    if parts is not None:
        if parts.scheme != "file":
            return None
        location = unquote(parts.path)
    if not location:
        return None
    plain = Path(location)
    return plain if plain.is_absolute() else folder / plain


def match_list(play_list: PlayList, tracks: Iterable[Track]) -> Matched:
    """Find a list's entries in the library: by path, else by the end of the path, else by artist and title."""
    known = list(tracks)
    by_path: dict[str, Track] = {_norm(path): track for track in known for path in track.paths}
    by_tail: dict[tuple[str, ...], Track | None] = {}
    for track in known:
        for path in track.paths:
            tail = _tail(str(path))
            by_tail[tail] = None if tail in by_tail and by_tail[tail] is not track else track
    by_name = {(track.names.artist.casefold(), track.names.title.casefold()): track for track in known}
    found: list[Track] = []
    missing: list[ListEntry] = []
    for entry in play_list.entries:
        match = _find(entry, play_list.path.parent, by_path, by_tail, by_name)
        if match is None:
            missing.append(entry)
        else:
            found.append(match)
    return Matched(tuple(found), tuple(missing))


def _find(
    entry: ListEntry,
    folder: Path,
    by_path: dict[str, Track],
    by_tail: dict[tuple[str, ...], Track | None],
    by_name: dict[tuple[str, str], Track],
) -> Track | None:
    for location in dict.fromkeys((entry.location, unquote(entry.location))):
        path = local_path(ListEntry(location), folder)
        if path is not None:
            found = by_path.get(_norm(path)) or by_tail.get(_tail(str(path)))
            if found is not None:
                return found
    return by_name.get((entry.artist.casefold(), entry.title.casefold())) if entry.title else None


def _norm(path: Path) -> str:
    return os.path.normcase(Path(os.path.normpath(path)).absolute())


def _tail(path: str) -> tuple[str, ...]:
    """Folder and file: enough to know a file on another disk or another system."""
    return tuple(part.casefold() for part in PurePosixPath(path.replace("\\", "/")).parts[-2:])
