"""Which session frames a command can still change: no device was told of them, or no sound was made of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from roomctl.bilateral import Bilateral
from roomctl.clock import SessionClock
from roomctl.engine.render_ahead import RenderAhead
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.limiter import LIMITER_DELAY_FRAMES
from stimuli.stimulus import sounds_alike

MARGIN_FRAMES: Final = 512
MOST_COMPARED_FRAMES: Final = FRAME_RATE_HZ
"""Sound made further ahead than this (simulated time) is not looked into."""


@dataclass(frozen=True, slots=True)
class Moment:
    """From `told` on no light or tap has been told to a device, from `rendered` on no sound has been made either."""

    told: int
    rendered: int


def soonest(moment: Moment, now: Bilateral, move: Callable[[int], Bilateral]) -> tuple[Bilateral, int]:
    """`move` from the first frame at which it can take effect whole, and that frame.

    A change that leaves the sound made already as it is (a colour, the start of a set before its first tone) does not wait
    for the sound to be heard. Raises what `move` raises.
    """
    ahead_frames = moment.rendered - moment.told
    if ahead_frames <= MOST_COMPARED_FRAMES:
        early = move(moment.told)
        if ahead_frames <= 0 or sounds_alike(now.scores, early.scores, moment.told, moment.rendered):
            return early, moment.told
    late = max(moment.told, moment.rendered)
    return move(late), late


class Timeline:
    """Asked under the room's lock. `largest_onset_ms` says how early the slowest device must be told."""

    def __init__(self, clock: SessionClock, ahead: RenderAhead, largest_onset_ms: Callable[[], float]) -> None:
        self._clock = clock
        self._ahead = ahead
        self._largest_onset_ms = largest_onset_ms

    def now_frame(self) -> float:
        """The session frame heard now."""
        return self._clock.frame_at(time.monotonic())

    def moment(self) -> Moment:
        """What can still be changed now."""
        lead_frames = frames_of_ms(self._largest_onset_ms()) + MARGIN_FRAMES
        return Moment(int(self.now_frame()) + lead_frames, self._ahead.claimed_frame + LIMITER_DELAY_FRAMES)

    def effect_frame(self) -> int:
        """The next frame that neither a device nor the sound has been told of yet, for moves that take a while to work out."""
        moment = self.moment()
        return max(moment.told, moment.rendered + MARGIN_FRAMES)

    def held(self) -> AbstractContextManager[None]:
        """No sound is begun to be made meanwhile, for a moment."""
        return self._ahead.held()
