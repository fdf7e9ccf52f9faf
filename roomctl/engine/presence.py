"""Who is there beside the engine: the panels that are open, and what the io process tells of keys and OSC."""

from __future__ import annotations

import time
from typing import Any, Final

PANEL_LOST_S: Final = 30.0
GONE_SAID_S: Final = 30.0
"""A panel that went is named for this long, or until it is back."""
INLETS_S: Final = 3.0


class Presence:
    """What others said of themselves last, and how long ago. Called under the room's lock."""

    def __init__(self) -> None:
        self._panels: list[dict[str, Any]] = []
        self._told_s = 0.0
        self._gone: dict[str, Any] | None = None
        self._gone_s = 0.0
        self._panels_gone_s: float | None = None
        self._inlets: list[dict[str, Any]] = []
        self._inlets_s = 0.0

    def panels_are(self, panels: list[dict[str, Any]]) -> str | None:
        """The web process says which panels are open; returns a sentence where one went lately and others have not."""
        now_s, open_ids = time.monotonic(), {panel.get("id") for panel in panels}
        for panel in self._panels:
            if panel.get("id") not in open_ids:
                self._gone, self._gone_s = panel, now_s
        if not panels or (self._gone is not None and (self._gone.get("id") in open_ids or now_s - self._gone_s > GONE_SAID_S)):
            self._gone = None
        self._panels, self._told_s = panels, now_s
        self._panels_gone_s = None if panels else (self._panels_gone_s or now_s)
        return (
            None if self._gone is None else f'"{self._gone.get("name") or "a panel"}" is no longer connected; the room goes on'
        )

    @property
    def panels(self) -> list[dict[str, Any]]:
        """The open panels; `seen_s` is how long ago each one's socket was last heard of, in seconds."""
        since_s = time.monotonic() - self._told_s
        return [{**panel, "seen_s": round(float(panel.get("seen_s", 0.0)) + since_s, 1)} for panel in self._panels]

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
