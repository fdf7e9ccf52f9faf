"""The conductor: what a player is told of an arc, once for each thing that is new."""

from __future__ import annotations

from typing import Any

import pytest

from playlists.arc import Arc, Move, arc_at
from playlists.moves import moved
from playlists.programs import load_programs
from playlists.retiming import start_arc
from roomctl.conductor import RESTART_FADE_S, Conductor
from stimuli.frames import frames_of_s

UTC_S = 1_800_000_000.0


class Told:
    """A player that takes down what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def set_targets(
        self, intensity: float, trim_db: float, pool: tuple[str, ...], crossfade_s: float, at_frame: int, **rest: Any
    ) -> None:
        self.calls.append(("aim", pool, crossfade_s))

    def set_intensity(self, intensity: float, at_frame: int) -> None:
        self.calls.append(("intensity", round(intensity, 2)))

    def start(self, at_frame: int, fade_s: float | None = None) -> None:
        self.calls.append(("start", fade_s))

    def resume(self, at_frame: int, fade_s: float | None = None) -> None:
        self.calls.append(("resume", fade_s))

    def __getattr__(self, name: str) -> Any:
        return lambda at_frame: self.calls.append((name,))


class Session:
    """A program that is conducted by hand: moves and looks at session seconds."""

    def __init__(self, program: str) -> None:
        self.arc: Arc = start_arc(load_programs()[program], 0.0, UTC_S, light_l=50.0, cct_k=2700.0)
        self.told = Told()
        self.conductor = Conductor(self.told)  # type: ignore[arg-type]
        self.look(0.0)

    def move(self, at_s: float, do: str, **args: Any) -> list[tuple[Any, ...]]:
        """Make a move, and say what the player was told of it."""
        self.arc = moved(self.arc, Move(do, at_s, UTC_S + at_s, args))
        return self.look(at_s)

    def look(self, at_s: float) -> list[tuple[Any, ...]]:
        self.told.calls.clear()
        self.conductor.follow(self.arc, arc_at(self.arc, at_s), frames_of_s(at_s))
        return list(self.told.calls)


@pytest.fixture
def session() -> Session:
    return Session("ketamine-im")


def test_a_program_begins_with_its_first_phases_music() -> None:
    told = Session("ketamine-im").told.calls
    assert [call[0] for call in told] == ["aim", "start"]
    assert told[0][1] == ("arrival",)


def test_what_is_not_new_is_not_told_again(session: Session) -> None:
    assert session.look(0.5) == []
    assert session.look(60.0) == []


def test_a_phase_asks_for_its_own_pools_and_comes_in_6_s_where_a_person_asked_for_it(session: Session) -> None:
    session.move(60.0, "dose")
    assert session.move(120.0, "skip", phase="peak") == [("aim", ("peak",), 6.0)]


def test_two_moves_at_one_moment_leave_the_music_of_the_second(session: Session) -> None:
    """The dose and a skip can take effect from the same frame: the settling's pools must not stay in force."""
    session.move(60.0, "dose")
    assert session.move(60.0, "skip", phase="peak") == [("aim", ("peak",), 6.0)]


@pytest.mark.parametrize("halt", ["pause", "calm", "attention"])
def test_music_that_was_halted_goes_on_where_it_stood(session: Session, halt: str) -> None:
    session.move(60.0, "dose")
    assert (halt,) in session.move(200.0, halt)
    assert ("resume", None) in session.move(230.0, "resume")
    assert session.conductor.is_silent is False


def test_the_end_is_silent(session: Session) -> None:
    session.move(60.0, "dose")
    session.move(200.0, "end", override_reason="a test")
    session.look(200.0)
    assert session.conductor.is_silent


def test_after_a_restart_the_bed_comes_back_and_the_music_by_a_fade_of_its_own(session: Session) -> None:
    session.move(60.0, "dose")
    session.conductor = Conductor(session.told)  # type: ignore[arg-type]
    told = session.move(400.0, "restart")
    assert [call for call in told if call[0] != "aim"] == [("start", RESTART_FADE_S), ("pause",)]
    assert ("resume", RESTART_FADE_S) in session.move(420.0, "resume")


def test_a_silent_program_tells_the_player_nothing() -> None:
    assert Session("silence").told.calls == []
