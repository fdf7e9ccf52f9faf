from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from playlists.library.store import opened
from playlists.private import private_database, private_folder
from roomctl.cli.places import data_folder
from roomctl.journal import Journal, open_database
from roomctl.sign_in import SignIn

pytestmark = pytest.mark.skipif(os.name == "nt", reason="file modes are not Windows's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_to_all() -> object:
    """A user whose new files everybody may read."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def old(path: Path) -> Path:
    """A database that an earlier version left readable for everybody, with what it writes ahead."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).touch(mode=0o644)
    return path


def test_a_new_database_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    path = private_database(tmp_path / "data" / "some.db")
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_an_old_database_is_narrowed_with_what_lies_beside_it(tmp_path: Path) -> None:
    path = private_database(old(tmp_path / "some.db"))
    assert [mode(each) for each in sorted(tmp_path.iterdir())] == [0o600] * 3
    assert path.stat().st_size == 0


def test_rights_are_taken_away_and_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.touch(mode=0o400)
    private_database(path)
    assert mode(path) == 0o400


def test_the_journal_in_use_is_private_with_its_write_ahead_log(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.session_opened("s", "emdr", "A-1", 0.0).result(timeout=10.0)
    with closing(open_database(journal.path)):
        found = {each.name: mode(each) for each in tmp_path.iterdir()}
    journal.close()
    assert found == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}


def test_an_old_journal_is_narrowed_when_it_is_opened(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        database.execute("CREATE TABLE other (id)")
    assert mode(tmp_path / "journal.db") == 0o644
    open_database(tmp_path / "journal.db").close()
    assert mode(tmp_path / "journal.db") == 0o600


def test_the_library_and_the_sign_ins_are_private(tmp_path: Path) -> None:
    old(tmp_path / "library.db")
    with opened(tmp_path / "library.db"):
        assert mode(tmp_path / "library.db") == mode(tmp_path / "library.db-wal") == 0o600
    SignIn(tmp_path / "sign_in.db").close()
    assert mode(tmp_path / "sign_in.db") == 0o600


def test_the_data_folder_is_made_private_or_narrowed(tmp_path: Path) -> None:
    assert mode(data_folder(tmp_path / "new")) == 0o700
    (tmp_path / "old").mkdir(mode=0o755)
    (tmp_path / "old" / "journal.db").touch()
    assert mode(data_folder(tmp_path / "old")) == 0o700


def test_a_folder_that_is_not_ours_is_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "letters").touch()
    private_folder(home, ("journal.db",))
    assert mode(home) == 0o755
