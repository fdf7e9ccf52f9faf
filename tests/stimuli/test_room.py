"""The room's answer: how long it rings, and how alike the ears hear it."""

from __future__ import annotations

import numpy as np
import pytest

from stimuli.frames import FloatArray
from stimuli.room import IMPULSE_RATE_HZ, SHARED, impulse_response


def reverberation_s(impulse: FloatArray, low_hz: float, high_hz: float) -> float:
    """RT60 after ISO 3382-1: the line through the backward integrated energy from -5 to -30 dB, extended to 60 dB."""
    size = 4 * len(impulse)
    at_hz = np.fft.rfftfreq(size, 1.0 / IMPULSE_RATE_HZ)
    band = np.exp(-0.5 * ((at_hz - (low_hz + high_hz) / 2.0) / ((high_hz - low_hz) / 4.0)) ** 2)
    answer = np.fft.irfft(np.fft.rfft(impulse, size) * band, size)[: len(impulse)]
    energy = np.cumsum(answer[::-1] ** 2)[::-1]
    level_db = 10.0 * np.log10(energy / energy[0] + 1e-12)
    used = (level_db < -5.0) & (level_db > -30.0)
    slope = np.polyfit(np.arange(len(impulse))[used] / IMPULSE_RATE_HZ, level_db[used], 1)[0]
    return -60.0 / float(slope)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("band", [(80.0, 300.0), (400.0, 1_300.0), (1_500.0, 4_000.0)])
def test_the_room_rings_for_5_to_7_seconds_in_every_band(seed: int, band: tuple[float, float]) -> None:
    for impulse in impulse_response(seed):
        assert 5.0 < reverberation_s(impulse, *band) < 7.0


def test_high_sounds_decay_sooner() -> None:
    impulse, _ = impulse_response(1)
    assert reverberation_s(impulse, 1_500.0, 4_000.0) < reverberation_s(impulse, 80.0, 300.0)


def test_the_ears_share_a_part_of_the_answer_and_have_the_same_power() -> None:
    left, right = impulse_response(4)
    assert np.sum(left**2) == pytest.approx(1.0)
    assert np.sum(right**2) == pytest.approx(1.0)
    assert float(np.sum(left * right)) == pytest.approx(SHARED**2, abs=0.1)


def test_a_room_follows_from_its_seed() -> None:
    assert np.array_equal(impulse_response(5)[0], impulse_response(5)[0])
    assert not np.array_equal(impulse_response(5)[0], impulse_response(6)[0])
