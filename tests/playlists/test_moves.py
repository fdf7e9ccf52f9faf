"""Each move of a running program does what the domain says, goes on from what is, and is refused where it makes no sense."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import ArcInvalid, ArcRefused, arc_at
from playlists.arc_json import arc_from_json, arc_to_json
from playlists.moves import VERBS, possible_at

Rehearse = Callable[..., Any]


def test_hold_freezes_what_is_left_of_the_phase(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    for minute in (20, 25, 60, 300):
        point = session.point(minute)
        assert point.phase == "peak"
        assert point.held
        assert point.phase_left_s == 20 * 60
    assert session.point(300).music.intensity == session.point(21).music.intensity


def test_release_shifts_the_later_phases_by_as_long_as_was_held(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(32, "release")
    assert session.point(32).phase_left_s == 20 * 60
    assert session.point(51.9).phase == "peak"
    assert session.point(52).phase == "return"
    assert session.point(72).phase == "landing"
    assert session.point(92).phase == "debrief"


def test_prompts_from_the_dose_do_not_move_with_a_hold(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    before = {prompt.id: prompt.due_s for prompt in session.point(19).prompts}
    session.at(20, "hold")
    session.at(32, "release")
    assert {prompt.id: prompt.due_s for prompt in session.point(33).prompts} == before
    assert session.prompt("vitals-30", 30) == "due"


@pytest.mark.parametrize("minute", [1, 5, 10, 50, 70, 90])
def test_only_a_phase_that_may_be_held_can_be(rehearse: Rehearse, minute: float) -> None:
    with pytest.raises(ArcRefused, match="cannot be held") as caught:
        rehearse("ketamine-im").at(minute, "hold")
    assert "hold" not in caught.value.possible
    assert caught.value.state == "running"


def test_next_goes_on_from_the_present_light_with_the_operators_crossfade(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    before = session.point(20)
    session.at(20, "next")
    after = session.point(20)
    assert after.phase == "return"
    assert after.phase_left_s == 20 * 60
    assert after.light.level_l == pytest.approx(before.light.level_l)
    assert after.music.crossfade_s == 6
    assert session.point(20, 6).music.intensity == pytest.approx(3)
    assert session.point(40).phase == "landing"


def test_next_lets_go_of_a_hold(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(30, "next")
    assert session.point(30).phase == "return"
    assert not session.point(30).held


def test_previous_begins_the_phase_before_anew(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "previous")
    point = session.point(20)
    assert (point.phase, point.phase_left_s, point.phase_elapsed_s) == ("ascent", 7 * 60, 0)
    assert session.point(27).phase == "peak"


def test_there_is_no_way_back_into_the_arrival(rehearse: Rehearse) -> None:
    with pytest.raises(ArcRefused, match='"Settle" is the first phase'):
        rehearse("ketamine-im").at(1, "previous")
    with pytest.raises(ArcInvalid, match="allowed are settle, onset") as caught:
        rehearse("ketamine-im").at(20, "skip", phase="arrival")
    assert "arrival" not in caught.value.allowed


def test_skip_to_return_and_back_to_peak(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "skip", phase="return")
    assert session.point(21).phase == "return"
    session.at(25, "skip", phase="peak")
    point = session.point(25)
    assert (point.phase, point.phase_left_s) == ("peak", 25 * 60)
    with pytest.raises(ArcRefused, match='in "peak" already'):
        session.at(26, "skip", phase="peak")


def test_extend_adds_to_the_phase_and_shifts_what_follows(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "extend", minutes=5)
    session.at(20, "extend", minutes=10)
    assert session.point(20).phase_left_s == 35 * 60
    assert session.point(54.9).phase == "peak"
    assert session.point(55).phase == "return"


def test_ten_minutes_pressed_twenty_times_is_two_hundred(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    for press in range(20):
        session.at(20 + press / 60, "extend", minutes=10)
    assert session.point(20, 20).phase_left_s == pytest.approx((20 + 200) * 60 - 20)
    assert session.point(100).over_max


@pytest.mark.parametrize("minutes", [0, -5, 121, float("nan"), float("inf"), "ten", True, None])
def test_extend_takes_a_sensible_number_of_minutes(rehearse: Rehearse, minutes: object) -> None:
    with pytest.raises(ArcInvalid, match="at most 120 min"):
        rehearse("ketamine-im").at(20, "extend", minutes=minutes)


def test_extend_in_the_overrun_goes_back_to_the_last_phase(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(115, "extend", minutes=10)
    point = session.point(116)
    assert (point.state, point.phase_left_s, point.music.phase) == ("running", 9 * 60, "debrief")
    assert session.point(126).state == "overrun"


def test_a_ketamine_booster_goes_back_to_ascent(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", mg=50)
    session.at(30, "booster", mg=25)
    point = session.point(30)
    assert (point.phase, point.phase_left_s) == ("ascent", 7 * 60)
    assert session.point(37).phase == "peak"
    assert session.arc.total_mg == 75
    assert session.point(62).phase == "return"


def test_a_ketamine_booster_before_the_ascent_changes_no_phase(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(5, "booster")
    assert session.point(5).phase == "onset"
    assert session.point(8).phase == "ascent"


def test_a_booster_has_prompts_of_its_own(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "booster")
    session.at(50, "booster")
    assert session.prompt("booster-vitals-b1", 45) == "due"
    assert session.prompt("booster-vitals-b2", 64) == "waiting"
    assert session.prompt("booster-vitals-b2", 65) == "due"


def test_an_mdma_booster_makes_the_peak_longer_before_in_and_after_it(rehearse: Rehearse) -> None:
    before = rehearse("mdma")
    before.at(60, "booster")
    assert before.point(269).phase == "peak"
    assert before.point(270).phase == "return"
    inside = rehearse("mdma")
    inside.at(100, "booster")
    assert inside.point(100).phase_left_s == (110 + 60) * 60
    after = rehearse("mdma")
    after.at(220, "booster")
    assert (after.point(220).phase, after.point(220).phase_left_s) == ("peak", 60 * 60)


def test_a_psilocybin_booster_makes_the_stay_follow_the_total(rehearse: Rehearse) -> None:
    session = rehearse("psilocybin", mg=20)
    assert session.point(30).stay_s == 4 * 3600
    session.at(60, "booster", mg=10)
    assert session.point(60).stay_s == 5 * 3600
    session.at(90, "booster", mg=5)
    assert session.point(90).stay_s == 6 * 3600
    assert session.point(90).phase == "ascent"


def test_a_booster_without_milligrams_asks_for_the_longest_stay(rehearse: Rehearse) -> None:
    session = rehearse("psilocybin", mg=10)
    session.at(60, "booster")
    assert session.point(60).stay_s == 6 * 3600


def test_a_booster_comes_after_the_dose_and_only_where_there_is_one(rehearse: Rehearse) -> None:
    with pytest.raises(ArcRefused, match="the dose was not given yet"):
        rehearse("ketamine-im", dosed=False).at(-5, "booster")
    with pytest.raises(ArcRefused, match="has no booster"):
        rehearse("esketamine-in").at(5, "booster")


def test_the_dose_is_given_once(rehearse: Rehearse) -> None:
    with pytest.raises(ArcRefused, match="a second one is a booster"):
        rehearse("ketamine-im").at(5, "dose")
    with pytest.raises(ArcRefused, match="no medicine clock"):
        rehearse("silence").at(1, "dose")


@pytest.mark.parametrize("mg", [0, -1, float("nan"), "lots", 1e9])
def test_milligrams_are_a_sensible_number(rehearse: Rehearse, mg: object) -> None:
    with pytest.raises(ArcInvalid, match="mg"):
        rehearse("ketamine-im", dosed=False).at(0, "dose", mg=mg)


def test_the_pumps_stop_retimes_the_return(rehearse: Rehearse) -> None:
    early = rehearse("ketamine-iv")
    early.at(35, "anchor", name="pump-stop")
    assert early.point(39.9).phase == "peak"
    assert early.point(40).phase == "return"
    assert early.point(55).phase == "landing"
    late = rehearse("ketamine-iv")
    late.at(44, "anchor", name="Pump stop")
    assert late.point(48.9).phase == "peak"
    assert late.point(49).phase == "return"


def test_a_pump_that_stops_before_the_peak_shortens_it_to_its_minimum(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    session.at(15, "anchor", name="pump-stop")
    assert session.point(25).phase == "peak"
    assert session.point(34.9).phase == "peak"
    assert session.point(35).phase == "return"


def test_a_pump_that_stops_while_the_peak_is_held_leaves_it_held(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    session.at(30, "hold")
    session.at(40, "anchor", name="pump-stop")
    assert session.point(200).phase == "peak"


def test_an_anchor_is_known_unmarked_and_after_the_dose(rehearse: Rehearse) -> None:
    session = rehearse("esketamine-in")
    with pytest.raises(ArcInvalid, match="allowed are device-2, device-3"):
        session.at(4, "anchor", name="device-9")
    session.at(5, "anchor", name="device-2")
    with pytest.raises(ArcRefused, match="marked already"):
        session.at(6, "anchor", name="device-2")
    with pytest.raises(ArcInvalid, match="by giving the dose"):
        session.at(6, "anchor", name="T0")
    with pytest.raises(ArcRefused, match="comes after the dose"):
        rehearse("esketamine-in", dosed=False).at(-1, "anchor", name="device-2")


def test_pause_stops_music_and_light_but_not_the_clock_or_the_prompts(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    session.at(3, "pause")
    before, later = session.point(3), session.point(20)
    assert later.state == "paused"
    assert later.phase == "settle"
    assert later.phase_left_s == before.phase_left_s
    assert later.light.level_l == before.light.level_l
    assert later.music.music_frac == 0
    assert session.point(3, 1).music.music_frac == pytest.approx(0.5)
    assert later.music.bed_frac == 1
    assert later.medicine_s == 20 * 60
    assert session.prompt("vitals-10", 10) == "due"


def test_resume_brings_the_music_back_in_four_seconds_where_it_was(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "pause")
    session.at(30, "resume")
    assert session.point(30, 2).music.music_frac == pytest.approx(0.5)
    assert session.point(30, 4).music.music_frac == 1
    assert session.point(30).phase_left_s == 20 * 60
    assert session.point(50).phase == "return"
    with pytest.raises(ArcRefused, match="nothing is paused"):
        session.at(31, "resume")


def test_a_light_fade_that_was_paused_ends_where_it_was_going(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    session.at(2.5, "pause")
    session.at(10, "resume")
    assert session.point(10).light.level_l == pytest.approx(40)
    assert session.point(12.5).light.level_l == pytest.approx(25)


def test_a_long_fade_that_was_paused_takes_what_it_had_left(rehearse: Rehearse) -> None:
    session = rehearse("psilocybin")
    session.at(2, "pause")
    session.at(3, "resume")
    paused_l = session.point(3).light.level_l
    assert session.point(6.5).light.level_l == pytest.approx((paused_l + 25) / 2)
    assert session.point(10).light.level_l == pytest.approx(25)


def test_a_move_just_before_a_phase_leaves_the_coming_change_as_it_was(rehearse: Rehearse) -> None:
    session, untouched = rehearse("ketamine-im"), rehearse("ketamine-im")
    session.at(15 - 1 / 60, "light", cct_k=2000)
    for second in (0, 10, 30, 300):
        assert session.point(15, second).music == untouched.point(15, second).music
        assert session.point(15, second).light.level_l == untouched.point(15, second).light.level_l


def test_calm_is_the_bed_six_decibels_down_and_a_warm_dim_light(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    before = session.point(38)
    session.at(38, "calm")
    assert session.point(38, 6).music.music_frac == 0
    assert session.point(38, 6).music.bed_frac == 1
    assert session.point(38, 6).music.bed_db == -6
    assert session.point(38, 3).music.music_frac == pytest.approx(0.5)
    assert session.point(38, 10).light.level_l == pytest.approx(25)
    mired = [1e6 / session.point(38, seconds).light.cct_k for seconds in (0, 5, 10, 60)]
    assert abs(mired[1] - mired[0]) <= 25 + 1e-6
    assert session.point(38, 60).light.cct_k == pytest.approx(2200)
    assert session.point(60).state == "calm"
    assert session.point(60).medicine_s == 60 * 60
    assert session.point(60).phase_left_s == before.phase_left_s


def test_attention_is_silence_in_a_second_and_a_half_and_full_light_in_two(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "attention")
    assert session.point(30, 1.5).music.music_frac == 0
    assert session.point(30, 1.5).music.bed_frac == 0
    assert session.point(30, 2).light.level_l == 100
    assert session.point(30, 2).light.cct_k == pytest.approx(4000)
    assert session.point(40).state == "attention"
    assert session.point(40).paused


def test_after_attention_the_light_goes_back_no_faster_than_an_operator_may(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "attention")
    session.at(31, "resume")
    levels = [session.point(31, second).light.level_l for second in range(0, 61)]
    steps = [one - other for one, other in itertools.pairwise(levels)]
    assert max(steps) <= 5
    assert levels[-1] == pytest.approx(6)


def test_check_light_adds_ten_for_a_minute_and_goes_back(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    base = session.point(30).light.level_l
    session.at(30, "check-light")
    assert session.point(30).light.level_l == base
    assert session.point(30, 3).light.level_l == pytest.approx(base + 10)
    assert session.point(30, 60).light.level_l == pytest.approx(base + 10)
    assert session.point(30, 63).light.level_l == pytest.approx(base)
    assert session.point(30, 30).light.target_l == 6
    assert not session.point(30, 30).paused


def test_looking_again_lasts_a_minute_from_then(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    base = session.point(30).light.level_l
    session.at(30, "check-light")
    session.at(30.5, "check-light")
    assert session.point(31.25).light.level_l == pytest.approx(base + 10)
    assert session.point(31.6).light.level_l == pytest.approx(base)


def test_the_operators_own_light_lasts_until_the_next_phase(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "light", level_l=30)
    assert session.point(20, 4.8).light.level_l == pytest.approx(30)
    assert session.point(39).light.level_l == pytest.approx(30)
    assert session.point(45).light.level_l == pytest.approx(20)
    with pytest.raises(ArcInvalid, match="level_l"):
        session.at(46, "light", level_l=130)


def test_a_bright_room_goes_dim_unasked_no_faster_than_half_a_step_a_second(rehearse: Rehearse) -> None:
    session = rehearse("body-scan")
    session.at(2, "light", level_l=100, cct_k=6500)
    levels = [session.point(3, second) for second in range(0, 300)]
    steps = [one.light.level_l - other.light.level_l for one, other in itertools.pairwise(levels)]
    mired = [1e6 / other.light.cct_k - 1e6 / one.light.cct_k for one, other in itertools.pairwise(levels)]
    assert max(steps) == pytest.approx(0.5)
    assert max(mired) <= 5
    assert levels[160].light.level_l == pytest.approx(20)


def test_stop_pauses_and_latches_until_the_room_is_resumed(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "stop")
    assert session.point(30, 2).music.music_frac == 0
    assert session.point(30, 2).music.bed_frac == 0
    assert session.point(31).state == "stopped"
    assert session.point(31).light.level_l == pytest.approx(20)
    with pytest.raises(ArcRefused, match="STOP stands"):
        session.at(31, "resume")
    with pytest.raises(ArcRefused, match="STOP stands"):
        session.at(31, "calm")
    session.at(32, "resume-room")
    assert session.point(40).paused
    assert session.point(40).medicine_s == 40 * 60
    session.at(41, "resume")
    assert session.point(41, 4).music.music_frac == 1


def test_attention_is_possible_while_stop_stands(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "stop")
    session.at(31, "attention")
    assert session.point(31, 2).light.level_l == 100
    assert session.point(31, 2).music.bed_frac == 0


def test_the_dose_is_not_given_while_stop_stands(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", dosed=False)
    session.at(-5, "stop")
    with pytest.raises(ArcRefused, match="STOP stands"):
        session.at(0, "dose")


def test_end_before_the_minimum_stay_needs_a_reason(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    with pytest.raises(ArcRefused, match=r"60 min more.*override_reason"):
        session.at(30, "end")
    session.at(30, "end", override_reason="transfer to hospital")
    assert session.point(30).state == "ended"


def test_end_fades_in_forty_five_seconds_and_brings_the_light_up(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(100, "end")
    assert session.point(100).music.music_frac == 1
    assert session.point(100, 22.5).music.music_frac == pytest.approx(0.5)
    assert session.point(100, 45).music.music_frac == 0
    assert session.point(100, 45).music.bed_frac == 0
    assert session.point(102).light.level_l == pytest.approx(60)
    assert session.point(500).phase == "debrief"
    assert session.point(500).phase_left_s is None


def test_before_the_dose_a_program_may_be_ended_freely(rehearse: Rehearse) -> None:
    session = rehearse("mdma", dosed=False)
    session.at(-2, "end")
    assert session.point(0).state == "ended"


def test_nothing_moves_an_ended_program_but_its_prompts(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(100, "end")
    for verb in VERBS:
        if verb != "check-light":
            with pytest.raises((ArcRefused, ArcInvalid)):
                session.at(101, verb, minutes=5, phase="peak", name="x")
    session.at(101, "done", prompt="vitals-90", value="121/80")
    assert session.prompt("vitals-90", 102) == "done"


def test_after_a_restart_the_bed_is_back_and_the_rest_waits(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    left = session.point(39).light
    session.at(42, "restart", light_l=left.level_l, cct_k=left.cct_k)
    point = session.point(42, 3)
    assert point.state == "awaiting-resume"
    assert point.music.bed_frac == 1
    assert point.music.music_frac == 0
    assert point.light.level_l == left.level_l
    assert session.point(50).phase == "return"
    assert session.point(50).light.level_l == left.level_l
    assert session.point(50).medicine_s == 50 * 60


def test_resuming_after_a_restart_fades_in_for_ten_seconds_at_the_right_minute(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    left = session.point(39).light
    session.at(62, "restart", light_l=left.level_l, cct_k=left.cct_k)
    session.at(65, "resume")
    assert session.point(65).phase == "landing"
    assert session.point(65).light.level_l == pytest.approx(left.level_l)
    assert session.point(65, 5).music.music_frac == pytest.approx(0.5)
    assert session.point(65, 10).music.music_frac == 1
    assert session.point(71).light.level_l == pytest.approx(40)
    assert session.point(80).phase == "debrief"


def test_after_a_restart_under_stop_even_the_bed_is_silent(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(30, "stop")
    session.at(31, "restart", light_l=20.0, cct_k=2200.0)
    assert session.point(35).music.bed_frac == 0


def test_a_hold_survives_a_restart(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(30, "restart", light_l=6.0, cct_k=1900.0)
    session.at(90, "resume")
    assert session.point(90).phase == "peak"
    assert session.point(90).held


def test_a_track_that_was_chosen_is_a_stamped_move(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "note_track", track="a1b2", action="crossfade")
    assert session.arc.playing == "a1b2"
    assert session.arc.moves[-1].args["track"] == "a1b2"


def test_an_arc_made_again_from_its_moves_is_the_same(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv", mg=40)
    session.at(26, "extend", minutes=5)
    session.at(27, "hold")
    session.at(30, "done", prompt="vitals-30", value={"bp": "130/85", "hr": 80})
    session.at(33, "calm")
    session.at(34, "resume")
    session.at(36, "release")
    session.at(38, "anchor", name="pump-stop")
    assert arc_from_json(arc_to_json(session.arc)) == session.arc


def test_a_move_stamped_before_the_last_counts_as_made_right_after_it(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(19, "release")
    assert session.arc.moves[-1].at_s == session.arc.moves[-2].at_s


@pytest.mark.parametrize("minute", [-5, 1, 20, 50, 100, 115])
def test_what_is_said_to_be_possible_is_what_is_taken(rehearse: Rehearse, minute: float) -> None:
    args = {
        "extend": {"minutes": 5},
        "end": {"override_reason": "x"},
        "anchor": {"name": "pump-stop"},
        "skip": {"phase": "onset"},
    }
    for verb in VERBS:
        session = rehearse("ketamine-iv", dosed=minute >= 0)
        possible = possible_at(session.arc, session.zero_s + 60 * minute)
        try:
            session.at(minute, verb, **args.get(verb, {}))
        except ArcRefused as refusal:
            assert verb not in possible
            assert refusal.possible == possible
        else:
            assert verb in possible
            assert arc_at(session.arc, session.arc.last_s).phase


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "give per_min"),
        ({"per_min": 4.9}, "allowed is 5 to 7 breaths a minute"),
        ({"per_min": float("nan")}, "allowed is 5 to 7 breaths a minute"),
        ({"per_min": True}, "allowed is 5 to 7 breaths a minute"),
        ({"per_min": "6"}, "allowed is 5 to 7 breaths a minute"),
        ({"ratio": [4, 6]}, "four numbers"),
        ({"ratio": "4:6"}, "four numbers"),
        ({"ratio": [4, 0, 0, 0]}, "more than 0"),
        ({"ratio": [1, 0, 4, 0]}, "at most 3 to 1"),
        ({"ratio": [4, 0, float("inf"), 0]}, "more than 0"),
    ],
)
def test_a_breath_that_nobody_can_follow_is_refused(rehearse: Rehearse, asked: dict[str, Any], says: str) -> None:
    session = rehearse("breathing")
    with pytest.raises(ArcInvalid, match=says):
        session.at(1, "breath", **asked)


def test_the_breath_changes_in_what_is_asked_and_keeps_the_rest(rehearse: Rehearse) -> None:
    session = rehearse("breathing")
    session.at(1, "breath", per_min=5)
    session.at(2, "breath", ratio=[1, 0, 2, 0])
    last = session.arc.breath[-1].breath
    assert (last.per_min, last.ratio, last.pad_swell_db) == (5.0, (1.0, 0.0, 2.0, 0.0), 6.0)
    assert arc_from_json(json.loads(json.dumps(arc_to_json(session.arc)))) == session.arc


def test_a_program_without_a_breath_refuses_another_pace(rehearse: Rehearse) -> None:
    session = rehearse("grounding")
    with pytest.raises(ArcRefused, match="leads no breath"):
        session.at(1, "breath", per_min=6)
