"""A device that is not there: what the stubs of every kind share. A model stands in for it, recorded, with faults on order."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from hardware.faults import Fault, FaultPlan
from hardware.record import EventRecorder
from hardware.seams import Capabilities, Due
from hardware.stub_wire import StubWire
from hardware.threaded import ThreadedDevice

Item = TypeVar("Item")


class StubDevice(ThreadedDevice[tuple[Item, Due, int]], Generic[Item]):
    """Takes `Item`s, each with the monotonic ns at which it was told. Misuse raises AssertionError and counts in `misuses`.

    A stub says what misuse is in `_wrong_with`, and moves its model in `_take` and `_still`, which hold `_model_lock` for it.
    """

    driver = "stub"
    verified = True
    called: ClassVar[str]
    """The kind of device in sentences, such as `light bar`."""
    offered: ClassVar[str]
    """What it is offered in sentences, such as `a frame`."""
    wire: StubWire[tuple[Item, Due, int]]

    def __init__(
        self, name: str, capabilities: Capabilities, record: Path | None, faults: Sequence[Fault], holds: bool = False
    ) -> None:
        wire = StubWire(FaultPlan(faults), self._take, self._go_safe, holds)
        super().__init__(name, wire, capabilities, resend=holds)
        self.misuses = 0
        self.recorder = EventRecorder(record)
        self._model_lock = threading.Lock()

    def open(self) -> None:
        """Be there, after a moment, unless the faults say otherwise."""
        self.recorder.open()
        super().open()

    def offer(self, item: Item, due: Due) -> None:
        """Take `item`. Raises AssertionError for one that no real device could take."""
        told_ns = time.monotonic_ns()
        wrong = self._wrong_with(item) if self.io.opened else f"was offered {self.offered} while it is not open"
        if wrong:
            self.misuses += 1
            raise AssertionError(f'{self.called} "{self.name}" {wrong}')
        self.io.offer((item, due, told_ns))

    def close(self) -> None:
        """Leave as a real one would, and be gone."""
        self.wire.hurry()
        super().close()
        self.recorder.close()

    @abstractmethod
    def _wrong_with(self, item: Item) -> str:
        """Why no real device could take `item`, as the end of a sentence; empty where one could."""

    @abstractmethod
    def _take(self, told: tuple[Item, Due, int]) -> None:
        """Move the model, and record what changed."""

    @abstractmethod
    def _still(self) -> None:
        """The model's safe look."""

    def _go_safe(self) -> None:
        self._still()
        self.recorder.put_now("safe", device=self.name)
