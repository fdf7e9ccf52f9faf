"""What a set sounds in all, and whether two scores can be told apart by ear and hand in a stretch of time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.beats import tones_between
from stimuli.beep import beep_block
from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls, Continuous, Light, Source, Tap, Tasks, Tone
from stimuli.stimulus import sounds_alike, stimulus_block
from stimuli.tone import tone_block

S = FRAME_RATE_HZ
START = 10_000


class Loud:
    """A source of one value; remembers which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Source] = []

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        self.asked.append(source)
        return np.full((frames, 2), 0.5, np.float32)


def score(**change: Any) -> Score:
    """An open set of 1 Hz from START: beats at START + 12,000, + 36,000 ..."""
    return Score(motion.start(START, 1.0, None, soft=True), (Cue(START, replace(Bls(open=True, set_cycles=None), **change)),))


def test_a_set_of_tones_sounds_its_tones_and_nothing_else() -> None:
    source = Loud()
    assert np.array_equal(stimulus_block(score(), START, S, source), tone_block(score(), START, S))
    assert source.asked == []


def test_a_reaction_task_adds_its_beeps() -> None:
    asked = score(tasks=Tasks(on=True, kind="random-beep"))
    frames = 60 * S
    beeps = beep_block(asked, START, frames)
    assert beeps.any()
    assert np.array_equal(stimulus_block(asked, START, frames, Loud()), tone_block(asked, START, frames) + beeps)


@pytest.mark.parametrize("source", ["pad", "music"])
def test_a_continuous_sound_is_asked_of_its_source(source: Source) -> None:
    loud = Loud()
    block = stimulus_block(score(continuous=Continuous(on=True, source=source)), START + S, 4_800, loud)
    assert loud.asked == [source]
    assert block.any()


def changed(frame: int, **change: Any) -> Score:
    """The set with settings changed from `frame` on."""
    return with_settings(score(), frame, replace(score().bls_at(frame), **change))


def test_nothing_and_a_set_before_its_first_tone_sound_alike() -> None:
    first_beat = START + S // 4
    assert sounds_alike((), (score(),), START, first_beat)
    assert not sounds_alike((), (score(),), START, first_beat + 10)


def test_a_colour_changes_no_sound() -> None:
    blue = changed(START + 11_000, light=Light(colour="blue"))
    assert sounds_alike((score(),), (blue,), START + 11_000, START + 2 * S)


def test_a_change_of_the_tone_is_heard_from_its_next_tone_on() -> None:
    at = START + 15_000
    higher = changed(at, tone=Tone(hz=600.0))
    assert sounds_alike((score(),), (higher,), at, START + 36_000)
    assert not sounds_alike((score(),), (higher,), at, START + 36_500)


def test_a_tone_that_is_switched_off_while_it_sounds_is_heard() -> None:
    at = START + 12_000 + 1_000
    assert not sounds_alike((score(),), (changed(at, tone=Tone(on=False)),), at, at + 500)


def test_a_pulse_is_felt_in_the_hands_even_where_nothing_is_heard() -> None:
    silent = score(tone=Tone(on=False), tap=Tap(on=True))
    weaker = with_settings(silent, START + 11_000, replace(silent.bls_at(START), tap=Tap(on=True, strength_frac=0.1)))
    assert sounds_alike((silent,), (weaker,), START + 11_000, START + 12_000)
    assert not sounds_alike((silent,), (weaker,), START + 11_000, START + 12_001)


def test_a_set_that_rang_out_is_missed_by_nobody() -> None:
    over = replace(score(), motion=motion.cut(score().motion, START + 20_000))
    assert sounds_alike((over,), (), START + 20_000 + 9_600, START + 20_000 + 14_000)
    assert not sounds_alike((over,), (), START + 12_000 + 4_000, START + 20_000)


def test_which_source_plays_is_heard() -> None:
    pad, music = (score(tone=Tone(on=False), continuous=Continuous(on=True, source=source)) for source in ("pad", "music"))
    assert not sounds_alike((pad,), (music,), START + S, START + S + 480)
    assert sounds_alike((pad,), (pad,), START + S, START + S + 480)


def test_where_a_continuous_sound_stands_is_heard() -> None:
    playing = score(continuous=Continuous(on=True, source="pad"))
    at = START + S
    narrower, blue = (
        with_settings(playing, at, replace(playing.bls_at(at), light=light))
        for light in (Light(path="vertical"), Light(colour="blue"))
    )
    assert sounds_alike((playing,), (blue,), at, at + 2_400)
    louder = with_settings(
        playing, at, replace(playing.bls_at(at), continuous=Continuous(on=True, source="pad", volume_db=-12.0))
    )
    assert not sounds_alike((playing,), (louder,), at, at + 2_400)
    heard = [stimulus_block(each, at, 2_400, Loud()) for each in (playing, narrower)]
    assert sounds_alike((playing,), (narrower,), at, at + 2_400) == np.array_equal(*heard)


@given(st.integers(0, 3 * S), st.integers(1, 6_000), st.sampled_from([0.5, 1.0, 1.5]))
def test_what_sounds_alike_is_the_same_to_the_bit(after: int, frames: int, rate_hz: float) -> None:
    """A new rate from any frame on: alike exactly where no tone falls into the stretch or sounds in it."""
    at = START + after
    faster = replace(score(), motion=motion.change_rate(score().motion, at, rate_hz, soft=True))
    same = np.array_equal(stimulus_block(score(), at, frames, Loud()), stimulus_block(faster, at, frames, Loud()))
    alike = sounds_alike((score(),), (faster,), at, at + frames)
    assert not alike or same
    if not tones_between(score(), at - S, at + frames) and not tones_between(faster, at - S, at + frames):
        assert alike
