"""What the journal remembers, read: the list of sessions, and one session whole. Never writes.

A reader opens the file for each question, so that it never stands in the way of the engine's writing.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from roomctl.errors import JournalError, UnknownId

SESSIONS_MOST: Final = 1000
_READ_TIMEOUT_S: Final = 2.0


class Records:
    """The journal at `path`, read-only. A journal that does not exist yet has no sessions."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sessions(self, most: int = SESSIONS_MOST) -> list[dict[str, Any]]:
        """Newest first: id, kind, client_code, opened_utc_s, closed_utc_s, and how many sets and ratings."""
        sql = """
            SELECT s.*, (SELECT count(*) FROM bls_set b WHERE b.session_id = s.id) AS sets,
                   (SELECT count(*) FROM rating r WHERE r.session_id = s.id) AS ratings
            FROM session s ORDER BY s.opened_utc_s DESC, s.rowid DESC LIMIT ?"""
        return [dict(row) for row in self._rows(sql, most)]

    def session(self, session_id: str) -> dict[str, Any]:
        """One session with its `sets`, `ratings`, `notes` and `events`, each in the order of time; raises UnknownId."""
        found = self._rows("SELECT * FROM session WHERE id = ?", session_id)
        if not found:
            raise UnknownId(f'no session "{session_id[:60]}"; `roomctl sessions list` shows them all')
        sets = [_set(row) for row in self._of("bls_set", "started_utc_s", session_id)]
        numbers = {entry["id"]: entry["number"] for entry in sets}
        return {
            **dict(found[0]),
            "sets": sets,
            "ratings": [_rating(row, numbers) for row in self._of("rating", "at_utc_s", session_id)],
            "notes": [{"text": row["text"], "at_utc_s": row["at_utc_s"]} for row in self._of("note", "at_utc_s", session_id)],
            "events": [_event(row) for row in self._of("event", "at_utc_s", session_id)],
        }

    def _of(self, table: str, order: str, session_id: str) -> list[sqlite3.Row]:
        return self._rows(f"SELECT * FROM {table} WHERE session_id = ? ORDER BY {order}, rowid", session_id)

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        if not self.path.exists():
            return []
        with self._open() as database:
            try:
                return database.execute(sql, values).fetchall()
            except sqlite3.Error as fault:
                raise JournalError(f"the journal {self.path.name} cannot be read ({fault})") from fault

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=_READ_TIMEOUT_S)
        except sqlite3.Error as fault:
            raise JournalError(f"the journal {self.path.name} cannot be opened ({fault})") from fault
        database.row_factory = sqlite3.Row
        with contextlib.closing(database):
            yield database


def _set(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "preset": row["preset"],
        "started_utc_s": row["started_utc_s"],
        "ended_utc_s": row["ended_utc_s"],
        "asked": _parsed(row["asked_json"]),
        "delivered": _parsed(row["delivered_json"]),
        "why_stopped": row["why_stopped"],
    }


def _rating(row: sqlite3.Row, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "scale": row["scale"],
        "value": row["value"],
        "at_utc_s": row["at_utc_s"],
        "after_set": numbers.get(row["set_id"], 0) if row["set_id"] else 0,
    }


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "at_utc_s": row["at_utc_s"],
        "frame": row["frame"],
        "kind": row["kind"],
        "by": row["by"],
        "detail": _parsed(row["detail_json"]),
    }


def _parsed(text: str | None) -> Any:
    """The JSON of one column; a record damaged on the disk is shown as it stands rather than hiding its session."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"damaged": text}
