"""A session on paper: what was opened, the sets, the ratings with their curve, the notes, and what happened beside them.

Sober black on white A4. reportlab is imported when a PDF is asked for; it takes a third of a second and 20 MB.
"""

from __future__ import annotations

import io
from typing import Any, Final
from xml.sax.saxutils import escape

from roomctl.records.events import told, worth_listing
from roomctl.records.rems import is_esketamine, rems_fields
from roomctl.records.vitals import vitals
from roomctl.records.when import day_and_time, time_of_day

SCALE_NAMES: Final = {"sud": "SUD (0-10)", "voc": "VoC (1-7)", "art": "ART (0-10)"}
SCALE_RANGES: Final = {"sud": (0, 10), "voc": (1, 7), "art": (0, 10)}
WHY: Final = {
    "done": "count done",
    "finish": "finished by hand",
    "stop": "STOP",
    "device": "a device was lost",
    "max": "longest set reached",
    "panel-lost": "panel lost",
    "engine": "the room restarted",
}
_EVENTS_MOST: Final = 400
_BLANK: Final = "_" * 30


def summary_pdf(session: dict[str, Any]) -> bytes:
    """The PDF's bytes; `session` as `Records.session` gives it."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Session {session['id']}",
        author="roomctl",
        invariant=1,
    )
    parts = [
        *_head(session),
        *_curves(session),
        *_sets(session),
        *_vitals(session),
        *_notes(session),
        *_rems(session),
        *_events(session),
    ]
    document.build(parts, onFirstPage=_page_number, onLaterPages=_page_number)
    return out.getvalue()


def _style(name: str) -> Any:
    from reportlab.lib.styles import getSampleStyleSheet

    style = getSampleStyleSheet()[name]
    style.keepWithNext = int(name == "Heading2")
    return style


def _text(words: str, style: str = "BodyText") -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph(escape(_printable(words)).replace("\n", "<br/>"), _style(style))


def _printable(words: str) -> str:
    """What the built-in fonts have glyphs for (Windows-1252); a question mark stands for the rest."""
    return words.encode("cp1252", "replace").decode("cp1252")


def _table(rows: list[list[str]], widths: list[float], *, heading: bool = True) -> Any:
    from reportlab.lib import colors
    from reportlab.lib.units import mm
    from reportlab.platypus import Table, TableStyle

    lines: list[tuple[Any, ...]] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    if heading:
        lines.append(("LINEBELOW", (0, 0), (-1, 0), 0.75, colors.black))
    cells = [[_text(cell) for cell in row] for row in rows]
    return Table(
        cells, [width * mm for width in widths], repeatRows=1 if heading else 0, style=TableStyle(lines), hAlign="LEFT"
    )


def _head(session: dict[str, Any]) -> list[Any]:
    kind = {"emdr": "EMDR", "art": "ART", "dosing": "Dosing"}.get(session["kind"], session["kind"])
    closed = session["closed_utc_s"]
    minutes = f" ({(closed - session['opened_utc_s']) / 60.0:.0f} min)" if closed is not None else ""
    rows = [
        ["Client code", session["client_code"] or "none given"],
        ["Opened", day_and_time(session["opened_utc_s"])],
        ["Closed", day_and_time(closed) + minutes if closed is not None else "not closed"],
        ["Sets", str(len(session["sets"]))],
        ["Session id", session["id"]],
    ]
    return [_text(f"{kind} session", "Title"), _table(rows, [35, 135], heading=False)]


def _curves(session: dict[str, Any]) -> list[Any]:
    parts: list[Any] = []
    for scale in SCALE_NAMES:
        ratings = [rating for rating in session["ratings"] if rating["scale"] == scale]
        if ratings:
            rows = [["After set", "Value", "At"]]
            rows += [[str(entry["after_set"] or "-"), f"{entry['value']:g}", _time(entry["at_utc_s"])] for entry in ratings]
            parts += [_text(SCALE_NAMES[scale], "Heading2"), _curve(scale, ratings), _table(rows, [30, 25, 40])]
    return parts


def _curve(scale: str, ratings: list[dict[str, Any]]) -> Any:
    """The ratings in their order, left to right, over the whole range of their scale."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
    from reportlab.lib import colors

    width, height, left, bottom = 440.0, 130.0, 28.0, 16.0
    low, high = SCALE_RANGES[scale]
    drawing = Drawing(width, height)
    for mark in range(low, high + 1, 2 if high - low > 6 else 1):
        y = bottom + (mark - low) / (high - low) * (height - bottom - 10)
        drawing.add(Line(left, y, width, y, strokeColor=colors.lightgrey, strokeWidth=0.4))
        drawing.add(String(left - 6, y - 3, str(mark), fontSize=8, textAnchor="end"))
    step = (width - left - 20) / max(1, len(ratings) - 1)
    points = [
        (left + 10 + step * index, bottom + (min(high, max(low, entry["value"])) - low) / (high - low) * (height - bottom - 10))
        for index, entry in enumerate(ratings)
    ]
    if len(points) > 1:
        drawing.add(PolyLine([value for point in points for value in point], strokeColor=colors.black, strokeWidth=1.2))
    for (x, y), entry in zip(points, ratings, strict=True):
        drawing.add(Circle(x, y, 2.4, fillColor=colors.black))
        if len(ratings) <= 40:
            drawing.add(String(x, 3, str(entry["after_set"] or "start"), fontSize=7, textAnchor="middle"))
    return drawing


def _sets(session: dict[str, Any]) -> list[Any]:
    if not session["sets"]:
        return []
    rows = [["Set", "Began", "Preset", "Asked", "Delivered", "Ended because"]]
    for entry in session["sets"]:
        delivered = entry["delivered"] or {}
        got = f"{delivered.get('cycles', 0):g} cycles, {delivered.get('elapsed_s', 0):.0f} s" if delivered else "not recorded"
        why = WHY.get(entry["why_stopped"] or "", entry["why_stopped"] or "not recorded")
        rows.append(
            [str(entry["number"]), _time(entry["started_utc_s"]), entry["preset"] or "-", _asked(entry["asked"]), got, why]
        )
    return [_text("Sets", "Heading2"), _table(rows, [12, 24, 32, 36, 34, 32])]


def _asked(asked: dict[str, Any] | None) -> str:
    if not asked:
        return "not recorded"
    length = "open"
    if asked.get("set_cycles") is not None:
        length = f"{asked['set_cycles']} cycles"
    elif asked.get("set_s") is not None:
        length = f"{asked['set_s']:g} s"
    return f"{length} at {asked['rate_hz']:g} Hz" if "rate_hz" in asked else length


def _vitals(session: dict[str, Any]) -> list[Any]:
    taken = vitals(session)
    if not taken:
        return []
    rows = [["At", "After dose, min", "Prompt", "BP", "HR", "SpO2", "Words"]]
    for vital in taken:
        minute = "" if vital.medicine_min is None else f"{vital.medicine_min:.0f}"
        figures = [vital.pressure, vital.figure("hr"), vital.figure("spo2")]
        words = vital.figure("text") if isinstance(vital.value, dict) else str(vital.value)
        rows.append([_time(vital.at_utc_s), minute, vital.text or vital.prompt_id, *figures, words])
    return [_text("Vitals and answers", "Heading2"), _table(rows, [20, 24, 44, 20, 14, 16, 32])]


def _notes(session: dict[str, Any]) -> list[Any]:
    if not session["notes"]:
        return []
    parts = [_text("Notes", "Heading2")]
    for note in session["notes"]:
        parts.append(_text(f"{_time(note['at_utc_s'])}  {note['text']}"))
    return parts


def _rems(session: dict[str, Any]) -> list[Any]:
    if not is_esketamine(session):
        return []
    rows = [[label, value or _BLANK] for label, value in rems_fields(session)]
    return [_text("Fields of the REMS monitoring form", "Heading2"), _table(rows, [70, 100], heading=False)]


def _events(session: dict[str, Any]) -> list[Any]:
    listed = worth_listing(session)
    if not listed:
        return []
    rows = [["At", "What", "By", "Detail"]]
    for event in listed[:_EVENTS_MOST]:
        rows.append([_time(event["at_utc_s"]), event["kind"], event["by"] or "", _words(told(event))[:300]])
    parts = [_text("What happened", "Heading2"), _table(rows, [24, 32, 30, 84])]
    if len(listed) > _EVENTS_MOST:
        parts.append(_text(f"{len(listed) - _EVENTS_MOST} more are in the CSV and JSON exports."))
    return parts


def _words(value: Any) -> str:
    """A value as a person reads it: no brackets, no quotes, nothing for what was not given."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(part)}" for key, part in value.items() if part is not None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _page_number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(document.pagesize[0] - document.rightMargin, 10 * 2.8, f"{document.title}   page {document.page}")
    canvas.restoreState()


def _time(utc_s: float) -> str:
    return time_of_day(utc_s, seconds=True)
