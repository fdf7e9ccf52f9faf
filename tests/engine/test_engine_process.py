"""A set through a real engine process: what the stubs recorded is one session on one clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from roomctl import messages as m
from roomctl.errors import Forbidden, Invalid, Refused, UnknownId

FAST = {"rate_hz": 2.0, "set_cycles": 4}


def onsets(heard: Any, channel: int) -> Any:
    sounding = np.flatnonzero(np.abs(heard[:, channel]) > 1e-7)
    return sounding[np.r_[True, np.diff(sounding) > 2400]] if len(sounding) else sounding


def assert_nothing_after_safe(events: list[dict[str, Any]], moves: Callable[[dict[str, Any]], bool]) -> None:
    """An offer that was on its way when STOP came is followed by one more `safe`, so the last word is always safe."""
    safes = [index for index, event in enumerate(events) if event["kind"] == "safe"]
    moved = [index for index, event in enumerate(events) if moves(event)]
    assert safes
    assert moved[0] < safes[0]
    assert moved[-1] < safes[-1]
    assert len([index for index in moved if index > safes[0]]) <= 1


def run_set(engine: Any, **change: Any) -> dict[str, Any]:
    engine.do(m.ChangeBls(change={**FAST, **change}))
    engine.do(m.SetStart())
    return dict(engine.until_idle())


def test_a_set_sounds_lights_and_taps_on_one_clock(engine: Any) -> None:
    run_set(engine)
    engine.end()
    left, right = (onsets(engine.heard(), channel) for channel in (0, 1))
    taps = [event for event in engine.events("taps") if event["kind"] == "tap"]
    assert len(left) == len(right) == 4
    assert np.all(np.diff(np.sort(np.r_[left, right])) == 12_000)
    assert [tap["side"] for tap in taps] == ["left", "right"] * 4
    # The recording begins at the session frame of its first block; tones and taps differ by that one number.
    offsets = {tap["frame"] - int(onset) for tap, onset in zip(taps, np.sort(np.r_[left, right]), strict=True)}
    assert len(offsets) == 1
    lit = [event for event in engine.events("bar") if event["kind"] == "light" and event["level"] > 0.1]
    at_first_left = min(lit, key=lambda event: abs(event["frame"] - taps[0]["frame"]))
    assert at_first_left["pos"] == pytest.approx(-1.0, abs=0.05)


def test_the_journalled_set_says_what_was_asked_and_delivered(engine: Any) -> None:
    opened = engine.do(m.OpenSession(kind="emdr", client_code="c-7"))
    state = run_set(engine)
    engine.do(m.Rate(scale="sud", value=6))
    session = engine.state()["session"]
    assert session["id"] == opened["id"]
    assert state["session"]["sets"][0]["why_stopped"] == "done"
    assert session["sets"][0]["delivered"]["cycles"] == 4
    assert session["sets"][0]["asked"]["rate_hz"] == 2.0
    assert (session["ratings"][0]["value"], session["ratings"][0]["after_set"]) == (6, 1)


def test_two_starts_at_once_start_one_set(engine: Any) -> None:
    engine.do(m.ChangeBls(change=FAST))
    engine.do(m.SetStart())
    with pytest.raises(Refused):
        engine.do(m.SetStart())
    assert len(engine.until_idle()["session"] or [1]) >= 1
    engine.end()
    assert len(onsets(engine.heard(), 0)) == 4


def test_the_same_start_sent_twice_with_one_key_is_one_start(engine: Any) -> None:
    engine.do(m.ChangeBls(change=FAST))
    assert engine.do(m.SetStart(), key="k1") == engine.do(m.SetStart(), key="k1")


def test_a_start_on_a_stale_picture_of_the_room_is_refused(engine: Any) -> None:
    rev = engine.state()["rev"]
    engine.do(m.ChangeBls(change=FAST))
    with pytest.raises(Refused, match="look again"):
        engine.do(m.SetStart(), rev=rev)
    engine.do(m.SetStart(), rev=rev + 1)


def test_stop_silences_sound_light_and_hands_and_latches_start_off(engine: Any) -> None:
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": None, "open": True}))
    engine.do(m.SetStart())
    engine.until(lambda state: state["set"]["cycles"] >= 1)
    answer = engine.do(m.Stop())
    assert answer["not_confirmed"] == []
    with pytest.raises(Refused, match="RESUME"):
        engine.do(m.SetStart())
    state = engine.state()
    assert state["stopped"]
    assert state["set"]["state"] == "idle"
    engine.do(m.Resume())
    assert not engine.state()["stopped"]
    assert engine.state()["set"]["state"] == "idle"
    engine.end()
    assert_nothing_after_safe(engine.events("taps"), lambda event: event["kind"] == "tap")
    assert_nothing_after_safe(engine.events("bar"), lambda event: event["kind"] == "light" and event["level"] > 0.0)


def test_stop_is_taken_in_every_state_twice_and_from_a_panel_that_may_only_look(engine: Any) -> None:
    engine.who = m.Who(name="visitor", role="view")
    assert engine.do(m.Stop())["stopped"]
    assert engine.do(m.Stop())["everything_off"]
    with pytest.raises(Forbidden):
        engine.do(m.SetStart())
    assert engine.do(m.Resume()) == {"stopped": False}
    assert engine.do(m.Resume()) == {"stopped": False}


def test_finish_comes_to_rest_after_a_whole_cycle(engine: Any) -> None:
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 100}))
    engine.do(m.SetStart())
    engine.until(lambda state: state["set"]["cycles"] >= 2)
    engine.do(m.SetFinish())
    with pytest.raises(Refused, match="already finishing"):
        engine.do(m.SetFinish())
    engine.until_idle()
    engine.end()
    left, right = (len(onsets(engine.heard(), channel)) for channel in (0, 1))
    assert left == right >= 2


def test_a_rate_changed_in_a_set_keeps_the_beats_alternating(engine: Any) -> None:
    engine.do(m.ChangeBls(change={"rate_hz": 1.0, "set_cycles": 6}))
    engine.do(m.SetStart())
    engine.until(lambda state: state["set"]["cycles"] >= 1)
    engine.do(m.ChangeBls(change={"rate_hz": 2.0}))
    engine.until_idle()
    engine.end()
    heard = engine.heard()
    beats = sorted([(int(frame), side) for side in (0, 1) for frame in onsets(heard, side)])
    assert [side for _, side in beats] == [0, 1] * 6
    gaps = np.diff([frame for frame, _ in beats])
    assert gaps[0] == 24_000
    assert gaps[-1] == 12_000
    assert np.all(np.diff(gaps) <= 0)


def test_a_tone_switched_off_in_a_set_is_silent_and_light_goes_on(engine: Any) -> None:
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 6}))
    engine.do(m.SetStart())
    engine.until(lambda state: state["set"]["cycles"] >= 1)
    engine.do(m.ChangeBls(change={"tone": {"on": False}}))
    engine.until_idle()
    engine.end()
    assert 1 <= len(onsets(engine.heard(), 0)) <= 3
    assert len([event for event in engine.events("taps") if event["kind"] == "tap"]) == 12


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate_hz": 0}, "allowed is 0.05 to 2"),
        ({"rate_hz": 9}, "allowed is 0.05 to 2"),
        ({"rate_hz": "fast"}, "must be a number"),
        ({"rate_hz": True}, "must be a number"),
        ({"set_cycles": 0}, "allowed is 1 to 200"),
        ({"set_cycles": 10**9}, "allowed is 1 to 200"),
        ({"light": {"colour": "mud"}}, "allowed are blue-green"),
        ({"lihgt": {}}, "allowed here are"),
        ({"light": {"saccade": True}, "rate_hz": 1.8}, "at most 1.5"),
        ({"rate_hz": 0.1, "set_cycles": 200}, "longest set is 600 s"),
        ({"set_cycles": 5, "open": True}, "ends by one of"),
    ],
)
def test_settings_that_are_not_allowed_are_refused_in_a_sentence(engine: Any, change: dict[str, Any], says: str) -> None:
    before = engine.state()
    with pytest.raises(Invalid, match=says):
        engine.do(m.ChangeBls(change=change))
    after = engine.state()
    assert (after["bls"], after["rev"]) == (before["bls"], before["rev"])


def test_presets_are_chosen_between_sets_only(engine: Any) -> None:
    with pytest.raises(Invalid, match="desensitise"):
        engine.do(m.ChoosePreset(preset="mesmerise"))
    engine.do(m.ChoosePreset(preset="desensitise"))
    engine.do(m.SetStart())
    with pytest.raises(Refused, match="between sets"):
        engine.do(m.ChoosePreset(preset="closure"))
    engine.do(m.Stop())


def test_the_light_stays_locked_in_the_seizure_safe_preset(engine: Any) -> None:
    engine.do(m.ChoosePreset(preset="seizure-safe"))
    with pytest.raises(Invalid, match="keeps the light off"):
        engine.do(m.ChangeBls(change={"light": {"on": True}}))


def test_a_clients_last_settings_come_back_with_the_code(engine: Any) -> None:
    first = engine.do(m.OpenSession(kind="emdr", client_code="c-1"))
    engine.do(m.ChoosePreset(preset="desensitise"))
    engine.do(m.ChangeBls(change={"tone": {"hz": 320.0}}))
    engine.do(m.CloseSession(id=first["id"]))
    engine.do(m.OpenSession(kind="emdr", client_code="c-2"))
    engine.do(m.ChangeBls(change={"tone": {"hz": 440.0}}))
    engine.do(m.OpenSession(kind="emdr", client_code="c-1"))
    state = engine.state()
    assert state["bls"]["tone"]["hz"] == 320.0
    assert state["preset"]["id"] == "desensitise"


def test_ratings_outside_their_scale_are_refused(engine: Any) -> None:
    for scale, value in (("sud", 11), ("voc", 0), ("art", -1)):
        with pytest.raises(Invalid, match=scale):
            engine.do(m.Rate(scale=scale, value=value))  # type: ignore[arg-type]


def test_a_device_is_tested_by_name_between_sets(engine: Any) -> None:
    engine.do(m.TestDevice(name="taps", side="right"))
    with pytest.raises(UnknownId, match='"bar"'):
        engine.do(m.TestDevice(name="sofa", side="left"))
    engine.do(m.TestDevice(name="sound card", side="right"))
    engine.until(lambda state: state["clock"]["frame"] > 3 * 48_000)
    engine.end()
    assert [event["side"] for event in engine.events("taps") if event["kind"] == "tap"] == ["right"]
    assert len(onsets(engine.heard(), 1)) == 1
    assert len(onsets(engine.heard(), 0)) == 0


def test_after_a_kill_the_session_is_there_and_no_set_runs(engine: Any) -> None:
    opened = engine.do(m.OpenSession(kind="emdr", client_code="c-9"))
    engine.do(m.ChangeBls(change={"rate_hz": 1.0, "set_cycles": 60}))
    engine.do(m.SetStart())
    engine.do(m.Rate(scale="sud", value=8))
    engine.until(lambda state: state["set"]["cycles"] >= 1)
    engine.kill()
    engine.start()
    state = engine.state()
    assert state["session"]["id"] == opened["id"]
    assert state["set"]["state"] == "idle"
    assert state["session"]["sets"][0]["why_stopped"] == "engine"
    assert state["session"]["ratings"][0]["value"] == 8
    assert any("restarted" in notice["text"] for notice in state["notices"])


def test_a_latched_stop_survives_a_kill(engine: Any) -> None:
    engine.do(m.Stop())
    engine.do(m.Note(text="acknowledged after STOP was written down before it"))
    engine.kill()
    engine.start()
    assert engine.state()["stopped"]
    with pytest.raises(Refused, match="RESUME"):
        engine.do(m.SetStart())


def test_a_tapper_that_is_unplugged_ends_the_set_softly_and_says_why(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(
        '[[tapper]]\nname = "taps"\nrecord = "taps.jsonl"\nfaults = [{ at_s = 3, do = "unplug", for_s = 2 }]\n'
        '[audio]\nrecord = "out.wav"\n'
    )
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 100}))
    engine.do(m.SetStart())
    state = engine.until_idle()
    assert any("taps" in notice["text"] for notice in state["notices"])
    back = engine.until(lambda state: all(device["link"] == "READY" for device in state["devices"]))
    assert {device["name"] for device in back["devices"]} == {"sound card", "taps"}
    engine.end()
    assert len(onsets(engine.heard(), 0)) == len(onsets(engine.heard(), 1))


def test_a_tapper_that_may_be_lost_leaves_the_set_alone(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(
        '[[tapper]]\nname = "taps"\non_loss = "go-on"\nfaults = [{ at_s = 2, do = "unplug", for_s = 60 }]\n'
        '[audio]\nrecord = "out.wav"\n'
    )
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 8}))
    engine.do(m.SetStart())
    engine.until_idle()
    engine.end()
    assert len(onsets(engine.heard(), 0)) == 8


def test_a_sound_card_that_vanishes_comes_back_on_the_clock_that_went_on(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(
        '[audio]\nrecord = "out.wav"\nfaults = [{ at_s = 3, do = "unplug", for_s = 1 }]\n'
        '[[tapper]]\nname = "taps"\nrecord = "taps.jsonl"\n'
    )
    engine.do(m.ChangeBls(change={"rate_hz": 2.0, "set_cycles": 12}))
    engine.do(m.SetStart())
    engine.until_idle()
    engine.end()
    taps = [event["frame"] for event in engine.events("taps") if event["kind"] == "tap"]
    assert np.all(np.diff(taps) == 12_000)
    beats = np.sort(np.r_[onsets(engine.heard(), 0), onsets(engine.heard(), 1)])
    assert 12 <= len(beats) < 24
    last_two = np.diff(beats)[-2:]
    assert np.all(last_two == 12_000)


def test_simulated_time_runs_a_long_set_in_seconds(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(speed=20.0)
    engine.do(m.ChangeBls(change={"rate_hz": 1.0, "set_cycles": 60}))
    engine.do(m.SetStart())
    state = engine.until_idle()
    assert state["room"]["speed"] == 20.0
    engine.end()
    assert len(onsets(engine.heard(), 0)) == 60
