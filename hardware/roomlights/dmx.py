"""What the DMX lamps have in common: a look to slots, dithered while it moves and until it has settled, then 1 Hz."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Final

from hardware.dmx.fixtures import Fixture, fixture_of
from hardware.dmx.outlet import Outlet, give_back, take
from hardware.entries import RoomLightEntry
from hardware.io_thread import Wire
from hardware.roomlights.fade import Fade
from hardware.seams import Capabilities, Due, RoomLight, RoomLook
from hardware.threaded import ThreadedDevice

FPS: Final = 40.0
KEEP_ALIVE_S: Final = 1.0
LEAST_PICTURE_S: Final = 0.9 / FPS
SETTLE_S: Final = 10.0
"""A lamp of 8 bits that stands still glides to the nearest whole step in this time, and then needs no dithering."""


class DmxWire(Wire[RoomLook]):
    """One fixture on an outlet. Holds its last look when it leaves."""

    def __init__(self, key: Hashable, make: Callable[[], Outlet], entry: RoomLightEntry) -> None:
        self.fixture: Fixture = fixture_of(entry.fixture)
        last = entry.address + self.fixture.slots - 1
        if last > 512:
            raise ValueError(f'room light "{entry.name}": its slots end at {last}, past the 512 of a universe')
        self._key = key
        self._make = make
        self._entry = entry
        self._lock = threading.Lock()
        self._outlet: Outlet | None = None
        self._fade: Fade | None = None
        self._picture = 0
        self._rendered_s = float("-inf")
        self._owed = False

    @property
    def universe(self) -> bytes:
        """All 512 slots as they were last set, the other fixtures' too; before that, this one's safe look alone."""
        outlet = self._outlet
        if outlet is not None and self._fade is not None:
            return outlet.slots
        slots = bytearray(512)
        start = self._entry.address - 1
        slots[start : start + self.fixture.slots] = self.fixture.render(self.safe_look, 0, 1.0)
        return bytes(slots)

    @property
    def safe_look(self) -> RoomLook:
        """Dim and warm."""
        return RoomLook(self._entry.safe_level_l, self._entry.safe_cct_k)

    def connect(self) -> None:
        """Open the wire. What the lamp shows does not change until it is told."""
        if self._outlet is None:
            self._outlet = take(self._key, self._make)
        self._outlet.join()

    def send(self, item: RoomLook) -> None:
        """Begin to go to a look from where the lamp is; its picture is made now, or with the next tick where one just was.

        A picture that is made but never sent would take one step out of the dithering, and a lamp's mean light with it.
        """
        now_s = self._go_to(item)
        self._owed = now_s - self._rendered_s < LEAST_PICTURE_S
        if not self._owed:
            self._render(now_s)

    def _go_to(self, item: RoomLook) -> float:
        now_s = time.monotonic()
        wanted = RoomLook(min(100.0, max(0.0, item.level_l)), min(20_000.0, max(1_000.0, item.cct_k)), max(0.0, item.fade_s))
        with self._lock:
            before = self._fade
            if before is None:
                self._fade = Fade(wanted, replace(wanted, fade_s=0.0), now_s)
            elif wanted.fade_s > 0.0 or (wanted.level_l, wanted.cct_k) != (before.target.level_l, before.target.cct_k):
                self._fade = Fade(before.at(now_s), wanted, now_s)
        return now_s

    def safe(self) -> None:
        """Dim and warm, at once."""
        self._render(self._go_to(self.safe_look))

    def leave(self) -> None:
        """Hold."""

    def tick(self) -> float:
        """The next picture of a fade or of dithering; once settled, the keep-alive."""
        now_s = time.monotonic()
        outlet = self._joined()
        if self._fade is not None and self._moves():
            if now_s - self._rendered_s >= LEAST_PICTURE_S:
                self._render(now_s)
            outlet.flush(KEEP_ALIVE_S)
            return 1.0 / FPS
        if self._fade is not None:
            outlet.flush(KEEP_ALIVE_S)
        return KEEP_ALIVE_S / 4

    def disconnect(self) -> None:
        """Let go of the outlet."""
        outlet, self._outlet = self._outlet, None
        if outlet is not None:
            outlet.leave()
            give_back(self._key)

    def _joined(self) -> Outlet:
        if self._outlet is None:
            raise OSError("the universe is not open")
        return self._outlet

    def _moves(self) -> bool:
        """Whether a picture may differ from the last that was made, or one is owed; it does not matter how late it is."""
        assert self._fade is not None
        still_for_s = SETTLE_S if self.fixture.dithers else 0.0
        return self._owed or self._fade.static_s(self._rendered_s) <= still_for_s + 2.0 / FPS

    def _render(self, now_s: float) -> None:
        with self._lock:
            fade = self._fade
        if fade is None:
            return
        self._picture += 1
        settled_frac = min(1.0, max(0.0, fade.static_s(now_s) / SETTLE_S))
        look = fade.at(now_s)
        values = self.fixture.render(look, self._picture, settled_frac, self._entry.level_frac)
        self._rendered_s, self._owed = now_s, False
        self._joined().put(self._entry.address, values)


class DmxRoomLight(ThreadedDevice[RoomLook], RoomLight):
    """A lamp on DMX. Paced: it is offered looks, and fades by itself only where a look says so."""

    wire: DmxWire

    def __init__(self, entry: RoomLightEntry, wire: DmxWire, on_silence: str) -> None:
        super().__init__(entry.name, wire, Capabilities(on_silence, fps_max=FPS, onset_ms=entry.onset_ms), resend=True)
        self.entry = entry

    def offer(self, look: RoomLook, due: Due) -> None:
        """Go to a look."""
        self.io.offer(look)
