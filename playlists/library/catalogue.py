"""The library as the room and the panel see it: tracks, problems, and tags that can be changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from playlists.library.sidecar import FILE_NAME, SidecarError, checked, read_sidecar, write_sidecar
from playlists.library.store import opened
from playlists.library.tracks import Problem, Tags, Track

DB_NAME: Final = "library.db"
_UNSAID: Final = object()


class LibraryError(Exception):
    """Something of the library that cannot be had; `unknown` where there is no track of that id."""

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.unknown = unknown


class Library:
    """What `library.db` and `music-tags.json` in the data folder hold. Read at `reload`; a scan may run meanwhile."""

    def __init__(self, data: Path) -> None:
        """Reads the library; raises LibraryError where a file of it is damaged."""
        self.db_path = data / DB_NAME
        self.tags_path = data / FILE_NAME
        self._tracks: tuple[Track, ...] = ()
        self._by_id: dict[str, Track] = {}
        self._problems: tuple[Problem, ...] = ()
        self.reload()

    def reload(self) -> None:
        """Take in what a scan has found since; raises LibraryError and then keeps what it had."""
        try:
            tags = read_sidecar(self.tags_path)
            with opened(self.db_path) as store:
                tracks, problems = store.tracks(tags), store.problems()
        except SidecarError as error:
            raise LibraryError(str(error)) from error
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"{self.db_path}: the library cannot be read ({error}); move it away and scan again") from error
        self._tracks, self._problems = tracks, problems
        self._by_id = {track.id: track for track in tracks}

    def tracks(self) -> tuple[Track, ...]:
        """Everything that can be played, in the order of paths."""
        return self._tracks

    def problems(self) -> tuple[Problem, ...]:
        """Everything that cannot, and why."""
        return self._problems

    def track(self, id: str) -> Track:
        """The track of that id; raises LibraryError."""
        try:
            return self._by_id[id]
        except KeyError:
            raise LibraryError(f"there is no track {id!r} in the library", unknown=True) from None

    def set_tags(
        self,
        id: str,
        *,
        phases: Any = _UNSAID,
        intensity: Any = _UNSAID,
        voice: Any = _UNSAID,
        percussion: Any = _UNSAID,
    ) -> Track:
        """Change any part of a track's tags (None takes one back) and save them; raises LibraryError with a sentence."""
        track = self.track(id)
        old = track.tags
        wanted = (
            old.phases if phases is _UNSAID else _phases(phases),
            old.intensity if intensity is _UNSAID else intensity,
            old.voice if voice is _UNSAID else voice,
            old.percussion if percussion is _UNSAID else percussion,
        )
        try:
            tags = checked(*wanted)
            saved = read_sidecar(self.tags_path)
            saved[id] = tags
            titles = {known.id: known.label for known in self._tracks}
            write_sidecar(self.tags_path, {key: value for key, value in saved.items() if value != Tags()}, titles)
        except (ValueError, SidecarError) as error:
            raise LibraryError(str(error)) from error
        changed = Track(track.id, track.paths, track.names, track.measure, tags)
        self._by_id[id] = changed
        self._tracks = tuple(changed if known.id == id else known for known in self._tracks)
        return changed


def _phases(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise LibraryError(f"phases is {value!r}; it must be a list of names")
    return tuple(value)
