"""The wire of a device that is not there: it hands what it is given to a model, and misbehaves when its faults say so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from hardware.faults import DELAY_S, SLOW_S, FaultPlan
from hardware.io_thread import Wire

Item = TypeVar("Item")

_IDLE_S: Final = 1.0


class StubWire(Wire[Item], Generic[Item]):
    """Calls `take(item)` and `go_safe()`, at once and on the caller's thread while no fault holds.

    `drop` loses what is offered; going safe is repeated by real drivers until it is heard, so it gets through here.
    """

    def __init__(self, plan: FaultPlan, take: Callable[[Item], None], go_safe: Callable[[], None], holds: bool = False) -> None:
        self._plan = plan
        self._take = take
        self._go_safe = go_safe
        self._holds = holds
        self._on_the_way: list[tuple[float, Item]] = []
        self._leaving = threading.Event()

    def connect(self) -> None:
        """Be there, unless unplugged or refusing."""
        self._plan.begin()
        self._plan.raise_if_away()

    def now(self, item: Item) -> bool:
        """Take it at once, unless a fault holds or something is still on its way."""
        if self._on_the_way or self._plan.any_on:
            return False
        self._take(item)
        return True

    def safe_now(self) -> bool:
        """Go safe at once, unless unplugged, refusing or hung."""
        if self._plan.on("unplug") or self._plan.on("refuse") or self._plan.on("slow"):
            return False
        self._on_the_way.clear()
        self._go_safe()
        return True

    def send(self, item: Item) -> None:
        """Take it, lose it, keep it for later or hang, as the faults say."""
        self._plan.raise_if_away()
        if self._plan.on("drop"):
            return
        self._hang()
        if self._plan.on("delay"):
            self._on_the_way.append((time.monotonic() + DELAY_S, item))
            return
        self._take(item)

    def safe(self) -> None:
        """Go safe; what is on its way is overtaken."""
        self._plan.raise_if_away()
        self._hang()
        self._on_the_way.clear()
        self._go_safe()

    def leave(self) -> None:
        """Go safe, unless the device holds its last look."""
        if not self._holds:
            self._plan.raise_if_away()
            self._go_safe()

    def tick(self) -> float:
        """Deliver what was delayed; wake at the next moment something changes."""
        self._plan.raise_if_away()
        now_s = time.monotonic()
        while self._on_the_way and self._on_the_way[0][0] <= now_s:
            self._take(self._on_the_way.pop(0)[1])
        delayed_s = self._on_the_way[0][0] - now_s if self._on_the_way else _IDLE_S
        polled_s = DELAY_S / 10 if self._plan.on("delay") else _IDLE_S
        return max(0.001, min(_IDLE_S, self._plan.next_edge_s() + 0.001, delayed_s, polled_s))

    def disconnect(self) -> None:
        """Lose what is on its way."""
        self._on_the_way.clear()

    def hurry(self) -> None:
        """End a hang early: the device is being closed."""
        self._leaving.set()

    def _hang(self) -> None:
        left_s = self._plan.left_s("slow")
        if left_s > 0.0:
            self._leaving.wait(min(left_s, SLOW_S))
