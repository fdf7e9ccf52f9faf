"""The last stage of the sound: STOP's ramps to the frame, a ceiling that nothing passes, and no trace of how blocks are cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.engine.output_stage import FadingGain, OutputLevel, OutputStage

MS = 48
Sound = npt.NDArray[np.float32]


def flat(frames: int, level: float = 0.5) -> Sound:
    return np.full((frames, 2), level, np.float32)


def gains(gain: FadingGain, blocks: Sequence[int]) -> Sound:
    """The gain frame by frame over `blocks`."""
    return np.concatenate([np.broadcast_to(np.float32(gain.ramp(frames)), (frames, 1))[:, 0] for frames in blocks])


def mixed(stage: OutputStage, frames: int, stimulus: float = 0.0, music: float = 0.0) -> Sound:
    return stage.mix(flat(frames, stimulus), flat(frames, music))


@pytest.fixture
def stage() -> OutputStage:
    return OutputStage(0.89)


def test_what_is_below_the_ceiling_passes_untouched(stage: OutputStage) -> None:
    sound = np.random.default_rng(1).uniform(-0.4, 0.4, (512, 2)).astype(np.float32)
    assert np.array_equal(stage.mix(sound, np.zeros_like(sound)), sound)
    assert np.array_equal(stage.mix(np.zeros_like(sound), sound), sound)


def test_stop_silences_the_stimulus_in_10_ms_and_leaves_the_music(stage: OutputStage) -> None:
    stage.stop_stimulus()
    heard = mixed(stage, 1024, stimulus=0.5)[:, 0]
    assert np.all(heard[480 - 1 :] == 0.0)
    assert np.all(heard[:479] > 0.0)
    assert heard[240 - 1] == pytest.approx(0.25, abs=1e-6)
    assert np.all(mixed(stage, 512, music=0.5) == 0.5)


def test_stop_fades_the_music_in_2_s(stage: OutputStage) -> None:
    stage.stop_music(at_once=False)
    heard = mixed(stage, 100_000, music=0.5)[:, 0]
    assert heard[48_000 - 1] == pytest.approx(0.25, abs=1e-6)
    assert heard[96_000 - 2] > 0.0
    assert np.all(heard[96_000 - 1 :] == 0.0)


def test_a_second_stop_ends_the_music_in_10_ms_from_where_it_is(stage: OutputStage) -> None:
    stage.stop_music(at_once=False)
    before = mixed(stage, 48_000, music=0.5)[-1, 0]
    stage.stop_music(at_once=True)
    heard = mixed(stage, 1024, music=0.5)[:, 0]
    # A whole gain takes 480 frames, so half of one takes 240.
    assert np.all(heard[240:] == 0.0)
    assert heard[0] == pytest.approx(before - 0.5 / 480, abs=1e-6)


def test_stop_pressed_again_and_again_does_not_begin_the_ramp_anew(stage: OutputStage) -> None:
    heard = []
    for _ in range(12):
        stage.stop_stimulus()
        heard.append(mixed(stage, 48, stimulus=0.5)[:, 0])
    # Twelve ramps joined may end a rounding late: one frame.
    assert np.concatenate(heard)[480:].max() == 0.0


@pytest.mark.parametrize("level", [1.0, 0.5])
def test_no_step_of_any_ramp_is_larger_than_its_slope(stage: OutputStage, level: float) -> None:
    heard = [mixed(stage, 100, stimulus=level * 0.8)[:, 0]]
    for act in (stage.stop_stimulus, stage.unlatch, stage.stop_stimulus, stage.unlatch):
        act()
        heard += [mixed(stage, frames, stimulus=level * 0.8)[:, 0] for frames in (64, 256, 33, 700)]
    assert np.abs(np.diff(np.concatenate(heard))).max() <= level * 0.8 / 480 + 1e-6


def test_resume_lets_sound_through_again_gently(stage: OutputStage) -> None:
    stage.stop_stimulus()
    stage.stop_music(at_once=True)
    mixed(stage, 1024)
    stage.unlatch()
    stimulus = mixed(stage, 2048, stimulus=0.5)[:, 0]
    assert stimulus[960 - 1] == 0.5
    assert stimulus[480 - 1] == pytest.approx(0.25, abs=1e-6)
    assert stage.music.gain == pytest.approx(2048 / 96_000)


def test_a_stop_in_the_middle_of_a_resume_turns_back_from_where_it_is(stage: OutputStage) -> None:
    stage.stop_stimulus()
    mixed(stage, 1024)
    stage.unlatch()
    risen = mixed(stage, 480, stimulus=0.5)[-1, 0]
    stage.stop_stimulus()
    heard = mixed(stage, 512, stimulus=0.5)[:, 0]
    assert heard[0] == pytest.approx(risen - 0.5 / 480, abs=1e-6)
    assert np.all(heard[240:] == 0.0)


def test_a_stop_takes_hold_at_the_next_block_however_it_is_timed(stage: OutputStage) -> None:
    assert mixed(stage, 512, stimulus=0.5)[-1, 0] == 0.5
    stage.stop_stimulus()
    assert mixed(stage, 512, stimulus=0.5)[0, 0] < 0.5


def test_nothing_passes_the_ceiling(stage: OutputStage) -> None:
    heard = mixed(stage, 64, stimulus=0.8, music=0.8)
    assert heard.max() == np.float32(0.89)
    assert mixed(stage, 64, stimulus=-9.0, music=-9.0).min() == -np.float32(0.89)


def test_each_channel_keeps_its_own_sound(stage: OutputStage) -> None:
    sound = np.zeros((64, 2), np.float32)
    sound[:, 1] = 0.3
    heard = stage.mix(sound, np.zeros_like(sound))
    assert np.all(heard[:, 0] == 0.0)
    assert np.all(heard[:, 1] == np.float32(0.3))


def test_sound_that_moves_hands_falls_with_the_stimulus_frame_by_frame(stage: OutputStage) -> None:
    stage.stop_stimulus()
    heard = mixed(stage, 512, stimulus=0.5)
    assert np.array_equal(stage.gate(flat(512)), heard)
    mixed(stage, 512)
    assert np.all(stage.gate(flat(512)) == 0.0)


def test_sound_that_moves_hands_passes_untouched_while_nothing_is_stopped(stage: OutputStage) -> None:
    mixed(stage, 512)
    assert np.array_equal(stage.gate(flat(512)), flat(512))


def test_a_gain_that_stands_still_is_a_number() -> None:
    gain = FadingGain()
    assert gain.ramp(512) == 1.0
    gain.to(0.0, 480)
    gain.ramp(512)
    assert gain.ramp(512) == 0.0


BLOCKS = st.lists(st.integers(1, 700), min_size=1, max_size=30)


@given(BLOCKS, st.sampled_from([480, 960, 1000]), st.floats(0.0, 1.0))
def test_the_gain_is_the_same_to_the_bit_for_any_split_into_blocks(blocks: list[int], frames: int, target: float) -> None:
    split, whole = FadingGain(), FadingGain()
    for gain in (split, whole):
        gain.to(target, frames)
    assert np.array_equal(gains(split, blocks), gains(whole, [sum(blocks)]))
    assert split.gain == whole.gain


@given(BLOCKS, st.lists(st.sampled_from(["stop", "second", "resume"]), min_size=1, max_size=6))
def test_whatever_is_pressed_the_gain_stays_between_silence_and_full(blocks: list[int], presses: list[str]) -> None:
    stage = OutputStage(1.0)
    for number, frames in enumerate(blocks):
        press = presses[number % len(presses)]
        if press == "resume":
            stage.unlatch()
        else:
            stage.stop_stimulus()
            stage.stop_music(at_once=press == "second")
        heard = stage.mix(flat(frames, 0.25), flat(frames, 0.25))
        assert heard.min() >= 0.0
        assert heard.max() <= 0.5


# --- the outputs' own levels, and the room's usual one ---


def test_what_the_score_places_is_brought_to_the_rooms_usual_level_and_hands_are_not() -> None:
    stage = OutputStage(0.89, stimulus_db=-20.0)
    assert mixed(stage, 64, stimulus=0.5)[0, 0] == pytest.approx(0.05)
    assert mixed(stage, 64, music=0.5)[0, 0] == 0.5
    assert np.array_equal(stage.gate(flat(64)), flat(64))


def test_the_usual_level_never_makes_anything_louder() -> None:
    assert mixed(OutputStage(0.89, stimulus_db=12.0), 64, stimulus=0.2)[0, 0] == np.float32(0.2)


def level_db(level: OutputLevel, frames: int) -> Sound:
    """What the level does, frame by frame, in dB."""
    gain: Sound = 20.0 * np.log10(level.apply(flat(frames, 1.0))[:, 0])
    return gain


def test_an_output_at_its_cap_without_a_reading_passes_its_sound_untouched() -> None:
    sound = flat(64)
    assert OutputLevel().apply(sound) is sound


def test_an_output_is_under_its_cap_by_its_level() -> None:
    assert level_db(OutputLevel(-6.0, -10.0), 64) == pytest.approx(-16.0, abs=1e-4)


@pytest.mark.parametrize(("from_db", "to_db"), [(-60.0, 0.0), (0.0, -60.0), (-20.0, -19.0), (-12.0, -30.0)])
def test_a_level_moves_at_six_db_a_second_all_the_way(from_db: float, to_db: float) -> None:
    level = OutputLevel(from_db, -3.0)
    level.to(to_db)
    needed = round(abs(to_db - from_db) / 6.0 * 48_000)
    heard = level_db(level, needed + 480)
    step_db = np.diff(heard)
    # A float32 holds the dB of a gain to some 1e-5.
    assert np.abs(np.abs(step_db[: needed - 2]) - 6.0 / 48_000).max() < 1e-4
    assert heard[needed // 2] == pytest.approx((from_db + to_db) / 2 - 3.0, abs=0.01)
    assert heard[-1] == pytest.approx(to_db - 3.0, abs=1e-4)
    assert level.level_db == to_db


def test_a_level_turned_back_on_its_way_turns_where_it_is() -> None:
    level = OutputLevel(-40.0)
    level.to(0.0)
    risen = level_db(level, 48_000)[-1]
    level.to(-40.0)
    heard = level_db(level, 48_000)
    assert risen == pytest.approx(-34.0, abs=0.01)
    assert heard[0] == pytest.approx(risen, abs=0.001)
    assert heard[-1] == pytest.approx(-40.0, abs=0.01)


@given(BLOCKS)
def test_a_level_is_the_same_to_the_bit_for_any_split_into_blocks(blocks: list[int]) -> None:
    split, whole = OutputLevel(-20.0, -4.0), OutputLevel(-20.0, -4.0)
    for level in (split, whole):
        level.to(-3.0)
    parts = np.concatenate([split.apply(flat(frames)) for frames in blocks])
    assert np.array_equal(parts, whole.apply(flat(sum(blocks))))
