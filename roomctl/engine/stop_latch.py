"""STOP and its latch: the outputs are silenced at once by whoever presses, and stay so until RESUME lifts the latch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from roomctl.clock import SessionClock
from roomctl.engine.devices import Rack
from roomctl.engine.output_stage import OutputStage
from roomctl.engine.realtime import sleep_until
from roomctl.engine.view import Outlook
from roomctl.journal import Journal

SECOND_STOP_S: Final = 2.0
"""A STOP within this time of the one before takes the music away at once too."""

LONGEST_CUT_S: Final = 0.5
"""A cut lies one render-ahead and the largest device lead after STOP; no RESUME waits longer than this for it."""

MEMORY: Final = "stopped"


@dataclass(frozen=True, slots=True)
class Press:
    """What one press of STOP did: whether it was a second one, and which devices cannot have heard it."""

    second: bool
    unheard: tuple[str, ...]
    at_mono_s: float


class StopLatch:
    """`press` takes no lock and may come from any thread; the rest is called under the room's lock."""

    def __init__(self, outlook: Outlook, stage: OutputStage, rack: Rack, clock: SessionClock, journal: Journal) -> None:
        self._outlook = outlook
        self._stage = stage
        self._rack = rack
        self._clock = clock
        self._journal = journal
        self._pressed_s = 0.0
        self._key: str | None = None
        self._second = False
        self._cut_frame = 0
        self.said: dict[str, Any] | None = None
        """Who pressed STOP, when, and what was not confirmed; None while nothing is stopped."""

    def take_up(self, said: dict[str, Any]) -> None:
        """A STOP that held before this start holds again."""
        self.said = said
        self._stage.stop_stimulus()
        self._stage.stop_music(at_once=True)
        self._outlook.latch()

    def press(self, key: str | None) -> Press:
        """Silence everything placed by the score, now. The same `key` again is the same press, on another way."""
        now_s = time.monotonic()
        self._stage.stop_stimulus()
        same_press = key is not None and key == self._key
        self._key = key
        if not same_press:
            self._second = self._outlook.stopped and now_s - self._pressed_s < SECOND_STOP_S
        second = self._second
        self._stage.stop_music(at_once=second)
        self._outlook.latch()
        return Press(second, tuple(self._rack.safe()), now_s)

    def note(self, press: Press, by: str, cut_frame: int) -> dict[str, Any]:
        """Keep who pressed, for people and for the next start; scores are cut at `cut_frame`. Returns the answer."""
        self._pressed_s, self._cut_frame = press.at_mono_s, cut_frame
        unheard = list(press.unheard)
        self.said = {"by": by, "at_utc_s": time.time(), "not_confirmed": unheard, "second": press.second}
        self._journal.remember(MEMORY, self.said)
        return {"stopped": True, "not_confirmed": unheard, "everything_off": press.second}

    def lift(self) -> bool:
        """Unlatch, but not before the cut has passed: until then a stopped set would be seen and heard again.

        False where nothing was stopped, or where a STOP came while this waited: that one is not lifted.
        """
        stops = self._outlook.stops
        sleep_until(min(self._clock.mono_at(self._cut_frame), time.monotonic() + LONGEST_CUT_S))
        if self.said is None or not self._outlook.unlatch(stops):
            return False
        self._stage.unlatch()
        if self._outlook.stops != stops:
            self._stage.stop_stimulus()
            return False
        self.said = None
        return True

    def forget(self) -> None:
        """Nothing is stopped at the next start: RESUME is done with, or the room is closed in order."""
        self.said = None
        self._journal.remember(MEMORY, None)
