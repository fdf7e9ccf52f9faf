"""The journal: what it acknowledged is on the disk, and what it cannot write yet it keeps."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from roomctl import journal as journal_module
from roomctl.errors import JournalError
from roomctl.journal import Journal, open_database

WAIT_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A journal that tries again soon."""
    monkeypatch.setattr(journal_module, "RETRY_S", 0.01)
    made = Journal(path)
    yield made
    made.close()
    assert not made._thread.is_alive()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def until(holds: Callable[[], Any]) -> None:
    pause, end_s = threading.Event(), time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end_s, "it did not happen"
        pause.wait(0.005)


def done(future: Future[None]) -> None:
    future.result(timeout=WAIT_S)


# --- what is written ---


def test_a_session_with_its_sets_ratings_and_notes_is_written_in_order(journal: Journal, path: Path) -> None:
    journal.session_opened("s1", "emdr", "c-7", 100.0)
    journal.set_started("b1", "s1", 1, "desensitise", 101.0, {"rate_hz": 1.0})
    journal.set_ended("b1", 125.0, {"cycles": 24}, "done")
    journal.rated("s1", "b1", "sud", 6.0, 126.0)
    journal.noted("s1", "calmer", 127.0)
    journal.event("s1", 128.0, 48_000, "stop", "panel", {"second": False})
    done(journal.session_closed("s1", 130.0))
    assert rows(path, "SELECT * FROM session") == [("s1", "emdr", "c-7", 100.0, 130.0)]
    expected = ("b1", "s1", 1, "desensitise", 101.0, 125.0, '{"rate_hz": 1.0}', '{"cycles": 24}', "done")
    assert rows(path, "SELECT * FROM bls_set") == [expected]
    assert rows(path, "SELECT session_id, set_id, scale, value, at_utc_s FROM rating") == [("s1", "b1", "sud", 6.0, 126.0)]
    assert rows(path, "SELECT session_id, text FROM note") == [("s1", "calmer")]
    assert rows(path, "SELECT frame, kind, by, detail_json FROM event") == [(48_000, "stop", "panel", '{"second": false}')]


def test_sets_and_ratings_without_a_session_are_written_too(journal: Journal, path: Path) -> None:
    journal.set_started("b1", None, 1, None, 1.0, {})
    done(journal.rated(None, "b1", "art", 3.0, 2.0))
    assert rows(path, "SELECT session_id, set_id, value FROM rating") == [(None, "b1", 3.0)]


def test_what_the_room_and_a_client_are_remembered_by_is_replaced(journal: Journal, path: Path) -> None:
    for level in (1, 2):
        journal.remember("stopped", {"by": level})
        done(journal.settings_saved("c-7", "closure", {"level": level}, 1.0))
    assert rows(path, "SELECT * FROM room_memory") == [("stopped", '{"by": 2}')]
    assert rows(path, "SELECT client_code, preset, bls_json FROM client_settings") == [("c-7", "closure", '{"level": 2}')]


def test_an_acknowledged_record_can_be_read_at_once(journal: Journal, path: Path) -> None:
    for number in range(50):
        done(journal.noted(None, f"note {number}", float(number)))
        assert rows(path, "SELECT count(*) FROM note") == [(number + 1,)]


def test_records_of_many_threads_are_all_written(journal: Journal, path: Path) -> None:
    futures: list[Future[None]] = []
    threads = [
        threading.Thread(target=lambda who=who: futures.extend(journal.noted(None, f"{who} {n}", 1.0) for n in range(100)))
        for who in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    for future in futures:
        done(future)
    assert rows(path, "SELECT count(DISTINCT text) FROM note") == [(400,)]


def test_closing_writes_what_is_left(path: Path) -> None:
    journal = Journal(path)
    futures = [journal.noted(None, str(number), 0.0) for number in range(200)]
    journal.close()
    assert all(future.done() for future in futures)
    assert rows(path, "SELECT count(*) FROM note") == [(200,)]


def test_text_is_kept_to_the_letter(journal: Journal, path: Path) -> None:
    text = 'it\'s "quiet"; DROP TABLE note; -- \x00 Ruhe 静か 🌊\nsecond line'
    done(journal.noted(None, text, 1.0))
    assert rows(path, "SELECT text FROM note") == [(text,)]


# --- durability ---


def test_the_database_is_in_wal_mode_with_full_synchronisation_and_foreign_keys(path: Path) -> None:
    database = open_database(path)
    try:
        pragmas = {
            name: database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    finally:
        database.close()
    # synchronous: 0 off, 1 normal, 2 full.
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_connection_that_writes_is_the_one_with_full_synchronisation(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It commits under the very settings: read on its own connection while a record is written."""
    seen: list[int] = []
    whole = Journal._commit

    def spied(self: Journal, database: sqlite3.Connection) -> None:
        seen.append(database.execute("PRAGMA synchronous").fetchone()[0])
        whole(self, database)

    monkeypatch.setattr(Journal, "_commit", spied)
    journal = Journal(path)
    done(journal.noted(None, "x", 1.0))
    journal.close()
    assert set(seen) == {2}


WRITER = """
import sys
from pathlib import Path
from roomctl.journal import Journal
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    journal.noted(None, f"note {number}", float(number)).result(timeout=20)
    print(number, flush=True)
    number += 1
"""


def test_a_process_killed_at_any_moment_loses_nothing_it_was_told_is_written(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = -1
    try:
        for _ in range(120):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            acknowledged = int(line)
    finally:
        process.kill()
        process.wait(WAIT_S)
        process.stdout.close()
    assert acknowledged >= 119
    kept = [text for (text,) in rows(path, "SELECT text FROM note ORDER BY id")]
    # The one that was under way when the kill came may be there as well; nothing else may.
    assert kept[: acknowledged + 1] == [f"note {number}" for number in range(acknowledged + 1)]
    assert len(kept) <= acknowledged + 2
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_journal_of_before_is_opened_and_goes_on(path: Path) -> None:
    for text in ("first", "second"):
        journal = Journal(path)
        done(journal.noted(None, text, 1.0))
        journal.close()
    assert rows(path, "SELECT text FROM note ORDER BY id") == [("first",), ("second",)]


# --- a disk that is full, and other troubles ---


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While the event is set, every connection's database may not grow by one page: SQLite says that the disk is full."""
    full = threading.Event()
    whole = Journal._commit

    def commit(self: Journal, database: sqlite3.Connection) -> None:
        # SQLite never takes a number below the pages there are, so 1 means: no more than now.
        database.execute(f"PRAGMA max_page_count = {1 if full.is_set() else 1_000_000}")
        whole(self, database)

    monkeypatch.setattr(Journal, "_commit", commit)
    yield full
    full.clear()


LONG = "x" * 100_000


def test_on_a_full_disk_records_are_kept_in_memory_and_written_when_there_is_room(
    journal: Journal, path: Path, full_disk: threading.Event
) -> None:
    done(journal.noted(None, "before", 1.0))
    full_disk.set()
    kept = [journal.noted(None, f"{number} {LONG}", 1.0) for number in range(3)]
    until(lambda: journal.trouble)
    assert journal.trouble is not None
    assert "database or disk is full" in journal.trouble
    assert "the session goes on and its records are kept in memory" in journal.trouble
    assert not any(future.done() for future in kept)
    assert rows(path, "SELECT count(*) FROM note") == [(1,)]
    full_disk.clear()
    for future in kept:
        done(future)
    until(lambda: journal.trouble is None)
    assert [text[:2] for (text,) in rows(path, "SELECT text FROM note ORDER BY id")] == ["be", "0 ", "1 ", "2 "]


def test_a_trouble_is_logged_once_and_not_at_every_try(
    journal: Journal, full_disk: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    full_disk.set()
    tries = 0
    whole = journal._say_trouble

    def counted(problem: Exception) -> None:
        nonlocal tries
        tries += 1
        whole(problem)

    journal._say_trouble = counted  # type: ignore[method-assign]
    future = journal.noted(None, LONG, 1.0)
    until(lambda: tries >= 5)
    full_disk.clear()
    done(future)
    assert [record.levelno for record in caplog.records if "cannot be written" in record.message] == [logging.ERROR]


def test_a_record_refused_in_a_batch_that_fails_does_not_end_the_journal(
    journal: Journal, path: Path, full_disk: threading.Event
) -> None:
    full_disk.set()
    bad = journal.write("INSERT INTO note (session_id, text, at_utc_s) VALUES ('nobody', 'x', 1.0)")
    good = journal.noted(None, LONG, 1.0)
    until(lambda: journal.trouble)
    with pytest.raises(JournalError, match="FOREIGN KEY"):
        bad.result(timeout=WAIT_S)
    full_disk.clear()
    done(good)
    done(journal.noted(None, "after", 2.0))
    assert rows(path, "SELECT count(*) FROM note") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "values", "says"),
    [
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", ("no such session", "x", 1.0), "FOREIGN KEY"),
        ("INSERT INTO session VALUES (?, ?, ?, ?, NULL)", ("s1", "emdr", None, 1.0), "UNIQUE"),
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", (None, None, 1.0), "NOT NULL"),
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", (None, "x"), "bindings"),
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", (None, {"a": 1}, 1.0), "not supported"),
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", (None, 2**70, 1.0), "too large"),
        ("INSERT INTO note (session_id, text, at_utc_s) VALUES (?, ?, ?)", (None, "\ud800", 1.0), "surrogates"),
    ],
)
def test_a_record_that_can_never_be_written_is_refused_and_holds_up_no_other(
    journal: Journal, path: Path, sql: str, values: tuple[Any, ...], says: str
) -> None:
    first = journal.session_opened("s1", "emdr", None, 1.0)
    bad = journal.write(sql, *values)
    after = journal.noted("s1", "after", 2.0)
    done(first)
    with pytest.raises(JournalError, match=f"the journal refused a record: .*{says}"):
        bad.result(timeout=WAIT_S)
    done(after)
    assert journal.trouble is None
    assert rows(path, "SELECT text FROM note") == [("after",)]


def test_a_journal_that_is_locked_is_waited_for(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(journal.noted(None, "before", 1.0))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    future = journal.noted(None, "meanwhile", 2.0)
    assert not future.done()
    other.execute("ROLLBACK")
    other.close()
    done(future)
    assert rows(path, "SELECT count(*) FROM note") == [(2,)]


def test_a_journal_that_closes_on_a_full_disk_says_what_is_lost(
    journal: Journal, full_disk: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    full_disk.set()
    futures = [journal.noted(None, LONG, 1.0) for _ in range(2)]
    until(lambda: journal.trouble)
    journal.close()
    assert not any(future.done() for future in futures)
    assert "2 records that could not be written" in caplog.text


def test_a_place_that_cannot_be_written_is_said_when_the_journal_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(JournalError, match=r"cannot be opened \(.*\); is the data folder writable\?"):
        Journal(tmp_path / "file" / "journal.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "folder")


def test_a_file_that_is_no_journal_is_not_overwritten(path: Path) -> None:
    path.write_bytes(b"this is a shopping list, not a database" * 40)
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not a database"):
        Journal(path)
    assert path.read_bytes() == before


def test_what_is_asked_is_kept_as_json_that_reads_back(journal: Journal, path: Path) -> None:
    asked = {"rate_hz": 1.0, "light": {"colour": "blue-green", "on": True}, "set_s": None}
    done(journal.set_started("b1", None, 1, None, 1.0, asked))
    assert json.loads(rows(path, "SELECT asked_json FROM bls_set")[0][0]) == asked
