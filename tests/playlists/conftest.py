"""What the tests of programs and arcs share: the built-in programs, and a session that can be moved by a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import Arc, ArcPoint, Move, arc_at
from playlists.moves import moved
from playlists.program import Program
from playlists.programs import load_programs
from playlists.retiming import start_arc

UTC_S = 1_800_000_000.0


class Rehearsal:
    """A program run by hand. Minutes count from the dose, which is given 10 minutes after the start."""

    dose_s = 600.0

    def __init__(self, program: Program, *, dosed: bool = True, mg: float | None = None) -> None:
        self.arc: Arc = start_arc(program, 0.0, UTC_S, light_l=55.0, cct_k=2700.0)
        self.zero_s = self.dose_s if program.clock else 0.0
        if dosed and program.clock:
            self.at(0.0, "dose", mg=mg)

    def at(self, minute: float, do: str, **args: Any) -> Arc:
        """Make a move at `minute`."""
        at_s = self.zero_s + 60.0 * minute
        self.arc = moved(
            self.arc, Move(do, at_s, UTC_S + at_s, {key: value for key, value in args.items() if value is not None})
        )
        return self.arc

    def point(self, minute: float, seconds: float = 0.0) -> ArcPoint:
        """The arc at `minute` and `seconds`."""
        return arc_at(self.arc, self.zero_s + 60.0 * minute + seconds)

    def prompt(self, prompt_id: str, minute: float) -> str:
        """The state of a prompt at `minute`."""
        return {each.id: each.state for each in self.point(minute).prompts}[prompt_id]


@pytest.fixture(scope="session")
def programs() -> dict[str, Program]:
    return load_programs()


@pytest.fixture
def rehearse(programs: dict[str, Program]) -> Callable[..., Rehearsal]:
    def begin(program_id: str, *, dosed: bool = True, mg: float | None = None) -> Rehearsal:
        return Rehearsal(programs[program_id], dosed=dosed, mg=mg)

    return begin
