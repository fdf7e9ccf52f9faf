"""One session as a file: JSON for programs, CSV for spreadsheets, PDF for the chart."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from roomctl.errors import Invalid
from roomctl.records.events import told, worth_listing
from roomctl.records.summary_pdf import summary_pdf
from roomctl.records.when import utc_text

Format = Literal["csv", "json", "pdf"]
FORMATS: Final = get_args(Format)

COLUMNS: Final = (
    "at_utc",
    "session_s",
    "kind",
    "set",
    "preset",
    "rate_hz",
    "cycles_asked",
    "cycles",
    "elapsed_s",
    "why_stopped",
    "scale",
    "value",
    "by",
    "text",
)


@dataclass(frozen=True, slots=True)
class Export:
    """A file ready to be saved: its name, media type and bytes."""

    name: str
    media_type: str
    content: bytes


def export(session: dict[str, Any], format_name: str) -> Export:
    """The session, as `Records.session` gives it, as one file; raises Invalid for a format that is not offered."""
    stem = f"session-{_file_part(session['id'])}"
    match format_name:
        case "json":
            text = json.dumps(session, indent=2, ensure_ascii=False) + "\n"
            return Export(f"{stem}.json", "application/json", text.encode())
        case "csv":
            return Export(f"{stem}.csv", "text/csv; charset=utf-8", _csv(session).encode("utf-8-sig"))
        case "pdf":
            return Export(f"{stem}.pdf", "application/pdf", summary_pdf(session))
    raise Invalid(f'a session can be exported as {", ".join(FORMATS)}, not as "{format_name[:20]}"', allowed=list(FORMATS))


def timeline(session: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that happened as rows of COLUMNS, in the order of time."""
    rows = sorted(_rows(session), key=lambda row: float(row["at_utc_s"]))
    for row in rows:
        row["session_s"] = round(row["at_utc_s"] - session["opened_utc_s"], 1)
        row["at_utc"] = utc_text(row.pop("at_utc_s"))
    return rows


def _rows(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"at_utc_s": session["opened_utc_s"], "kind": "session-open", "text": session["kind"]}
    for entry in session["sets"]:
        asked, delivered = entry["asked"] or {}, entry["delivered"] or {}
        yield {
            "at_utc_s": entry["started_utc_s"],
            "kind": "set",
            "set": entry["number"],
            "preset": entry["preset"],
            "rate_hz": asked.get("rate_hz"),
            "cycles_asked": asked.get("set_cycles"),
            "cycles": delivered.get("cycles"),
            "elapsed_s": delivered.get("elapsed_s"),
            "why_stopped": entry["why_stopped"],
        }
    for entry in session["ratings"]:
        yield {**entry, "kind": "rating", "set": entry["after_set"]}
    for entry in session["notes"]:
        yield {**entry, "kind": "note"}
    for entry in worth_listing(session):
        text = json.dumps(detail, ensure_ascii=False) if (detail := told(entry)) else ""
        yield {"at_utc_s": entry["at_utc_s"], "kind": entry["kind"], "by": entry["by"], "text": text}
    if session["closed_utc_s"] is not None:
        yield {"at_utc_s": session["closed_utc_s"], "kind": "session-close"}


def _csv(session: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", restval="")
    writer.writeheader()
    for row in timeline(session):
        writer.writerow({key: _harmless(value) for key, value in row.items()})
    return out.getvalue()


def _harmless(value: Any) -> Any:
    """Words that a spreadsheet would run as a formula get an apostrophe before them."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _file_part(text: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in text)[:60]
