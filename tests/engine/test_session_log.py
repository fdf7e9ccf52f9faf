"""The open session in memory and in the journal, and what a new engine finds of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roomctl.bilateral import merged
from roomctl.engine.session_log import Session, SessionLog, SetRecord, client_settings, recover
from roomctl.journal import Journal
from roomctl.records import Records
from stimuli.settings import Bls

WAIT_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def log(path: Path) -> Iterator[SessionLog]:
    journal = Journal(path)
    yield SessionLog(journal)
    journal.close()


def a_set(log: SessionLog, at_utc_s: float = 10.0, preset: str | None = "desensitise") -> SetRecord:
    return log.set_started(replace(Bls(), rate_hz=1.2), preset, at_utc_s)


def kept(log: SessionLog) -> None:
    """Wait until all that was said is on the disk."""
    log.noted("the end", 999.0).result(WAIT_S)


def test_before_a_session_the_state_has_none() -> None:
    assert Session().state() is None


def test_an_open_session_is_in_the_state_and_in_the_journal(log: SessionLog, path: Path) -> None:
    session, committed = log.open("emdr", "c-7", 5.0)
    committed.result(WAIT_S)
    state = session.state()
    assert state is not None
    assert (state["kind"], state["client_code"], state["sets"], state["ratings"]) == ("emdr", "c-7", (), ())
    assert Records(path).session(state["id"])["opened_utc_s"] == 5.0


def test_every_session_has_an_id_of_its_own(log: SessionLog) -> None:
    assert len({log.open("emdr", None, 1.0)[0].id for _ in range(20)}) == 20


def test_opening_a_session_closes_the_one_before(log: SessionLog, path: Path) -> None:
    first, _ = log.open("emdr", "c-1", 5.0)
    _, committed = log.open("art", "c-2", 9.0)
    committed.result(WAIT_S)
    assert first.id is not None
    assert Records(path).session(first.id)["closed_utc_s"] == 9.0


def test_sets_are_numbered_and_ratings_know_the_set_before_them(log: SessionLog, path: Path) -> None:
    session, _ = log.open("emdr", "c-7", 5.0)
    log.rated("sud", 8.0, 6.0)
    for number in (1, 2):
        record = a_set(log, 10.0 * number)
        log.set_ended(record, {"cycles": 24, "elapsed_s": 20.4}, "done", 10.0 * number + 21)
        log.rated("sud", 8.0 - number, 10.0 * number + 22)
    kept(log)
    assert [item.number for item in log.session.sets] == [1, 2]
    assert [(item.value, item.after_set) for item in log.session.ratings] == [(8.0, 0), (7.0, 1), (6.0, 2)]
    assert session.id is not None
    read = Records(path).session(session.id)
    assert [(item["value"], item["after_set"]) for item in read["ratings"]] == [(8.0, 0), (7.0, 1), (6.0, 2)]
    assert [item["why_stopped"] for item in read["sets"]] == ["done", "done"]


def test_the_set_that_ended_says_what_was_asked_and_what_was_delivered(log: SessionLog) -> None:
    log.open("emdr", None, 5.0)
    record = a_set(log)
    assert record.why_stopped is None
    log.set_ended(record, {"cycles": 3, "elapsed_s": 2.5}, "stop", 13.0)
    ended = log.session.sets[-1]
    assert ended.asked["rate_hz"] == 1.2
    assert (ended.delivered, ended.why_stopped) == ({"cycles": 3, "elapsed_s": 2.5}, "stop")


def test_a_set_without_a_session_is_journalled_without_one(log: SessionLog, path: Path) -> None:
    record = a_set(log)
    log.set_ended(record, {"cycles": 1}, "finish", 12.0)
    log.rated("sud", 4.0, 13.0).result(WAIT_S)
    assert log.session.state() is None
    assert Records(path).sessions() == []
    assert recover(path, 20.0).session == Session()


def test_a_set_that_ends_after_its_session_was_replaced_is_still_ended(log: SessionLog, path: Path) -> None:
    first, _ = log.open("emdr", None, 5.0)
    record = a_set(log)
    log.open("emdr", None, 11.0)
    log.set_ended(record, {"cycles": 2}, "stop", 12.0).result(WAIT_S)
    assert log.session.sets == ()
    assert first.id is not None
    assert Records(path).session(first.id)["sets"][0]["why_stopped"] == "stop"


def test_notes_are_counted_and_their_words_are_in_the_journal_alone(log: SessionLog, path: Path) -> None:
    session, _ = log.open("emdr", None, 5.0)
    log.noted("calmer today", 6.0).result(WAIT_S)
    assert log.session.notes == 1
    assert "calmer" not in str(log.session.state())
    assert session.id is not None
    assert [note["text"] for note in Records(path).session(session.id)["notes"]] == ["calmer today"]


# --- after a restart ---


def test_a_new_journal_has_nothing_to_recover(path: Path) -> None:
    found = recover(path, 1.0)
    assert (found.session, found.bls, found.preset, found.memory) == (Session(), None, None, {})


def test_the_session_that_was_open_comes_back_whole(log: SessionLog, path: Path) -> None:
    log.open("emdr", "c-7", 5.0)
    log.rated("sud", 8.0, 6.0)
    log.set_ended(a_set(log), {"cycles": 24, "elapsed_s": 20.4}, "done", 31.0)
    log.rated("sud", 6.0, 32.0)
    log.noted("calmer", 33.0).result(WAIT_S)
    found = recover(path, 60.0)
    assert found.session == log.session
    assert found.preset == "desensitise"
    assert found.bls is not None
    assert merged(Bls(), found.bls) == replace(Bls(), rate_hz=1.2)


def test_a_set_that_was_cut_off_is_closed_as_such_and_only_once(log: SessionLog, path: Path) -> None:
    session, _ = log.open("emdr", None, 5.0)
    a_set(log)
    kept(log)
    assert session.id is not None
    assert recover(path, 60.0).session.sets[0].why_stopped == "engine"
    recover(path, 70.0)
    read = Records(path).session(session.id)["sets"][0]
    assert (read["why_stopped"], read["ended_utc_s"], read["delivered"]) == ("engine", 60.0, {})


def test_sets_come_back_in_their_order_though_the_wall_clock_went_back(log: SessionLog, path: Path) -> None:
    log.open("emdr", None, 5_000.0)
    for number, at_utc_s in enumerate((5_010.0, 900.0, 950.0), start=1):
        log.set_ended(a_set(log, at_utc_s, f"preset-{number}"), {}, "done", at_utc_s + 5)
    kept(log)
    found = recover(path, 1_000.0)
    assert [item.number for item in found.session.sets] == [1, 2, 3]
    assert found.preset == "preset-3"


def test_a_closed_session_does_not_come_back(log: SessionLog, path: Path) -> None:
    log.open("emdr", "c-7", 5.0)
    log.set_ended(a_set(log), {}, "done", 30.0)
    log.close(40.0).result(WAIT_S)
    assert log.session.state() is None
    found = recover(path, 60.0)
    assert (found.session, found.bls) == (Session(), None)


def test_what_the_room_remembers_comes_back(log: SessionLog, path: Path) -> None:
    log.journal.remember("stopped", {"by": "panel"})
    log.journal.remember("running", True).result(WAIT_S)
    assert recover(path, 1.0).memory == {"stopped": {"by": "panel"}, "running": True}


def test_a_recovered_session_goes_on_where_it_was(log: SessionLog, path: Path) -> None:
    log.open("emdr", "c-7", 5.0)
    a_set(log)
    kept(log)
    again = SessionLog(log.journal, recover(path, 60.0).session)
    assert a_set(again, 70.0).number == 2
    assert again.session.client_code == "c-7"


def test_a_clients_last_settings_are_found_by_the_code(log: SessionLog, path: Path) -> None:
    assert client_settings(path, "c-7") is None
    log.journal.settings_saved("c-7", "closure", {"rate_hz": 0.4}, 1.0)
    log.journal.settings_saved("c-8", None, {"rate_hz": 0.9}, 2.0).result(WAIT_S)
    assert client_settings(path, "c-7") == ("closure", {"rate_hz": 0.4})
    assert client_settings(path, "c-8") == (None, {"rate_hz": 0.9})
