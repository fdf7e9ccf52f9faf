"""A lamp, as a model: it moves to where it is told in the time it is told, and takes only so many messages a second."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.seams import RoomLook


@dataclass(frozen=True, slots=True)
class RoomLightReport:
    """The lamp now: CIE L*, kelvin, and how many messages came too fast and were lost."""

    level_l: float
    cct_k: float
    lost: int


class LampModel:
    """Moves in a straight line in L* and in mired, as eyes judge both. Times are monotonic seconds."""

    def __init__(self, most_per_s: float, level_l: float = 0.0, cct_k: float = 2700.0) -> None:
        self._least_s = 1.0 / most_per_s
        self._from = self._to = RoomLook(level_l, cct_k)
        self._began_s = 0.0
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
        at = self.report(now_s)
        self._from, self._to, self._began_s = RoomLook(at.level_l, at.cct_k), look, now_s
        return True

    def report(self, now_s: float) -> RoomLightReport:
        """The lamp at `now_s`."""
        part = 1.0 if self._to.fade_s <= 0.0 else min(1.0, max(0.0, (now_s - self._began_s) / self._to.fade_s))
        level_l = self._from.level_l + part * (self._to.level_l - self._from.level_l)
        mired = 1e6 / self._from.cct_k + part * (1e6 / self._to.cct_k - 1e6 / self._from.cct_k)
        return RoomLightReport(level_l, 1e6 / mired, self._lost)
