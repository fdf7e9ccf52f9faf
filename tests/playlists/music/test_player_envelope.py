from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.player.envelope import SILENT_DB, Envelope, db_gain, share_gain, steady
from playlists.player.music_clock import MusicClock

moves = st.lists(st.tuples(st.integers(0, 5000), st.floats(0, 1), st.integers(0, 4000)), max_size=6)


def built(steps: list[tuple[int, float, int]]) -> Envelope:
    envelope = steady(0.0)
    for frame, value, frames in sorted(steps):
        envelope = envelope.to(frame, value, frames)
    return envelope


@given(moves, st.lists(st.integers(1, 3000), min_size=1, max_size=8))
def test_gains_are_the_same_to_the_bit_for_any_split(steps: list[tuple[int, float, int]], splits: list[int]) -> None:
    envelope, total = built(steps), sum(splits)
    for gain in (share_gain, db_gain):
        whole = np.broadcast_to(gain(envelope, 0, total), total)
        first, pieces = 0, []
        for split in splits:
            pieces.append(np.broadcast_to(gain(envelope, first, split), split))
            first += split
        assert np.array_equal(np.concatenate(pieces), whole)


@given(moves)
def test_a_new_move_starts_from_the_value_it_finds(steps: list[tuple[int, float, int]]) -> None:
    envelope = built(steps)
    before = envelope.at(2500)
    led = envelope.to(2500, 0.5, 1000)
    assert led.at(2500) == before
    assert led.at(3500) == pytest.approx(0.5)
    assert led.at(2499) == pytest.approx(envelope.at(2499), abs=1e-9)


@given(moves, st.integers(5000, 20_000))
def test_a_move_that_lies_ahead_changes_nothing_before_it(steps: list[tuple[int, float, int]], ahead: int) -> None:
    envelope = built(steps)
    assert np.allclose(envelope.to(ahead, 0.3, 500).values(0, ahead + 1), envelope.values(0, ahead + 1), atol=1e-9)


@given(moves, st.integers(-10, 12_000))
def test_one_frame_and_a_block_agree(steps: list[tuple[int, float, int]], frame: int) -> None:
    envelope = built(steps)
    assert envelope.values(frame, 3)[1] == pytest.approx(envelope.at(frame + 1), abs=1e-9)


@given(moves, st.integers(0, 9000), st.integers(1, 500))
def test_steady_means_that_no_frame_differs(steps: list[tuple[int, float, int]], first: int, frames: int) -> None:
    still = built(steps).steady(first, frames)
    values = built(steps).values(first, frames)
    if still is not None:
        assert np.allclose(values, still, atol=1e-12)


def test_two_shares_that_cross_keep_their_power() -> None:
    out = share_gain(steady(1.0).to(0, 0.0, 1000), 0, 1001)
    into = share_gain(steady(0.0).to(0, 1.0, 1000), 0, 1001)
    assert np.allclose(np.square(out) + np.square(into), 1.0)


def test_a_fade_in_db_is_even_and_ends_in_silence() -> None:
    fade = steady(0.0).to(0, SILENT_DB, 1200)
    gains = db_gain(fade, 0, 1300)
    assert gains[100] == pytest.approx(10 ** (-10 / 20))
    assert gains[1200] == 0.0 and gains[1299] == 0.0


def test_music_stands_still_between_a_halt_and_going_on() -> None:
    clock = MusicClock().going(1000).halting(5000)
    assert [clock.music_frame(frame) for frame in (0, 1000, 4000, 5000, 9000)] == [0, 0, 3000, 4000, 4000]
    again = clock.going(8000)
    assert again.music_frame(8000) == 4000 and again.music_frame(8500) == 4500
    assert again.frame_of(4500) == 8500


def test_going_on_before_the_halt_has_come_calls_it_off() -> None:
    clock = MusicClock().going(0).halting(5000).going(4000)
    assert clock.runs_at(6000) and clock.music_frame(6000) == 6000


def test_frames_that_never_came_hold_no_music() -> None:
    clock = MusicClock().going(0).halting(90_000).skipped(10_000, 40_000)
    assert clock.music_frame(40_000) == 10_000
    assert clock.runs_at(119_999) and not clock.runs_at(120_000)


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 4000), st.integers(1, 4000))
def test_spans_cover_a_block_without_a_gap(go: int, length: int, first: int, frames: int) -> None:
    clock = MusicClock().going(go).halting(go + length)
    spans = list(clock.spans(first, frames))
    assert sum(span.frames for span in spans) == frames
    for span in spans:
        assert span.runs == clock.runs_at(span.frame) == clock.runs_at(span.frame + span.frames - 1)
        assert span.music_frame == clock.music_frame(span.frame)
