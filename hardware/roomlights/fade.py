"""A lamp on its way from one look to another: straight in L* and in mired, as eyes judge both."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.seams import RoomLook


@dataclass(frozen=True, slots=True)
class Fade:
    """From `start` to `target`, which says how long it takes, begun at `began_s` on the monotonic clock."""

    start: RoomLook
    target: RoomLook
    began_s: float

    def at(self, now_s: float) -> RoomLook:
        """Where the lamp is at `now_s`."""
        part = 1.0 if self.target.fade_s <= 0.0 else min(1.0, max(0.0, (now_s - self.began_s) / self.target.fade_s))
        if part >= 1.0:
            return RoomLook(self.target.level_l, self.target.cct_k)
        level_l = self.start.level_l + part * (self.target.level_l - self.start.level_l)
        mired = 1e6 / self.start.cct_k + part * (1e6 / self.target.cct_k - 1e6 / self.start.cct_k)
        return RoomLook(level_l, 1e6 / mired)

    def static_s(self, now_s: float) -> float:
        """How long the lamp has stood still; negative while it moves."""
        return now_s - self.began_s - self.target.fade_s
