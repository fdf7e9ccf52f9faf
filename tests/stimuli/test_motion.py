"""The motion in closed form: phase, its continuity under every change, and where it comes to rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ
from stimuli.motion import Motion

EIGHT_HOURS_S = 8 * 3600
PHASE_EPS = 1e-9
"""Cycles: phases of some 10^4 cycles carry about 10^-12 of rounding, added a few times."""

rates = st.integers(5, 200).map(lambda hundredths: hundredths / 100)
frames_later = st.integers(0, 30 * FRAME_RATE_HZ)


def open_motion(rate_hz: float = 1.0, frame: int = 0) -> Motion:
    return motion.start(frame, rate_hz, None, soft=True)


def rate_just_before(moving: Motion, frame: float) -> float:
    return moving._segment_at(frame - 1).rate_at(frame)


def test_phase_is_zero_until_the_start_and_counts_cycles_from_there() -> None:
    moving = open_motion(0.5, frame=1000)
    assert moving.phase_at(0) == 0.0
    assert moving.phase_at(1000) == 0.0
    assert moving.phase_at(1000 + FRAME_RATE_HZ) == 0.5
    assert moving.phase_at(1000 + 4 * FRAME_RATE_HZ) == 2.0


def test_a_soft_end_rests_at_the_centre_on_its_whole_cycle() -> None:
    moving = motion.start(0, 1.0, 24, soft=True)
    assert moving.end_frame == pytest.approx(24.25 * FRAME_RATE_HZ, abs=1e-6)
    assert moving.finish_frame == pytest.approx(23.75 * FRAME_RATE_HZ, abs=1e-6)
    assert moving.phase_at(10**9) == pytest.approx(24.0, abs=PHASE_EPS)
    assert moving.rate_at(moving.end_frame - 1) == pytest.approx(0.0, abs=1e-4)


def test_a_soft_end_slows_evenly_from_the_rate_at_the_last_beat() -> None:
    moving = motion.start(0, 2.0, 3, soft=True)
    brake = moving.brake_frame
    assert brake is not None and moving.end_frame is not None
    middle = (brake + moving.end_frame) / 2
    assert moving.rate_at(brake) == pytest.approx(2.0)
    assert moving.rate_at(middle) == pytest.approx(1.0)


def test_a_hard_end_keeps_its_rate_up_to_the_end() -> None:
    moving = motion.start(0, 1.0, 24, soft=False)
    assert moving.end_frame == 24 * FRAME_RATE_HZ
    assert moving.finish_frame is None and moving.brake_frame is None
    assert moving.rate_at(moving.end_frame - 1) == 1.0
    assert moving.rate_at(moving.end_frame) == 0.0
    assert moving.phase_at(moving.end_frame + 5) == 24.0


def test_states_follow_each_other() -> None:
    moving = motion.start(100, 1.0, 2, soft=True)
    assert moving.finish_frame is not None and moving.end_frame is not None
    assert moving.state_at(99) == "idle"
    assert moving.state_at(100) == "running"
    assert moving.state_at(moving.finish_frame - 1) == "running"
    assert moving.state_at(moving.finish_frame) == "finishing"
    assert moving.state_at(moving.end_frame) == "idle"


@given(rate_hz=rates, cycles=st.integers(1, 200), soft=st.booleans())
def test_every_set_ends_on_its_whole_cycle(rate_hz: float, cycles: int, soft: bool) -> None:
    moving = motion.start(7, rate_hz, cycles, soft=soft)
    assert moving.end_frame is not None
    assert moving.phase_at(moving.end_frame) == pytest.approx(cycles, abs=1e-7)
    length_s = (moving.end_frame - 7) / FRAME_RATE_HZ
    assert length_s == pytest.approx((cycles + (0.25 if soft else 0.0)) / rate_hz, rel=1e-12)


@given(rate_hz=rates, phase=st.floats(0.0, 20.0))
def test_frame_at_phase_is_the_inverse_of_phase_at(rate_hz: float, phase: float) -> None:
    moving = motion.start(11, rate_hz, 20, soft=True)
    frame = moving.frame_at_phase(phase)
    assert moving.phase_at(frame) == pytest.approx(phase, abs=1e-7)


def test_a_phase_past_the_end_is_never_reached() -> None:
    moving = motion.start(0, 1.0, 2, soft=True)
    assert math.isinf(moving.frame_at_phase(2.0001))


def test_phase_after_eight_hours_is_exact_to_a_thousandth_of_a_frame() -> None:
    moving = open_motion(0.7)
    frame = EIGHT_HOURS_S * FRAME_RATE_HZ
    cycles_a_frame = 0.7 / FRAME_RATE_HZ
    assert moving.phase_at(frame) == pytest.approx(0.7 * EIGHT_HOURS_S, abs=cycles_a_frame / 1000)


@given(old_hz=rates, new_hz=rates, at=frames_later)
def test_a_change_of_rate_keeps_phase_and_rate_continuous_and_arrives(old_hz: float, new_hz: float, at: int) -> None:
    before = open_motion(old_hz)
    after = motion.change_rate(before, at, new_hz, soft=True)
    assert after.phase_at(at) == pytest.approx(before.phase_at(at), abs=PHASE_EPS)
    assert after.rate_at(at) == pytest.approx(old_hz, abs=PHASE_EPS)
    assert after.rate_at(at + FRAME_RATE_HZ) == pytest.approx(new_hz, abs=PHASE_EPS)
    joint = at + FRAME_RATE_HZ
    assert rate_just_before(after, joint) == pytest.approx(new_hz, abs=PHASE_EPS)
    assert after.phase_at(joint) == pytest.approx(before.phase_at(at) + (old_hz + new_hz) / 2, abs=PHASE_EPS)


@given(at=st.integers(1, 20 * FRAME_RATE_HZ), new_hz=rates, soft=st.booleans())
def test_a_change_of_rate_keeps_the_number_of_cycles(at: int, new_hz: float, soft: bool) -> None:
    moving = motion.change_rate(motion.start(0, 1.0, 24, soft=soft), at, new_hz, soft=soft)
    assert moving.end_frame is not None
    assert moving.cycles_total == 24
    assert moving.phase_at(moving.end_frame) == pytest.approx(24.0, abs=1e-7)


def test_a_change_of_rate_never_rewrites_the_past() -> None:
    before = motion.start(0, 1.0, 24, soft=True)
    after = motion.change_rate(before, 123_456, 1.7, soft=True)
    past = np.arange(0, 123_456, 997, dtype=np.float64)
    assert np.array_equal(before.phases(past), after.phases(past))


def test_a_change_of_rate_before_the_start_starts_at_the_centre() -> None:
    moving = motion.change_rate(open_motion(1.0, frame=48_000), 1_000, 2.0, soft=True)
    assert moving.phase_at(48_000) == 0.0
    assert moving.phase_at(48_010) == pytest.approx(10 / FRAME_RATE_HZ, rel=1e-3)


def test_a_ramp_cut_short_by_the_end_does_not_run_on_when_the_set_grows_longer() -> None:
    short = motion.start(0, 1.0, 3, soft=True)
    quicker = motion.change_rate(short, int(2.5 * FRAME_RATE_HZ), 2.0, soft=True)
    longer = motion.end_at_cycles(quicker, 30, soft=True)
    assert longer.rate_at(5 * FRAME_RATE_HZ) == pytest.approx(2.0)
    assert max(segment.rate_hz for segment in longer.segments) == pytest.approx(2.0)


@pytest.mark.parametrize("after_s", [0.8, 5.0])
def test_a_change_of_rate_while_braking_or_at_rest_changes_nothing(after_s: float) -> None:
    moving = motion.start(0, 1.0, 1, soft=True)
    assert motion.change_rate(moving, round(after_s * FRAME_RATE_HZ), 2.0, soft=True) is moving


def test_finish_comes_to_rest_at_the_next_whole_cycle_it_can_reach() -> None:
    moving = open_motion(1.0)
    assert motion.finish(moving, round(3.70 * FRAME_RATE_HZ)).cycles_total == 4
    assert motion.finish(moving, round(3.80 * FRAME_RATE_HZ)).cycles_total == 5
    assert motion.finish(moving, 0).cycles_total == 1


@given(rate_hz=rates, at=frames_later)
def test_finish_is_finishing_at_once_and_keeps_the_past(rate_hz: float, at: int) -> None:
    before = open_motion(rate_hz)
    after = motion.finish(before, at)
    assert after.state_at(at) == "finishing"
    assert after.phase_at(at) == pytest.approx(before.phase_at(at), abs=PHASE_EPS)
    assert after.brake_frame is not None and after.brake_frame >= at - 1e-3
    assert after.end_frame is not None
    assert after.phase_at(after.end_frame) == pytest.approx(after.cycles_total, abs=1e-7)


def test_finish_asked_again_moves_nothing() -> None:
    once = motion.finish(open_motion(1.0), 100_000)
    assert motion.finish(once, 110_000) is once


@pytest.mark.parametrize("soft", [True, False])
def test_finish_never_makes_a_set_longer(soft: bool) -> None:
    moving = motion.start(0, 1.0, 24, soft=soft)
    for asked_s in (0.1, 10.0, 23.74, 23.76, 23.9, 24.2, 30.0):
        finished = motion.finish(moving, round(asked_s * FRAME_RATE_HZ))
        assert finished.cycles_total is not None and finished.cycles_total <= 24
        assert finished.phase_at(asked_s * FRAME_RATE_HZ) == pytest.approx(
            moving.phase_at(asked_s * FRAME_RATE_HZ), abs=PHASE_EPS
        )


def test_a_change_of_rate_while_finishing_goes_on_finishing_softly() -> None:
    finishing = motion.finish(open_motion(0.2), FRAME_RATE_HZ)
    quicker = motion.change_rate(finishing, 2 * FRAME_RATE_HZ, 0.4, soft=False)
    assert quicker.state_at(2 * FRAME_RATE_HZ) == "finishing"
    assert quicker.cycles_total == finishing.cycles_total
    assert quicker.end_frame is not None
    assert quicker.rate_at(quicker.end_frame - 1) == pytest.approx(0.0, abs=1e-4)


def test_a_cut_is_at_rest_where_it_is() -> None:
    moving = motion.cut(open_motion(1.0), 100_001)
    assert moving.cut_frame == 100_001
    assert moving.state_at(100_000) == "running"
    assert moving.state_at(100_001) == "idle"
    assert moving.phase_at(10**7) == moving.phase_at(100_001)


def test_the_first_cut_stands() -> None:
    first = motion.cut(open_motion(1.0), 1_000)
    assert motion.cut(first, 2_000) is first
    assert motion.cut(first, 500).cut_frame == 500


def test_a_cut_after_the_end_leaves_the_motion_at_its_rest() -> None:
    moving = motion.start(0, 1.0, 1, soft=True)
    cut = motion.cut(moving, 5 * FRAME_RATE_HZ)
    assert cut.end_frame == moving.end_frame
    assert cut.cut_frame == 5 * FRAME_RATE_HZ


def test_a_cut_before_the_start_never_moves() -> None:
    cut = motion.cut(open_motion(1.0, frame=1_000), 400)
    assert cut.phase_at(5_000) == 0.0
    assert np.array_equal(cut.phases(np.array([0.0, 500.0, 5_000.0])), np.zeros(3))


def test_a_cut_while_finishing_remembers_that_it_was() -> None:
    finishing = motion.finish(open_motion(1.0), 100)
    assert motion.cut(finishing, 200).state_at(150) == "finishing"


@given(seconds=st.floats(5.0, 300.0), rate_hz=rates)
def test_cycles_after_is_the_nearest_whole_number_and_at_least_one(seconds: float, rate_hz: float) -> None:
    cycles = motion.cycles_after(open_motion(rate_hz), 0, seconds, rate_hz)
    assert cycles >= 1
    assert abs(cycles - seconds * rate_hz) <= 0.5 + 1e-9 or cycles == 1


changes = st.lists(
    st.tuples(st.sampled_from(["rate", "total", "finish"]), st.integers(1, 20 * FRAME_RATE_HZ), rates, st.integers(1, 60)),
    min_size=1,
    max_size=6,
)


def apply(moving: Motion, kind: str, frame: int, rate_hz: float, cycles: int) -> Motion:
    """One change as the room makes it: totals only while running, and never one that has passed."""
    if kind == "rate":
        return motion.change_rate(moving, frame, rate_hz, soft=True)
    if kind == "finish":
        return motion.finish(moving, frame)
    if moving.state_at(frame) != "running":
        return moving
    return motion.end_at_cycles(moving, max(cycles, motion.next_whole_cycles(moving, frame)), soft=True)


@settings(max_examples=200, deadline=None)
@given(rate_hz=rates, steps=changes)
def test_no_sequence_of_changes_makes_the_phase_jump_or_turn_back(
    rate_hz: float, steps: list[tuple[str, int, float, int]]
) -> None:
    moving, frame = open_motion(rate_hz), 0
    for kind, later, new_hz, cycles in steps:
        frame += later
        changed = apply(moving, kind, frame, new_hz, cycles)
        past = np.linspace(0, frame, 50)
        assert changed.phases(past) == pytest.approx(moving.phases(past), abs=1e-7)
        moving = changed
    horizon = np.linspace(0.0, frame + 100.0 * FRAME_RATE_HZ, 4_000)
    phases = moving.phases(horizon)
    fastest = 2.0 * (horizon[1] - horizon[0]) / FRAME_RATE_HZ
    assert np.all(np.diff(phases) >= -1e-7)
    assert np.all(np.diff(phases) <= fastest + 1e-7)
    if moving.cycles_total is not None and moving.end_frame is not None:
        assert moving.phase_at(moving.end_frame) == pytest.approx(moving.cycles_total, abs=1e-6)


@settings(deadline=None)
@given(rate_hz=rates, steps=changes, split=st.integers(1, 999))
def test_many_phases_at_once_equal_each_alone(rate_hz: float, steps: list[tuple[str, int, float, int]], split: int) -> None:
    moving, frame = motion.start(17, rate_hz, 40, soft=True), 17
    for kind, later, new_hz, cycles in steps:
        frame += later
        moving = apply(moving, kind, frame, new_hz, cycles)
    frames = np.linspace(0, frame + 200_000, 1_000)
    together = moving.phases(frames)
    assert np.array_equal(together, np.concatenate((moving.phases(frames[:split]), moving.phases(frames[split:]))))
    assert together.tolist() == [moving.phase_at(one) for one in frames.tolist()]
