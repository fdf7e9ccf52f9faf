"""What the outputs look at: one frozen value, replaced whole by whoever changes the room, read by every thread at no wait."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from stimuli.score import Score


@dataclass(frozen=True, slots=True)
class View:
    """The scores that can be heard or seen, newest last."""

    scores: tuple[Score, ...] = ()

    def score_at(self, frame: float) -> Score | None:
        """The newest score that has begun by `frame`, else the one before it."""
        for score in reversed(self.scores):
            if frame >= score.motion.start_frame:
                return score
        return None


class Outlook:
    """The view in force, and the latch of STOP beside it, so that no change of view can lift the latch.

    `stops` counts every STOP: an output that was busy when one came sees it by that.
    """

    def __init__(self) -> None:
        self.view = View()
        self.stopped = False
        self.stops = 0
        self._wakers: list[threading.Event] = []

    def waker(self) -> threading.Event:
        """An event that is set at every change."""
        event = threading.Event()
        self._wakers.append(event)
        return event

    def publish(self, view: View) -> None:
        """Put `view` in force and wake who waits."""
        self.view = view
        self.wake()

    def latch(self) -> None:
        """STOP: nothing placed by a score leaves any more."""
        self.stopped = True
        self.stops += 1
        self.wake()

    def unlatch(self, stops: int) -> bool:
        """Lift the latch, unless a STOP came after the `stops` that the caller saw."""
        if self.stops != stops:
            return False
        self.stopped = False
        if self.stops != stops:
            self.stopped = True
        return not self.stopped

    def wake(self) -> None:
        """Wake every output that waits."""
        for event in self._wakers:
            event.set()
