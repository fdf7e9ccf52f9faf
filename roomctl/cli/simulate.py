"""`roomctl simulate`: a whole dosing session in simulated time, as a file of events."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from playlists.arc_events import Event
from playlists.own_motion import own_scores
from playlists.program import Program
from playlists.simulate import MovesError, PlannedMove, lines_of, moves_of, simulated, simulated_arc
from roomctl.cli.places import DataOption, RoomOption
from roomctl.cli.program import find_program
from roomctl.cli.render import offline_room
from roomctl.errors import RoomError, RoomFileError
from roomctl.limits import check_own_motion
from roomctl.offline import OfflineRoom
from roomctl.offline_program import frame_of_event, own_events
from roomctl.room_file import load_room
from stimuli.frames import frames_of_s


def simulate(
    program: Annotated[str, typer.Option("--program", help="The program's id.")],
    events: Annotated[Path, typer.Option("--events", help="The file to write: JSON lines.")],
    moves: Annotated[
        Path | None,
        typer.Option("--moves", help='What is done, JSON lines: {"at_s": 1200, "do": "hold"}; at_s from the start.'),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What is random follows from it.", min=0, max=2**32 - 1)] = 1,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Run a program from start to end in simulated time and write down every phase, fade and prompt."""
    found, planned, told = find_program(program, data), read_moves(moves), _Told()
    session = with_own_motion(found, planned, seed, offline_room(load_room(room), seed))
    try:
        with events.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines_of(told.noting(session)))
    except OSError as problem:
        raise RoomError(f"{events} cannot be written: {problem.strerror or problem}") from problem
    for refusal in told.refusals:
        typer.echo(f"refused at {refusal['t_s']:g} s: {refusal['do']}: {refusal['error']}", err=True)
    typer.echo(f"{events}: {told.events} events, {told.last_s / 60.0:.1f} min of session")


def with_own_motion(program: Program, moves: list[PlannedMove], seed: int, room: OfflineRoom) -> Iterator[Event]:
    """The session's events, and what the program does bilaterally by itself, in order. Raises Invalid."""
    check_own_motion(program, room.limits)
    arc, end_s = simulated_arc(program, moves)
    own = own_events(own_scores(arc, seed), frames_of_s(end_s), room)
    return heapq.merge(simulated(program, moves, seed), own, key=frame_of_event)


class _Told:
    """What went by: how many events, until when, and what was refused."""

    def __init__(self) -> None:
        self.events = 0
        self.last_s = 0.0
        self.refusals: list[Event] = []

    def noting(self, events: Iterator[Event]) -> Iterator[Event]:
        """`events`, noted as they pass."""
        for each in events:
            self.events += 1
            self.last_s = each["t_s"]
            if each["kind"] == "refused":
                self.refusals.append(each)
            yield each


def read_moves(path: Path | None) -> list[PlannedMove]:
    """The moves in the file at `path`; none without one. Raises RoomFileError."""
    if path is None:
        return []
    try:
        return moves_of(path.read_text(encoding="utf-8"), str(path))
    except OSError as problem:
        raise RoomFileError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise RoomFileError(f"{path}: is not UTF-8 text: {problem.reason} at byte {problem.start}") from problem
    except MovesError as problem:
        raise RoomFileError(str(problem)) from problem
