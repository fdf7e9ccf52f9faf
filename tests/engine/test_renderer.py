"""What the render thread makes: every onset on its frame though the limiter looks ahead, and the same samples as offline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.tappers.audio import AudioTapper
from roomctl.bilateral import merged, new_score
from roomctl.engine.renderer import RoomRenderer, side_test
from roomctl.engine.view import Outlook, View
from roomctl.limits import Limits
from roomctl.offline import OfflineRoom, sound_blocks
from stimuli.beats import beats_between, tones_between
from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.motion import cut
from stimuli.score import Score
from stimuli.settings import Bls, Source
from stimuli.taps import TapChannels, tap_block

S = FRAME_RATE_HZ


def score(start_frame: int = 1000, **change: Any) -> Score:
    return new_score(merged(Bls(), {"rate_hz": 2.0, "set_cycles": 3, **change}), Limits(), start_frame)


class Silence:
    """A room without music, and without continuous sound."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def music_block(self, first_frame: int, frames: int) -> Samples | None:
        self.asked.append((first_frame, frames))
        return None

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        return np.zeros((frames, 2), np.float32)


class Steps(Silence):
    """Music whose sample at frame n says n, softly."""

    def music_block(self, first_frame: int, frames: int) -> Samples:
        values = (np.arange(first_frame, first_frame + frames) % 1000) / 2000.0
        return np.repeat(values[:, None], 2, axis=1).astype(np.float32)


def renderer_of(
    *scores: Score, music: Silence | None = None, tapper: AudioTapper | None = None
) -> tuple[RoomRenderer, Outlook]:
    outlook = Outlook()
    outlook.publish(View(scores))
    sounds = music or Silence()
    return RoomRenderer(outlook, -1.0, sounds, sounds, tapper), outlook


def rendered(renderer: RoomRenderer, first_frame: int, blocks: list[int]) -> tuple[Samples, Samples]:
    """(stimulus, music) from `first_frame` over `blocks`."""
    renderer.restart(first_frame)
    made = []
    for frames in blocks:
        made.append(renderer.block(first_frame, frames))
        first_frame += frames
    return np.concatenate([block.stimulus for block in made]), np.concatenate([block.music for block in made])


def onsets(sound: Samples, channel: int) -> npt.NDArray[np.int64]:
    sounding = np.flatnonzero(np.abs(sound[:, channel]) > 1e-7)
    return sounding[np.r_[True, np.diff(sounding) > 2400]]


def test_every_tone_begins_on_its_beats_frame() -> None:
    set_ = score(start_frame=12_345)
    stimulus, _ = rendered(renderer_of(set_)[0], 0, [512] * 250)
    beats = beats_between(set_.motion, 0, 10 * S)
    heard = sorted(int(frame) for channel in (0, 1) for frame in onsets(stimulus, channel))
    # A tone's first sample is 0, and the next is 1e-7 or more within three frames of its ramp.
    assert [frame - beat.frame for frame, beat in zip(heard, beats, strict=True)] == [heard[0] - beats[0].frame] * 6
    assert 0 <= heard[0] - beats[0].frame <= 3


def test_the_live_stream_is_the_offline_render_to_the_bit() -> None:
    set_ = score(start_frame=0, tone={"timbre": "woodblock", "volume_db": -3})
    offline = np.concatenate(list(sound_blocks(set_, 3 * S, OfflineRoom())))
    live, _ = rendered(renderer_of(set_)[0], 0, [512] * (3 * S // 512 + 1))
    assert np.array_equal(live[: len(offline)], offline)
    assert np.abs(offline).max() > 0.1


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30), st.integers(0, 20_000))
def test_the_samples_do_not_depend_on_blocks(blocks: list[int], first_frame: int) -> None:
    set_ = score()
    split, _ = rendered(renderer_of(set_)[0], first_frame, blocks)
    whole, _ = rendered(renderer_of(set_)[0], first_frame, [sum(blocks)])
    assert np.array_equal(split, whole)


def test_the_music_is_on_its_own_frame_too() -> None:
    _, music = rendered(renderer_of(music=Steps())[0], 7_000, [512] * 4)
    assert np.array_equal(music, Steps().music_block(7_000, 2048))


def test_after_a_restart_it_goes_on_as_if_it_had_never_stopped() -> None:
    set_ = score()
    renderer, _ = renderer_of(set_)
    whole, _ = rendered(renderer, 0, [512] * 100)
    again, _ = rendered(renderer, 20_000, [512] * 20)
    assert np.array_equal(again, whole[20_000 : 20_000 + 20 * 512])


def test_loud_music_and_tones_keep_the_ceiling_together() -> None:
    class Loud(Silence):
        def music_block(self, first_frame: int, frames: int) -> Samples:
            time_s = np.arange(first_frame, first_frame + frames) / S
            return np.repeat(np.sin(2 * np.pi * 90.0 * time_s)[:, None], 2, axis=1).astype(np.float32)

    set_ = score(tone={"volume_db": 0, "ms": 400})
    stimulus, music = rendered(renderer_of(set_, music=Loud())[0], 0, [512] * 150)
    assert np.abs(stimulus + music).max() <= 10 ** (-1.0 / 20)
    assert np.abs(stimulus + music).max() > 0.8


def test_a_set_that_rings_and_a_new_one_sound_together() -> None:
    first = score(start_frame=0, set_cycles=1, tone={"ms": 400, "timbre": "chime"})
    second = score(start_frame=int(first.motion.end_frame or 0) + 10)
    both, _ = rendered(renderer_of(first, second)[0], 0, [512] * 120)
    parts = [rendered(renderer_of(each)[0], 0, [512] * 120)[0] for each in (first, second)]
    assert np.allclose(both, parts[0] + parts[1], atol=1e-6)


def test_a_change_of_view_is_heard_from_the_next_block_on() -> None:
    set_ = score(start_frame=0)
    renderer, outlook = renderer_of(set_)
    renderer.restart(0)
    first, frame = [], 0
    while frame < 12_288:
        first.append(renderer.block(frame, 512))
        frame += 512
    outlook.publish(View((replace(set_, motion=cut(set_.motion, frame + 600)),)))
    after = np.concatenate([renderer.block(frame + step, 512).stimulus for step in range(0, 20 * 512, 512)])
    assert np.abs(np.concatenate([block.stimulus for block in first])).max() > 0.01
    # A cut tone falls to nothing within its ramp of 10 ms.
    assert not after[600 + 480 :].any()


def test_without_a_score_or_music_there_is_silence() -> None:
    stimulus, music = rendered(renderer_of()[0], 0, [512] * 4)
    assert not stimulus.any()
    assert not music.any()


def test_every_frame_of_music_is_asked_for_once_and_in_order() -> None:
    music = Silence()
    renderer, _ = renderer_of(music=music)
    rendered(renderer, 10_000, [512, 100, 700])
    frames = [first + index for first, count in music.asked for index in range(count)]
    assert frames == list(range(10_000, 10_000 + 240 + 512 + 100 + 700))


# --- taps on the card ---


def test_taps_on_the_card_stand_on_their_frames_untouched_by_the_limiter() -> None:
    set_ = score(start_frame=1000)
    renderer, _ = renderer_of(set_, tapper=AudioTapper("taps"))
    renderer.restart(0)
    blocks = [renderer.block(first, 512) for first in range(0, 60_000 // 512 * 512, 512)]
    taps = np.concatenate([block.taps for block in blocks if block.taps is not None])
    assert np.array_equal(taps, tap_block(set_, 0, len(taps), TapChannels()))
    assert np.abs(taps).max() > 0.1
    # Never both hands at once.
    assert not np.any(taps[:, 0].astype(bool) & taps[:, 1].astype(bool))


def test_a_room_without_such_a_tapper_has_no_tap_channels() -> None:
    renderer, _ = renderer_of(score())
    renderer.restart(0)
    assert renderer.block(0, 512).taps is None


# --- the test of one side ---


@pytest.mark.parametrize(("side", "heard_at"), [("left", 0), ("right", 1)])
def test_the_test_of_a_side_is_one_tone_on_that_side_within_a_second(side: Any, heard_at: int) -> None:
    renderer, _ = renderer_of()
    renderer.test_score = side_test(5_000, side)
    stimulus, _ = rendered(renderer, 0, [512] * 200)
    assert len(onsets(stimulus, heard_at)) == 1
    assert 5_000 <= onsets(stimulus, heard_at)[0] <= 5_000 + S
    assert not stimulus[:, 1 - heard_at].any()


def test_the_test_of_a_side_has_one_tone_by_its_score() -> None:
    for side in ("left", "right"):
        tones = tones_between(side_test(0, side), 0, 10 * S)  # type: ignore[arg-type]
        assert [beat.side for beat, _ in tones] == [side]
