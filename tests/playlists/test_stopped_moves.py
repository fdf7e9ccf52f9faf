"""Which moves are taken while STOP stands: what sounds or moves is refused, what notes or ends is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import ArcRefused

Rehearse = Callable[..., Any]

SOUNDING = [("next", {}), ("previous", {}), ("skip", {"phase": "peak"}), ("resume", {}), ("calm", {})]
TAKEN = [
    ("hold", {}),
    ("extend", {"minutes": 5}),
    ("booster", {"mg": 20}),
    ("attention", {}),
    ("check-light", {}),
    ("end", {"override_reason": "the client asked"}),
]


@pytest.fixture
def stopped(rehearse: Rehearse) -> Any:
    """A ketamine session that was stopped at minute 20 of the medicine's clock."""
    session = rehearse("ketamine-im")
    session.at(20, "stop")
    return session


@pytest.mark.parametrize(("do", "args"), SOUNDING)
def test_what_would_sound_or_move_is_refused_and_not_offered(stopped: Any, do: str, args: dict[str, Any]) -> None:
    with pytest.raises(ArcRefused, match="STOP stands; resume the room first") as refusal:
        stopped.at(21, do, **args)
    assert refusal.value.state == "stopped"
    assert do not in refusal.value.possible
    assert {"attention", "end"} <= set(refusal.value.possible)


@pytest.mark.parametrize(("do", "args"), TAKEN)
def test_what_notes_lights_up_or_ends_is_taken(stopped: Any, do: str, args: dict[str, Any]) -> None:
    stopped.at(21, do, **args)
    assert stopped.point(22).music.music_frac == 0.0
    assert stopped.point(22).music.bed_frac == 0.0


def test_prompts_are_answered_and_put_off_while_stop_stands(stopped: Any) -> None:
    due = stopped.point(21).prompts[0].id
    stopped.at(21, "snooze", prompt=due)
    stopped.at(22, "done", prompt=due)


def test_after_attention_too_the_state_is_stopped(stopped: Any) -> None:
    stopped.at(21, "attention")
    with pytest.raises(ArcRefused) as refusal:
        stopped.at(22, "next")
    assert refusal.value.state == "stopped"


def test_the_next_phase_is_there_again_once_the_room_is_resumed(stopped: Any) -> None:
    stopped.at(21, "resume-room")
    stopped.at(22, "next")
