"""Everything that a set sounds: the bilateral tone, the beeps of a reaction task, and the continuous sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from stimuli.beep import beep_block
from stimuli.continuous import continuous_block, continuous_source
from stimuli.frames import Samples
from stimuli.score import Score
from stimuli.settings import Source
from stimuli.taps import LONGEST_PULSE_FRAMES, Pulse, pulses_between
from stimuli.tone import tone_block


class SourceSound(Protocol):
    """Where the continuous sound comes from. Never waits."""

    def block(self, source: Source, first_frame: int, frames: int) -> Samples: ...


def stimulus_block(score: Score, first_frame: int, frames: int, sound: SourceSound) -> Samples:
    """Render all that `score` sounds for `frames` frames from `first_frame`, before the limiter.

    Returns float32 of shape (frames, 2), full scale 1.0; the same to the bit for any split into blocks.
    """
    block = tone_block(score, first_frame, frames)
    if any(cue.bls.tasks.on for cue in score.cues):
        block += beep_block(score, first_frame, frames)
    source = continuous_source(score, first_frame, frames)
    if source is not None:
        block += continuous_block(score, first_frame, frames, sound.block(source, first_frame, frames))
    return block


class _Steady:
    """A source that is 1 throughout: what becomes of it is what the score does to any source."""

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        return np.ones((frames, 2), np.float32)


def sounds_alike(one: Iterable[Score], other: Iterable[Score], first_frame: int, end_frame: int) -> bool:
    """Whether in [`first_frame`, `end_frame`) nobody could hear or feel which of the two is played.

    Tones and beeps to the bit, what is done to a continuous source, and which source it is; pulses in the hands as well, since
    these can be sound on the same card.
    """
    one, other, frames = tuple(one), tuple(other), end_frame - first_frame
    return (
        _sources(one, first_frame, frames) == _sources(other, first_frame, frames)
        and _pulses(one, first_frame, end_frame) == _pulses(other, first_frame, end_frame)
        and np.array_equal(_sum(one, first_frame, frames), _sum(other, first_frame, frames))
    )


def _sum(scores: tuple[Score, ...], first_frame: int, frames: int) -> Samples:
    total: Samples = np.zeros((frames, 2), np.float32)
    for score in scores:
        total += stimulus_block(score, first_frame, frames, _Steady())
    return total


def _sources(scores: tuple[Score, ...], first_frame: int, frames: int) -> set[Source]:
    sources = (continuous_source(score, first_frame, frames) for score in scores)
    return {source for source in sources if source is not None}


def _pulses(scores: tuple[Score, ...], first_frame: int, end_frame: int) -> list[Pulse]:
    """The pulses that are felt in the stretch, those that began before it too."""
    begun = (pulse for score in scores for pulse in pulses_between(score, first_frame - LONGEST_PULSE_FRAMES, end_frame))
    return [pulse for pulse in begun if pulse.end_frame > first_frame]
