"""What a command comes to, and the memory of it for a caller who asks the same twice."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from roomctl.errors import Invalid
from roomctl.messages import Request

KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answers, and what must be on the disk before it does."""

    body: Any = None
    waits: Future[None] | None = None


class OutcomeMemory:
    """The outcomes of the last commands with an idempotency key, kept from when they were done, written down or not."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[Any, Outcome]] = OrderedDict()

    def of(self, request: Request) -> Outcome | None:
        """What the caller's command with this key came to; None for a new one, or one without a key.

        Raises Invalid where the key stood for another command of the same caller: its answer would be no answer to this one.
        """
        key = request.idempotency_key
        kept = None if key is None else self._kept.get((_caller(request), key))
        if kept is None:
            return None
        command, outcome = kept
        if command != request.command:
            raise Invalid(f'the Idempotency-Key "{key}" was used for another command; give each command a key of its own')
        return outcome

    def keep(self, request: Request, outcome: Outcome) -> Outcome:
        """Remember `outcome`, and give it back."""
        if request.idempotency_key is not None:
            self._kept[(_caller(request), request.idempotency_key)] = (request.command, outcome)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return outcome


def _caller(request: Request) -> str:
    return request.who.panel_id or request.who.name
