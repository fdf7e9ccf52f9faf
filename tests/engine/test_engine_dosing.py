"""A dosing program through a real engine process, in simulated time where minutes must pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from roomctl import messages as m
from roomctl.errors import Invalid, Refused


def move(name: str, **args: Any) -> m.ProgramMove:
    return m.ProgramMove(move=name, **args)  # type: ignore[arg-type]


def test_a_program_waits_in_arrival_with_music_until_the_dose(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    state = engine.until(lambda state: state["music"]["now"] is not None)
    assert state["program"]["phase"] == "arrival"
    assert state["program"]["medicine_s"] is None
    assert state["music"]["now"]["source"] == "pad"
    assert state["room"]["mode"] == "dosing"
    engine.do(move("dose", mg=70))
    state = engine.state()
    assert state["program"]["phase"] == "settle"
    assert 0.0 <= state["program"]["medicine_s"] < 5.0
    engine.until(lambda state: state["program"]["medicine_s"] > 3.0)
    engine.end()
    assert np.abs(engine.heard()[-48_000:]).max() > 1e-4


def test_bilateral_sets_and_programs_are_separate_modes(engine: Any) -> None:
    engine.do(m.ProgramStart(program="ketamine-iv"))
    with pytest.raises(Refused, match="end it before a bilateral set"):
        engine.do(m.SetStart())
    engine.do(move("end", override_reason="test of the refusal"))
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 2}))
    engine.do(m.SetStart())
    with pytest.raises(Refused, match="between sets"):
        engine.do(m.ProgramStart(program="ketamine-iv"))


def test_a_program_that_is_not_there_is_refused_with_those_that_are(engine: Any) -> None:
    with pytest.raises(Invalid, match="psilocybin"):
        engine.do(m.ProgramStart(program="lsd"))


def test_the_end_before_the_minimum_stay_needs_a_reason(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(speed=20.0)
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    with pytest.raises(Refused, match="stay"):
        engine.do(move("end"))
    engine.do(move("end", override_reason="moved to the ward"))
    assert engine.state()["program"]["state"] == "ended"


def test_phases_follow_the_medicine_clock_and_hold_freezes_what_is_left(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(speed=60.0)
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    engine.until(lambda state: state["program"]["phase"] == "onset")
    with pytest.raises(Refused, match="cannot be held"):
        engine.do(move("hold"))
    engine.do(move("skip", phase="peak"))
    engine.do(move("hold"))
    first = engine.state()["program"]
    later = engine.until(lambda state: state["program"]["medicine_s"] > first["medicine_s"] + 60.0)["program"]
    assert later["held"]
    assert later["phase_left_s"] == pytest.approx(first["phase_left_s"], abs=0.01)
    engine.do(move("release"))
    engine.do(move("next"))
    assert engine.state()["program"]["phase"] == "return"


def test_stop_pauses_the_program_and_silences_it_and_the_medicine_clock_goes_on(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    engine.until(lambda state: state["music"]["now"] is not None and state["program"]["medicine_s"] > 3.0)
    engine.do(m.Stop())
    stopped = engine.until(lambda state: state["program"]["paused"])
    engine.do(m.Resume())
    state = engine.until(lambda state: state["program"]["medicine_s"] > stopped["program"]["medicine_s"] + 3.0)
    assert state["program"]["paused"]
    engine.end()
    assert np.abs(engine.heard()[-4_800:]).max() < 1e-4


def test_after_a_kill_the_bed_comes_back_and_the_program_waits_at_the_right_minute(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    prompts = engine.state()["program"]["prompts"]
    before = engine.until(lambda state: state["program"]["medicine_s"] > 2.0)
    engine.kill()
    engine.start()
    state = engine.state()["program"]
    assert state["state"] == "awaiting-resume"
    assert state["medicine_s"] >= before["program"]["medicine_s"]
    assert {prompt["id"] for prompt in prompts} <= {prompt["id"] for prompt in state["prompts"]}
    engine.do(move("resume"))
    engine.until(lambda state: state["program"]["state"] == "running" and state["music"]["now"] is not None)


def test_a_prompt_is_answered_with_values_and_kept(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-iv"))
    prompt = next(prompt for prompt in engine.state()["program"]["prompts"] if "bp" in str(prompt["asks"]).lower())
    engine.do(m.PromptAnswer(id=prompt["id"], answer="done", value={"bp": "128/82", "hr": 74}))
    kept = next(item for item in engine.state()["program"]["prompts"] if item["id"] == prompt["id"])
    assert kept["state"] == "done"
    assert kept["value"]["hr"] == 74


def test_the_lamp_follows_the_operator_at_a_calm_pace(engine: Any) -> None:
    answer = engine.do(m.ChangeLights(level_l=40.0))
    assert answer["fade_s"] == pytest.approx(3.0)
    state = engine.until(lambda state: state["lights"]["level_l"] < 41.0)
    assert state["lights"]["target_l"] == 40.0
    engine.end()
    levels = [event["level_l"] for event in engine.events("lamps") if event["kind"] == "roomlight"]
    assert max(abs(np.diff(levels))) <= 15.0 / 3.0 / 40.0 * 3


def test_a_room_closed_under_stop_offers_its_program_again_and_makes_no_sound_until_then(
    make_engine: Callable[..., Any],
) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(move("dose"))
    engine.do(m.Stop())
    engine.end()
    engine.start()
    state = engine.until(lambda state: state["program"] is not None)
    assert (state["stopped"], state["program"]["stopped"]) == (False, False)
    assert state["program"]["state"] == "awaiting-resume"
    assert engine.do(move("resume"))["state"] == "running"
    engine.end()


@pytest.mark.parametrize("lost", ["the room's latch", "the program's"])
def test_a_power_cut_between_the_two_writings_of_stop_locks_nothing(make_engine: Callable[..., Any], lost: str) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(m.Stop())
    engine.do(m.Note(text="written after STOP, and answered when all before it is on the disk"))
    engine.kill()
    with closing(sqlite3.connect(engine.data / "journal.db")) as journal, journal:
        if lost == "the program's":
            journal.execute("DELETE FROM event WHERE kind = 'program-move' AND detail_json LIKE '%\"move\": \"stop\"%'")
        else:
            journal.execute("DELETE FROM room_memory WHERE name = 'stopped'")
    engine.start()
    state = engine.until(lambda state: state["program"] is not None)
    assert state["program"]["stopped"] == state["stopped"] == (lost == "the program's")
    engine.do(m.Resume())
    assert engine.do(move("resume"))["state"] == "arrival"
    engine.end()


def test_announcements_come_from_the_clinics_own_folder_only(engine: Any) -> None:
    engine.do(m.ProgramStart(program="ketamine-im"))
    with pytest.raises(Invalid, match="no announcement"):
        engine.do(m.MusicMove(move="announce", file="../../etc/passwd"))


def test_volume_is_led_and_limited(engine: Any) -> None:
    engine.do(m.ChangeMusic(volume_db=-20))
    assert engine.state()["music"]["volume_db"] == -20
    with pytest.raises(Invalid, match="allowed is -60 to 0"):
        engine.do(m.ChangeMusic(volume_db=6))


def test_a_breath_led_at_another_pace_is_swept_so_from_the_next_way_in_without_a_jump(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(speed=4.0)
    engine.do(m.ProgramStart(program="breathing"))
    engine.until(lambda state: state["set"]["state"] == "running" and state["set"]["elapsed_s"] > 14.0)
    assert engine.do(move("breath", per_min=5, ratio=[1, 0, 1, 0]))["done"] == "breath"
    assert engine.state()["program"]["breath"] == {"per_min": 5.0, "ratio": [1.0, 0.0, 1.0, 0.0]}
    with pytest.raises(Invalid, match="5 to 7"):
        engine.do(move("breath", per_min=9))
    engine.until(lambda state: state["set"]["elapsed_s"] > 48.0)
    engine.end()
    lit = [event for event in engine.events("bar") if event["kind"] == "light" and event["level"] > 0.05]
    at_s, positions = (np.array([event[key] for event in lit]) for key in ("t_s", "pos"))
    turns = np.flatnonzero((np.diff(positions[:-1]) <= 0.0) & (np.diff(positions[1:]) > 0.0) & (positions[1:-1] < -0.9)) + 1
    lefts_s = at_s[turns] - at_s[0]
    # Left edges at 3, 13 and 23 s by six breaths a minute, and then 12 s apart; a busy machine may leave out pictures.
    assert np.diff(lefts_s)[:3] == pytest.approx([10.0, 10.0, 12.0], abs=0.5)
    assert np.abs(np.diff(positions)).max() < 0.05 * max(1.0, np.diff(at_s).max() / 0.025)


def test_a_programs_motion_keeps_its_taps_over_a_pause_and_gives_the_rooms_settings_back(
    make_engine: Callable[..., Any],
) -> None:
    engine = make_engine(speed=8.0)
    engine.do(m.ChangeBls(change={"rate_hz": 0.9, "set_cycles": 12}))
    engine.do(m.ProgramStart(program="breathing"))
    engine.until(lambda state: state["set"]["state"] == "running")
    engine.do(m.ChangeBls(change={"tap": {"on": True}}))
    with pytest.raises(Refused, match="changed by program/breath"):
        engine.do(m.ChangeBls(change={"rate_hz": 1.5}))
    engine.do(move("pause"))
    engine.until(lambda state: state["set"]["state"] == "idle")
    engine.do(move("resume"))
    state = engine.until(lambda state: state["set"]["state"] == "running")
    assert (state["bls"]["rate_hz"], state["bls"]["tap"]["on"], state["bls"]["light"]["size"]) == (0.1, True, 9.0)
    engine.do(move("end"))
    state = engine.until(lambda state: state["bls"]["rate_hz"] == 0.9)
    assert (state["bls"]["set_cycles"], state["bls"]["open"], state["bls"]["tap"]["ms"]) == (12, False, 150.0)
    engine.do(m.ChangeBls(change={"rate_hz": 1.1}))
    engine.end()


def test_paced_breathing_is_led_by_a_slow_sweep_that_ends_with_the_program(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ProgramStart(program="breathing"))
    engine.until(lambda state: state["set"]["state"] == "running" and state["set"]["elapsed_s"] > 5.0)
    engine.do(m.ChangeBls(change={"tap": {"on": True}}))
    engine.do(move("end"))
    engine.until_idle()
    engine.end()
    lit = [event for event in engine.events("bar") if event["kind"] == "light" and event["level"] > 0.05]
    positions = np.array([event["pos"] for event in lit])
    # Out goes left and takes 6 s edge to edge: in the first 3 s the dot goes from the centre to the left edge.
    assert positions.min() == pytest.approx(-1.0, abs=0.02)
    assert np.abs(np.diff(positions)).max() < 0.05
