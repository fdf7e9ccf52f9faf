"""A lamp, as a model: it moves to where it is told in the time it is told, and takes only so many messages a second."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.roomlights.fade import Fade
from hardware.seams import RoomLook


@dataclass(frozen=True, slots=True)
class RoomLightReport:
    """The lamp now: CIE L*, kelvin, and how many messages came too fast and were lost."""

    level_l: float
    cct_k: float
    lost: int


class LampModel:
    """Times are monotonic seconds."""

    def __init__(self, most_per_s: float, level_l: float = 0.0, cct_k: float = 2700.0) -> None:
        self._least_s = 1.0 / most_per_s
        here = RoomLook(level_l, cct_k)
        self._fade = Fade(here, here, 0.0)
        self._tokens_s = float("-inf")
        self._lost = 0

    def take(self, look: RoomLook, now_s: float) -> bool:
        """A message arrives at `now_s`; False where it comes too soon after others and is lost.

        A burst of two is let through, as a bridge's own queue does.
        """
        if self._tokens_s > now_s + self._least_s:
            self._lost += 1
            return False
        self._tokens_s = max(self._tokens_s, now_s) + self._least_s
        self._fade = Fade(self._fade.at(now_s), look, now_s)
        return True

    def report(self, now_s: float) -> RoomLightReport:
        """The lamp at `now_s`."""
        look = self._fade.at(now_s)
        return RoomLightReport(look.level_l, look.cct_k, self._lost)
