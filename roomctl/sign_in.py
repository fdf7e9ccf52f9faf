"""Who may use the room: pairing codes, panels with their roles, and tokens, in `sign_in.db` in the data folder.

Neither a code nor a token is ever stored: only a hash of it. The web process and `roomctl pair` use one store at once. A store
does file work of some milliseconds when it writes; it may be called from any thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from playlists.private import private_database
from roomctl.errors import Forbidden, Invalid, RoomError, UnknownId
from roomctl.messages import Role

CODE_DIGITS: Final = 8
"""Digits alone: a tablet shows its number pad, and none is taken for another. 26.6 bits."""
CODE_LIVES_S: Final = 600.0
WINDOW_S: Final = 600.0
WRONG_CODES_AN_ADDRESS: Final = 8
WRONG_CODES_IN_ALL: Final = 40
"""Of 10^8 codes, 40 guesses in a code's life find it once in 2.5 million tries."""
UNUSED_LIVES_S: Final = 180 * 86_400.0
SEEN_STEP_S: Final = 60.0
"""How exactly `last_seen_utc_s` is kept: not a write for each request."""
NAME_MOST: Final = 60
TOKEN_BYTES: Final = 32

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS code (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL, role TEXT NOT NULL, created_utc_s REAL NOT NULL, used_utc_s REAL);
CREATE TABLE IF NOT EXISTS panel (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, role TEXT NOT NULL, name TEXT NOT NULL,
    created_utc_s REAL NOT NULL, last_seen_utc_s REAL NOT NULL, revoked_utc_s REAL);
CREATE TABLE IF NOT EXISTS wrong_code (address TEXT NOT NULL, at_utc_s REAL NOT NULL);
CREATE INDEX IF NOT EXISTS wrong_code_at ON wrong_code(at_utc_s);
"""


class TooManyCodes(Forbidden):
    """Too many wrong codes of late; details say `retry_after_s`."""

    status = 429


class SignInError(RoomError):
    """The store of sign-ins cannot be read or written."""

    status = 503


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code to be typed on one tablet, once."""

    code: str
    role: Role
    expires_utc_s: float

    @property
    def spaced(self) -> str:
        """The code in two groups, as people read it out."""
        return f"{self.code[: CODE_DIGITS // 2]} {self.code[CODE_DIGITS // 2 :]}"


@dataclass(frozen=True, slots=True)
class Panel:
    """A tablet or a script that is signed in."""

    id: str
    role: Role
    name: str
    created_utc_s: float
    last_seen_utc_s: float


class SignIn:
    """The store. Raises SignInError where its file cannot be used."""

    def __init__(self, path: Path, *, utc_s: Callable[[], float] = time.time) -> None:
        self.path = path
        self._utc_s = utc_s
        self._lock = threading.Lock()
        with _faults_named(path):
            self._db = sqlite3.connect(private_database(path), timeout=2.0, isolation_level=None, check_same_thread=False)
            try:
                self._salt = _prepare(self._db)
            except sqlite3.Error:
                self._db.close()
                raise
            self._reader = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
            self._reader.row_factory = sqlite3.Row
        self._reader_lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._reader_lock:
            self._db.close()
            self._reader.close()

    def new_code(self, role: Role) -> PairingCode:
        """A code for one tablet, good for ten minutes and one use."""
        now = self._utc_s()
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        hashed = self._code_hash(code)
        with self._writing() as db:
            db.execute("DELETE FROM code WHERE created_utc_s < ?", (now - 2 * CODE_LIVES_S,))
            db.execute("INSERT INTO code (hash, role, created_utc_s) VALUES (?, ?, ?)", (hashed, _known_role(role), now))
        return PairingCode(code, role, now + CODE_LIVES_S)

    def pair(self, code: str, name: str, address: str) -> tuple[Panel, str]:
        """Exchange a code for a panel and its token. `address` is where the attempt comes from.

        Raises Invalid for a code that is wrong, used or too old, TooManyCodes after too many of these.
        """
        name = _clean_name(name)
        now = self._utc_s()
        self._check_attempts(address, now)
        role = self._use_code(code, now)
        if role is None:
            with self._writing() as db:
                db.execute("INSERT INTO wrong_code VALUES (?, ?)", (address, now))
            raise Invalid("that code is wrong, used or older than ten minutes; ask for a new one with `roomctl pair`")
        return self.new_token(role, name)

    def new_token(self, role: Role, name: str) -> tuple[Panel, str]:
        """A panel and its token; the token is told this once and kept nowhere."""
        now = self._utc_s()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        panel = Panel(f"p-{secrets.token_hex(4)}", _known_role(role), _clean_name(name), now, now)
        with self._writing() as db:
            db.execute(
                "INSERT INTO panel VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (panel.id, _token_hash(token), panel.role, panel.name, now, now),
            )
        return panel, token

    def who(self, token: str) -> Panel | None:
        """The panel of this token; None where it is unknown, revoked, or has not been used for half a year."""
        row = self._row("SELECT * FROM panel WHERE hash = ? AND revoked_utc_s IS NULL", _token_hash(token))
        if row is None or self._utc_s() - row["last_seen_utc_s"] > UNUSED_LIVES_S:
            return None
        return _panel(row)

    def needs_seen(self, panel: Panel) -> bool:
        """Whether the last note of this panel is older than a minute."""
        return self._utc_s() - panel.last_seen_utc_s >= SEEN_STEP_S

    def seen(self, panel: Panel) -> None:
        """Note that the panel was here; writes at most once a minute."""
        now = self._utc_s()
        if self.needs_seen(panel):
            with self._writing() as db:
                db.execute(
                    "UPDATE panel SET last_seen_utc_s = ? WHERE id = ? AND last_seen_utc_s < ?",
                    (now, panel.id, now - SEEN_STEP_S),
                )

    def panels(self) -> list[Panel]:
        """Everyone who is signed in, newest first."""
        with self._reader_lock, _faults_named(self.path):
            rows = self._reader.execute(
                "SELECT * FROM panel WHERE revoked_utc_s IS NULL ORDER BY created_utc_s DESC"
            ).fetchall()
        return [_panel(row) for row in rows]

    def revoke(self, panel_id: str) -> None:
        """Sign a panel out for good; raises UnknownId."""
        with self._writing() as db:
            done = db.execute(
                "UPDATE panel SET revoked_utc_s = ? WHERE id = ? AND revoked_utc_s IS NULL", (self._utc_s(), panel_id)
            )
            found = done.rowcount == 1
        if not found:
            raise UnknownId(f'no panel "{panel_id[:NAME_MOST]}" is signed in')

    def _check_attempts(self, address: str, now: float) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM wrong_code WHERE at_utc_s < ? OR at_utc_s > ?", (now - WINDOW_S, now + 1.0))
            stamps = db.execute("SELECT address, at_utc_s FROM wrong_code ORDER BY at_utc_s").fetchall()
        mine = [row["at_utc_s"] for row in stamps if row["address"] == address]
        for wrong, most in ((mine, WRONG_CODES_AN_ADDRESS), ([row["at_utc_s"] for row in stamps], WRONG_CODES_IN_ALL)):
            if len(wrong) >= most:
                wait_s = max(1, round(wrong[-most] + WINDOW_S - now))
                raise TooManyCodes(
                    f"too many wrong codes; wait {wait_s // 60 + 1} min, or use `roomctl pair --token` on the room's computer",
                    retry_after_s=wait_s,
                )

    def _use_code(self, code: str, now: float) -> Role | None:
        """The role of a live code, which is thereby used; every live code is compared, in the same time each."""
        hashed = self._code_hash("".join(code.split()).replace("-", ""))
        with self._writing() as db:
            live = db.execute(
                "SELECT * FROM code WHERE used_utc_s IS NULL AND created_utc_s BETWEEN ? AND ?", (now - CODE_LIVES_S, now)
            ).fetchall()
            matches = [row for row in live if hmac.compare_digest(row["hash"], hashed)]
            if not matches:
                return None
            db.execute("UPDATE code SET used_utc_s = ? WHERE id = ?", (now, matches[0]["id"]))
            return _known_role(matches[0]["role"])

    def _code_hash(self, code: str) -> bytes:
        """Slow and salted, for a code is short: 2^14 rounds of scrypt take some 50 ms."""
        return hashlib.scrypt(code.encode(), salt=self._salt, n=2**14, r=8, p=1, dklen=32)

    def _row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Read on a connection of its own, so that knowing who asks never waits for a write."""
        with self._reader_lock, _faults_named(self.path):
            row: sqlite3.Row | None = self._reader.execute(sql, values).fetchone()
            return row

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, taken at once, so that two processes never use one code."""
        with self._lock, _faults_named(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _prepare(db: sqlite3.Connection) -> bytes:
    """Make the tables where they are missing; returns the salt of the codes."""
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.executescript(_SCHEMA)
    db.execute("INSERT OR IGNORE INTO secret VALUES ('salt', ?)", (secrets.token_bytes(16),))
    salt: bytes = db.execute("SELECT value FROM secret WHERE name = 'salt'").fetchone()[0]
    return salt


@contextlib.contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as fault:
        raise SignInError(f"the sign-ins in {path.name} cannot be used ({fault}); is the data folder writable?") from fault


def _token_hash(token: str) -> bytes:
    """Plain sha256: the token has 256 random bits, and nothing is gained by slowing its hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _panel(row: sqlite3.Row) -> Panel:
    return Panel(row["id"], _known_role(row["role"]), row["name"], row["created_utc_s"], row["last_seen_utc_s"])


def _known_role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise Invalid(f'"{role}" is no role', allowed=list(ROLES))


def _clean_name(name: str) -> str:
    """A name as people see it beside each change: printable, one line, never empty."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(printable.split())[:NAME_MOST] or "panel"
