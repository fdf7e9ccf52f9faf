"""`roomctl check`: the room as it will be, each value with where it comes from."""

from __future__ import annotations

import sys
import tomllib
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from roomctl.cli.places import DataOption, RoomOption
from roomctl.room_file import effective_values, load_room

WIDE: Final = 400
"""Columns where nobody reads it on a screen: a value is never broken in two."""


def check(room: RoomOption = None, data: DataOption = None) -> None:
    """Print the effective room file; mistakes are said in sentences and end with exit code 1."""
    room_file = load_room(room)
    given: dict[str, Any] = tomllib.loads(room.read_text(encoding="utf-8")) if room is not None else {}
    table = Table(box=None, pad_edge=False)
    for heading in ("key", "value", "from"):
        table.add_column(heading, overflow="fold")
    for key, value, from_file in effective_values(room_file, given):
        origin = str(room) if from_file else ("demo room" if room is None and "[" in key else "default")
        table.add_row(*(escape(cell) for cell in (key, _shown(value), origin)))
    typer.echo(f"{room_file.room.name}: every value")
    (Console() if sys.stdout.isatty() else Console(width=WIDE)).print(table)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
