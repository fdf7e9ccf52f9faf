"""The picture of an arc says the same as the arc, in straight lines, and the snapshot has the contract's keys."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from playlists.arc import light_at, music_at
from playlists.arc_picture import arc_picture
from playlists.arc_snapshot import snapshot_of
from playlists.program import Program

Rehearse = Callable[..., Any]


def value_at(line: list[list[float]], minute: float) -> float:
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        if x0 <= minute <= x1 and x1 > x0:
            return y0 + (y1 - y0) * (minute - x0) / (x1 - x0)
    raise AssertionError(f"{minute} is outside the line")


@pytest.mark.parametrize("program_id", ["ketamine-iv", "psilocybin", "esketamine-in", "body-scan"])
def test_a_planned_program_spans_arrival_to_end_without_gaps(programs: dict[str, Program], program_id: str) -> None:
    picture = arc_picture(programs[program_id])
    spans = picture["phases"]
    assert spans[0]["start_min"] == picture["from_min"]
    assert spans[-1]["end_min"] == picture["to_min"]
    for before, after in itertools.pairwise(spans):
        assert before["end_min"] == after["start_min"]
    assert picture["now_min"] is None
    assert json.loads(json.dumps(picture, allow_nan=False)) == picture


def test_minutes_count_from_the_dose(programs: dict[str, Program]) -> None:
    picture = arc_picture(programs["ketamine-im"])
    assert picture["from_min"] == -15
    assert picture["t0_min"] == 0
    assert picture["stay_min"] == 90
    assert {span["id"]: span["start_min"] for span in picture["phases"] if not span["overrun"]}["peak"] == 15
    assert {mark["id"]: mark["at_min"] for mark in picture["prompts"]}["vitals-45"] == 45


def test_without_a_medicine_clock_there_is_no_t0_and_no_stay(programs: dict[str, Program]) -> None:
    picture = arc_picture(programs["silence"])
    assert picture["t0_min"] is None
    assert picture["stay_min"] is None
    assert picture["from_min"] == 0


def test_the_lines_are_the_arcs_own_levels(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(28, "release")
    session.at(30, "booster")
    picture = arc_picture(session.arc, session.zero_s + 31 * 60)
    assert picture["now_min"] == 31
    for tenth in range(-90, 1000, 7):
        minute = tenth / 10
        t_s = session.zero_s + minute * 60
        assert value_at(picture["light"], minute) == pytest.approx(light_at(session.arc, t_s).level_l, abs=0.02)
        assert value_at(picture["intensity"], minute) == pytest.approx(music_at(session.arc, t_s).intensity, abs=0.02)


def test_one_visit_in_several_stretches_is_one_span_and_a_second_visit_another(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    session.at(28, "release")
    session.at(30, "booster")
    spans = arc_picture(session.arc, session.zero_s + 31 * 60)["phases"]
    assert [span["id"] for span in spans][:6] == ["arrival", "settle", "onset", "ascent", "peak", "ascent"]
    assert (spans[4]["start_min"], spans[4]["end_min"]) == (15, 30)


def test_a_held_phase_is_drawn_up_to_the_edge(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    picture = arc_picture(session.arc, session.zero_s + 200 * 60)
    assert picture["phases"][-1]["id"] == "peak"
    assert picture["phases"][-1]["end_min"] == picture["to_min"]
    assert picture["to_min"] > 200


CONTRACT = {"id", "phase", "phases", "medicine_s", "phase_elapsed_s", "phase_left_s", "held", "paused", "prompts"}


def test_the_snapshot_has_the_contracts_keys_and_is_json(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-iv", dosed=False)
    snapshot = snapshot_of(session.arc, 30.0)
    assert set(snapshot) >= CONTRACT
    assert json.loads(json.dumps(snapshot, allow_nan=False)) == snapshot
    assert snapshot["medicine_s"] is None
    assert snapshot["t0_frame"] is None


def test_what_runs_can_be_worked_out_from_frames(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    t_s = session.zero_s + 20 * 60
    snapshot = snapshot_of(session.arc, t_s, frame_offset=1_000_000)
    now_frame = round(t_s * 48_000) + 1_000_000
    assert (now_frame - snapshot["t0_frame"]) / 48_000 == snapshot["medicine_s"]
    assert (now_frame - snapshot["phase_frame"]) / 48_000 == snapshot["phase_elapsed_s"]
    assert (snapshot["phase_end_frame"] - now_frame) / 48_000 == snapshot["phase_left_s"]
    due = {prompt["id"]: prompt for prompt in snapshot["prompts"]}["vitals-30"]
    assert (due["due_frame"] - snapshot["t0_frame"]) / 48_000 == due["due_min"] * 60


def test_a_held_phase_has_no_end_frame(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "hold")
    snapshot = snapshot_of(session.arc, session.zero_s + 25 * 60)
    assert snapshot["held"]
    assert snapshot["phase_left_s"] == 20 * 60
    assert snapshot["phase_end_frame"] is None
    assert "release" in snapshot["possible"]
    assert "hold" not in snapshot["possible"]


def test_phases_are_past_now_and_next_with_their_own_minutes(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    session.at(20, "extend", minutes=10)
    phases = {phase["id"]: phase for phase in snapshot_of(session.arc, session.zero_s + 21 * 60)["phases"]}
    assert [phase["state"] for phase in phases.values()] == ["past"] * 4 + ["now"] + ["next"] * 3
    assert (phases["peak"]["start_min"], phases["peak"]["end_min"]) == (15, 50)
    assert phases["return"]["start_min"] == 50


def test_the_stay_says_whether_it_is_met(rehearse: Rehearse) -> None:
    session = rehearse("ketamine-im")
    before = snapshot_of(session.arc, session.zero_s + 30 * 60)["stay"]
    after = snapshot_of(session.arc, session.zero_s + 90 * 60)["stay"]
    assert (before["minimum_s"], before["left_s"], before["met"]) == (5400, 3600, False)
    assert after["met"]
    assert snapshot_of(rehearse("silence").arc, 10.0)["stay"] is None
