"""What a command comes to, and the memory of it for a caller who asks the same twice."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answers, and what must be on the disk before it does."""

    body: Any = None
    waits: Future[None] | None = None


class OutcomeMemory:
    """The outcomes of the last commands with an idempotency key, kept from when they were done, written down or not."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Outcome] = OrderedDict()

    def of(self, key: str | None) -> Outcome | None:
        """What the command with this key came to; None for a new one, or one without a key."""
        return None if key is None else self._kept.get(key)

    def keep(self, key: str | None, outcome: Outcome) -> Outcome:
        """Remember `outcome`, and give it back."""
        if key is not None:
            self._kept[key] = outcome
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return outcome
