"""What a program does bilaterally follows from its arc alone: there while it runs, finished by a pause, cut by STOP."""

from __future__ import annotations

import pytest

from playlists.own_motion import own_scores, wants_motion
from playlists.program import Program
from playlists.simulate import moves_of, simulated_arc
from stimuli.beats import beats_between
from stimuli.frames import FRAME_RATE_HZ
from stimuli.score import Score

S = FRAME_RATE_HZ


def scores_of(program: Program, moves: str = "") -> tuple[Score, ...]:
    return own_scores(simulated_arc(program, moves_of(moves))[0])


def test_only_a_sweep_and_taps_are_a_programs_own(programs: dict[str, Program]) -> None:
    assert [program_id for program_id, program in programs.items() if scores_of(program)] == ["breathing", "grounding"]


def test_a_pause_finishes_softly_stop_cuts_and_the_end_finishes(programs: dict[str, Program]) -> None:
    moves = """
    {"at_s": 100, "do": "pause"}
    {"at_s": 160, "do": "resume"}
    {"at_s": 200, "do": "stop"}
    {"at_s": 220, "do": "resume-room"}
    {"at_s": 230, "do": "resume"}
    {"at_s": 300, "do": "end"}
    """
    paused, stopped, ended = (score.motion for score in scores_of(programs["grounding"], moves))
    assert (paused.start_frame, stopped.start_frame, ended.start_frame) == (0, 160 * S, 230 * S)
    assert paused.finish_frame == 100 * S
    assert paused.end_frame is not None and 100 * S < paused.end_frame < 105 * S
    assert paused.cut_frame is None
    assert stopped.cut_frame == stopped.end_frame == 200 * S
    assert ended.finish_frame == 300 * S


def test_a_resume_waits_until_the_motion_before_has_come_to_rest(programs: dict[str, Program]) -> None:
    moves = '{"at_s": 100, "do": "pause"}\n{"at_s": 101, "do": "resume"}'
    before, after = (score.motion for score in scores_of(programs["breathing"], moves))
    assert before.end_frame is not None
    assert 0 <= after.start_frame - before.end_frame < 1


def test_a_hold_and_the_overrun_go_on_with_it(programs: dict[str, Program]) -> None:
    (score,) = scores_of(programs["grounding"], '{"at_s": 30, "do": "hold"}\n{"at_s": 90, "do": "release"}')
    assert score.motion.state_at(60 * S) == "running"
    assert score.motion.state_at(3600 * S) == "running"
    assert score.motion.state_at(2 * 3600 * S + 10 * S) == "idle"


def test_taps_fall_at_the_rate_of_the_programs_file(programs: dict[str, Program]) -> None:
    (score,) = scores_of(programs["grounding"])
    beats = list(beats_between(score.motion, 0, 60 * S))
    assert len(beats) == 48
    assert [beat.side for beat in beats[:4]] == ["left", "right", "left", "right"]


def test_the_pace_of_the_breath_changes_with_a_way_in(programs: dict[str, Program]) -> None:
    (score,) = scores_of(programs["breathing"], '{"at_s": 60, "do": "breath", "per_min": 5, "ratio": [1, 0, 1, 0]}')
    left_s = [beat.frame / S for beat in beats_between(score.motion, 0, 100 * S) if beat.side == "left"]
    assert left_s == pytest.approx([3, 13, 23, 33, 43, 53, 63, 75, 87, 99])


def test_nothing_moves_while_the_program_waits_to_be_resumed_or_is_over(programs: dict[str, Program]) -> None:
    arc, _ = simulated_arc(programs["breathing"], moves_of('{"at_s": 60, "do": "calm"}\n{"at_s": 90, "do": "end"}'))
    assert [wants_motion(arc, t_s) for t_s in (0.0, 59.9, 60.0, 89.0, 90.0, 500.0)] == [True, True, False, False, False, False]
