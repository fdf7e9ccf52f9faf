"""The limiter, judged by a measurement of its own: eight times oversampled by zero-padding the whole spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import stimuli.limiter as limiter_module
from stimuli.frames import FRAME_RATE_HZ, FloatArray, Samples
from stimuli.limiter import AIM_DB, LIMITER_DELAY_FRAMES, Limiter

CEILING = 10.0 ** (-1.0 / 20.0)
MIXTURES = ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.3, 1.0), (0.8, 0.4))


def true_peak_dbtp(sound: Samples, times: int = 8) -> float:
    """The largest value of the band-limited curve through the samples, in dB of full scale."""
    frames = len(sound)
    fine = np.zeros((frames * times // 2 + 1, 2), np.complex128)
    spectrum = np.fft.rfft(sound.astype(np.float64), axis=0)
    fine[: len(spectrum)] = spectrum
    curve = np.fft.irfft(fine, frames * times, axis=0) * times
    return float(20.0 * np.log10(max(float(np.max(np.abs(curve))), 1e-12)))


def noise(frames: int, top_hz: float, peak: float, seed: int) -> Samples:
    """Noise up to `top_hz`, silent at both ends."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((frames, 2)), axis=0)
    spectrum[np.fft.rfftfreq(frames, 1.0 / FRAME_RATE_HZ) > top_hz] = 0.0
    sound = np.fft.irfft(spectrum, frames, axis=0) * np.hanning(frames)[:, None] ** 0.25
    return (sound / np.max(np.abs(sound)) * peak).astype(np.float32)


def limited(stimulus: Samples, music: Samples, block: int = 256, ceiling_dbtp: float = -1.0) -> tuple[Samples, Samples]:
    """Both buses through a limiter, with its delay made up for."""
    limiter, pieces = Limiter(ceiling_dbtp), []
    for at in range(0, len(stimulus), block):
        pieces.append(limiter.process(stimulus[at : at + block], music[at : at + block]))
    pieces.append(limiter.flush())
    first, second = (np.concatenate([piece[bus] for piece in pieces])[LIMITER_DELAY_FRAMES:] for bus in (0, 1))
    return first, second


def tone(hz: float, peak: float, frames: int = 9_600) -> Samples:
    wave = peak * np.sin(2.0 * np.pi * hz / FRAME_RATE_HZ * np.arange(frames) + np.pi / 4.0) * np.hanning(frames)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@settings(max_examples=40, deadline=None)
@example(peaks=(4.0, 2.0), tops_hz=(12_000.0, 20_000.0), seed=26_399, ceiling_dbtp=-1.0)
@example(peaks=(3.705784699378782, 2.3045719426578746), tops_hz=(20_000.0, 20_000.0), seed=858_120, ceiling_dbtp=-1.0)
@given(
    peaks=st.tuples(st.floats(0.0, 4.0), st.floats(0.0, 4.0)),
    tops_hz=st.tuples(st.sampled_from([300.0, 3_000.0, 12_000.0, 20_000.0]), st.sampled_from([1_000.0, 20_000.0])),
    seed=st.integers(0, 10**6),
    ceiling_dbtp=st.sampled_from([-1.0, -6.0]),
)
def test_no_mixture_of_the_two_buses_passes_the_ceiling(
    peaks: tuple[float, float], tops_hz: tuple[float, float], seed: int, ceiling_dbtp: float
) -> None:
    stimulus, music = (noise(9_600, top, peak, seed + bus) for bus, (top, peak) in enumerate(zip(tops_hz, peaks, strict=True)))
    left, right = limited(stimulus, music, ceiling_dbtp=ceiling_dbtp)
    for a, b in MIXTURES:
        assert true_peak_dbtp(a * left + b * right) <= ceiling_dbtp


@pytest.mark.parametrize("hz", [60.0, 997.0, 12_000.0, 16_000.0, 19_997.0])
def test_peaks_between_samples_are_seen(hz: float) -> None:
    loud = tone(hz, 1.25)
    assert true_peak_dbtp(loud) > 1.5
    heard, _ = limited(loud, np.zeros_like(loud))
    assert true_peak_dbtp(heard) <= -1.0
    assert true_peak_dbtp(heard) > -1.5, "no more is taken than is needed"


def test_no_sample_passes_the_ceiling_even_of_noise_up_to_half_the_rate() -> None:
    stimulus, music = (noise(24_000, 24_000.0, 4.0, seed) for seed in (1, 2))
    heard, played = limited(stimulus, music)
    assert float(np.max(np.abs(heard + played))) <= CEILING


def test_a_limiter_that_is_made_has_all_it_needs_for_the_first_sound() -> None:
    """Its tables take two blocks' time to make: they are not made in the render thread when a set begins."""
    limiter = Limiter()
    made = limiter_module._interpolator.cache_info().misses, limiter_module._worst_gain.cache_info().misses
    loud = np.ones((512, 2), np.float32)
    limiter.process(loud, loud)
    assert made == (1, 1)
    assert limiter_module._interpolator.cache_info().misses == limiter_module._worst_gain.cache_info().misses == 1


class Looking(Limiter):
    """A limiter that never takes the short way through silence."""

    @property
    def _is_open(self) -> bool:
        return False


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 500), st.floats(0.1, 4.0)), max_size=6),
    st.lists(st.sampled_from([1, 7, 48, 64, 240, 256, 512, 1000, 3000]), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_the_short_way_through_silence_changes_no_sample(bursts: list[tuple[int, int, float]], blocks: list[int]) -> None:
    """Bursts of noise with silence between, some of them limited, in blocks of any length."""
    rng = np.random.default_rng(1)
    pieces = [np.concatenate((np.zeros((gap, 4)), rng.normal(0.0, loud, (length, 4)))) for gap, length, loud in bursts]
    sound = np.concatenate([*pieces, np.zeros((2_000, 4))]).astype(np.float32)
    one, other, at, turn = Limiter(), Looking(), 0, 0
    while at < len(sound):
        frames = min(blocks[turn % len(blocks)], len(sound) - at)
        block = sound[at : at + frames]
        for heard, wanted in zip(
            one.process(block[:, :2], block[:, 2:]), other.process(block[:, :2], block[:, 2:]), strict=True
        ):
            assert np.array_equal(heard, wanted)
        at, turn = at + frames, turn + 1
    assert one.gain == other.gain


def test_sound_under_the_ceiling_comes_out_untouched_240_frames_later() -> None:
    stimulus, music = noise(9_600, 15_000.0, 0.4, 3), noise(9_600, 15_000.0, 0.4, 4)
    limiter = Limiter()
    heard, played = limiter.process(stimulus, music)
    assert np.array_equal(heard[LIMITER_DELAY_FRAMES:], stimulus[:-LIMITER_DELAY_FRAMES])
    assert np.array_equal(played[LIMITER_DELAY_FRAMES:], music[:-LIMITER_DELAY_FRAMES])
    assert not heard[:LIMITER_DELAY_FRAMES].any()
    rest, _ = limiter.flush()
    assert np.array_equal(rest, stimulus[-LIMITER_DELAY_FRAMES:])


def test_sound_just_under_the_ceiling_is_untouched_too() -> None:
    quiet = tone(1_000.0, 10.0 ** (-1.1 / 20.0))
    heard, _ = limited(quiet, np.zeros_like(quiet))
    assert np.array_equal(heard, quiet)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    peak=st.sampled_from([0.1, 0.5, 0.9, 3.0]),
    splits=st.lists(st.integers(1, 700), min_size=1, max_size=40),
)
def test_any_split_into_blocks_gives_the_same_samples_to_the_bit(seed: int, peak: float, splits: list[int]) -> None:
    frames = sum(splits)
    stimulus, music = (
        noise(max(frames, 64), 18_000.0, peak, seed)[:frames],
        noise(max(frames, 64), 2_000.0, 0.5, seed + 1)[:frames],
    )
    whole = np.hstack(Limiter().process(stimulus, music))
    limiter, at, pieces = Limiter(), 0, []
    for count in splits:
        pieces.append(np.hstack(limiter.process(stimulus[at : at + count], music[at : at + count])))
        at += count
    assert np.array_equal(whole, np.concatenate(pieces))


def test_blocks_of_one_frame_give_the_same_samples() -> None:
    stimulus, music = noise(1_500, 10_000.0, 2.0, 5), noise(1_500, 10_000.0, 0.5, 6)
    assert np.array_equal(np.hstack(limited(stimulus, music, 1)), np.hstack(limited(stimulus, music, 1_500)))


def gain_of(stimulus: Samples, heard: Samples) -> FloatArray:
    """The gain that was applied, where there was something to apply it to."""
    loud = np.abs(stimulus[:, 0]) > 0.01
    at = np.arange(len(stimulus))
    return np.interp(at, at[loud], heard[loud, 0] / stimulus[loud, 0].astype(np.float64))


def test_the_gain_falls_ahead_of_a_peak_and_opens_again_within_half_a_second() -> None:
    stimulus = np.full((48_000, 2), 0.2, np.float32)
    stimulus[10_000:10_200] = np.float32(2.0)
    heard, _ = limited(stimulus, np.zeros_like(stimulus))
    gain = gain_of(stimulus, heard)
    assert gain[10_000 - LIMITER_DELAY_FRAMES] == pytest.approx(1.0, abs=1e-6)
    assert gain[9_999] < 0.5
    assert gain[10_250] < 0.5
    after_100_ms = (gain[10_200 + 4_800 + 96] - gain[10_250]) / (1.0 - gain[10_250])
    assert 0.55 < after_100_ms < 0.70, "one time constant of the release is 63 %"
    assert gain[-1] > 0.999


def test_the_gain_moves_smoothly() -> None:
    stimulus = np.full((24_000, 2), 0.2, np.float32)
    stimulus[9_990:10_007] = np.float32(3.0)
    heard, _ = limited(stimulus, np.zeros_like(stimulus))
    steps = np.abs(np.diff(gain_of(stimulus, heard)))
    assert float(steps.max()) <= 1.0 / 144 + 1e-4, "the whole gain takes three hops of 48 frames at the least"


def test_one_gain_serves_both_buses() -> None:
    stimulus, music = np.full((9_600, 2), 0.9, np.float32), np.full((9_600, 2), 0.6, np.float32)
    heard, played = limited(stimulus, music)
    middle = slice(2_000, 8_000)
    assert heard[middle] / stimulus[middle] == pytest.approx(played[middle] / music[middle], rel=1e-6)
    assert float(heard[4_000, 0]) < 0.9


def test_what_is_not_a_number_comes_out_as_silence_and_does_no_harm_to_the_rest() -> None:
    stimulus = np.full((4_800, 2), 0.1, np.float32)
    broken = stimulus.copy()
    broken[1_000] = np.nan
    broken[2_000] = np.inf
    heard, played = limited(broken, np.zeros_like(broken))
    assert np.isfinite(heard).all() and np.isfinite(played).all()
    assert not heard[1_000].any() and not heard[2_000].any()
    assert np.array_equal(heard[3_000:], stimulus[3_000:])


def test_flush_gives_the_rest_and_leaves_it_as_new() -> None:
    limiter, loud = Limiter(), noise(5_000, 5_000.0, 3.0, 7)
    once = [np.hstack(limiter.process(loud, loud)), np.hstack(limiter.flush())]
    again = [np.hstack(limiter.process(loud, loud)), np.hstack(limiter.flush())]
    assert all(np.array_equal(one, other) for one, other in zip(once, again, strict=True))


def test_the_gain_can_be_read() -> None:
    limiter, loud = Limiter(), np.full((4_800, 2), 1.5, np.float32)
    assert limiter.gain == 1.0
    limiter.process(loud, np.zeros_like(loud))
    assert limiter.gain == pytest.approx(CEILING * 10.0 ** (-AIM_DB / 20.0) / 1.5, rel=0.001)
