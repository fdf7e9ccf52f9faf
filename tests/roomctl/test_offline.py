"""A set rendered offline: every beat on its frame, in sound and in events, and the same to the bit for every block size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playlists.presets import load_presets
from roomctl.errors import Invalid, RoomError
from roomctl.limits import Limits
from roomctl.offline import OfflineRoom, render_set, score_of, set_events, set_frames, sound_blocks
from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.score import Score, with_settings
from stimuli.settings import Bls, Continuous, Light, Tap, Tone

ROOM = OfflineRoom()
LIMITS = Limits()
CEILING = 10.0 ** (-1.0 / 20.0)
DESENSITISE = load_presets()["desensitise"].settings


def sound_of(score: Score, frames: int | None = None, block: int = 48_000, room: OfflineRoom = ROOM) -> Samples:
    return np.concatenate(list(sound_blocks(score, frames or set_frames(score), room, block)))


def events_of(score: Score, kind: str | None = None, room: OfflineRoom = ROOM) -> list[dict[str, Any]]:
    return [event for event in set_events(score, set_frames(score), room) if kind in (None, event["kind"])]


def onsets(sound: Samples, least_silence: int = 400) -> list[int]:
    """The frames at which sound begins after silence."""
    sounding = np.flatnonzero(np.any(sound != 0.0, axis=1))
    first = np.concatenate(([True], np.diff(sounding) > least_silence))
    return [int(frame) for frame in sounding[first]]


def frames_of(events: Iterable[dict[str, Any]]) -> list[int]:
    return [event["frame"] for event in events]


def test_the_standard_set_has_48_alternating_beats_each_on_its_frame() -> None:
    score = score_of(DESENSITISE, LIMITS)
    due = [round(Fraction(FRAME_RATE_HZ * (2 * number + 1), 4)) for number in range(48)]
    assert onsets(sound_of(score)) == due
    for kind in ("beat", "tone", "tap"):
        events = events_of(score, kind)
        assert frames_of(events) == due
        assert [event["side"] for event in events] == ["left", "right"] * 24
    assert [event["cycle"] for event in events_of(score, "beat")] == [number // 2 + 1 for number in range(48)]


def test_each_onset_is_on_its_own_side() -> None:
    sound = sound_of(score_of(DESENSITISE, LIMITS))
    for number, onset in enumerate(onsets(sound)):
        assert sound[onset : onset + 4_000, number % 2].any()
        assert not sound[onset : onset + 4_000, 1 - number % 2].any()


def test_no_sample_passes_the_ceiling_and_no_step_passes_the_ramp() -> None:
    loud = replace(DESENSITISE, tone=Tone(volume_db=0.0, pan_frac=0.0, ms=400.0), rate_hz=2.0)
    sound = sound_of(score_of(loud, LIMITS))
    assert float(np.max(np.abs(sound))) <= CEILING
    slope = 2.0 * np.pi * 250.0 / FRAME_RATE_HZ + np.pi / (2.0 * 960.0) + 1.0 / 144.0
    assert float(np.max(np.abs(np.diff(sound, axis=0)))) <= slope


def test_a_lower_ceiling_of_the_room_is_kept() -> None:
    loud = replace(DESENSITISE, tone=Tone(volume_db=0.0))
    room = replace(ROOM, limits=Limits(peak_dbfs=-12.0))
    assert float(np.max(np.abs(sound_of(score_of(loud, LIMITS), room=room)))) <= 10.0 ** (-12.0 / 20.0)


def test_the_set_finishes_softly_at_the_centre_dark_and_silent() -> None:
    score = score_of(DESENSITISE, LIMITS)
    lights, states = events_of(score, "light"), events_of(score, "set")
    end = score.motion.end_frame
    assert end is not None
    assert [(event["state"], event["frame"]) for event in states] == [
        ("running", 0),
        ("finishing", 1_140_000),
        ("idle", 1_164_000),
    ]
    assert lights[-1]["level"] == 0.0
    assert all(event["pos"] == 0.0 for event in lights if event["frame"] >= end)
    last_moves = [abs(event["pos"]) for event in lights if event["frame"] >= 1_140_000]
    assert last_moves == sorted(last_moves, reverse=True)
    assert not sound_of(score)[int(end) :].any()


def test_pictures_come_at_the_bars_rate_and_stand_where_the_phase_says() -> None:
    score = score_of(DESENSITISE, LIMITS)
    lights = events_of(score, "light")
    assert set(np.diff(frames_of(lights))) == {1_200}
    for event in lights:
        assert event["pos"] == pytest.approx(-np.sin(2.0 * np.pi * score.motion.phase_at(event["frame"])), abs=2e-5)
        assert event["level"] <= 0.2 + 1e-9
    assert {event["colour"] for event in lights} == {"#00d5b4"}


def test_a_bar_of_another_rate_and_a_dimmer_limit_are_followed() -> None:
    room = OfflineRoom(Limits(bar_level=0.1), leds=30, fps=90.0)
    lights = events_of(score_of(DESENSITISE, LIMITS), "light", room)
    assert [event["frame"] for event in lights[:5]] == [round(n * FRAME_RATE_HZ / 90.0) for n in range(1, 6)]
    assert max(event["level"] for event in lights) == pytest.approx(0.1)


def varied() -> Score:
    """Continuous pad, overlapping random tones, a change of rate, of settings and a finish."""
    bls = Bls(
        tone=Tone(align="random", ms=300.0, volume_db=-3.0, timbre="chime", pan_frac=0.4),
        continuous=Continuous(on=True, volume_db=0.0),
        seed=5,
    )
    score = score_of(bls, LIMITS)
    score = replace(score, motion=motion.change_rate(score.motion, 70_001, 1.7, soft=True))
    score = with_settings(score, 110_003, replace(bls, tone=replace(bls.tone, on=False)))
    score = with_settings(score, 150_007, bls)
    return replace(score, motion=motion.finish(score.motion, 200_011))


@pytest.mark.parametrize("block", [64, 256, 1_000, 48_000])
@pytest.mark.parametrize("which", ["standard", "varied"])
def test_any_block_size_gives_the_same_samples_to_the_bit(which: str, block: int) -> None:
    score = score_of(DESENSITISE, LIMITS) if which == "standard" else varied()
    frames = 4 * FRAME_RATE_HZ if which == "standard" else set_frames(score)
    whole = sound_of(score, frames, 1 << 20)
    assert whole.shape == (frames, 2)
    assert np.array_equal(sound_of(score, frames, block), whole)


def test_blocks_of_one_frame_give_the_same_samples_over_two_beats() -> None:
    score = score_of(replace(DESENSITISE, rate_hz=2.0, tone=Tone(ms=400.0, volume_db=0.0)), LIMITS)
    frames = 20_000
    assert len(onsets(sound_of(score, frames))) >= 1
    assert np.array_equal(sound_of(score, frames, 1), sound_of(score, frames))


def test_a_set_of_8_hours_still_has_its_last_onset_on_its_frame() -> None:
    sound_alone = replace(DESENSITISE, rate_hz=0.7, light=Light(on=False), tap=Tap(on=False))
    score = score_of(sound_alone, LIMITS, seconds=8 * 3600.0)
    assert score.motion.cycles_total == 20_160
    tones = events_of(score, "tone")
    assert frames_of(tones) == [round(Fraction(FRAME_RATE_HZ * (2 * number + 1) * 10, 4 * 7)) for number in range(40_320)]


@pytest.mark.parametrize(("seconds", "cycles"), [(5.0, 5), (0.2, 1), (7.6, 8), (3600.0, 3600)])
def test_seconds_stand_for_the_sets_own_end_and_are_exempt_from_the_longest_set(seconds: float, cycles: int) -> None:
    assert score_of(DESENSITISE, LIMITS, seconds).motion.cycles_total == cycles


def test_a_set_longer_than_the_room_allows_is_refused_by_its_own_numbers() -> None:
    with pytest.raises(Invalid, match="longest set is 600 s"):
        score_of(replace(DESENSITISE, set_cycles=200, rate_hz=0.1), LIMITS)


def test_seconds_do_not_lift_the_limits_of_the_light() -> None:
    with pytest.raises(Invalid, match="at most 1 Hz"):
        score_of(replace(DESENSITISE, rate_hz=1.2), Limits(light_hz=1.0), seconds=10.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_lengths_that_make_no_sense_are_refused(seconds: float) -> None:
    with pytest.raises(Invalid, match="cannot be rendered"):
        score_of(DESENSITISE, LIMITS, seconds)


def test_an_open_set_ends_softly_at_the_rooms_longest_set() -> None:
    score = score_of(replace(DESENSITISE, set_cycles=None, open=True), Limits(set_max_s=60.0))
    assert set_frames(score) <= 61.0 * FRAME_RATE_HZ
    assert score.motion.brake_frame is not None


def test_a_hard_finish_stays_hard() -> None:
    score = score_of(replace(DESENSITISE, finish="hard"), LIMITS, seconds=4.0)
    assert score.motion.end_frame == 4 * FRAME_RATE_HZ
    assert events_of(score, "set")[-1]["frame"] == 4 * FRAME_RATE_HZ


def test_an_output_set_earlier_than_the_set_moves_the_set_and_loses_nothing() -> None:
    early = replace(DESENSITISE, rate_hz=2.0, tone=Tone(offset_ms=-300.0), tap=Tap(offset_ms=-200.0))
    score = score_of(early, LIMITS)
    assert score.motion.start_frame == 14_400 - 6_000
    assert onsets(sound_of(score))[0] == 0
    assert len(events_of(score, "tone")) == len(events_of(score, "tap")) == 48


def test_events_are_in_order_of_frame_and_their_time_is_the_frames() -> None:
    events = events_of(varied())
    frames = frames_of(events)
    assert frames == sorted(frames)
    assert {event["kind"] for event in events} == {"set", "beat", "tone", "tap", "light"}
    for event in events:
        assert event["t_s"] == pytest.approx(event["frame"] / FRAME_RATE_HZ, abs=1e-6)


def test_outputs_that_are_off_leave_no_events_and_no_sound() -> None:
    off = replace(DESENSITISE, light=Light(on=False), tone=Tone(on=False), tap=Tap(on=False))
    score = score_of(off, LIMITS)
    assert {event["kind"] for event in events_of(score)} == {"set", "beat"}
    assert not sound_of(score).any()


def test_continuous_sound_is_carried_from_side_to_side() -> None:
    bls = replace(DESENSITISE, tone=Tone(on=False), continuous=Continuous(on=True, volume_db=0.0))
    sound = sound_of(score_of(bls, LIMITS, seconds=8.0)).astype(np.float64)
    for beat, side in ((4, 0), (5, 1)):
        at = 12_000 + 24_000 * beat
        power = np.mean(sound[at - 2_000 : at + 2_000] ** 2, axis=0)
        assert power[side] > 20.0 * power[1 - side]


def test_a_render_writes_what_it_says(tmp_path: Path) -> None:
    score = score_of(DESENSITISE, LIMITS, seconds=3.0)
    done = render_set(score, set_frames(score), tmp_path / "set.wav", tmp_path / "set.jsonl")
    lines = (tmp_path / "set.jsonl").read_text(encoding="utf-8").splitlines()
    assert done.events == len(lines)
    assert done.frames == set_frames(score)
    assert 0.1 < done.peak <= 10.0 ** (-18.0 / 20.0) + 1e-6
    assert [json.loads(line) for line in lines] == events_of(score)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set.jsonl", "set.wav"]


def test_two_renders_are_equal_to_the_byte(tmp_path: Path) -> None:
    for name, block in (("a", 1_000), ("b", 48_000)):
        render_set(varied(), set_frames(varied()), tmp_path / f"{name}.wav", tmp_path / f"{name}.jsonl", block_frames=block)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    score = score_of(DESENSITISE, LIMITS, seconds=1.0)
    with pytest.raises(RoomError, match="cannot be written"):
        render_set(score, set_frames(score), tmp_path / "file" / "set.wav")
