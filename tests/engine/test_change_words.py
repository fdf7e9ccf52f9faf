from __future__ import annotations

import pytest

from playlists.moves import VERBS
from roomctl import messages as m
from roomctl.engine.change_words import MOVES, words_of


def test_every_move_of_the_contract_has_words() -> None:
    assert set(VERBS) <= set(MOVES)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (m.ProgramStart(program="ketamine-im"), "program ketamine-im"),
        (m.ProgramMove(move="dose", mg=60.0), "dose given"),
        (m.ProgramMove(move="resume"), "program goes on"),
        (m.PromptAnswer(id="vitals-1", answer="done"), "prompt done"),
        (m.PromptAnswer(id="vitals-1", answer="snooze"), "prompt put off"),
        (m.ChangeMusic(volume_db=-20.0), "music level"),
        (m.MusicMove(move="duck"), "music ducked"),
        (m.ChangeLights(level_l=20.0), "room light"),
        (m.TagTrack(id="t", change={}), "tags of a track"),
        (m.Stop(), "stop"),
    ],
)
def test_a_change_is_said_in_words_and_not_in_the_links_own_names(command: m.Command, words: str) -> None:
    assert words_of(command) == words
