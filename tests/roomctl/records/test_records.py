"""The journal read back, and a session as a file."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomctl.errors import Invalid, JournalError, UnknownId
from roomctl.journal import Journal
from roomctl.records import FORMATS, Records, export
from roomctl.records.export import COLUMNS
from roomctl.records.rems import is_esketamine, rems_fields
from roomctl.records.vitals import vitals

ASKED = {"rate_hz": 1.2, "set_cycles": 24, "set_s": None, "open": False}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    yield journal
    journal.close()


@pytest.fixture
def records(journal: Journal) -> Records:
    """Two sessions: an ART one that is closed, and a later EMDR one with two sets that is open."""
    journal.session_opened("s-old", "art", None, 1_700_000_000.0)
    journal.session_closed("s-old", 1_700_003_000.0)
    journal.session_opened("s-new", "emdr", "K-17", 1_700_100_000.0)
    journal.set_started("set-1", "s-new", 1, "desensitise", 1_700_100_060.0, ASKED)
    journal.rated("s-new", None, "sud", 8.0, 1_700_100_030.0)
    journal.set_ended("set-1", 1_700_100_081.0, {"cycles": 24, "elapsed_s": 20.0}, "done")
    journal.rated("s-new", "set-1", "sud", 6.5, 1_700_100_090.0)
    journal.set_started("set-2", "s-new", 2, "desensitise", 1_700_100_120.0, ASKED)
    journal.noted("s-new", '=HYPERLINK("http://x")\nšum, "cited" ✓', 1_700_100_100.0)
    journal.event("s-new", 1_700_100_130.0, 99, "stop", "Tablet 1", {"first": True}).result(5)
    return Records(journal.path)


def test_sessions_are_listed_newest_first_with_their_counts(records: Records) -> None:
    listed = records.sessions()
    assert [(entry["id"], entry["sets"], entry["ratings"]) for entry in listed] == [("s-new", 2, 2), ("s-old", 0, 0)]


def test_a_session_is_read_whole(records: Records) -> None:
    session = records.session("s-new")
    assert session["client_code"] == "K-17"
    assert [(entry["number"], entry["why_stopped"]) for entry in session["sets"]] == [(1, "done"), (2, None)]
    assert session["sets"][0]["asked"] == ASKED
    assert session["sets"][0]["delivered"] == {"cycles": 24, "elapsed_s": 20.0}
    assert [(entry["value"], entry["after_set"]) for entry in session["ratings"]] == [(8.0, 0), (6.5, 1)]
    assert session["events"][0]["detail"] == {"first": True}


def test_an_unknown_session_says_where_to_find_the_known(records: Records) -> None:
    with pytest.raises(UnknownId, match="sessions list"):
        records.session("s-none")


def test_a_room_that_never_ran_has_no_sessions(tmp_path: Path) -> None:
    assert Records(tmp_path / "journal.db").sessions() == []


def test_a_journal_that_is_no_database_is_a_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"x" * 8192)
    with pytest.raises(JournalError, match=r"journal\.db"):
        Records(path).sessions()


def test_reading_goes_on_while_the_engine_writes(records: Records, journal: Journal) -> None:
    journal.noted("s-new", "later", 1_700_100_200.0).result(5)
    assert records.session("s-new")["notes"][-1]["text"] == "later"


def test_json_export_is_the_session_itself(records: Records) -> None:
    session = records.session("s-new")
    made = export(session, "json")
    assert (made.name, made.media_type) == ("session-s-new.json", "application/json")
    assert json.loads(made.content) == session


def test_csv_export_is_a_timeline_in_order(records: Records) -> None:
    rows = _csv_rows(records)
    assert [row["kind"] for row in rows] == ["session-open", "rating", "set", "rating", "note", "set", "stop"]
    assert rows[2]["at_utc"] == "2023-11-16T02:01:00Z"
    assert (rows[2]["session_s"], rows[2]["cycles"], rows[2]["why_stopped"]) == ("60.0", "24", "done")
    assert (rows[3]["scale"], rows[3]["value"], rows[3]["set"]) == ("sud", "6.5", "1")


def test_csv_export_gives_a_spreadsheet_no_formula_to_run(records: Records) -> None:
    note = next(row["text"] for row in _csv_rows(records) if row["kind"] == "note")
    assert note.startswith("'=HYPERLINK")
    assert note.endswith('šum, "cited" ✓')


def _csv_rows(records: Records) -> list[dict[str, str]]:
    text = export(records.session("s-new"), "csv").content.decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text))
    rows = list(reader)
    assert reader.fieldnames == list(COLUMNS)
    return rows


@pytest.mark.parametrize("session_id", ["s-new", "s-old"])
def test_pdf_export_is_a_pdf_with_its_pages(records: Records, session_id: str) -> None:
    made = export(records.session(session_id), "pdf")
    assert made.content.startswith(b"%PDF-1.")
    assert made.content.rstrip().endswith(b"%%EOF")
    assert made.content.count(b"/Type /Page\n") == 1


def test_a_long_session_fills_more_pages(records: Records, journal: Journal) -> None:
    for number in range(3, 90):
        journal.set_started(f"set-{number}", "s-new", number, "art-scene", 1_700_100_120.0 + number, ASKED)
        journal.rated("s-new", f"set-{number}", "sud", float(number % 11), 1_700_100_121.0 + number)
    journal.noted("s-new", "ž" * 3000 + "<b>not bold</b>", 1_700_100_300.0).result(5)
    assert export(records.session("s-new"), "pdf").content.count(b"/Type /Page\n") > 3


def test_a_format_not_offered_names_those_that_are(records: Records) -> None:
    with pytest.raises(Invalid) as caught:
        export(records.session("s-old"), "docx")
    assert caught.value.details["allowed"] == list(FORMATS)


def test_an_id_from_elsewhere_cannot_lead_out_of_a_folder(records: Records) -> None:
    session = {**records.session("s-old"), "id": "../../etc/passwd"}
    assert export(session, "json").name == "session-______etc_passwd.json"


def event(minute: float, kind: str, **detail: Any) -> dict[str, Any]:
    return {"at_utc_s": 60.0 * minute, "frame": 0, "kind": kind, "by": "Tablet 1", "detail": detail}


def esketamine(*events: dict[str, Any]) -> dict[str, Any]:
    """A session of 130 minutes from midnight UTC of the first day."""
    started = event(0, "program-start", program="esketamine-in", definition={"long": "x" * 5000})
    return {
        "id": "s",
        "kind": "dosing",
        "client_code": "K-3",
        "opened_utc_s": 0.0,
        "closed_utc_s": 130 * 60.0,
        "sets": [],
        "ratings": [],
        "notes": [],
        "events": [started, *events],
    }


DOSE = event(5, "program-move", move="dose", mg=56, args={"mg": 56})
BASELINE = event(2, "prompt", id="vitals-baseline", answer="done", value={"bp": {"sys": 121, "dia": 78}, "hr": 64, "spo2": 98})
AT_40 = event(
    45, "prompt", id="bp-40@40", text="Blood pressure at 40 min", answer="done", value={"bp": {"sys": 128, "dia": 82}}
)
SNOOZED = event(44, "prompt", id="bp-40@40", answer="snooze", value=None)


@pytest.fixture
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The room's clock is on UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_utc")
def test_the_rems_fields_hold_what_the_journal_knows_and_leave_the_rest_blank() -> None:
    session = esketamine(BASELINE, DOSE, SNOOZED, AT_40)
    fields = dict(rems_fields(session))
    assert is_esketamine(session)
    assert fields["Dose, mg"] == "56"
    assert fields["Time of first device"] == "00:05"
    assert fields["Blood pressure before the dose"] == "121/78 at 00:02"
    assert fields["Blood pressure about 40 min after"] == "128/82 at 00:45"
    assert fields["Monitored for at least 2 h"].startswith("yes: 125 min")
    assert fields["Blood pressure before leaving"] == fields["Signed"] == ""
    assert export(session, "pdf").content.startswith(b"%PDF")


def test_vitals_are_told_by_minutes_after_the_dose() -> None:
    taken = vitals(esketamine(BASELINE, DOSE, SNOOZED, AT_40))
    assert [(vital.medicine_min, vital.pressure, vital.figure("hr")) for vital in taken] == [
        (None, "121/78", "64"),
        (40.0, "128/82", ""),
    ]


def test_what_only_the_program_needs_is_in_the_json_alone() -> None:
    session = esketamine(event(1, "program-alive", at_s=60.0), DOSE)
    text = export(session, "csv").content.decode("utf-8-sig")
    assert "program-alive" not in text
    assert "xxxx" not in text
    assert '""mg"": 56' in text
    assert json.loads(export(session, "json").content) == session


def test_the_rems_fields_stay_blank_without_a_dose() -> None:
    fields = dict(rems_fields(esketamine()))
    assert fields["Dose, mg"] == fields["Monitored for at least 2 h"] == ""


def test_an_emdr_session_has_no_rems_page(records: Records) -> None:
    assert not is_esketamine(records.session("s-new"))
