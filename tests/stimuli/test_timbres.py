"""The nine timbres: length, ramps, peak, pitch, and no step that would click."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.settings import TIMBRES, Timbre
from stimuli.timbres import BARS, KNOCKS, PITCHED, ramps, tone_table

timbres = st.sampled_from(TIMBRES)
pitches = st.integers(150, 900).map(float)
lengths = st.integers(20, 400).map(float)

HIGHEST_RATIO = {"sine": 1.0, "heartbeat": 1.0, "soft-drum": 1.593 * 1.5, "noise": 16.0} | {
    timbre: max(ratio for ratio, _, _ in partials) for timbre, partials in (BARS | KNOCKS).items()
}
"""The highest frequency in each timbre that matters to its slope, as a multiple of the tone's."""


@settings(deadline=None)
@given(timbre=timbres, hz=pitches, ms=lengths)
def test_a_tone_lasts_just_as_long_as_asked_and_stays_in_range(timbre: Timbre, hz: float, ms: float) -> None:
    table = tone_table(timbre, hz, ms)
    assert table.dtype == np.float32
    assert table.shape == (frames_of_ms(ms),)
    assert np.isfinite(table).all()
    assert 0.9 < float(np.max(np.abs(table))) <= 1.0


@settings(deadline=None)
@given(timbre=timbres, hz=pitches, ms=lengths)
def test_the_first_sample_is_above_silence_and_below_hearing(timbre: Timbre, hz: float, ms: float) -> None:
    table = tone_table(timbre, hz, ms)
    assert 0.0 < table[0] < 4e-4, "one step of a 5 ms raised cosine is 4e-5; a struck tone is scaled up by a few"
    assert abs(float(table[-1])) < 1e-4


@settings(deadline=None)
@given(timbre=timbres, hz=pitches, ms=lengths)
def test_no_step_is_steeper_than_the_ramp_and_the_sound_itself_allow(timbre: Timbre, hz: float, ms: float) -> None:
    table = tone_table(timbre, hz, ms).astype(np.float64)
    rise, fall = ramps(timbre, ms)
    highest_hz = hz * HIGHEST_RATIO.get(timbre, 1.0)
    carrier = 2.0 * math.pi * highest_hz / FRAME_RATE_HZ
    if timbre == "triangle":
        carrier = 4.0 * hz / FRAME_RATE_HZ * 1.2
    ramp = math.pi / (2.0 * min(rise, fall))
    steps = np.abs(np.diff(np.concatenate(([0.0], table, [0.0]))))
    assert float(steps.max()) <= 1.1 * carrier + ramp


@settings(deadline=None)
@given(timbre=timbres, ms=lengths)
def test_the_envelope_rises_from_and_falls_to_nothing_within_its_ramps(timbre: Timbre, ms: float) -> None:
    table = np.abs(tone_table(timbre, 400.0, ms).astype(np.float64))
    millisecond = FRAME_RATE_HZ // 1000
    assert table[:millisecond].max() < 0.35, "a fifth of the shortest rise has reached a tenth of the level"
    assert table[-millisecond:].max() < 0.35
    assert table[millisecond // 8 : millisecond // 4].max() < table.max()


@pytest.mark.parametrize("ms", [20.0, 100.0, 400.0])
@pytest.mark.parametrize("timbre", TIMBRES)
def test_ramps_last_5_to_20_ms(timbre: Timbre, ms: float) -> None:
    for ramp in ramps(timbre, ms):
        assert frames_of_ms(5.0) <= ramp <= frames_of_ms(20.0)


@pytest.mark.parametrize("hz", [150.0, 250.0, 440.0, 900.0])
@pytest.mark.parametrize("timbre", sorted(PITCHED))
def test_the_strongest_frequency_is_the_one_asked_for(timbre: Timbre, hz: float) -> None:
    table = tone_table(timbre, hz, 400.0).astype(np.float64)
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(table, size))
    found = float(np.argmax(spectrum)) * FRAME_RATE_HZ / size
    assert found == pytest.approx(hz, abs=2.5), "a tone of 400 ms, or a thump of 170 ms, has a line 2.5 to 6 Hz wide"


@pytest.mark.parametrize("hz", [150.0, 613.0, 900.0])
def test_the_triangle_is_band_limited_and_has_odd_harmonics_alone(hz: float) -> None:
    table = tone_table("triangle", hz, 400.0).astype(np.float64) * np.hanning(frames_of_ms(400.0))
    power = np.abs(np.fft.rfft(table)) ** 2
    at_hz = np.fft.rfftfreq(table.size, 1.0 / FRAME_RATE_HZ)
    harmonic = np.abs(at_hz / hz - np.rint(at_hz / hz)) * hz < 40.0
    odd = harmonic & (np.rint(at_hz / hz) % 2 == 1)
    assert power[~odd].sum() / power.sum() < 1e-6, "aliases and even harmonics lie 60 dB and more down"


def test_all_timbres_differ() -> None:
    tables = [tone_table(timbre, 250.0, 100.0) for timbre in TIMBRES]
    for number, one in enumerate(tables):
        assert not any(np.allclose(one, other, atol=0.05) for other in tables[number + 1 :])


def test_a_table_is_made_once_and_cannot_be_written_to() -> None:
    table = tone_table("noise", 250.0, 100.0)
    assert tone_table("noise", 250.0, 100.0) is table
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1.0


def test_noise_is_the_same_noise_every_time() -> None:
    before = tone_table("noise", 251.0, 60.0).copy()
    tone_table.cache_clear()
    assert np.array_equal(before, tone_table("noise", 251.0, 60.0))


def test_the_cache_is_bounded() -> None:
    for hz in range(150, 350):
        tone_table("click", float(hz), 20.0)
    assert tone_table.cache_info().currsize <= 64
