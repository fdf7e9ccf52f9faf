"""A louder volume is reached slowly, a softer one at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ
from stimuli.score import Cue, Score
from stimuli.settings import Bls
from stimuli.volume import MOST_DB_PER_S, slewed_db


def score_of(*asked: tuple[float, float]) -> Score:
    """A score whose tone volume is `db` from `s` seconds on, for each (s, db)."""
    bls = Bls()
    cues = tuple(Cue(round(s * FRAME_RATE_HZ), replace(bls, tone=replace(bls.tone, volume_db=db))) for s, db in asked)
    return Score(motion.start(cues[0].frame, 1.0, 60, soft=True), cues)


def volume_at(score: Score, seconds: float) -> float:
    return slewed_db(score, round(seconds * FRAME_RATE_HZ), lambda bls: bls.tone.volume_db)


def test_the_first_volume_of_a_set_holds_from_its_start() -> None:
    assert volume_at(score_of((0, -12.0)), 0.0) == -12.0


def test_a_louder_volume_comes_at_six_decibels_a_second() -> None:
    score = score_of((0, -30.0), (10, -12.0))
    assert [volume_at(score, s) for s in (9.9, 10.0, 11.0, 12.0, 13.0, 20.0)] == [-30.0, -30.0, -24.0, -18.0, -12.0, -12.0]


def test_a_softer_volume_comes_at_once() -> None:
    assert volume_at(score_of((0, -12.0), (10, -40.0)), 10.0) == -40.0


def test_a_rise_that_is_changed_midway_goes_on_from_where_it_was() -> None:
    score = score_of((0, -30.0), (10, 0.0), (11, -26.0), (12, 0.0))
    assert volume_at(score, 11.0) == -26.0
    assert volume_at(score, 13.0) == pytest.approx(-20.0)


@given(st.lists(st.tuples(st.floats(0.1, 5.0), st.floats(-60.0, 0.0)), min_size=1, max_size=8))
def test_however_it_is_moved_it_never_rises_faster_and_never_passes_what_was_asked(steps: list[tuple[float, float]]) -> None:
    at_s, asked = 0.0, [(0.0, -60.0)]
    for wait_s, db in steps:
        at_s += wait_s
        asked.append((at_s, db))
    score = score_of(*asked)
    grid = [index * 0.25 for index in range(int((at_s + 5.0) / 0.25))]
    volumes = [volume_at(score, s) for s in grid]
    for s, earlier, later in zip(grid[1:], volumes, volumes[1:], strict=False):
        assert later <= earlier + MOST_DB_PER_S * 0.25 + 1e-3
        wanted = [db for cue_s, db in asked if round(cue_s * FRAME_RATE_HZ) <= round(s * FRAME_RATE_HZ)][-1]
        assert later <= wanted + 1e-9
