"""What a dosing session's journal says of the dose and of the values that were answered to prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Vital:
    """One prompt answered with values. `medicine_min` is minutes after the dose, None before it."""

    prompt_id: str
    text: str
    at_utc_s: float
    medicine_min: float | None
    value: Any

    @property
    def pressure(self) -> str:
        """`128/82`, empty where none was taken."""
        bp = self.value.get("bp") if isinstance(self.value, dict) else None
        return f"{bp['sys']:g}/{bp['dia']:g}" if isinstance(bp, dict) and {"sys", "dia"} <= bp.keys() else ""

    def figure(self, name: str) -> str:
        """One value by its name, empty where it was not given."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return "" if found is None else f"{found:g}" if isinstance(found, (int, float)) else str(found)


def programs(session: dict[str, Any]) -> list[str]:
    """The ids of the programs begun in this session, in order."""
    starts = [event["detail"] for event in session["events"] if event["kind"] == "program-start"]
    return [str(detail["program"]) for detail in starts if isinstance(detail, dict) and "program" in detail]


def dose(session: dict[str, Any]) -> dict[str, Any] | None:
    """The event of the first dose; None where none was given."""
    for event in session["events"]:
        if event["kind"] == "program-move" and isinstance(event["detail"], dict) and event["detail"].get("move") == "dose":
            return dict(event)
    return None


def vitals(session: dict[str, Any]) -> list[Vital]:
    """Every prompt answered with a value, in the order of time."""
    given = dose(session)
    found = []
    for event in session["events"]:
        detail = event["detail"]
        if event["kind"] != "prompt" or not isinstance(detail, dict) or detail.get("value") is None:
            continue
        after_min = (event["at_utc_s"] - given["at_utc_s"]) / 60.0 if given is not None else None
        minute = after_min if after_min is not None and after_min >= 0 else None
        found.append(Vital(str(detail.get("id", "")), str(detail.get("text", "")), event["at_utc_s"], minute, detail["value"]))
    return found
