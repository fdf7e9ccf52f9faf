"""What slow lamps share: one message a segment, faded by the lamp itself, and never more messages than it takes.

The lamp holds its last look when the room is lost or closed. Its safe look is dim and warm; it overtakes whatever was offered.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Final

from hardware.entries import RoomLightEntry
from hardware.io_thread import IoThread, Wire
from hardware.seams import Capabilities, Due, RoomLight, RoomLook

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

    def __init__(self, safe: RoomLook) -> None:
        self._safe = safe
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


class SlowLamp(RoomLight):
    """A lamp behind a slow wire, which fades by itself."""

    def __init__(self, name: str, wire: SlowWire, onset_ms: float = 0.0) -> None:
        super().__init__(name)
        self._wire = wire
        self._onset_ms = onset_ms
        self._io = IoThread(self, wire, resend=True)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            on_silence=ON_SILENCE, fps_max=1.0 / self._wire.least_gap_s, onset_ms=self._onset_ms, transitions=True
        )

    def open(self) -> None:
        self._io.open()

    def offer(self, look: RoomLook, due: Due) -> None:
        self._io.offer(look)

    def safe(self) -> None:
        self._io.safe()

    def close(self) -> None:
        self._io.close()
