"""Each person's own tapper: a switch and a strength of its own, kept over a death of the engine.

A button on a tapper counts for its own hands where others hold tappers too, and for the whole room where nobody else does.
"""

from __future__ import annotations

from typing import Any, Final

from roomctl.engine.devices import Rack
from roomctl.errors import Invalid, Refused
from roomctl.journal import Journal
from roomctl.messages import TuneTapper

MEMORY: Final = "tappers"


class OwnTappers:
    """The rack's tappers as people set them. `switch_off` may be called in any thread; the rest under the room's lock."""

    def __init__(self, rack: Rack, journal: Journal, remembered: dict[str, Any] | None) -> None:
        self._rack = rack
        self._journal = journal
        self._pressed: set[str] = set()
        for name, kept in (remembered or {}).items():
            if name in rack.tappers:
                rack.tune(name, on=bool(kept["on"]), strength_frac=float(kept["strength_frac"]))

    def is_one_of_several(self, name: str) -> bool:
        """Whether `name` is a tapper, and others in the room have one too."""
        return name in self._rack.tappers and len(self._rack.tappers) > 1

    def switch_off(self, name: str) -> None:
        """Still at once, and from now on. Raises UnknownId."""
        self._rack.tune(name, on=False)

    def tune(self, command: TuneTapper) -> dict[str, Any]:
        """What a command asks of one tapper; returns its switch and strength as they are now. Raises Invalid, UnknownId."""
        if command.on is None and command.strength_frac is None:
            raise Invalid(
                'a tapper is given "on", true or false, or "strength_frac", 0 to 1, or both', allowed=["on", "strength_frac"]
            )
        now = self._rack.tune(command.name, on=command.on, strength_frac=command.strength_frac)
        if command.on:
            self._pressed.discard(command.name)
        self._journal.remember(MEMORY, {name: self._rack.tuning(name) for name in self._rack.tappers})
        return now

    def pressed(self, name: str) -> None:
        """Its own button switched it off: said to everyone until it is on again."""
        self._pressed.add(name)

    def notice(self, name: str) -> str | None:
        """What is to be said of a tapper, if anything."""
        return f'"{name}" was switched off with its own button; the others go on' if name in self._pressed else None

    def refuse_off(self, name: str) -> None:
        """Raises Refused for a tapper that is switched off."""
        if self._rack.tuning(name).get("on") is False:
            raise Refused(f'"{name}" is switched off; switch it on first', state="off", possible=[f"devices/{name}"])

    def forget(self) -> None:
        """The room was closed in order: the next one begins with every tapper on, at its full strength."""
        self._journal.remember(MEMORY, None)
