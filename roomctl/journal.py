"""The journal: sessions, sets, ratings, notes and events in SQLite, written by a thread of its own.

WAL and synchronous=FULL: what was acknowledged survives a power cut. A full disk does not stop the room: what could not be
written waits in memory and is tried again, and `trouble` says so meanwhile.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playlists.private import private_database
from roomctl.errors import JournalError

log = logging.getLogger(__name__)

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, client_code TEXT, opened_utc_s REAL NOT NULL, closed_utc_s REAL);
CREATE TABLE IF NOT EXISTS bls_set (
    id TEXT PRIMARY KEY, session_id TEXT REFERENCES session(id), number INTEGER NOT NULL, preset TEXT,
    started_utc_s REAL NOT NULL, ended_utc_s REAL, asked_json TEXT NOT NULL, delivered_json TEXT, why_stopped TEXT);
CREATE TABLE IF NOT EXISTS rating (
    id INTEGER PRIMARY KEY, session_id TEXT REFERENCES session(id), set_id TEXT REFERENCES bls_set(id),
    scale TEXT NOT NULL, value REAL NOT NULL, at_utc_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS note (
    id INTEGER PRIMARY KEY, session_id TEXT REFERENCES session(id), text TEXT NOT NULL, at_utc_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, session_id TEXT, at_utc_s REAL NOT NULL, frame INTEGER NOT NULL, kind TEXT NOT NULL,
    by TEXT, detail_json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS client_settings (
    client_code TEXT PRIMARY KEY, preset TEXT, bls_json TEXT NOT NULL, saved_utc_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS room_memory (name TEXT PRIMARY KEY, value_json TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS rating_session ON rating(session_id);
CREATE INDEX IF NOT EXISTS set_session ON bls_set(session_id);
CREATE INDEX IF NOT EXISTS event_session ON event(session_id, kind);
"""
RETRY_S: Final = 2.0
BUSY_TIMEOUT_S: Final = 2.0
NEVER: Final = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    OverflowError,
    UnicodeError,
)
"""What a statement fails with that no waiting will mend."""


def open_database(path: Path) -> sqlite3.Connection:
    """The journal's database, made where it is missing. Raises JournalError with what to do."""
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(
            private_database(path), timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA foreign_keys=ON")
        database.executescript(SCHEMA)
    except (sqlite3.Error, OSError) as problem:
        if database is not None:
            database.close()
        raise JournalError(f"the journal {path} cannot be opened ({problem}); is the data folder writable?") from problem
    database.row_factory = sqlite3.Row
    return database


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement and its values, and who waits for it to be on the disk."""

    sql: str
    values: tuple[Any, ...]
    committed: Future[None]


class Journal:
    """Writes in order, a transaction for each batch that has gathered. Reading is done by connections of the readers' own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        open_database(path).close()
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._kept: deque[Entry] = deque()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def write(self, sql: str, *values: Any) -> Future[None]:
        """Queue one statement; the future is done once it is on the disk."""
        entry = Entry(sql, values, Future())
        self._queue.put(entry)
        return entry.committed

    def close(self) -> None:
        """Write what is left, and end."""
        self._queue.put(None)
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        database: sqlite3.Connection | None = None
        closing = False
        while not (closing and not self._kept):
            closing = self._gather(closing) or closing
            if not self._kept:
                continue
            try:
                database = database or open_database(self.path)
                self._commit(database)
                self.trouble = None
            except (sqlite3.Error, JournalError) as problem:
                self._say_trouble(problem)
                if closing:
                    log.error("the journal closes with %d records that could not be written", len(self._kept))
                    break
                time.sleep(RETRY_S)
        if database is not None:
            database.close()

    def _gather(self, closing: bool) -> bool:
        """Move what is queued into the batch, waiting for the first; True where the end was asked for."""
        wait = not self._kept and not closing
        while True:
            try:
                entry = self._queue.get(block=wait)
            except queue.Empty:
                return False
            if entry is None:
                return True
            self._kept.append(entry)
            wait = False

    def _commit(self, database: sqlite3.Connection) -> None:
        batch = list(self._kept)
        database.execute("BEGIN IMMEDIATE")
        try:
            for entry in batch:
                self._execute(database, entry)
            database.execute("COMMIT")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
        self._kept.clear()
        for entry in batch:
            if not entry.committed.done():
                entry.committed.set_result(None)

    def _execute(self, database: sqlite3.Connection, entry: Entry) -> None:
        """One statement; a statement that can never succeed is refused to its writer, once, and holds up nobody else."""
        if entry.committed.done():
            return
        try:
            database.execute(entry.sql, entry.values)
        except NEVER as problem:
            log.error("the journal refused a record: %s", problem)
            entry.committed.set_exception(JournalError(f"the journal refused a record: {problem}"))

    def _say_trouble(self, problem: Exception) -> None:
        sentence = f"the journal cannot be written ({problem}); the session goes on and its records are kept in memory"
        if self.trouble is None:
            log.error(sentence)
        self.trouble = sentence

    def session_opened(self, id: str, kind: str, client_code: str | None, at_utc_s: float) -> Future[None]:
        """A session began."""
        return self.write("INSERT INTO session VALUES (?, ?, ?, ?, NULL)", id, kind, client_code, at_utc_s)

    def session_closed(self, id: str, at_utc_s: float) -> Future[None]:
        """A session was closed."""
        return self.write("UPDATE session SET closed_utc_s = ? WHERE id = ?", at_utc_s, id)

    def set_started(
        self, id: str, session_id: str | None, number: int, preset: str | None, at_utc_s: float, asked: Mapping[str, Any]
    ) -> Future[None]:
        """A set began, with these settings."""
        return self.write(
            "INSERT INTO bls_set VALUES (?, ?, ?, ?, ?, NULL, ?, NULL, NULL)",
            id,
            session_id,
            number,
            preset,
            at_utc_s,
            json.dumps(asked),
        )

    def set_ended(self, id: str, at_utc_s: float, delivered: Mapping[str, Any], why: str) -> Future[None]:
        """A set ended: what was delivered, and why it stopped."""
        return self.write(
            "UPDATE bls_set SET ended_utc_s = ?, delivered_json = ?, why_stopped = ? WHERE id = ?",
            at_utc_s,
            json.dumps(delivered),
            why,
            id,
        )

    def rated(self, session_id: str | None, set_id: str | None, scale: str, value: float, at_utc_s: float) -> Future[None]:
        """The client gave a rating."""
        return self.write(
            "INSERT INTO rating (session_id, set_id, scale, value, at_utc_s) VALUES (?, ?, ?, ?, ?)",
            session_id,
            set_id,
            scale,
            value,
            at_utc_s,
        )

    def noted(self, session_id: str | None, text: str, at_utc_s: float) -> Future[None]:
        """The therapist wrote a note."""
        return self.write("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", session_id, text, at_utc_s)

    def event(
        self, session_id: str | None, at_utc_s: float, frame: int, kind: str, by: str | None, detail: Mapping[str, Any]
    ) -> Future[None]:
        """Something happened: a stop, a move, a device lost."""
        return self.write(
            "INSERT INTO event (session_id, at_utc_s, frame, kind, by, detail_json) VALUES (?, ?, ?, ?, ?, ?)",
            session_id,
            at_utc_s,
            frame,
            kind,
            by,
            json.dumps(detail),
        )

    def settings_saved(self, client_code: str, preset: str | None, bls: Mapping[str, Any], at_utc_s: float) -> Future[None]:
        """The settings to come back to with this client."""
        return self.write(
            "INSERT OR REPLACE INTO client_settings VALUES (?, ?, ?, ?)", client_code, preset, json.dumps(bls), at_utc_s
        )

    def remember(self, name: str, value: Any) -> Future[None]:
        """What the room itself must still know after a restart."""
        return self.write("INSERT OR REPLACE INTO room_memory VALUES (?, ?)", name, json.dumps(value))
