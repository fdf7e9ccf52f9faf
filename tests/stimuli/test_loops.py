"""Loops written as spectra sound as the same notes written in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.frames import FRAME_RATE_HZ, FloatArray
from stimuli.loops import (
    Swell,
    add_loop,
    line_count,
    line_hz,
    loop_frames,
    loop_of,
    noise_spectrum,
    room_response,
    swells_spectrum,
)
from stimuli.loudness import k_weight_power

FRAMES = loop_frames(4.0)


def written_in_time(swell: Swell, frames: int) -> FloatArray:
    """The swell sample by sample, its part beyond the loop's end laid at its start."""
    seconds = np.arange(frames) / FRAME_RATE_HZ
    total = np.zeros(frames)
    for lap in (0.0, frames / FRAME_RATE_HZ):
        since = seconds + lap - swell.begin_s
        sounding = (since >= 0.0) & (since < swell.length_s)
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * since / swell.length_s)
        total += np.where(sounding, swell.amplitude * hann * np.cos(2.0 * np.pi * (swell.hz * since + swell.turn)), 0.0)
    return total


@pytest.mark.parametrize("period_s", [17.3, 25.4, 40.4])
def test_a_loops_length_is_near_the_period_asked_and_quick_to_transform(period_s: float) -> None:
    frames = loop_frames(period_s)
    assert frames / FRAME_RATE_HZ == pytest.approx(period_s, rel=0.005)
    assert frames % 4 == 0
    left = frames // 4
    for factor in (2, 3, 5, 7):
        while left % factor == 0:
            left //= factor
    assert left == 1


@settings(max_examples=25, deadline=None)
@given(
    hz=st.floats(60.0, 3_000.0),
    begin_s=st.floats(0.0, 3.9),
    length_s=st.floats(1.5, 3.5),
    turn=st.floats(0.0, 1.0),
    amplitude=st.floats(0.1, 1.0),
)
def test_a_swell_as_lines_equals_the_swell_in_time(
    hz: float, begin_s: float, length_s: float, turn: float, amplitude: float
) -> None:
    swell = Swell(hz, amplitude, begin_s, length_s, turn)
    spectrum = swells_spectrum([swell], FRAMES)
    loop = loop_of(spectrum, spectrum, FRAMES)
    heard = loop.samples[:, 0] * loop.scale
    assert float(np.max(np.abs(heard - written_in_time(swell, FRAMES)))) <= 2e-4 * amplitude


def test_a_loop_closes_on_itself_without_a_step() -> None:
    spectrum = swells_spectrum([Swell(440.0, 1.0, 2.5, 3.0, 0.3)], FRAMES)
    samples = loop_of(spectrum, spectrum, FRAMES).samples.astype(np.float64)
    inside = np.max(np.abs(np.diff(samples[:, 0])))
    assert abs(samples[0, 0] - samples[-1, 0]) <= inside


def test_the_k_weighted_power_of_a_loop_is_what_its_samples_have() -> None:
    rng = np.random.default_rng(3)
    shape = 1.0 / (1.0 + (line_hz(FRAMES) / 500.0) ** 2)
    left, right = (noise_spectrum(shape, FRAMES, rng) for _ in range(2))
    loop = loop_of(left, right, FRAMES)
    power = np.abs(np.fft.rfft(loop.samples * loop.scale, axis=0)) ** 2
    weights = k_weight_power(np.fft.rfftfreq(FRAMES, 1.0 / FRAME_RATE_HZ))
    measured = 2.0 * float(np.sum(power * weights[:, None])) / FRAMES**2
    assert loop.k_power == pytest.approx(measured, rel=1e-3)


def test_nothing_is_above_6_khz() -> None:
    loop = loop_of(*(noise_spectrum(np.ones(line_count(FRAMES)), FRAMES, np.random.default_rng(1)) for _ in range(2)), FRAMES)
    power = np.abs(np.fft.rfft(loop.samples[:, 0].astype(np.float64))) ** 2
    at_hz = np.fft.rfftfreq(FRAMES, 1.0 / FRAME_RATE_HZ)
    assert power[at_hz > 6_010.0].sum() / power.sum() < 1e-8


def test_a_room_of_one_impulse_changes_nothing() -> None:
    impulse = np.zeros(100)
    impulse[0] = 1.0
    assert np.allclose(room_response(impulse, FRAMES), 1.0)


@given(first=st.integers(0, 10**9), frames=st.integers(1, 3 * FRAMES))
@settings(max_examples=20, deadline=None)
def test_a_loop_is_added_from_where_it_stands_as_often_as_it_fits(first: int, frames: int) -> None:
    samples = np.arange(2 * FRAMES, dtype=np.int64).reshape(FRAMES, 2) % 30_000
    loop = loop_of(*(np.ones(line_count(FRAMES), np.complex128) for _ in range(2)), FRAMES)
    loop = type(loop)(samples.astype(np.int16), 1.0, 1.0)
    out = np.zeros((frames, 2), np.float32)
    add_loop(out, loop, first, np.full(frames, 0.5, np.float32))
    expected = samples[(first + np.arange(frames)) % FRAMES] * np.float32(0.5)
    assert np.array_equal(out, expected.astype(np.float32))
