"""The beat score: one set's motion and the settings that hold in it, from which every output is projected."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stimuli.motion import Motion
from stimuli.settings import Bls


@dataclass(frozen=True, slots=True)
class Cue:
    """From `frame` on these settings hold."""

    frame: int
    bls: Bls


def _frame_of(cue: Cue) -> int:
    return cue.frame


@dataclass(frozen=True, slots=True)
class Score:
    """One set. `cues` are in order of frame; the first stands at the motion's start."""

    motion: Motion
    cues: tuple[Cue, ...]

    def bls_at(self, frame: float) -> Bls:
        """The settings that hold at `frame`; the first ones before the set."""
        return self.cues[self._cue_at(frame)].bls

    def _cue_at(self, frame: float) -> int:
        """Number of the cue that holds at `frame`."""
        return max(0, bisect_right(self.cues, frame, key=_frame_of) - 1)

    def spans(self, first_frame: int, frames: int) -> Iterator[tuple[int, int, Bls]]:
        """(from, until, settings) pieces that cover `frames` frames from `first_frame`, without gap or overlap."""
        end = first_frame + frames
        index, begin = self._cue_at(first_frame), first_frame
        while index + 1 < len(self.cues) and self.cues[index + 1].frame < end:
            until = self.cues[index + 1].frame
            yield begin, until, self.cues[index].bls
            index, begin = index + 1, until
        yield begin, end, self.cues[index].bls


def with_settings(score: Score, frame: int, bls: Bls) -> Score:
    """`score` with `bls` in force from `frame` on; cues that would have come later are dropped."""
    kept = tuple(cue for cue in score.cues if cue.frame < frame)
    return replace(score, cues=(*kept, Cue(frame, bls)))
