"""The bilateral half as a value: settings, presets and sets, moved by pure functions that refuse with a sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.presets import Preset, load_presets
from roomctl.bilateral import (
    RING_OUT_FRAMES,
    Bilateral,
    change_settings,
    choose_preset,
    cycles_done,
    delivered,
    finish_set,
    finish_softly,
    merged,
    new_score,
    start_set,
    stop_set,
    with_preset,
)
from roomctl.errors import Invalid, Refused
from roomctl.limits import Limits
from stimuli.beats import beats_between
from stimuli.frames import FRAME_RATE_HZ, frames_of_s
from stimuli.motion import Motion
from stimuli.score import Score
from stimuli.settings import Bls

LIMITS = Limits()
PRESETS = load_presets()
S = FRAME_RATE_HZ


def running(start_frame: int = 0, limits: Limits = LIMITS, **change: Any) -> Bilateral:
    """A room with a set that starts at `start_frame`."""
    return start_set(Bilateral(merged(Bls(), change)), limits, start_frame)


def score_of(room: Bilateral) -> Score:
    assert room.score is not None
    return room.score


def motion_of(room: Bilateral) -> Motion:
    return score_of(room).motion


def end_s(room: Bilateral) -> float:
    end = motion_of(room).end_frame
    assert end is not None
    return (end - motion_of(room).start_frame) / S


# --- settings ---


def test_a_part_of_the_settings_changes_and_the_rest_stays() -> None:
    bls = merged(Bls(), {"light": {"size": 5}, "rate_hz": 0.7})
    assert (bls.light.size, bls.rate_hz) == (5.0, 0.7)
    assert bls == replace(Bls(), rate_hz=0.7, light=replace(Bls().light, size=5.0))


def test_an_empty_change_changes_nothing() -> None:
    assert merged(Bls(), {}) == Bls()


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"set_s": 30}, (None, 30.0, False)),
        ({"open": True}, (None, None, True)),
        ({"set_cycles": 8}, (8, None, False)),
        ({"set_s": 30, "open": False, "set_cycles": None}, (None, 30.0, False)),
    ],
)
def test_one_end_of_a_set_takes_the_place_of_the_other_two(change: dict[str, Any], ends: tuple[Any, ...]) -> None:
    for before in ({"set_cycles": 24}, {"set_s": 60}, {"open": True}):
        bls = merged(merged(Bls(), before), change)
        assert (bls.set_cycles, bls.set_s, bls.open) == ends


@pytest.mark.parametrize(
    "change", [{"set_cycles": None}, {"set_cycles": None, "open": False}, {"set_s": None, "set_cycles": None}]
)
def test_a_set_that_would_never_end_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="a set must end somehow; give one of set_cycles"):
        merged(Bls(), change)


def test_an_open_set_that_is_no_longer_open_needs_another_end() -> None:
    with pytest.raises(Invalid, match="must end somehow"):
        merged(merged(Bls(), {"open": True}), {"open": False})


@pytest.mark.parametrize(
    "change", [{"set_cycles": 8, "set_s": 30}, {"set_s": 30, "open": True}, {"set_cycles": 8, "open": True}]
)
def test_two_ends_at_once_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=f"settings: {' and '.join(change)} are both given; a set ends by one of"):
        merged(Bls(), change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate_hz": "1"}, 'rate_hz: "1" is not allowed; it must be a number'),
        ({"rate_hz": True}, "rate_hz: true is not allowed; it must be a number"),
        ({"light": {"size": "3"}}, 'light.size: "3" is not allowed'),
        ({"set_s": "30"}, 'set_s: "30" is not allowed'),
        ({"set_cycles": True}, "set_cycles: true is not allowed"),
        ({"rate_hz": float("nan")}, "rate_hz"),
        ({"tone": {"hz": float("inf")}}, "tone.hz"),
        ({"set_cycles": 2.5}, "set_cycles"),
        ({"set_cycles": 201}, "set_cycles: 201 is not allowed"),
        ({"set_s": 301}, "set_s: 301 is not allowed"),
        ({"light": {"brightness_frac": 0.0}}, "allowed is 0.01 to 1"),
        ({"tone": {"timbre": "gong"}}, "sine"),
        ({"tap": {"align": "random"}}, "edge"),
        ({"light": 5}, "light: 5 is not allowed"),
        ({"light": None}, "light"),
        ({"lihgt": {"on": True}}, "lihgt: there is no such key; allowed here are rate_hz"),
        ({"light": {"colr": "red"}}, "light.colr: there is no such key; allowed here are on"),
        ({"light": {"colour": "mud"}}, "light.colour: .*blue-green"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_not_allowed_is_refused_by_its_key(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=f"settings: .*{says}"):
        merged(Bls(), change)


def test_the_rate_is_kept_to_a_hundredth() -> None:
    assert merged(Bls(), {"rate_hz": 1.23456}).rate_hz == 1.23


@given(
    st.floats(0.05, 2.0),
    st.integers(1, 200) | st.none(),
    st.floats(0.01, 1.0),
    st.sampled_from(["soft", "hard"]),
    st.floats(-60.0, 0.0),
)
def test_whatever_is_in_range_is_taken_and_taking_it_again_changes_nothing(
    rate_hz: float, set_cycles: int | None, brightness: float, finish: str, volume_db: float
) -> None:
    end: dict[str, Any] = {"open": True} if set_cycles is None else {"set_cycles": set_cycles}
    parts = {"light": {"brightness_frac": brightness}, "tone": {"volume_db": volume_db}}
    change = {"rate_hz": rate_hz, "finish": finish, **parts, **end}
    once = merged(Bls(), change)
    assert once.rate_hz == round(rate_hz, 2)
    assert once.light.brightness_frac == brightness
    assert (once.set_cycles, once.open) == (set_cycles, set_cycles is None)
    assert merged(once, change) == once


# --- presets ---


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
def test_every_preset_can_be_chosen_and_started(preset: Preset) -> None:
    room = choose_preset(Bilateral(), preset, LIMITS, 0.0)
    assert room.preset is preset
    for key, said in preset.bls.items():
        assert getattr(room.bls, key) == said or isinstance(said, dict)
    assert start_set(room, LIMITS, 0).state_at(10.0) == "running"


def test_a_preset_keeps_the_clients_own_comfort_where_it_says_nothing_of_it() -> None:
    mine = merged(
        Bls(),
        {
            "light": {"colour": "green", "size": 5, "brightness_frac": 0.4, "width_frac": 0.6, "offset_ms": 12},
            "tone": {"timbre": "chime", "hz": 320, "volume_db": -24, "pan_frac": 0.5},
            "tap": {"strength_frac": 0.3},
            "seed": 7,
        },
    )
    chosen = with_preset(mine, PRESETS["desensitise"])
    assert chosen.rate_hz == PRESETS["desensitise"].settings.rate_hz
    for name in ("dot", "size", "colour", "brightness_frac", "width_frac", "offset_ms"):
        assert getattr(chosen.light, name) == getattr(mine.light, name)
    assert (chosen.tone.timbre, chosen.tone.hz, chosen.tone.volume_db) == ("chime", 320.0, -24.0)
    assert (chosen.tap.strength_frac, chosen.seed) == (0.3, 7)


def test_what_a_preset_says_stands_against_what_was_there() -> None:
    preset = replace(PRESETS["desensitise"], bls={"tone": {"hz": 200.0}}, settings=merged(Bls(), {"tone": {"hz": 200.0}}))
    assert with_preset(merged(Bls(), {"tone": {"hz": 320.0}}), preset).tone.hz == 200.0


def test_what_belongs_to_the_protocol_does_not_linger_after_it() -> None:
    fast = merged(Bls(), {"rate_hz": 1.9, "light": {"saccade": False, "path": "circle"}, "tone": {"ms": 300}, "finish": "hard"})
    chosen, fresh = (with_preset(bls, PRESETS["installation"]) for bls in (fast, Bls()))
    assert chosen == fresh


def test_a_preset_is_not_chosen_in_a_set() -> None:
    room = running(set_cycles=4)
    with pytest.raises(Refused, match="a set is running; a preset is chosen between sets") as refusal:
        choose_preset(room, PRESETS["closure"], LIMITS, 10.0)
    assert refusal.value.details["state"] == "running"
    finishing = finish_set(room, S)
    with pytest.raises(Refused, match="a set is finishing"):
        choose_preset(finishing, PRESETS["closure"], LIMITS, S + 10.0)


def test_a_preset_faster_than_the_rooms_light_is_refused() -> None:
    with pytest.raises(Invalid, match="at most 1 Hz"):
        choose_preset(Bilateral(), PRESETS["desensitise-fast"], Limits(light_hz=1.0), 0.0)


def test_a_fixed_set_keeps_its_length_and_its_rate_may_change() -> None:
    room = choose_preset(Bilateral(), PRESETS["art-scene"], LIMITS, 0.0)
    with pytest.raises(Invalid, match="has a fixed set of 40 cycles; choose another preset for another length"):
        change_settings(room, {"set_cycles": 20}, LIMITS, 0)
    with pytest.raises(Invalid, match="fixed set"):
        change_settings(room, {"open": True}, LIMITS, 0)
    assert change_settings(room, {"rate_hz": 0.8}, LIMITS, 0).bls.rate_hz == 0.8
    assert change_settings(room, {"set_cycles": 40}, LIMITS, 0).bls.set_cycles == 40


def test_a_locked_light_stays_off() -> None:
    room = choose_preset(Bilateral(), PRESETS["seizure-safe"], LIMITS, 0.0)
    assert not room.bls.light.on
    with pytest.raises(Invalid, match="keeps the light off; choose another preset for light"):
        change_settings(room, {"light": {"on": True}}, LIMITS, 0)
    assert not change_settings(room, {"light": {"size": 4}}, LIMITS, 0).bls.light.on


# --- START and its refusals ---


def test_a_set_runs_to_its_count_and_comes_to_rest_in_the_centre() -> None:
    room = running(start_frame=100, rate_hz=1.0, set_cycles=3)
    # Two and three quarter cycles at 1 Hz to the last beat, then half a second to rest.
    assert end_s(room) == pytest.approx(2.75 + 0.5)
    assert motion_of(room).phase_at(100 + 10 * S) == pytest.approx(3.0)
    assert [room.state_at(frame) for frame in (0, 100, 100 + 3 * S, 100 + 4 * S)] == ["running", "running", "finishing", "idle"]


def test_a_set_about_to_start_counts_as_running() -> None:
    assert running(start_frame=5 * S).state_at(0.0) == "running"


@pytest.mark.parametrize("state", ["running", "finishing"])
def test_start_is_refused_while_a_set_goes_on(state: str) -> None:
    room = running(set_cycles=10)
    room = room if state == "running" else finish_set(room, S)
    with pytest.raises(Refused, match=f"a set is already {state}") as refusal:
        start_set(room, LIMITS, S + 100)
    assert refusal.value.details == {"state": state, "possible": ["set/finish", "stop", "bls"]}


def test_a_hard_finish_ends_at_full_rate_on_its_count() -> None:
    assert end_s(running(rate_hz=1.0, set_cycles=3, finish="hard")) == pytest.approx(3.0)


def test_a_set_of_seconds_takes_the_nearest_whole_cycles() -> None:
    assert motion_of(running(rate_hz=1.5, set_s=30)).cycles_total == 45
    assert motion_of(running(rate_hz=0.05, set_s=5)).cycles_total == 1


@pytest.mark.parametrize("rate_hz", [0.05, 0.4, 1.0, 1.37, 2.0])
@pytest.mark.parametrize("set_max_s", [30.0, 600.0])
def test_an_open_set_comes_to_rest_softly_within_the_rooms_longest(rate_hz: float, set_max_s: float) -> None:
    room = running(limits=Limits(set_max_s=set_max_s), rate_hz=rate_hz, open=True, finish="hard")
    motion = motion_of(room)
    assert motion.brake_frame is not None
    # One more cycle would not have fitted.
    assert set_max_s - 1.0 / rate_hz < end_s(room) <= set_max_s


def test_a_set_longer_than_the_rooms_longest_by_its_own_numbers_is_refused() -> None:
    with pytest.raises(Invalid, match=r"a set of 200 cycles at 0\.1 Hz takes 2000 s; this room's longest set is 600 s"):
        running(rate_hz=0.1, set_cycles=200)


def test_the_set_before_is_heard_until_it_has_rung_out() -> None:
    first = running(rate_hz=2.0, set_cycles=1)
    end = math.ceil(motion_of(first).end_frame or 0)
    assert len(start_set(first, LIMITS, end + RING_OUT_FRAMES - 10).scores) == 2
    assert len(start_set(first, LIMITS, end + RING_OUT_FRAMES + 10).scores) == 1


# --- changes in a running set ---


def test_a_total_counts_from_the_sets_start() -> None:
    room = change_settings(running(rate_hz=1.0, set_cycles=24), {"set_cycles": 10}, LIMITS, 4 * S)
    assert motion_of(room).cycles_total == 10
    assert end_s(room) == pytest.approx(10.25)


@pytest.mark.parametrize("finish", ["soft", "hard"])
def test_a_total_already_passed_finishes_softly_at_the_next_whole_cycle(finish: str) -> None:
    room = change_settings(running(rate_hz=1.0, set_cycles=24, finish=finish), {"set_cycles": 3}, LIMITS, round(5.3 * S))
    motion = motion_of(room)
    assert (motion.cycles_total, motion.brake_frame) == (6, pytest.approx(5.75 * S))
    assert end_s(room) == pytest.approx(6.25)


def test_seconds_count_from_the_sets_start_and_seconds_passed_finish_softly() -> None:
    room = running(rate_hz=1.0, open=True)
    assert motion_of(change_settings(room, {"set_s": 20}, LIMITS, 8 * S)).cycles_total == 20
    passed = motion_of(change_settings(room, {"set_s": 5, "finish": "hard"}, LIMITS, round(8.5 * S)))
    assert passed.cycles_total == 9
    assert passed.brake_frame is not None


def test_a_counted_set_that_is_opened_goes_on_to_the_rooms_longest() -> None:
    room = change_settings(running(rate_hz=1.0, set_cycles=10), {"open": True}, LIMITS, 4 * S)
    assert 599.0 < end_s(room) <= 600.0


def test_the_rate_of_an_open_set_changes_and_it_still_ends_within_the_rooms_longest() -> None:
    for rate_hz in (0.05, 0.3, 1.9):
        room = change_settings(running(rate_hz=1.0, open=True), {"rate_hz": rate_hz}, LIMITS, 500 * S)
        assert 600.0 - 1.0 / rate_hz < end_s(room) <= 600.0


def test_no_change_makes_a_set_longer_than_the_rooms_longest() -> None:
    room = running(rate_hz=0.05, open=True)
    room = change_settings(room, {"rate_hz": 0.4, "set_cycles": 200}, LIMITS, 560 * S)
    assert end_s(room) <= 600.0


def test_a_new_rate_is_reached_in_a_second_and_the_count_stays() -> None:
    room = change_settings(running(rate_hz=1.0, set_cycles=12), {"rate_hz": 2.0}, LIMITS, 2 * S)
    motion = motion_of(room)
    assert motion.cycles_total == 12
    assert [motion.rate_at(at_s * S) for at_s in (1.9, 2.5, 3.5)] == pytest.approx([1.0, 1.5, 2.0])


def test_settings_hold_from_their_frame_on_in_the_running_set() -> None:
    room = change_settings(running(set_cycles=10), {"tone": {"on": False}}, LIMITS, 3 * S)
    assert score_of(room).bls_at(3 * S - 1).tone.on
    assert not score_of(room).bls_at(3 * S).tone.on
    assert motion_of(room).cycles_total == 10


def test_a_finish_turned_hard_ends_at_full_rate() -> None:
    room = change_settings(running(rate_hz=1.0, set_cycles=6), {"finish": "hard"}, LIMITS, 2 * S)
    assert end_s(room) == pytest.approx(6.0)


def test_a_set_that_finishes_is_not_made_longer_or_faster() -> None:
    room = finish_set(running(rate_hz=1.0, set_cycles=50), 3 * S)
    changed = change_settings(room, {"set_cycles": 200, "rate_hz": 2.0}, LIMITS, round(3.2 * S))
    assert motion_of(changed) == motion_of(room)
    assert changed.bls.set_cycles == 200


def test_between_sets_a_change_leaves_the_last_score_as_it_was() -> None:
    room = running(rate_hz=2.0, set_cycles=1)
    changed = change_settings(room, {"rate_hz": 0.5}, LIMITS, 10 * S)
    assert changed.scores == room.scores


def test_a_change_the_room_does_not_allow_leaves_the_set_alone() -> None:
    room = running(rate_hz=1.0, set_cycles=10)
    for change, says in (
        ({"rate_hz": 1.6, "light": {"saccade": True}}, "at most 1.5 Hz"),
        ({"rate_hz": 0.05, "set_cycles": 99}, "600 s"),
    ):
        with pytest.raises(Invalid, match=says):
            change_settings(room, change, LIMITS, S)


def test_a_change_asked_before_the_set_begins_holds_from_its_first_frame() -> None:
    room = change_settings(running(start_frame=S, rate_hz=1.0, set_cycles=10), {"rate_hz": 0.5, "set_cycles": 4}, LIMITS, 0)
    assert score_of(room).bls_at(S).rate_hz == 0.5
    assert motion_of(room).start_frame == S
    assert motion_of(room).cycles_total == 4


# --- FINISH and STOP ---


def test_finish_comes_to_rest_at_the_next_whole_cycle_it_can_reach() -> None:
    room = finish_set(running(rate_hz=1.0, set_cycles=50), round(3.2 * S))
    assert motion_of(room).cycles_total == 4
    assert room.state_at(3.3 * S) == "finishing"
    late = finish_set(running(rate_hz=1.0, set_cycles=50), round(3.8 * S))
    assert motion_of(late).cycles_total == 5


def test_finish_twice_and_finish_without_a_set_are_refused() -> None:
    with pytest.raises(Refused, match="no set is running") as idle:
        finish_set(Bilateral(), 0)
    assert idle.value.details == {"state": "idle", "possible": ["set/start", "preset"]}
    room = finish_set(running(set_cycles=9), S)
    with pytest.raises(Refused, match="already finishing") as finishing:
        finish_set(room, S + 10)
    assert finishing.value.details == {"state": "finishing", "possible": ["stop"]}


def test_a_hard_finish_and_a_stop_end_at_once_and_everything_is_cut() -> None:
    for room in (finish_set(running(set_cycles=9, finish="hard"), S), stop_set(running(set_cycles=9), S)):
        assert (motion_of(room).end_frame, motion_of(room).cut_frame) == (S, S)
        assert room.state_at(S - 10) == "idle"


def test_stop_without_a_set_changes_nothing() -> None:
    room = Bilateral()
    assert stop_set(room, 0) is room
    over = running(rate_hz=2.0, set_cycles=1)
    assert stop_set(over, 10 * S) is over


def test_a_set_finished_by_the_room_itself_ends_softly_whatever_its_settings_say() -> None:
    room = finish_softly(running(set_cycles=9, finish="hard"), S)
    assert motion_of(room).cut_frame is None
    assert motion_of(room).brake_frame is not None
    assert finish_softly(room, S + 10) is room
    assert finish_softly(Bilateral(), 0) == Bilateral()


def test_a_stop_before_the_first_frame_leaves_nothing_to_hear() -> None:
    room = stop_set(running(start_frame=S, set_cycles=9), 10)
    assert beats_between(motion_of(room), 0, 20 * S) == []
    assert delivered(score_of(room), 20.0 * S) == {"cycles": 0, "elapsed_s": 0.0}


def test_what_was_delivered_is_whole_cycles_and_seconds_up_to_the_stop() -> None:
    room = stop_set(running(start_frame=50, rate_hz=1.0, set_cycles=9), 50 + round(3.4 * S))
    assert delivered(score_of(room), 1e9) == {"cycles": 3, "elapsed_s": 3.4}
    assert delivered(score_of(running(start_frame=50, set_cycles=9)), 50 + 2.0 * S) == {"cycles": 2, "elapsed_s": 2.0}


def test_a_set_that_was_done_counts_every_cycle_it_was_asked_for() -> None:
    for rate_hz in (0.07, 0.33, 1.13, 1.99):
        score = new_score(merged(Bls(), {"rate_hz": rate_hz, "set_cycles": 40}), LIMITS, 12_345)
        assert cycles_done(score, 1e12) == 40


# --- any sequence of changes ---

CHANGES = st.one_of(
    st.builds(lambda rate: {"rate_hz": rate / 20}, st.integers(4, 40)),
    st.builds(lambda cycles: {"set_cycles": cycles}, st.integers(1, 60)),
    st.builds(lambda seconds: {"set_s": seconds}, st.integers(5, 60)),
    st.just({"open": True}),
    st.builds(lambda finish: {"finish": finish}, st.sampled_from(["soft", "hard"])),
    st.builds(lambda on: {"tone": {"on": on}}, st.booleans()),
    st.just({"do": "finish"}),
)
SEQUENCES = st.lists(st.tuples(st.floats(0.01, 12.0), CHANGES), max_size=8)


def led_through(
    sequence: list[tuple[float, dict[str, Any]]], limits: Limits
) -> tuple[Bilateral, list[tuple[int, Motion, Motion]]]:
    """A set of 20 cycles led through changes, each so many seconds after the one before; and the motions before and after."""
    room = running(start_frame=1000, limits=limits, rate_hz=1.0, set_cycles=20)
    frame, steps = 1000, []
    for wait_s, change in sequence:
        frame += frames_of_s(wait_s)
        before = motion_of(room)
        if room.state_at(frame) == "idle":
            break
        try:
            room = finish_softly(room, frame) if "do" in change else change_settings(room, change, limits, frame)
        except Invalid:
            continue  # a set longer than the room's longest: refused, and what holds goes on
        steps.append((frame, before, motion_of(room)))
    return room, steps


@given(SEQUENCES)
def test_no_change_moves_the_phase_or_what_was_before_it(sequence: list[tuple[float, dict[str, Any]]]) -> None:
    _, steps = led_through(sequence, LIMITS)
    for frame, before, after in steps:
        past = np.linspace(1000, frame, 9)
        # A change is worked out anew from the same closed form, so what differs is the last digits of a double.
        assert after.phases(past) == pytest.approx(before.phases(past), abs=1e-9)
        assert abs(after.phase_at(frame + 1) - after.phase_at(frame)) < 1e-4


@given(SEQUENCES)
def test_the_phase_only_goes_on_and_never_faster_than_two_cycles_a_second(sequence: list[tuple[float, dict[str, Any]]]) -> None:
    room, _ = led_through(sequence, LIMITS)
    motion = motion_of(room)
    assert motion.end_frame is not None
    steps = np.diff(motion.phases(np.arange(1000.0, motion.end_frame + 480, 480.0)))
    assert steps.min() >= -1e-9
    assert steps.max() <= 2.0 * 480 / S + 1e-9


@given(SEQUENCES)
def test_the_beats_alternate_whatever_is_changed(sequence: list[tuple[float, dict[str, Any]]]) -> None:
    room, _ = led_through(sequence, LIMITS)
    motion = motion_of(room)
    assert motion.end_frame is not None
    beats = beats_between(motion, 0, int(motion.end_frame) + S)
    assert [beat.index for beat in beats] == list(range(len(beats)))
    assert [beat.side for beat in beats] == ["left" if index % 2 == 0 else "right" for index in range(len(beats))]
    assert all(later.frame > earlier.frame for earlier, later in pairwise(beats))
    # Left and right, one each a cycle: a set that was not cut gives both hands the same.
    assert len(beats) == 2 * (motion.cycles_total or 0)


@given(SEQUENCES)
def test_every_set_ends_at_a_whole_cycle_and_a_soft_one_comes_to_rest(sequence: list[tuple[float, dict[str, Any]]]) -> None:
    room, _ = led_through(sequence, LIMITS)
    motion = motion_of(room)
    assert motion.end_frame is not None
    assert motion.phase_at(motion.end_frame) == pytest.approx(motion.cycles_total, abs=1e-6)
    if motion.brake_frame is not None:
        assert motion.segments[-1].rate_at(motion.end_frame) == pytest.approx(0.0, abs=1e-6)


@given(SEQUENCES)
def test_every_set_ends_within_the_rooms_longest_once_it_knows_of_it(sequence: list[tuple[float, dict[str, Any]]]) -> None:
    room, steps = led_through(sequence, Limits(set_max_s=60.0))
    # Who asks in the last seconds gets the next whole cycle that can still be reached: at 0.2 Hz that is two cycles and a half
    # at most, and a rate that still falls takes part of a second more.
    late_s = max((frame / S for frame, _, _ in steps), default=0.0)
    assert end_s(room) <= max(60.0, late_s + 13.0)
