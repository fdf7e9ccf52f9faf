"""The beat score: one set's motion and the settings that hold in it, from which every output is projected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stimuli.motion import Motion
from stimuli.settings import Bls


@dataclass(frozen=True, slots=True)
class Cue:
    """From `frame` on these settings hold."""

    frame: int
    bls: Bls


@dataclass(frozen=True, slots=True)
class Score:
    """One set. `cues` are in order of frame; the first stands at the motion's start."""

    motion: Motion
    cues: tuple[Cue, ...]

    def bls_at(self, frame: float) -> Bls:
        """The settings that hold at `frame`; the first ones before the set."""
        for cue in reversed(self.cues):
            if frame >= cue.frame:
                return cue.bls
        return self.cues[0].bls

    def spans(self, first_frame: int, frames: int) -> Iterator[tuple[int, int, Bls]]:
        """(from, until, settings) pieces that cover `frames` frames from `first_frame`, without gap or overlap."""
        end = first_frame + frames
        edges = [cue.frame for cue in self.cues[1:] if first_frame < cue.frame < end]
        for begin, until in zip([first_frame, *edges], [*edges, end], strict=True):
            yield begin, until, self.bls_at(begin)


def with_settings(score: Score, frame: int, bls: Bls) -> Score:
    """`score` with `bls` in force from `frame` on; cues that would have come later are dropped."""
    kept = tuple(cue for cue in score.cues if cue.frame < frame)
    return replace(score, cues=(*kept, Cue(frame, bls)))
