"""Who is there beside the engine: the panels that are open, and what the io process tells of keys and OSC."""

from __future__ import annotations

import time
from typing import Any, Final

PANEL_LOST_S: Final = 30.0
INLETS_S: Final = 3.0


class Presence:
    """What others said of themselves last, and how long ago. Called under the room's lock."""

    def __init__(self) -> None:
        self.panels: list[dict[str, Any]] = []
        self._panels_gone_s: float | None = None
        self._inlets: list[dict[str, Any]] = []
        self._inlets_s = 0.0

    def panels_are(self, panels: list[dict[str, Any]]) -> str | None:
        """The web process says which panels are open; returns a sentence where one has gone and others have not."""
        open_ids = {panel.get("id") for panel in panels}
        gone = [str(panel.get("name") or "a panel") for panel in self.panels if panel.get("id") not in open_ids]
        self.panels = panels
        self._panels_gone_s = None if panels else (self._panels_gone_s or time.monotonic())
        return f'"{gone[0]}" is no longer connected; the room goes on' if gone and panels else None

    @property
    def panels_lost(self) -> bool:
        """Whether the last panel's socket went 30 s ago or longer."""
        return self._panels_gone_s is not None and time.monotonic() - self._panels_gone_s > PANEL_LOST_S

    def inlets_are(self, devices: list[dict[str, Any]]) -> None:
        """The io process says how its keys and OSC are."""
        self._inlets, self._inlets_s = devices, time.monotonic()

    def inlets(self) -> list[dict[str, Any]]:
        """Keys and OSC as the state shows devices; STALE where the io process has fallen silent."""
        if time.monotonic() - self._inlets_s < INLETS_S:
            return self._inlets
        why = "the io process is away; it is started again by itself"
        return [{**item, "link": "STALE", "why": why} for item in self._inlets]
