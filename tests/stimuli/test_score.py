"""The score: which settings hold at which frame."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls

PLAIN = Bls()


def score_with(*frames: int) -> Score:
    """A score whose settings' seed is the cue's number, 0 at the start."""
    cues = tuple(Cue(frame, replace(PLAIN, seed=number)) for number, frame in enumerate((0, *frames)))
    return Score(motion.start(0, 1.0, None, soft=True), cues)


def test_settings_hold_from_their_cue_on() -> None:
    score = score_with(100, 200)
    assert [score.bls_at(frame).seed for frame in (0, 99, 100, 199, 200, 10**9)] == [0, 0, 1, 1, 2, 2]


def test_the_first_settings_hold_before_the_set_too() -> None:
    assert score_with(100).bls_at(-1_000).seed == 0


def test_a_later_cue_stands_for_all_that_would_have_come_after() -> None:
    changed = with_settings(score_with(100, 200), 150, replace(PLAIN, seed=9))
    assert [(cue.frame, cue.bls.seed) for cue in changed.cues] == [(0, 0), (100, 1), (150, 9)]


def test_a_cue_at_the_start_stands_for_the_first() -> None:
    assert [cue.frame for cue in with_settings(score_with(), 0, PLAIN).cues] == [0]


@given(
    cues=st.lists(st.integers(1, 5_000), max_size=6, unique=True),
    first=st.integers(-2_000, 6_000),
    frames=st.integers(1, 4_000),
)
def test_spans_cover_every_frame_once_with_its_own_settings(cues: list[int], first: int, frames: int) -> None:
    score = score_with(*sorted(cues))
    covered: list[int] = []
    for begin, until, bls in score.spans(first, frames):
        assert begin < until
        assert bls == score.bls_at(begin) == score.bls_at(until - 1)
        covered += range(begin, until)
    assert covered == list(range(first, first + frames))
