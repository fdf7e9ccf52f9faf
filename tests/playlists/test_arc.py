"""The arc over the medicine clock: phases, levels and their rates, overrun, and what is left of the minimum stay."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import light_at, music_at, planned_end_s
from playlists.program import Program
from playlists.retiming import start_arc

Rehearse = Callable[..., Any]


def test_the_arrival_waits_for_the_dose_however_long_it_takes(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", dosed=False)
    point = session.point(180)
    assert point.phase == "arrival"
    assert point.state == "arrival"
    assert point.phase_left_s == 0
    assert point.medicine_s is None
    assert point.stay_left_s is None


def test_the_medicine_clock_counts_from_the_dose(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    assert session.point(0).medicine_s == 0
    assert session.point(42).medicine_s == 42 * 60


@pytest.mark.parametrize(
    ("minute", "phase"),
    [
        (0, "settle"),
        (3, "onset"),
        (8, "ascent"),
        (15, "peak"),
        (39.9, "peak"),
        (40, "return"),
        (60, "landing"),
        (80, "debrief"),
    ],
)
def test_phases_begin_at_the_tables_minutes(rehearse: Rehearse, minute: float, phase: str) -> None:
    assert rehearse("ketamine-im").point(minute).phase == phase


def test_time_left_and_elapsed_add_up_to_the_phase(rehearse: Rehearse) -> None:
    point = rehearse("ketamine-im").point(20)
    assert point.phase_elapsed_s == 5 * 60
    assert point.phase_left_s == 20 * 60


def test_after_the_last_phase_the_landing_music_goes_on_for_ever(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    for minute in (111, 300, 6000):
        point = session.point(minute)
        assert point.state == "overrun"
        assert point.phase == "debrief"
        assert point.music.phase == "landing"
        assert point.music.gain_db == -4
        assert point.music.music_frac == 1
        assert point.phase_left_s == 0
    assert session.point(110, 0).music.changed_s == session.zero_s + 110 * 60


def test_a_last_phase_without_an_end_lasts_until_it_is_ended(rehearse: Rehearse) -> None:
    session = rehearse("esketamine-in")
    point = session.point(600)
    assert point.phase == "debrief"
    assert point.phase_left_s is None
    assert not point.overrun
    assert planned_end_s(session.arc) == session.zero_s + 120 * 60


def test_the_minimum_stay_counts_down_from_the_dose(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    assert session.point(30).stay_s == 90 * 60
    assert session.point(30).stay_left_s == 60 * 60
    assert session.point(95).stay_left_s == 0


def test_reaching_a_phases_maximum_only_warns(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    peak = next(phase for phase in session.arc.program.phases if phase.id == "peak")
    assert not session.point(15 + peak.max_min).over_max
    point = session.point(15 + peak.max_min, 1)
    assert point.over_max
    assert point.phase == "peak"
    assert point.music.music_frac == 1


def test_light_goes_to_each_phases_level_in_its_fade(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    assert session.point(0).light.level_l == pytest.approx(55)
    assert session.point(2.5).light.level_l == pytest.approx(40)
    assert session.point(5).light.level_l == pytest.approx(25)
    assert session.point(12).light.level_l == pytest.approx(12)
    assert session.point(30).light.level_l == pytest.approx(6)
    assert session.point(30).light.target_l == 6


def test_colour_is_slower_than_level(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv")
    assert session.point(5).light.level_l == pytest.approx(25)
    assert session.point(5).light.cct_k > 2400 + 5
    assert session.point(6, 15).light.cct_k < session.point(5).light.cct_k


def test_a_phase_change_crossfades_in_twenty_seconds(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    before, after = session.point(15).music, session.point(15, 20).music
    assert after.crossfade_s == 20
    assert after.changed_s == session.zero_s + 15 * 60
    assert (before.gain_db, after.gain_db) == (-1, 0)
    assert (before.begins, session.point(40).music.begins) == (4, 3)
    assert before.intensity == pytest.approx(4, abs=0.01)
    assert after.intensity == pytest.approx(4)


def test_intensity_grows_over_the_peak(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    assert session.point(39.99).music.intensity == pytest.approx(5, abs=0.01)
    assert 4.4 < session.point(27.5).music.intensity < 4.6


def test_a_session_begins_with_a_fade_of_twenty_seconds(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im", dosed=False)
    at_s = session.arc.started_s
    assert music_at(session.arc, at_s).music_frac == 0
    assert music_at(session.arc, at_s + 10).music_frac == pytest.approx(0.5)
    assert music_at(session.arc, at_s + 20).music_frac == 1


def test_light_begins_where_the_room_is(programs: dict[str, Program]) -> None:
    arc = start_arc(programs["silence"], 5.0, 0.0, light_l=80.0, cct_k=5000.0)
    assert light_at(arc, 5.0).level_l == 80
    assert light_at(arc, 5.0).cct_k == pytest.approx(5000)
    assert light_at(arc, 95.0).level_l == pytest.approx(30)


def test_silence_has_no_sound_and_no_bed(rehearse: Rehearse) -> None:
    session = rehearse("silence")
    for minute in (0, 1, 10, 24, 60):
        assert session.point(minute).music.music_frac == 0
        assert session.point(minute).music.bed_frac == 0


def test_an_integration_program_begins_at_once_and_has_no_medicine_clock(rehearse: Rehearse) -> None:
    point = rehearse("body-scan").point(4)
    assert point.phase == "lower"
    assert point.medicine_s is None
    assert point.stay_left_s is None


def test_breathing_swells_with_the_breath(rehearse: Rehearse) -> None:
    session = rehearse("breathing")
    swells = [session.point(5, second / 4).music.swell_db for second in range(40)]
    assert max(swells) == pytest.approx(0, abs=0.2)
    assert min(swells) == pytest.approx(-6, abs=0.2)
    assert max(abs(one - other) for one, other in itertools.pairwise(swells)) < 1


def test_the_pad_is_emptiest_as_the_bar_turns_to_the_way_in(rehearse: Rehearse) -> None:
    session = rehearse("breathing")
    lead_in_s = 3.0
    assert session.point(5, lead_in_s).music.swell_db == pytest.approx(-6)
    assert session.point(5, lead_in_s + 4.0).music.swell_db == pytest.approx(0)
