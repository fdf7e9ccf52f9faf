"""The fields of the esketamine REMS monitoring form, as far as a session's journal can fill them.

Source: the SPRAVATO REMS Patient Monitoring Form. What the journal does not know stays blank, to be written by hand; nothing
is guessed. The clinic files the form itself; this page only saves looking the times up.
"""

from __future__ import annotations

from typing import Any, Final

from roomctl.records.vitals import dose, programs, vitals
from roomctl.records.when import day, time_of_day

PROGRAM: Final = "esketamine-in"
MONITORED_MIN: Final = 120.0

Field = tuple[str, str]


def is_esketamine(session: dict[str, Any]) -> bool:
    """Whether the esketamine program was begun in this session."""
    return PROGRAM in programs(session)


def rems_fields(session: dict[str, Any]) -> list[Field]:
    """Label and value of each field; an empty value where the journal has none."""
    given = dose(session)
    doses_mg = given["detail"].get("mg") if given else None
    return [
        ("Client code", session["client_code"] or ""),
        ("Date of treatment", day(session["opened_utc_s"])),
        ("Dose, mg", f"{doses_mg:g}" if isinstance(doses_mg, (int, float)) else ""),
        ("Time of first device", time_of_day(given["at_utc_s"]) if given else ""),
        ("Blood pressure before the dose", _pressure(session, "vitals-baseline")),
        ("Blood pressure about 40 min after", _pressure(session, "bp-40")),
        ("Blood pressure before leaving", _pressure(session, "leaving")),
        ("Monitored for at least 2 h", _stay(session, given)),
        ("Sedation: seen, began, ended", ""),
        ("Dissociation: seen, began, ended", ""),
        ("Serious adverse event: what, when", ""),
        ("Benzodiazepine, other sedative, stimulant or MAOI taken", ""),
        ("Ready to leave at", ""),
        ("Signed", ""),
    ]


def _pressure(session: dict[str, Any], prompt: str) -> str:
    """The last blood pressure answered to this prompt of the program, with its time."""
    found = [vital for vital in vitals(session) if vital.prompt_id.startswith(prompt) and vital.pressure]
    return f"{found[-1].pressure} at {time_of_day(found[-1].at_utc_s)}" if found else ""


def _stay(session: dict[str, Any], given: dict[str, Any] | None) -> str:
    if given is None or session["closed_utc_s"] is None:
        return ""
    minutes = (session["closed_utc_s"] - given["at_utc_s"]) / 60.0
    return f"{'yes' if minutes >= MONITORED_MIN else 'no'}: {minutes:.0f} min from the first device to the end of the session"
