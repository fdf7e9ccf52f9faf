"""Everything that a set sounds: the bilateral tone, the beeps of a reaction task, and the continuous sound."""

from __future__ import annotations

from typing import Protocol

from stimuli.beep import beep_block
from stimuli.continuous import continuous_block, continuous_source
from stimuli.frames import Samples
from stimuli.score import Score
from stimuli.settings import Source
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
