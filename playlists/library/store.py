"""`library.db`: what has been measured, by content, and which files hold it. A cache; deleting it costs only a scan.

One writer (the scan), any number of readers at once (write-ahead log). Paths are kept as the bytes the file system uses.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playlists.library.tracks import Hints, Measure, Names, Problem, Tags, Track
from playlists.private import private_database

VERSION: Final = 1
"""Raised when what is measured changes; older caches are measured again."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sounds (id TEXT PRIMARY KEY, measure TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    sound TEXT REFERENCES sounds(id), reason TEXT, names TEXT, missing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folders (path BLOB PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FileState:
    """What the file looked like when it was last read, and whether it is still there."""

    size: int
    mtime_ns: int
    missing: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was read: a sound and its names, or the reason why not."""

    path: Path
    size: int
    mtime_ns: int
    sound: str | None
    reason: str | None
    names: Names | None


@contextmanager
def opened(db_path: Path) -> Iterator[Store]:
    """The store at `db_path`, made where it is not there; raises sqlite3.Error."""
    with closing(sqlite3.connect(private_database(db_path), timeout=10.0)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            db.executescript("DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS sounds; DROP TABLE IF EXISTS folders;")
            db.execute(f"PRAGMA user_version={VERSION}")
        db.executescript(_SCHEMA)
        yield Store(db)


class Store:
    """Rows of the library, as values."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def commit(self) -> None:
        """Make what was put durable."""
        self._db.commit()

    def file_states(self) -> dict[bytes, FileState]:
        """Every file ever read, by its path's bytes."""
        rows = self._db.execute("SELECT path, size, mtime_ns, missing FROM files")
        return {path: FileState(size, mtime_ns, bool(missing)) for path, size, mtime_ns, missing in rows}

    def has_sound(self, sound: str) -> bool:
        """Whether that content is measured already."""
        return self._db.execute("SELECT 1 FROM sounds WHERE id = ?", (sound,)).fetchone() is not None

    def put_sound(self, sound: str, measure: Measure) -> None:
        """Keep a measure."""
        self._db.execute("INSERT OR REPLACE INTO sounds VALUES (?, ?)", (sound, json.dumps(asdict(measure))))

    def put_file(self, row: FileRow) -> None:
        """Keep a file that was read."""
        names = None if row.names is None else json.dumps(asdict(row.names))
        values = (os.fsencode(row.path), row.size, row.mtime_ns, row.sound, row.reason, names)
        self._db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, 0)", values)

    def mark_missing(self, paths: Iterator[bytes] | list[bytes], missing: bool) -> None:
        """Say of files whether they are there. What is missing is remembered, so that a disk may come back."""
        self._db.executemany("UPDATE files SET missing = ? WHERE path = ?", ((int(missing), path) for path in paths))

    def put_folders(self, problems: list[Problem]) -> None:
        """Replace the folders that could not be read."""
        self._db.execute("DELETE FROM folders")
        rows = ((os.fsencode(problem.path), problem.reason) for problem in problems)
        self._db.executemany("INSERT OR REPLACE INTO folders VALUES (?, ?)", rows)

    def problems(self) -> tuple[Problem, ...]:
        """Folders, then files, that cannot be used."""
        folders = self._db.execute("SELECT path, reason FROM folders ORDER BY path")
        files = self._db.execute("SELECT path, reason FROM files WHERE reason IS NOT NULL AND NOT missing ORDER BY path")
        return tuple(Problem(Path(os.fsdecode(path)), reason) for rows in (folders, files) for path, reason in rows)

    def tracks(self, tags: dict[str, Tags]) -> tuple[Track, ...]:
        """Every track that is there, in the order of paths, with what the clinic says of it."""
        rows = self._db.execute(
            "SELECT f.path, f.names, s.id, s.measure FROM files f JOIN sounds s ON s.id = f.sound"
            " WHERE NOT f.missing ORDER BY f.path"
        )
        found: dict[str, Track] = {}
        for raw_path, names, sound, measure in rows:
            path = Path(os.fsdecode(raw_path))
            known = found.get(sound)
            if known is None:
                found[sound] = Track(
                    sound, (path,), Names(**json.loads(names)), _measure(json.loads(measure)), tags.get(sound, Tags())
                )
            else:
                found[sound] = Track(sound, (*known.paths, path), known.names, known.measure, known.tags)
        return tuple(found.values())


def _measure(values: dict[str, Any]) -> Measure:
    return Measure(**{**values, "hints": Hints(**values["hints"])})
