"""The session clock follows a card that drifts, jitters, loses frames and goes away."""

from __future__ import annotations

import math
import random

import pytest

from roomctl.clock import SessionClock

BLOCK = 256


def play(
    clock: SessionClock,
    seconds: float,
    *,
    ppm: float = 0.0,
    jitter_s: float = 0.0,
    start_s: float = 100.0,
    first_frame: int = 0,
    late_s: float = 0.0,
) -> float:
    """Feed `seconds` of a card that runs `ppm` fast; returns the worst error of the clock over the last tenth, in seconds."""
    rng = random.Random(1)
    rate = 48_000 * (1 + ppm * 1e-6)
    worst = 0.0
    blocks = int(seconds * 48_000 / BLOCK)
    for index in range(blocks):
        frame = first_frame + index * BLOCK
        true_s = start_s + late_s + index * BLOCK / rate
        clock.observe(frame, true_s + rng.gauss(0.0, jitter_s))
        if index > blocks * 0.9:
            worst = max(worst, abs(clock.mono_at(frame) - true_s))
    return worst


def test_before_a_card_is_heard_the_clock_runs_at_its_nominal_rate() -> None:
    clock = SessionClock(10.0)
    assert clock.frame_at(11.0) == 48_000
    assert clock.mono_at(96_000) == 12.0


@pytest.mark.parametrize("ppm", [-126.0, -26.0, 0.0, 180.0])
def test_a_drifting_card_is_followed_to_a_tenth_of_a_millisecond(ppm: float) -> None:
    clock = SessionClock(100.0)
    # 0.2 ms is the spread of the card's statements that was measured on PulseAudio; the loop averages some ten blocks of it.
    assert play(clock, 120.0, ppm=ppm, jitter_s=0.2e-3) < 0.1e-3
    assert clock.drift_ppm == pytest.approx(ppm, abs=12.0)


def test_one_outlier_moves_nothing() -> None:
    clock = SessionClock(100.0)
    play(clock, 20.0)
    before = clock.reading
    clock.observe(20 * 48_000, before.mono_at(20 * 48_000) + 0.030)
    assert clock.reading == before


def test_lost_frames_are_a_step_that_keeps_the_rate() -> None:
    clock = SessionClock(100.0)
    play(clock, 30.0, ppm=50.0)
    rate = clock.reading.frames_per_s
    first = int(30 * 48_000 / BLOCK) * BLOCK
    start_s = clock.mono_at(first)
    worst = play(clock, 2.0, ppm=50.0, start_s=start_s, first_frame=first, late_s=0.0107)
    assert worst < 0.2e-3
    assert clock.reading.frames_per_s == pytest.approx(rate, abs=1.0)


def test_a_sound_server_that_takes_up_its_timing_anew_does_not_carry_the_rate_away() -> None:
    """As recorded behind PulseAudio after an under-run: for seconds what it says slides by a hundredth, then it holds again."""
    clock = SessionClock(100.0)
    play(clock, 30.0, ppm=60.0, jitter_s=0.02e-3)
    rate = clock.reading.frames_per_s
    first = int(30 * 48_000 / BLOCK) * BLOCK
    begin_s = clock.mono_at(first)
    rng, blocks = random.Random(2), int(3 * 48_000 / BLOCK)
    for index in range(blocks):
        slid_s = 0.01 * index * BLOCK / rate
        clock.observe(first + index * BLOCK, begin_s + index * BLOCK / rate + slid_s + rng.gauss(0.0, 0.02e-3))
        assert clock.reading.frames_per_s == pytest.approx(rate, abs=48_000 * 100e-6)
    slid_s = 0.01 * blocks * BLOCK / rate
    after = first + blocks * BLOCK
    worst = play(clock, 5.0, ppm=60.0, jitter_s=0.02e-3, start_s=begin_s + blocks * BLOCK / rate + slid_s, first_frame=after)
    assert worst < 0.1e-3


def test_a_card_that_speaks_coarsely_is_followed_all_the_same() -> None:
    """Statements that come in whole milliseconds are beyond what is followed half of the time, on either side."""
    clock = SessionClock(100.0)
    rate = 48_000 * (1 + 40e-6)
    for index in range(int(60 * 48_000 / BLOCK)):
        true_s = 100.0 + index * BLOCK / rate
        clock.observe(index * BLOCK, math.floor(true_s * 1000.0) / 1000.0)
    # Rounding down is half a millisecond early at the middle; what remains is the spread.
    assert abs(clock.mono_at(index * BLOCK) - true_s + 0.5e-3) < 0.3e-3
    assert clock.drift_ppm == pytest.approx(40.0, abs=40.0)


def test_drift_beyond_what_cards_do_is_not_believed() -> None:
    clock = SessionClock(100.0)
    play(clock, 60.0, ppm=3_000.0)
    assert abs(clock.drift_ppm) <= 500.0 + 1e-6


def test_without_a_card_time_goes_on_and_a_new_card_takes_over_where_it_is_anchored() -> None:
    clock = SessionClock(100.0)
    play(clock, 10.0)
    clock.unlock()
    at_s = clock.reading.mono_s + 5.0
    anchor = round(clock.frame_at(at_s))
    clock.observe(anchor, at_s)
    assert clock.frame_at(at_s) == pytest.approx(anchor)
    assert math.isclose(clock.frame_at(at_s + 1.0) - anchor, 48_000, rel_tol=1e-3)


def test_a_room_at_speed_counts_frames_that_much_faster() -> None:
    clock = SessionClock(0.0, speed=60.0)
    assert clock.frame_at(1.0) == 60 * 48_000


def test_the_spread_of_statements_is_none_until_there_are_some() -> None:
    clock = SessionClock(100.0)
    assert clock.error_sd_ms() is None
    play(clock, 30.0, jitter_s=0.2e-3)
    spread = clock.error_sd_ms()
    assert spread is not None
    assert 0.1 < spread < 0.4
