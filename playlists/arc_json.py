"""An arc to and from the journal: its program, whole, and its moves in order. What happened is kept, not what came of it."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from playlists.arc import Arc, Move
from playlists.moves import replayed
from playlists.program import Program
from playlists.retiming import start_arc

_PROGRAM: Final = TypeAdapter(Program)
_MOVE: Final = TypeAdapter(Move)


def program_to_json(program: Program) -> dict[str, Any]:
    """`program` as JSON, whole, so that a session goes on as it began though its file was edited meanwhile."""
    dumped: dict[str, Any] = _PROGRAM.dump_python(program, mode="json")
    return dumped


def program_from_json(data: dict[str, Any]) -> Program:
    """The program of `program_to_json`; raises pydantic.ValidationError where it is none."""
    return _PROGRAM.validate_python(data)


def move_to_json(move: Move) -> dict[str, Any]:
    """`move` as JSON: {do, at_s, utc_s, args}."""
    return {"do": move.do, "at_s": move.at_s, "utc_s": move.utc_s, "args": move.args}


def move_from_json(data: dict[str, Any]) -> Move:
    """The move of `move_to_json`; raises pydantic.ValidationError where it is none."""
    return _MOVE.validate_python(data)


def arc_to_json(arc: Arc) -> dict[str, Any]:
    """`arc` as JSON: {program, moves}."""
    return {"program": program_to_json(arc.program), "moves": [move_to_json(move) for move in arc.moves]}


def arc_from_json(data: dict[str, Any]) -> Arc:
    """The arc of `arc_to_json`, by making its moves again."""
    return arc_of_moves(program_from_json(data["program"]), [move_from_json(move) for move in data["moves"]])


def arc_of_moves(program: Program, moves: list[Move]) -> Arc:
    """The arc of `program` after `moves`, of which the first is its start."""
    begun = moves[0]
    arc = start_arc(program, begun.at_s, begun.utc_s, light_l=begun.args["light_l"], cct_k=begun.args["cct_k"])
    return replayed(arc, moves[1:])
