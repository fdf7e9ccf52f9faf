"""The fields of the esketamine REMS monitoring form, as far as a session's journal can fill them.

Source: the SPRAVATO REMS Patient Monitoring Form. What the journal does not know stays blank, to be written by hand; nothing
is guessed. The clinic files the form itself; this page only saves looking the times up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

PROGRAM: Final = "esketamine-in"

Field = tuple[str, str]


def is_esketamine(session: dict[str, Any]) -> bool:
    """Whether the esketamine program was started in this session."""
    return any(
        isinstance(event["detail"], dict) and PROGRAM in (event["detail"].get("program"), event["detail"].get("id"))
        for event in session["events"]
    )


def rems_fields(session: dict[str, Any]) -> list[Field]:
    """Label and value of each field; an empty value where the journal has none."""
    dose = _dose(session)
    doses_mg = dose["detail"].get("mg") if dose else None
    return [
        ("Client code", session["client_code"] or ""),
        ("Date of treatment", _day(session["opened_utc_s"])),
        ("Dose, mg", f"{doses_mg:g}" if isinstance(doses_mg, (int, float)) else ""),
        ("Time of first device (UTC)", _clock(dose["at_utc_s"]) if dose else ""),
        ("Blood pressure before the dose", _value(session, "baseline")),
        ("Blood pressure about 40 min after", _value(session, "40")),
        ("Blood pressure before leaving", _value(session, "leav")),
        ("Monitored for at least 2 h", _stay(session, dose)),
        ("Sedation: seen, began, ended", ""),
        ("Dissociation: seen, began, ended", ""),
        ("Serious adverse event: what, when", ""),
        ("Benzodiazepine, other sedative, stimulant or MAOI taken", ""),
        ("Ready to leave at", ""),
        ("Signed", ""),
    ]


def _dose(session: dict[str, Any]) -> dict[str, Any] | None:
    for event in session["events"]:
        detail = event["detail"]
        if isinstance(detail, dict) and (event["kind"] == "dose" or detail.get("move") == "dose"):
            return dict(event)
    return None


def _value(session: dict[str, Any], part_of_id: str) -> str:
    """The value answered to the first prompt whose id or text has `part_of_id` in it."""
    for event in session["events"]:
        detail = event["detail"]
        if event["kind"].startswith("prompt") and isinstance(detail, dict):
            named = f"{detail.get('id', '')} {detail.get('text', '')}".lower()
            if part_of_id in named and detail.get("value") is not None:
                return f"{_words(detail['value'])}  ({_clock(event['at_utc_s'])})"
    return ""


def _words(value: Any) -> str:
    return ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)


def _stay(session: dict[str, Any], dose: dict[str, Any] | None) -> str:
    if dose is None or session["closed_utc_s"] is None:
        return ""
    minutes = (session["closed_utc_s"] - dose["at_utc_s"]) / 60.0
    return f"{'yes' if minutes >= 120.0 else 'no'}: {minutes:.0f} min from the first device to the end of the session"


def _day(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d")


def _clock(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%H:%M")
