"""The beep of the random-beep task."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.beep import BEEP_HZ, beep_block
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.score import Cue, Score
from stimuli.settings import Bls, Tasks, Tone
from stimuli.tasks import reaction_events

MOVING = motion.start(1000, 1.0, None, soft=True)
BEEPING = Score(MOVING, (Cue(1000, Bls(tasks=Tasks(on=True, kind="random-beep"), tone=Tone(volume_db=-20.0))),))
LENGTH = 12 * FRAME_RATE_HZ
WHOLE = beep_block(BEEPING, 0, LENGTH)


def test_each_event_sounds_for_60_ms_and_nothing_else_does() -> None:
    lit = np.zeros(LENGTH, dtype=bool)
    for event in reaction_events(BEEPING, 0, LENGTH):
        lit[event.frame : event.frame + frames_of_ms(60)] = True
        assert np.abs(WHOLE[event.frame : event.frame + frames_of_ms(60)]).max() > 0.05
    assert lit.any()
    assert not WHOLE[~lit].any()


@given(st.lists(st.integers(1, LENGTH - 1), max_size=5))
def test_any_split_into_blocks_is_the_same_to_the_bit(edges: list[int]) -> None:
    split = [0, *sorted(set(edges)), LENGTH]
    blocks = [beep_block(BEEPING, first, end - first) for first, end in pairwise(split)]
    assert np.array_equal(np.concatenate(blocks), WHOLE)


def test_it_is_in_the_middle_at_the_tones_volume() -> None:
    assert np.array_equal(WHOLE[:, 0], WHOLE[:, 1])
    assert np.abs(WHOLE).max() == pytest.approx(0.1 / np.sqrt(2.0), rel=0.01)


def test_it_has_its_own_pitch_and_no_click() -> None:
    event = reaction_events(BEEPING, 0, LENGTH)[0]
    wave = WHOLE[event.frame : event.frame + frames_of_ms(60), 0]
    spectrum = np.abs(np.fft.rfft(wave, 48_000))
    assert abs(int(spectrum.argmax()) - BEEP_HZ) <= 5
    steepest = 0.1 / np.sqrt(2.0) * 2.0 * np.pi * BEEP_HZ / FRAME_RATE_HZ
    assert np.abs(np.diff(WHOLE[:, 0])).max() <= steepest * 1.05


def test_a_hard_stop_silences_it_at_its_frame() -> None:
    event = reaction_events(BEEPING, 0, LENGTH)[0]
    stopped = replace(BEEPING, motion=motion.cut(MOVING, event.frame + 500))
    assert not beep_block(stopped, event.frame + 500, 10_000).any()


def test_other_tasks_are_silent() -> None:
    prompts = Score(MOVING, (Cue(1000, Bls(tasks=Tasks(on=True, kind="colour-change"))),))
    assert not beep_block(prompts, 0, LENGTH).any()
