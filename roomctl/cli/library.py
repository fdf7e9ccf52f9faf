"""`roomctl library`: scan the clinic's music, list it, tag it, and take in play lists."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from playlists.library import (
    Library,
    LibraryError,
    ListError,
    PlayList,
    Progress,
    ScanReport,
    Track,
    match_list,
    read_list,
    scan,
)
from playlists.library.catalogue import DB_NAME
from playlists.library.scan import be_gentle
from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import Invalid, RoomError, UnknownId
from roomctl.room_file import load_room

NAME_SHOWN: Final = 40

library = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The clinic's music: loudness, tags, cue points. The files themselves are never written to.",
)


@library.command("scan")
def scan_folders(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders of music; without any, those of the room file.", show_default=False)
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that decode; by default one less than cores.", min=1)] = None,
    again: Annotated[bool, typer.Option("--again", help="Measure everything anew.")] = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Find new and changed music and measure it, at low priority; what cannot be used is listed with its reason."""
    wanted = list(folders or load_room(room).music.folders)
    if not wanted:
        raise Invalid("name a folder to scan, or list folders under [music] in the room file")
    folder = data_folder(data)
    be_gentle()
    console = Console(stderr=True)
    try:
        with Bar(*_columns(), console=console, transient=True) if console.is_terminal else nullcontext() as bar:
            report = scan(wanted, folder / DB_NAME, _shown(bar), workers=workers or _cores(), measure_again=again)
    except LibraryError as problem:
        raise RoomError(problem.message) from problem
    except (sqlite3.Error, OSError) as problem:
        raise RoomError(f"{folder / DB_NAME}: the library cannot be written ({problem})") from problem
    typer.echo(summary(report))
    for unusable in opened(folder).problems():
        typer.echo(_printable(f"  {unusable.path}: {unusable.reason}"))
    missing = [str(each) for each in wanted if not each.expanduser().is_dir()]
    if missing:
        raise RoomError(f"{', '.join(missing)}: no such folder; is the disk connected, and the name right?")


def _columns() -> tuple[TextColumn | BarColumn | MofNCompleteColumn | TimeRemainingColumn, ...]:
    return TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


def _cores() -> int:
    return max(1, (os.cpu_count() or 2) - 1)


def _shown(bar: Bar | None) -> Callable[[Progress], None] | None:
    """What draws the progress, where there is a terminal to draw it on."""
    if bar is None:
        return None
    task = bar.add_task("scan")

    def draw(progress: Progress) -> None:
        name = "" if progress.path is None else escape(_printable(progress.path.name)[:NAME_SHOWN])
        bar.update(task, total=progress.total, completed=progress.done, description=name)

    return draw


def _printable(text: str) -> str:
    """Names of files may hold bytes that are no letters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def summary(report: ScanReport) -> str:
    """What a scan did, in a line."""
    speed = f", {report.sound_s / report.took_s:.0f} times as fast as it plays" if report.sound_s and report.took_s else ""
    parts = [
        f"{report.files} files",
        f"{report.read} read ({report.sound_s / 60.0:.1f} min of sound{speed})",
        f"{report.unchanged} unchanged",
        f"{report.missing} gone",
        f"{report.problems} that cannot be used",
    ]
    return f"{', '.join(parts)}; {report.took_s:.1f} s"


def room_tracks(folders: tuple[Path, ...], data: Path | None) -> tuple[Track, ...]:
    """The tracks of a room's folders, brought up to date first. Raises RoomError."""
    folder = data_folder(data)
    try:
        if folders:
            scan(folders, folder / DB_NAME, workers=_cores())
    except LibraryError as problem:
        raise RoomError(problem.message) from problem
    except (sqlite3.Error, OSError) as problem:
        raise RoomError(f"{folder / DB_NAME}: the library cannot be written ({problem})") from problem
    return opened(folder).tracks()


def opened(folder: Path) -> Library:
    """The library in the data folder. Raises RoomError."""
    try:
        return Library(folder)
    except LibraryError as problem:
        raise RoomError(problem.message) from problem


@library.command("list")
def list_tracks(
    problems: Annotated[bool, typer.Option("--problems", help="What cannot be used, and why.")] = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Every track: length, loudness, true peak, intensity (a guess in brackets) and the clinic's own tags."""
    known = opened(data_folder(data))
    if problems:
        for problem in known.problems():
            typer.echo(_printable(f"{problem.path}: {problem.reason}"))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "track", "album", "length", "LUFS", "LU", "dBTP", "intensity", "tags"):
        table.add_column(heading)
    for track in known.tracks():
        table.add_row(*_row(track))
    console = Console(width=None if Console().is_terminal else 200)
    console.print(table)
    hours = sum(track.measure.seconds for track in known.tracks()) / 3600.0
    typer.echo(f"{len(known.tracks())} tracks, {hours:.1f} h; {len(known.problems())} that cannot be used (--problems)")


def _row(track: Track) -> tuple[str, ...]:
    measure, tags = track.measure, track.tags
    minutes, seconds = divmod(round(measure.seconds), 60)
    loudness = "-" if measure.integrated_lufs is None else f"{measure.integrated_lufs:.1f}"
    intensity = f"{track.intensity:g}" if tags.intensity is not None else f"({track.intensity:g})"
    said = [*tags.phases, *(_said("voice", tags.voice)), *(_said("percussion", tags.percussion))]
    numbers = (f"{minutes}:{seconds:02d}", loudness, f"{measure.range_lu:.1f}", f"{measure.true_peak_dbtp:.1f}", intensity)
    return (track.id[:8], escape(track.label), escape(track.names.album), *numbers, escape(", ".join(said)))


def _said(name: str, value: bool | None) -> tuple[str, ...]:
    return () if value is None else (name if value else f"no {name}",)


@library.command("tag")
def tag(
    track_id: Annotated[str, typer.Argument(help="The track's id, or enough of its beginning.")],
    phase: Annotated[list[str] | None, typer.Option("--phase", help="A pool it belongs to; repeat for more.")] = None,
    intensity: Annotated[float | None, typer.Option(help="0 to 5.", min=0.0, max=5.0)] = None,
    voice: Annotated[bool | None, typer.Option("--voice/--no-voice", help="Whether someone sings or speaks.")] = None,
    percussion: Annotated[bool | None, typer.Option("--percussion/--no-percussion")] = None,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Say what a track is for. Kept in the data folder, by content; the file is not touched."""
    known = opened(data_folder(data))
    found = [track for track in known.tracks() if track.id.startswith(track_id)]
    if len(found) != 1:
        raise UnknownId(f"{len(found)} tracks have an id that begins with {track_id!r}; `roomctl library list` shows them")
    said = {"phases": phase, "intensity": intensity, "voice": voice, "percussion": percussion}
    try:
        track = known.set_tags(found[0].id, **{key: value for key, value in said.items() if value is not None})
    except LibraryError as problem:
        raise Invalid(problem.message) from problem
    typer.echo(f"{track.label}: {' '.join(_row(track)[-2:])}")


@library.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="An M3U8, M3U, XSPF or JSPF play list.")],
    pool: Annotated[str | None, typer.Option(help="Put its tracks into this pool, a phase's for example.")] = None,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Find a play list's tracks in the library, and name those that are missing."""
    known = opened(data_folder(data))
    try:
        wanted: PlayList = read_list(file)
        matched = match_list(wanted, known.tracks())
        for track in matched.tracks if pool else ():
            known.set_tags(track.id, phases=[*known.track(track.id).tags.phases, pool])
    except (ListError, LibraryError) as problem:
        raise Invalid(str(problem)) from problem
    into = f', now in the pool "{pool}"' if pool else ""
    typer.echo(f"{wanted.title}: {len(matched.tracks)} of {len(wanted.entries)} tracks are in the library{into}")
    for entry in matched.missing:
        typer.echo(_printable(f"  missing: {entry.location or entry.title}"))
    if matched.missing:
        raise typer.Exit(1)
