"""Music frames: session frames less those in which the music stood still. Tracks and their crossfades live on them.

So a pause in the middle of a crossfade goes on, when resumed, in the middle of the crossfade, and a gap in the session's frames
(a card that was lost) takes nothing away from the music.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in one state: `frames` from `frame`, its music starting at `music_frame`; still where it is not `runs`."""

    frame: int
    frames: int
    music_frame: int
    runs: bool


@dataclass(frozen=True, slots=True)
class MusicClock:
    """Runs, or is to run, from `go_frame` on, until `halt_frame`. `lost` frames had been stood still before `go_frame`."""

    go_frame: int | None = None
    halt_frame: int | None = None
    lost: int = 0

    def music_frame(self, frame: int) -> int:
        """The music frame at session frame `frame`; where it stands still, the one it goes on with."""
        if self.go_frame is None:
            return -self.lost
        end = frame if self.halt_frame is None else min(frame, self.halt_frame)
        return max(end, self.go_frame) - self.lost

    def frame_of(self, music_frame: int) -> int:
        """The session frame of a music frame that lies ahead, if nothing stops the music."""
        return music_frame + self.lost

    def runs_at(self, frame: int) -> bool:
        """Whether music runs at session frame `frame`."""
        begun = self.go_frame is not None and frame >= self.go_frame
        return begun and (self.halt_frame is None or frame < self.halt_frame)

    def going(self, frame: int) -> MusicClock:
        """Running again from `frame`; a halt that has not come yet is called off."""
        if self.go_frame is not None and (self.halt_frame is None or self.halt_frame >= frame):
            return replace(self, halt_frame=None)
        return MusicClock(go_frame=frame, lost=frame - self.music_frame(frame))

    def halting(self, frame: int) -> MusicClock:
        """Standing still from `frame`, or earlier where that was asked before."""
        if self.go_frame is None:
            return self
        return replace(self, halt_frame=frame if self.halt_frame is None else min(self.halt_frame, frame))

    def skipped(self, from_frame: int, to_frame: int) -> MusicClock:
        """The session's frames from `from_frame` to `to_frame` never came: no music was in them."""
        if not self.runs_at(from_frame):
            return self
        gap = to_frame - from_frame
        halt = None if self.halt_frame is None else self.halt_frame + gap
        return MusicClock(go_frame=to_frame, halt_frame=halt, lost=self.lost + gap)

    def spans(self, first_frame: int, frames: int) -> Iterator[Span]:
        """`frames` from `first_frame` in stretches of one state each."""
        end = first_frame + frames
        edges = {first_frame, end} | {edge for edge in (self.go_frame, self.halt_frame) if edge and first_frame < edge < end}
        cuts = sorted(edges)
        for start, stop in pairwise(cuts):
            yield Span(start, stop - start, self.music_frame(start), self.runs_at(start))
