"""The open session: its sets and ratings as the state shows them, and every change written to the journal as it happens."""

from __future__ import annotations

import json
import secrets
import sqlite3
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from roomctl.journal import Journal, open_database
from stimuli.settings import Bls

Why = Literal["done", "finish", "stop", "device", "max", "panel-lost", "engine"]


@dataclass(frozen=True, slots=True)
class SetRecord:
    """One set: what was asked, and, once it is over, what was delivered and why it stopped."""

    id: str
    number: int
    preset: str | None
    started_utc_s: float
    asked: dict[str, Any]
    delivered: dict[str, Any] | None = None
    why_stopped: Why | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating, and the number of the set it was given after (0 before the first)."""

    scale: str
    value: float
    at_utc_s: float
    after_set: int


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `id` None stands for sets and ratings without one."""

    id: str | None = None
    kind: str | None = None
    client_code: str | None = None
    opened_utc_s: float = 0.0
    sets: tuple[SetRecord, ...] = ()
    ratings: tuple[Rating, ...] = ()
    notes: int = 0

    def state(self) -> dict[str, Any] | None:
        """As the state shows it; None without an open session."""
        return None if self.id is None else asdict(self)


@dataclass(slots=True)
class SessionLog:
    """Holds the open session and writes the journal. Called under the room's lock."""

    journal: Journal
    session: Session = field(default_factory=Session)

    def open(self, kind: str, client_code: str | None, at_utc_s: float) -> tuple[Session, Future[None]]:
        """Open a session; one that was open is closed first."""
        if self.session.id is not None:
            self.close(at_utc_s)
        self.session = Session(_new_id(), kind, client_code, at_utc_s)
        assert self.session.id is not None
        return self.session, self.journal.session_opened(self.session.id, kind, client_code, at_utc_s)

    def close(self, at_utc_s: float) -> Future[None]:
        """Close the open session."""
        assert self.session.id is not None
        committed = self.journal.session_closed(self.session.id, at_utc_s)
        self.session = Session()
        return committed

    def set_started(self, bls: Bls, preset: str | None, at_utc_s: float) -> SetRecord:
        """A set begins."""
        record = SetRecord(_new_id(), len(self.session.sets) + 1, preset, at_utc_s, asdict(bls))
        self.session = replace(self.session, sets=(*self.session.sets, record))
        self.journal.set_started(record.id, self.session.id, record.number, preset, at_utc_s, record.asked)
        return record

    def set_ended(self, record: SetRecord, delivered: dict[str, Any], why: Why, at_utc_s: float) -> Future[None]:
        """A set is over."""
        ended = replace(record, delivered=delivered, why_stopped=why)
        sets = tuple(ended if item.id == record.id else item for item in self.session.sets)
        self.session = replace(self.session, sets=sets)
        return self.journal.set_ended(record.id, at_utc_s, delivered, why)

    def rated(self, scale: str, value: float, at_utc_s: float) -> Future[None]:
        """The client gave a rating."""
        last = self.session.sets[-1] if self.session.sets else None
        rating = Rating(scale, value, at_utc_s, last.number if last else 0)
        self.session = replace(self.session, ratings=(*self.session.ratings, rating))
        return self.journal.rated(self.session.id, last.id if last else None, scale, value, at_utc_s)

    def noted(self, text: str, at_utc_s: float) -> Future[None]:
        """The therapist wrote a note."""
        self.session = replace(self.session, notes=self.session.notes + 1)
        return self.journal.noted(self.session.id, text, at_utc_s)


def _new_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the journal knows of the time before this start."""

    session: Session
    bls: dict[str, Any] | None
    preset: str | None
    memory: dict[str, Any]


def recover(path: Path, at_utc_s: float) -> Recovered:
    """The session that was open when the engine went, with its sets and ratings; a set that was cut off is closed as such."""
    database = open_database(path)
    try:
        database.execute(
            "UPDATE bls_set SET why_stopped = 'engine', ended_utc_s = ?, delivered_json = '{}' WHERE why_stopped IS NULL",
            (at_utc_s,),
        )
        memory = {row["name"]: json.loads(row["value_json"]) for row in database.execute("SELECT * FROM room_memory")}
        row = database.execute("SELECT * FROM session WHERE closed_utc_s IS NULL ORDER BY opened_utc_s DESC LIMIT 1").fetchone()
        if row is None:
            return Recovered(Session(), None, None, memory)
        session = _read_session(database, row)
        last = session.sets[-1] if session.sets else None
        return Recovered(session, last.asked if last else None, last.preset if last else None, memory)
    finally:
        database.close()


def _read_session(database: sqlite3.Connection, row: sqlite3.Row) -> Session:
    numbers: dict[str, int] = {}
    sets = []
    for item in database.execute("SELECT * FROM bls_set WHERE session_id = ? ORDER BY number", (row["id"],)):
        numbers[item["id"]] = item["number"]
        sets.append(
            SetRecord(
                item["id"],
                item["number"],
                item["preset"],
                item["started_utc_s"],
                json.loads(item["asked_json"]),
                json.loads(item["delivered_json"] or "{}"),
                item["why_stopped"],
            )
        )
    ratings = tuple(
        Rating(item["scale"], item["value"], item["at_utc_s"], numbers.get(item["set_id"], 0))
        for item in database.execute("SELECT * FROM rating WHERE session_id = ? ORDER BY id", (row["id"],))
    )
    notes = database.execute("SELECT COUNT(*) FROM note WHERE session_id = ?", (row["id"],)).fetchone()[0]
    return Session(row["id"], row["kind"], row["client_code"], row["opened_utc_s"], tuple(sets), ratings, notes)


def is_journalled(path: Path, session_id: str) -> bool:
    """Whether a session of that id was ever opened here."""
    database = open_database(path)
    try:
        return database.execute("SELECT 1 FROM session WHERE id = ?", (session_id,)).fetchone() is not None
    finally:
        database.close()


def client_settings(path: Path, client_code: str) -> tuple[str | None, dict[str, Any]] | None:
    """(preset, settings) last used with a client; None for a new one."""
    database = open_database(path)
    try:
        row = database.execute("SELECT * FROM client_settings WHERE client_code = ?", (client_code,)).fetchone()
        return None if row is None else (row["preset"], json.loads(row["bls_json"]))
    finally:
        database.close()
