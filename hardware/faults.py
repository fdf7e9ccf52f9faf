"""Trouble on order: what a stub does wrong, when, and for how long, so that a developer can rehearse it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Interval

FaultKind = Literal["drop", "delay", "unplug", "refuse", "slow"]

STRICT: Final[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}
"""Read by whoever parses these values: unknown keys are errors, and so are NaN and infinity."""

DELAY_S: Final = 0.25
"""How much later a message takes effect under `delay`."""

SLOW_S: Final = 0.5
"""How long each call hangs under `slow`, unless the fault ends sooner."""


@dataclass(frozen=True, slots=True)
class Fault:
    """From `at_s` after the device was opened, for `for_s`: lose messages, delay them, be unplugged, refuse, or hang."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    at_s: Annotated[float, Interval(ge=0.0, le=86_400.0)]
    do: FaultKind
    for_s: Annotated[float, Interval(ge=0.0, le=86_400.0)] = 5.0

    def holds(self, elapsed_s: float) -> bool:
        """Whether it is on, `elapsed_s` after the device was opened."""
        return self.at_s <= elapsed_s < self.at_s + self.for_s


class FaultPlan:
    """The faults of one device, on a monotonic clock that `begin` starts. `speed` counts simulated seconds."""

    def __init__(self, faults: Sequence[Fault], speed: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._faults = tuple(faults)
        self._speed = speed
        self._now = now
        self._began_s: float | None = None

    def begin(self) -> None:
        """Count from now; later calls change nothing."""
        if self._began_s is None:
            self._began_s = self._now()

    @property
    def elapsed_s(self) -> float:
        """Seconds since `begin`; 0 before it."""
        return 0.0 if self._began_s is None else (self._now() - self._began_s) * self._speed

    def on(self, kind: FaultKind) -> bool:
        """Whether a fault of this kind holds now."""
        return self.left_s(kind) > 0.0

    def left_s(self, kind: FaultKind) -> float:
        """Real seconds until the last fault of this kind that holds now is over; 0 where none does."""
        if self._began_s is None or not self._faults:
            return 0.0
        elapsed_s = self.elapsed_s
        ends = [fault.at_s + fault.for_s for fault in self._faults if fault.do == kind and fault.holds(elapsed_s)]
        return (max(ends) - elapsed_s) / self._speed if ends else 0.0

    def next_edge_s(self) -> float:
        """Real seconds until a fault next begins or ends; infinite where none will."""
        elapsed_s = self.elapsed_s
        edges = [edge for fault in self._faults for edge in (fault.at_s, fault.at_s + fault.for_s) if edge > elapsed_s]
        return (min(edges) - elapsed_s) / self._speed if edges else float("inf")

    @property
    def any_on(self) -> bool:
        """Whether any fault holds now."""
        if self._began_s is None or not self._faults:
            return False
        elapsed_s = self.elapsed_s
        return any(fault.holds(elapsed_s) for fault in self._faults)

    def raise_if_away(self) -> None:
        """Raise OSError while the device is unplugged or refuses."""
        if self.on("unplug"):
            raise OSError("is unplugged, as its faults in the room file ask")
        if self.on("refuse"):
            raise ConnectionRefusedError("refuses, as its faults in the room file ask")
