"""What slow lamps share: one message a segment, faded by the lamp itself, and never more messages than it takes.

The lamp holds its last look when the room is lost or closed. Its safe look is dim and warm; it overtakes whatever was offered.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import replace
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.io_thread import Wire
from hardware.seams import Capabilities, Due, RoomLight, RoomLook
from hardware.threaded import ThreadedDevice

SAFE_FADE_S: Final = 2.0
TICK_S: Final = 0.2
CHECK_S: Final = 10.0
ON_SILENCE: Final = "holds its last look"


def safe_look(entry: RoomLightEntry) -> RoomLook:
    """Where a STOP leads the lamp."""
    return RoomLook(entry.safe_level_l, entry.safe_cct_k, SAFE_FADE_S)


class SlowWire(Wire[RoomLook]):
    """A wire that is told looks no closer than `least_gap_s`, the newest one. Subclasses put a look, and see to health."""

    least_gap_s: float = 0.1

    def __init__(self, entry: RoomLightEntry) -> None:
        self._safe = safe_look(entry)
        self._level_frac = entry.level_frac
        self._held: RoomLook | None = None
        self._put_at_s = float("-inf")
        self._checked_at_s = float("-inf")

    @abstractmethod
    def put(self, look: RoomLook) -> None:
        """Tell the lamp. Raises OSError, or Terminal where asking again is useless."""

    def check(self) -> None:
        """See whether the lamp is still there; every 10 s. Raises OSError."""

    def send(self, look: RoomLook) -> None:
        """Put it now, or when the lamp takes the next message."""
        if time.monotonic() - self._put_at_s < self.least_gap_s:
            self._held = look
            return
        self._put_now(look)

    def safe(self) -> None:
        """Dim and warm, whatever was said just before."""
        self._put_now(self._safe)

    def leave(self) -> None:
        """Hold: the room's light outlives the room's computer."""

    def tick(self) -> float:
        """Put what was held back, and look after the link."""
        now_s = time.monotonic()
        if self._held is not None and now_s - self._put_at_s >= self.least_gap_s:
            self._put_now(self._held)
        if now_s - self._checked_at_s >= CHECK_S:
            self._checked_at_s = now_s
            self.check()
        return TICK_S

    def _put_now(self, look: RoomLook) -> None:
        self._held = None
        self._put_at_s = time.monotonic()
        self.put(look)


class SlowLamp(ThreadedDevice[RoomLook], RoomLight):
    """A lamp behind a slow wire, which fades by itself."""

    wire: SlowWire

    def __init__(self, entry: RoomLightEntry, wire: SlowWire) -> None:
        super().__init__(entry.name, wire, Capabilities(ON_SILENCE, onset_ms=entry.onset_ms, transitions=True), resend=True)
        self.driver = entry.driver

    @property
    def capabilities(self) -> Capabilities:
        """With the pace of what was found: a bridge takes fewer messages for a group than for a lamp."""
        return replace(self._capabilities, fps_max=1.0 / self.wire.least_gap_s)

    def offer(self, look: RoomLook, due: Due) -> None:
        """Go to a look."""
        self.io.offer(look)
