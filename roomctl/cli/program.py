"""`roomctl program`: the programs there are, one of them drawn, and a file checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from playlists.arc_picture import arc_picture
from playlists.files import PlaylistFileError
from playlists.program import Phase, Program, PromptRule, ends_at_min, starts_at_min
from playlists.programs import load_programs, read_program
from roomctl.cli.arc_chart import chart
from roomctl.cli.places import DataOption, RoomOption
from roomctl.errors import Invalid, RoomFileError
from roomctl.limits import check_own_motion
from roomctl.room_file import load_room

NARROWEST = 40
MARGIN = 12

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Dosing and integration programs: list them, show one, check a file.",
)


def programs_of(data: Path | None) -> dict[str, Program]:
    """The built-in programs and the clinic's own in the data folder. Raises RoomFileError."""
    try:
        return load_programs([] if data is None else [data / "programs"])
    except PlaylistFileError as problem:
        raise RoomFileError("\n".join(problem.problems)) from problem


def find_program(program_id: str, data: Path | None) -> Program:
    """The program called `program_id`. Raises Invalid, naming what there is."""
    programs = programs_of(data)
    if program_id not in programs:
        raise Invalid(f'there is no program "{program_id}"; allowed: {", ".join(programs)}', allowed=list(programs))
    return programs[program_id]


@program.command("list")
def list_programs(room: RoomOption = None, data: DataOption = None) -> None:
    """Every program in a line."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "title", "minutes", "minimum stay", "phases"):
        table.add_column(heading, justify="right" if heading in ("minutes", "minimum stay") else "left")
    for each in programs_of(data).values():
        stay = f"{each.minimum_stay_min:g}" if each.clock else "-"
        table.add_row(each.id, escape(each.title), f"{ends_at_min(each):g}", stay, str(len(each.phases)))
    Console().print(table)


@program.command("show")
def show(
    program_id: Annotated[str, typer.Argument(metavar="P", help="The program's id.")],
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Draw the arc of a program: music, light, phases and prompts over the minutes."""
    found = find_program(program_id, data)
    console = Console()
    console.print(f"[bold]{escape(found.title)}[/bold]  {escape(found.note)}", highlight=False)
    for line in chart(arc_picture(found), max(NARROWEST, console.width - MARGIN)):
        console.print(line, markup=False, highlight=False, no_wrap=True, overflow="crop")
    console.print()
    console.print(_phase_table(found))
    if found.prompts:
        console.print()
        console.print(_prompt_table(found))
    if found.clock:
        console.print(f"\nMinimum stay: {found.minimum_stay_min:g} min from T0{_by_mg(found)}", highlight=False)


@program.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A program's TOML file.")],
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Check a program's file: a sentence for every mistake, by file, key, what is wrong and what is allowed."""
    try:
        found = read_program(file)
    except PlaylistFileError as problem:
        raise RoomFileError("\n".join(problem.problems)) from problem
    limits = load_room(room).limits
    try:
        check_own_motion(found, limits)
    except Invalid as problem:
        raise RoomFileError(f"{file}: {problem.message}") from problem
    phases = "1 phase" if len(found.phases) == 1 else f"{len(found.phases)} phases"
    typer.echo(f'{file}: "{found.title}" is in order: {phases}, {ends_at_min(found):g} min')


def _phase_table(found: Program) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("phase", "from", "to", "min", "max", "hold", "I", "trim dB", "L*", "K", "fade s", "pools"):
        table.add_column(heading, justify="left" if heading in ("phase", "hold", "pools") else "right")
    for phase in found.phases:
        table.add_row(*_phase_row(found, phase))
    return table


def _phase_row(found: Program, phase: Phase) -> list[str]:
    start_min = starts_at_min(found, phase)
    end = "open" if phase.end_min is None else f"{start_min + phase.nominal_s / 60.0:g}"
    low, high = phase.intensity
    return [
        escape(phase.title),
        f"{start_min:g}",
        "dose" if phase.waits else end,
        f"{phase.min_min:g}",
        f"{phase.max_min:g}",
        "yes" if phase.hold else "",
        f"{low:g}" if low == high else f"{low:g}-{high:g}",
        f"{phase.trim_db:g}",
        f"{phase.light_l:g}",
        f"{phase.light_k:g}",
        f"{phase.light_fade_s:g}",
        escape(", ".join([*phase.pools, *(["pad"] if phase.pad else []), *_left_out(phase)]) or "silent"),
    ]


def _left_out(phase: Phase) -> list[str]:
    return [f"no {kind}" for kind, there in (("voice", phase.voice), ("percussion", phase.percussion)) if not there]


def _prompt_table(found: Program) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("prompt", "when", "asks", "text"):
        table.add_column(heading)
    for rule in found.prompts:
        table.add_row(escape(rule.id), _when(rule), ", ".join(rule.asks), escape(rule.text))
    return table


def _when(rule: PromptRule) -> str:
    parts = [", ".join(f"{minute:g}" for minute in rule.at_min)] if rule.at_min else []
    if rule.every_min is not None:
        first = rule.every_min if rule.from_min is None else rule.from_min
        until = "" if rule.until_min is None else f" to {rule.until_min:g}"
        parts.append(f"every {rule.every_min:g} from {first:g}{until}")
    return f"{rule.anchor} + {'; '.join(parts)} min"


def _by_mg(found: Program) -> str:
    steps = [f"{step.stay_min:g} min from {step.from_mg:g} mg" for step in found.stay_by_mg]
    return f" ({', '.join(steps)})" if steps else ""
