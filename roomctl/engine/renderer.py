"""What the render thread makes for each block: what the scores place, the music and the tap channels, under the limiter."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from hardware.tappers.audio import AudioTapper
from roomctl.engine.render_ahead import Block
from roomctl.engine.view import Outlook
from stimuli import motion
from stimuli.beats import Side
from stimuli.frames import Samples, frames_of_s
from stimuli.limiter import LIMITER_DELAY_FRAMES, Limiter
from stimuli.score import Cue, Score
from stimuli.settings import Bls
from stimuli.stimulus import SourceSound, stimulus_block


class MusicSource(Protocol):
    """The room's music; None where none was begun. Never waits."""

    def music_block(self, first_frame: int, frames: int) -> Samples | None: ...


class RoomRenderer:
    """Renders in order from where it was restarted. The limiter's delay is made up for by rendering that much earlier."""

    def __init__(
        self,
        outlook: Outlook,
        ceiling_dbtp: float,
        source: SourceSound,
        music: MusicSource,
        tapper: AudioTapper | None = None,
    ) -> None:
        self._outlook = outlook
        self._ceiling_dbtp = ceiling_dbtp
        self._source = source
        self._music = music
        self._tapper = tapper
        self._limiter = Limiter(ceiling_dbtp)
        self.test_score: Score | None = None

    def restart(self, first_frame: int) -> None:
        """Go on at `first_frame`."""
        self._limiter = Limiter(self._ceiling_dbtp)
        self._limiter.process(*self._buses(first_frame, LIMITER_DELAY_FRAMES))

    def block(self, first_frame: int, frames: int) -> Block:
        """Sound for `frames` frames from `first_frame`, which follows on the block before."""
        stimulus, music = self._limiter.process(*self._buses(first_frame + LIMITER_DELAY_FRAMES, frames))
        return Block(first_frame, stimulus, music, self._tap_channels(first_frame, frames))

    def _buses(self, first_frame: int, frames: int) -> tuple[Samples, Samples]:
        stimulus = np.zeros((frames, 2), np.float32)
        for score in self._sounding():
            stimulus += stimulus_block(score, first_frame, frames, self._source)
        music = self._music.music_block(first_frame, frames)
        return stimulus, music if music is not None else np.zeros((frames, 2), np.float32)

    def _sounding(self) -> tuple[Score, ...]:
        scores = self._outlook.view.scores
        return scores if self.test_score is None else (*scores, self.test_score)

    def _tap_channels(self, first_frame: int, frames: int) -> Samples | None:
        if self._tapper is None:
            return None
        return self._tapper.block(self._outlook.view.score_at(first_frame + frames), first_frame, frames)


def side_test(frame: int, side: Side) -> Score:
    """A score that sounds one tone, on one side, within a second of `frame`: of its two beats one is switched off."""
    heard = Bls()
    unheard = replace(heard, tone=replace(heard.tone, on=False))
    first, second = (heard, unheard) if side == "left" else (unheard, heard)
    return Score(motion.start(frame, 1.0, 1, soft=True), (Cue(frame, first), Cue(frame + frames_of_s(0.5), second)))
