"""A whole session in simulated time: a program, what the people in the room do in it, and every event that follows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from playlists.arc import Arc, ArcInvalid, ArcRefused, Move, planned_end_s, state_at
from playlists.arc_events import SILENT_DB, TRACK, Event, event, events_in
from playlists.curves import target_at
from playlists.levels import END_FADE_S
from playlists.moves import VERBS, moved
from playlists.program import Program
from playlists.retiming import start_arc

ROOM_L: Final = 55.0
ROOM_K: Final = 2700.0
"""The room light that a simulated session begins with."""

AFTER_S: Final = 60.0
"""How long a session that nobody ends is followed beyond its last phase, to see that the music goes on."""

LATEST_S: Final = 48 * 3600.0
"""A session is never simulated for longer."""

ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "dose": ("mg",),
    "next": (),
    "previous": (),
    "skip": ("phase",),
    "hold": (),
    "release": (),
    "extend": ("minutes",),
    "booster": ("mg",),
    "anchor": ("name",),
    "pause": (),
    "resume": (),
    "calm": (),
    "attention": (),
    "check-light": (),
    "breath": ("per_min", "ratio"),
    "end": ("override_reason",),
    "stop": ("by",),
    "resume-room": (),
    "done": ("prompt", "value"),
    "snooze": ("prompt",),
}
"""What a line of a moves file may `do`, and the keys it may have beside `do` and `at_s`."""


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """A move to be made `at_s` after the session's start."""

    at_s: float
    do: str
    args: dict[str, Any] = field(default_factory=dict)


class MovesError(ValueError):
    """A moves file with a mistake; the message names the line, the key, what is wrong and what is allowed."""


def moves_of(text: str, name: str = "moves") -> list[PlannedMove]:
    """The moves in `text`, JSON lines, in order of time; raises MovesError."""
    moves = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            moves.append(_move_of(line, f"{name}: line {number}"))
    return sorted(moves, key=lambda move: move.at_s)


def _move_of(line: str, where: str) -> PlannedMove:
    try:
        data = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MovesError(f'{where}: is not JSON: {error}; allowed is {{"at_s": 1200, "do": "hold"}}') from error
    if not isinstance(data, dict):
        raise MovesError(f'{where}: is not an object; allowed is {{"at_s": 1200, "do": "hold"}}')
    at_s, do = data.pop("at_s", None), data.pop("do", None)
    if isinstance(at_s, bool) or not isinstance(at_s, int | float) or not 0 <= at_s <= LATEST_S:
        raise MovesError(f"{where}: at_s: {at_s!r} is not allowed; allowed is a number of seconds, 0 to {LATEST_S:g}")
    if not isinstance(do, str) or do not in ALLOWED:
        raise MovesError(f"{where}: do: {do!r} is not allowed; allowed are {', '.join(ALLOWED)}")
    for key in data:
        if key not in ALLOWED[do]:
            allowed = ", ".join(("at_s", "do", *ALLOWED[do]))
            raise MovesError(f"{where}: {key}: there is no such key for {do}; allowed are {allowed}")
    return PlannedMove(float(at_s), do, {key: value for key, value in data.items() if value is not None})


def simulated(program: Program, moves: Sequence[PlannedMove] = (), seed: int = 1) -> Iterator[Event]:
    """What the arc brings in a session of `program` in which `moves` are made, in order of time; equal input, equal events.

    Where no move gives the dose, it is given when the arrival's time is over. A move that is refused gives an event of kind
    `refused` and changes nothing. Without an `end` the session is followed for a minute beyond its last phase.
    """
    arc = start_arc(program, 0.0, 0.0, light_l=ROOM_L, cct_k=ROOM_K)
    yield event(0.0, "program", id=program.id, title=program.title, seed=seed)
    now_s = 0.0
    for move in _with_dose(program, moves):
        yield from events_in(arc, now_s, move.at_s)
        now_s = move.at_s
        arc, said = _made(arc, move)
        yield from said
    yield from events_in(arc, now_s, _end_s(arc, now_s))


def simulated_arc(program: Program, moves: Sequence[PlannedMove] = ()) -> tuple[Arc, float]:
    """The arc of that session once all is done, and the second at which it is followed no longer."""
    arc, now_s = start_arc(program, 0.0, 0.0, light_l=ROOM_L, cct_k=ROOM_K), 0.0
    for move in _with_dose(program, moves):
        arc, now_s = _made(arc, move)[0], move.at_s
    return arc, _end_s(arc, now_s)


def _with_dose(program: Program, moves: Sequence[PlannedMove]) -> list[PlannedMove]:
    planned = list(moves)
    if program.clock and not any(move.do == "dose" for move in moves):
        planned.append(PlannedMove(program.phases[0].nominal_s, "dose"))
    return sorted(planned, key=lambda move: move.at_s)


def _made(arc: Arc, move: PlannedMove) -> tuple[Arc, list[Event]]:
    """`arc` after `move`, and the events that are the move's own."""
    try:
        after = moved(arc, Move(move.do, move.at_s, move.at_s, move.args))
    except ArcRefused as refusal:
        refused = event(move.at_s, "refused", do=move.do, error=refusal.message, state=refusal.state)
        return arc, [{**refused, "possible": list(refusal.possible)}]
    except ArcInvalid as invalid:
        return arc, [event(move.at_s, "refused", do=move.do, error=invalid.message, state=state_at(arc, move.at_s))]
    return after, list(_own(arc, after, move))


def _own(before: Arc, after: Arc, move: PlannedMove) -> Iterator[Event]:
    """What the arc's levels do not say by themselves: who stopped, what was done on purpose, and where the music is sent."""
    if move.do == "stop":
        yield event(move.at_s, "stop", by=str(move.args.get("by", "simulation")))
    elif move.do in VERBS or move.do == "resume-room":
        yield event(move.at_s, "move", do=move.do, **move.args)
    if move.do in ("pause", "resume", "calm", "attention", "stop", "end") and after != before and not after.program.silent:
        levels = after.levels
        lead = levels.music[-1]
        silent = lead.end_value == 0.0
        track = "bed" if silent and levels.bed[-1].end_value > 0.0 else TRACK
        gain_db = levels.bed_db[-1].end_value if track == "bed" else SILENT_DB if silent else target_at(levels.trim, move.at_s)
        yield event(
            move.at_s, "music", action=move.do, track=track, gain_db=gain_db, fade_s=round(lead.end_s - lead.start_s, 4)
        )


def _end_s(arc: Arc, now_s: float) -> float:
    if arc.ended_s is not None:
        return max(now_s, arc.ended_s + 2.0 * END_FADE_S)
    return max(now_s, planned_end_s(arc), arc.stay_until_s or 0.0) + AFTER_S


def lines_of(events: Iterator[Event]) -> Iterator[str]:
    """Each event as a line of JSON, newline included."""
    for each in events:
        yield json.dumps(each, ensure_ascii=False, separators=(", ", ": ")) + "\n"
