"""The moving light over a set: place, level and colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.colours import parse_colour
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.light import dot_at, frames_paced, light_at, light_ends, lights_at, screen_point_at
from stimuli.motion import Motion
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import PATHS, Bls, Light

START = 9_600
PLAIN = motion.start(START, 1.0, 4, soft=True)


def score(light: Light | None = None, moving: Motion = PLAIN) -> Score:
    return Score(moving, (Cue(moving.start_frame, Bls(light=light or Light())),))


def level(told: Score, frame: float) -> float:
    return light_at(told, round(frame)).level_frac


def switched(told: Score, frame: int, *, on: bool) -> Score:
    bls = told.bls_at(frame)
    return with_settings(told, frame, replace(bls, light=replace(bls.light, on=on)))


def test_it_is_dark_before_the_set_and_long_after() -> None:
    told = score()
    assert PLAIN.end_frame is not None
    assert [level(told, frame) for frame in (0, START, PLAIN.end_frame + frames_of_ms(251), 10**9)] == [0.0] * 4


def test_it_fades_in_within_200_ms_and_shines_at_the_brightness_asked() -> None:
    told = score(Light(brightness_frac=0.4))
    assert level(told, START + frames_of_ms(100)) == pytest.approx(0.2)
    assert level(told, START + frames_of_ms(200)) == pytest.approx(0.4)
    assert level(told, START + FRAME_RATE_HZ) == pytest.approx(0.4)


def test_it_is_lit_until_at_rest_at_the_centre_and_fades_there() -> None:
    told = score()
    assert PLAIN.end_frame is not None
    at_rest = light_at(told, int(PLAIN.end_frame))
    assert at_rest.level_frac == pytest.approx(0.2)
    assert at_rest.pos == pytest.approx(0.0, abs=1e-6)
    fading = light_at(told, int(PLAIN.end_frame) + frames_of_ms(125))
    assert fading.level_frac == pytest.approx(0.1, abs=1e-3)
    assert fading.pos == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("light", [Light(), Light(offset_ms=300.0), Light(offset_ms=-300.0)])
def test_a_hard_stop_is_dark_from_its_very_frame(light: Light) -> None:
    told = score(light, motion.cut(PLAIN, START + 70_000))
    assert level(told, START + 69_999) == pytest.approx(0.2)
    assert level(told, START + 70_000) == 0.0


def test_the_dot_is_at_the_edge_on_each_beat_left_first() -> None:
    told = score(Light(travel="eased"))
    beats = [round(PLAIN.frame_at_phase((2 * index + 1) / 4)) for index in range(8)]
    assert [round(light_at(told, frame).pos, 6) for frame in beats] == [-1.0, 1.0] * 4


def test_width_narrows_the_travel_about_the_centre() -> None:
    beat = round(PLAIN.frame_at_phase(0.25))
    assert light_at(score(Light(width_frac=0.3)), beat).pos == pytest.approx(-0.3)
    assert screen_point_at(PLAIN, Light(width_frac=0.3, path="diagonal-down"), beat) == pytest.approx((-0.3, 0.3))


@given(st.floats(-300.0, 300.0), st.integers(START + 20_000, START + 150_000))
def test_an_offset_moves_the_light_by_itself_and_by_nothing_else(offset_ms: float, frame: int) -> None:
    moved = light_at(score(Light(offset_ms=offset_ms)), frame + frames_of_ms(offset_ms))
    plain = light_at(score(), frame)
    assert (moved.pos, moved.level_frac) == (plain.pos, plain.level_frac)


def test_a_saccade_waits_at_the_centre_and_rests_at_the_centre() -> None:
    told = score(Light(saccade=True))
    assert PLAIN.end_frame is not None
    places = [
        light_at(told, round(frame)).pos for frame in (START + 1000, START + 13_000, PLAIN.end_frame - 9, PLAIN.end_frame + 9)
    ]
    assert places == [0.0, -1.0, 1.0, 0.0]
    assert screen_point_at(PLAIN, Light(saccade=True, path="vertical"), PLAIN.end_frame + 9) == (0.0, 0.0)


def test_switched_off_it_is_gone_within_60_ms_and_back_within_200() -> None:
    off, on = START + 48_000, START + 96_000
    told = switched(switched(score(), off, on=False), on, on=True)
    assert [level(told, frame) for frame in (off, off + 1440, off + 2880, on)] == pytest.approx([0.2, 0.1, 0.0, 0.0])
    assert [level(told, frame) for frame in (on + 4800, on + 9600)] == pytest.approx([0.1, 0.2])


def test_a_light_off_from_the_start_stays_dark() -> None:
    told = score(Light(on=False))
    assert all(level(told, frame) == 0.0 for frame in range(0, START + 200_000, 997))


def test_colour_and_brightness_follow_the_cues() -> None:
    told = with_settings(score(), START + 50_000, Bls(light=Light(colour="#ff8000", brightness_frac=0.5, size=7.0)))
    assert light_at(told, START + 49_999).colour == parse_colour("blue-green")
    assert light_at(told, START + 50_000) == replace(light_at(told, START + 50_000), colour=parse_colour("#ff8000"), size=7.0)
    assert level(told, START + 50_000) == pytest.approx(0.5)


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="nope"):
        light_at(score(Light(colour="nope")), START)


lights = st.builds(
    Light,
    on=st.booleans(),
    path=st.sampled_from(PATHS),
    travel=st.sampled_from(["sine", "linear", "eased"]),
    saccade=st.booleans(),
    width_frac=st.floats(0.2, 1.0),
    offset_ms=st.floats(-300.0, 300.0),
    brightness_frac=st.floats(0.01, 1.0),
)
motions = st.sampled_from(
    [
        PLAIN,
        motion.start(START, 1.3, 3, soft=False),
        motion.start(START, 0.8, None, soft=True),
        motion.change_rate(PLAIN, START + 60_000, 1.9, soft=True),
        motion.finish(motion.start(START, 1.5, None, soft=True), START + 77_000),
        motion.cut(PLAIN, START + 88_888),
    ]
)


@given(
    motions,
    st.lists(st.tuples(st.integers(1, 200_000), lights), max_size=5),
    lights,
    st.lists(st.integers(0, 300_000), max_size=30),
)
def test_many_frames_at_once_are_the_same_as_one_by_one(
    moving: Motion, cues: list[tuple[int, Light]], first: Light, frames: list[int]
) -> None:
    told = score(first, moving)
    for after, light in sorted(cues, key=lambda cue: cue[0]):
        told = with_settings(told, START + after, Bls(light=light))
    found = lights_at(told, np.array(frames, dtype=np.int64))
    wanted = [light_at(told, frame) for frame in frames]
    assert found.pos == pytest.approx([dot.pos for dot in wanted], abs=1e-9)
    assert found.level_frac == pytest.approx([dot.level_frac for dot in wanted], abs=1e-9)
    assert [tuple(colour) for colour in found.colours] == [dot.colour for dot in wanted]


@given(motions, lights, st.integers(0, 300_000))
def test_under_settings_that_never_change_the_dot_is_the_light(moving: Motion, light: Light, frame: int) -> None:
    assert dot_at(moving, light, frame) == light_at(score(light, moving), frame)


@given(motions, st.lists(st.tuples(st.integers(1, 100_000), st.booleans()), max_size=12))
def test_no_switching_makes_the_light_jump(moving: Motion, switches: list[tuple[int, bool]]) -> None:
    told = score(None, moving)
    for after, on in sorted(switches, key=lambda switch: switch[0]):
        told = switched(told, START + after, on=on)
    frames = np.arange(START - 48, START + 110_000, 48)
    if moving.cut_frame is not None:
        frames = frames[frames < moving.cut_frame]
    steepest_per_ms = 0.2 * np.pi / 2 / 60.0 + 0.2 * np.pi / 2 / 200.0
    assert np.abs(np.diff(lights_at(told, frames).level_frac)).max() <= steepest_per_ms


def test_paced_frames_are_worked_out_from_their_own_number() -> None:
    frames = frames_paced(100, 100 + 8 * 3600 * FRAME_RATE_HZ, 44.0)
    assert frames[0] == 100
    assert len(frames) == 8 * 3600 * 44
    assert frames[-1] == 100 + round((8 * 3600 * 44 - 1) * FRAME_RATE_HZ / 44)
    with pytest.raises(ValueError, match="above 0"):
        frames_paced(0, 10, 0.0)


def test_no_pictures_fit_into_no_time() -> None:
    assert frames_paced(500, 500, 40.0).size == 0
    assert frames_paced(500, 400, 40.0).size == 0


def test_it_says_when_it_stays_dark() -> None:
    open_end = motion.start(START, 1.0, None, soft=True)
    assert light_ends(open_end, Light()) is None
    assert light_ends(motion.cut(open_end, 70_000), Light(offset_ms=50.0)) == 70_000
    end = light_ends(PLAIN, Light(offset_ms=50.0))
    assert end is not None
    told = score(Light(offset_ms=50.0))
    assert level(told, end - 480) > 0.0
    assert level(told, end) == 0.0
