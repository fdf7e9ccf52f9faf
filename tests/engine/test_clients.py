"""Whose settings are in force: a client's own come back with their code, and never reach the next client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roomctl import messages as m
from roomctl.errors import Refused

SPEED = 8.0
MINE = {"light": {"colour": "green", "brightness_frac": 0.3}, "tone": {"hz": 320.0, "volume_db": -30.0}}
SHORT = {"rate_hz": 2.0, "set_cycles": 2}


@pytest.fixture
def room(make_engine: Callable[..., Any]) -> Any:
    """A room in simulated time with a preset chosen."""
    engine = make_engine(speed=SPEED)
    engine.do(m.ChoosePreset(preset="desensitise"))
    return engine


def comfort(engine: Any) -> tuple[str, float, float, float]:
    bls = engine.state()["bls"]
    return bls["light"]["colour"], bls["light"]["brightness_frac"], bls["tone"]["hz"], bls["tone"]["volume_db"]


def session_of(engine: Any, code: str | None) -> str:
    return str(engine.do(m.OpenSession(kind="emdr", client_code=code))["id"])


def work_with(engine: Any, code: str | None) -> None:
    """A session in which this client's own settings are found, and a set is run."""
    session_of(engine, code)
    engine.do(m.ChangeBls(change={**MINE, **SHORT}))
    engine.do(m.SetStart())
    engine.until_idle()


@pytest.mark.parametrize("next_code", ["B-2", None])
@pytest.mark.parametrize("closed", [True, False])
def test_the_next_client_starts_from_the_presets_own_values(room: Any, next_code: str | None, closed: bool) -> None:
    own = comfort(room)
    work_with(room, "A-1")
    assert comfort(room) == ("green", 0.3, 320.0, -30.0)
    if closed:
        room.do(m.CloseSession(id=room.state()["session"]["id"]))
    session_of(room, next_code)
    state = room.state()
    assert comfort(room) == own
    assert state["preset"]["id"] == "desensitise" and state["bls"]["rate_hz"] != 2.0


def test_a_known_client_gets_their_last_settings_back(room: Any) -> None:
    work_with(room, "A-1")
    room.do(m.ChangeBls(change={"tone": {"hz": 400.0}}))
    session_of(room, "B-2")
    room.do(m.ChoosePreset(preset="closure"))
    session_of(room, "A-1")
    assert comfort(room) == ("green", 0.3, 400.0, -30.0), "the change after the last set too"
    assert room.state()["preset"]["id"] == "desensitise"


def test_what_is_prepared_before_a_session_is_opened_is_kept_for_a_new_client(room: Any) -> None:
    work_with(room, "A-1")
    room.do(m.CloseSession(id=room.state()["session"]["id"]))
    room.do(m.ChangeBls(change={"light": {"colour": "amber"}}))
    session_of(room, "B-2")
    assert comfort(room)[0] == "amber"


def test_what_a_set_without_a_session_left_does_not_reach_the_next_client(room: Any) -> None:
    own = comfort(room)
    room.do(m.ChangeBls(change={**MINE, **SHORT}))
    room.do(m.SetStart())
    room.until_idle()
    session_of(room, None)
    assert comfort(room) == own


def test_a_preset_chosen_in_a_session_keeps_the_clients_comfort(room: Any) -> None:
    work_with(room, "A-1")
    room.do(m.ChoosePreset(preset="closure"))
    assert comfort(room)[2] == 320.0


def test_a_dosing_session_neither_takes_nor_leaves_bilateral_settings(room: Any) -> None:
    room.do(m.ChangeBls(change={"light": {"colour": "amber"}}))
    dosing = room.do(m.OpenSession(kind="dosing", client_code="D-4"))
    assert comfort(room)[0] == "amber"
    room.do(m.CloseSession(id=dosing["id"]))
    assert comfort(room)[0] == "amber"


def test_start_is_taken_right_after_stop_and_resume(room: Any) -> None:
    for _ in range(3):
        room.do(m.SetStart())
        room.do(m.Stop())
        room.do(m.Resume())
    room.do(m.SetStart())
    assert room.state()["set"]["state"] == "running"


def test_a_double_start_is_refused_and_says_what_is_possible(room: Any) -> None:
    room.do(m.SetStart())
    with pytest.raises(Refused, match="already running") as refused:
        room.do(m.SetStart())
    assert refused.value.details["possible"] == ["set/finish", "stop", "bls"]
