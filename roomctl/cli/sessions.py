"""`roomctl sessions`: what the journal keeps, listed, shown and exported. Works while a room runs, and while none does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import JournalError
from roomctl.records import FORMATS, Records, export
from roomctl.records.summary_pdf import SCALE_NAMES, WHY
from roomctl.records.when import day_and_time

sessions = typer.Typer(no_args_is_help=True, add_completion=False, help="The sessions in the journal.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(help="The session's id, as `roomctl sessions list` shows it.")]


@sessions.command("list")
def list_sessions(as_json: JsonOption = False, room: RoomOption = None, data: DataOption = None) -> None:
    """List the sessions, newest first."""
    found = _records(data).sessions()
    if as_json:
        typer.echo(json.dumps(found))
        return
    if not found:
        typer.echo("No session has been opened in this room yet.")
        return
    table = _table("id", "kind", "client", "opened", "minutes", "sets", "ratings")
    for entry in found:
        closed = entry["closed_utc_s"]
        minutes = "open" if closed is None else f"{(closed - entry['opened_utc_s']) / 60.0:.0f}"
        counts = (str(entry["sets"]), str(entry["ratings"]))
        table.add_row(
            entry["id"], entry["kind"], entry["client_code"] or "-", day_and_time(entry["opened_utc_s"]), minutes, *counts
        )
    _console().print(table)


@sessions.command("show")
def show_session(id: IdArgument, as_json: JsonOption = False, room: RoomOption = None, data: DataOption = None) -> None:
    """Show one session: its sets as asked and as delivered, its ratings and notes."""
    session = _records(data).session(id)
    if as_json:
        typer.echo(json.dumps(session))
        return
    closed = "still open" if session["closed_utc_s"] is None else f"closed {day_and_time(session['closed_utc_s'])}"
    typer.echo(f"{session['kind']} session {session['id']}, client {session['client_code'] or 'not named'}")
    typer.echo(f"opened {day_and_time(session['opened_utc_s'])}, {closed}\n")
    if session["sets"]:
        _console().print(_sets(session))
    for scale, name in SCALE_NAMES.items():
        values = [f"{rating['value']:g}" for rating in session["ratings"] if rating["scale"] == scale]
        if values:
            typer.echo(f"{name}: {'  '.join(values)}")
    for note in session["notes"]:
        typer.echo(f"{day_and_time(note['at_utc_s'])}  {note['text']}")
    typer.echo(f"{len(session['events'])} events; `roomctl sessions export {session['id']} --format json` has them all")


@sessions.command("export")
def export_session(
    id: IdArgument,
    format: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; - for standard output.")] = None,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Write one session to a file: CSV for a spreadsheet, JSON for a program, PDF for the chart."""
    made = export(_records(data).session(id), format)
    if out is not None and str(out) == "-":
        sys.stdout.buffer.write(made.content)
        sys.stdout.buffer.flush()
        return
    target = out if out is not None else Path(made.name)
    try:
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(made.content)
        part.replace(target)
    except OSError as fault:
        raise JournalError(
            f"the export {target} cannot be written ({fault.strerror}); choose another place with --out"
        ) from fault
    typer.echo(str(target))


def _records(data: Path | None) -> Records:
    return Records(data_folder(data) / "journal.db")


def _sets(session: dict[str, Any]) -> Table:
    table = _table("set", "preset", "asked", "cycles", "seconds", "ended because")
    for entry in session["sets"]:
        asked, delivered = entry["asked"] or {}, entry["delivered"] or {}
        wanted = "open" if asked.get("open") else f"{asked.get('set_cycles') or asked.get('set_s') or '-'}"
        why = WHY.get(entry["why_stopped"] or "", entry["why_stopped"] or "not recorded")
        got = (f"{delivered.get('cycles', 0):g}", f"{delivered.get('elapsed_s', 0):.1f}") if delivered else ("-", "-")
        rate = f"{wanted} at {asked['rate_hz']:g} Hz" if "rate_hz" in asked else wanted
        table.add_row(str(entry["number"]), entry["preset"] or "-", rate, *got, why)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column == "id")
    return table


def _console() -> Console:
    """As wide as its rows where nobody reads it on a screen."""
    return Console() if sys.stdout.isatty() else Console(width=200)
