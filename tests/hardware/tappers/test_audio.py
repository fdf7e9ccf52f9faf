"""Taps on the card's channels."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.entries import TapperEntry
from hardware.seams import Due, TapPulse
from hardware.tappers.audio import TUNE_FRAMES, AudioTapper, AudioTapperConfig, build, burst
from stimuli import motion
from stimuli.frames import frames_of_ms
from stimuli.score import Cue, Score
from stimuli.settings import Bls
from stimuli.taps import TapChannels, tap_block

DUE = Due(0, 0.0)


@pytest.fixture
def score() -> Score:
    return Score(motion.start(0, 1.0, 4, soft=True), (Cue(0, Bls()),))


def test_a_set_is_the_scores_own_taps(score: Score) -> None:
    tapper = AudioTapper("taps")
    assert np.array_equal(tapper.block(score, 10_000, 5_000), tap_block(score, 10_000, 5_000))
    assert np.any(tapper.block(score, 12_000, 5_000))


def test_a_test_of_one_side_is_one_burst_in_one_channel() -> None:
    tapper = AudioTapper("taps")
    tapper.offer(TapPulse("right", 100.0, 0.5), DUE)
    blocks = np.concatenate([tapper.block(None, frame, 256) for frame in range(0, 25_600, 256)])
    assert np.array_equal(blocks[: frames_of_ms(100), 1], burst(100.0, 0.5, 80.0))
    assert not np.any(blocks[frames_of_ms(100) :])
    assert not np.any(blocks[:, 0])


def test_a_second_side_waits_until_the_first_is_still() -> None:
    tapper = AudioTapper("taps")
    tapper.offer(TapPulse("left", 100.0, 1.0), DUE)
    blocks = [tapper.block(None, 0, 256)]
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    blocks += [tapper.block(None, frame, 256) for frame in range(256, 25_600, 256)]
    sound = np.concatenate(blocks)
    assert np.flatnonzero(sound[:, 0])[-1] < np.flatnonzero(sound[:, 1])[0]
    assert not np.any((sound[:, 0] != 0) & (sound[:, 1] != 0))


def test_a_set_that_begins_ends_a_test(score: Score) -> None:
    tapper = AudioTapper("taps")
    tapper.offer(TapPulse("right", 1000.0, 1.0), DUE)
    assert np.any(tapper.block(None, 0, 256))
    tapper.block(score, 256, 256)
    assert not np.any(tapper.block(None, 512, 256))


def test_safe_forgets_a_test() -> None:
    tapper = AudioTapper("taps")
    tapper.offer(TapPulse("right", 1000.0, 1.0), DUE)
    tapper.safe()
    assert not np.any(tapper.block(None, 0, 256))


def test_a_pulse_too_short_is_left_out_with_words() -> None:
    tapper = AudioTapper("taps")
    tapper.open()
    assert tapper.link.why == "waits for the sound card"
    tapper.card_is(True)
    tapper.offer(TapPulse("left", 20.0, 1.0), DUE)
    assert "needs 30 ms" in tapper.link.why
    assert not np.any(tapper.block(None, 0, 256))


def test_the_cards_trouble_is_the_tappers() -> None:
    tapper = AudioTapper("taps")
    tapper.open()
    tapper.card_is(False, 'the card "USB" went away')
    assert (tapper.link.state, tapper.link.why) == ("FAULT", 'the card "USB" went away')
    tapper.close()
    assert tapper.link.state == "ABSENT"


def test_full_strength_is_what_the_room_file_says(score: Score) -> None:
    half = build(TapperEntry(name="taps", driver="audio", strength_frac=0.5))
    assert np.allclose(half.block(score, 0, 48_000), 0.5 * tap_block(score, 0, 48_000), atol=1e-7)


def test_a_persons_own_strength_scales_the_taps_whatever_the_split(score: Score) -> None:
    whole, parts = AudioTapper("a"), AudioTapper("b")
    for tapper in (whole, parts):
        tapper.tune(strength_frac=0.25)
    split = np.concatenate([parts.block(score, frame, 100) for frame in range(0, 48_000, 100)])
    assert np.allclose(whole.block(score, 0, 48_000), split, atol=1e-7)
    plain = tap_block(score, 0, 48_000)
    assert np.allclose(split[TUNE_FRAMES:], 0.25 * plain[TUNE_FRAMES:], atol=1e-7)


def test_a_transducer_switched_off_in_a_burst_is_still_within_ten_milliseconds_and_without_a_step(score: Score) -> None:
    tapper = AudioTapper("taps")
    plain = tap_block(score, 0, 48_000)
    loudest = int(np.argmax(np.abs(plain).max(axis=1)))
    before = tapper.block(score, 0, loudest)
    tapper.tune(on=False)
    after = tapper.block(score, loudest, 48_000 - loudest)
    assert not np.any(after[TUNE_FRAMES:])
    sound = np.concatenate([before, after])
    assert np.abs(np.diff(sound, axis=0)).max() < np.abs(np.diff(plain, axis=0)).max() + 1.5 / TUNE_FRAMES
    tapper.tune(on=True)
    assert np.array_equal(tapper.block(score, 48_000, 48_000)[TUNE_FRAMES:], tap_block(score, 48_000, 48_000)[TUNE_FRAMES:])


def test_a_transducer_that_needs_longer_pulses_gets_none_that_are_shorter(score: Score) -> None:
    tapper = AudioTapper("taps", AudioTapperConfig(TapChannels(), min_pulse_ms=200.0))
    assert not np.any(tapper.block(score, 0, 96_000))
