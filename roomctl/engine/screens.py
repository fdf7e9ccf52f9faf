"""The light bar on a screen, as the engine knows it: a window with a process of its own that draws by itself.

Nothing is sent to it picture by picture; that it asks for the time is the sign that it lives.
"""

from __future__ import annotations

import time
from typing import Final

from hardware.seams import Capabilities, Due, LightBar, LightFrame

QUIET_S: Final = 1.0


class ScreenBar(LightBar):
    """A window. It goes dark within 1 s of a lost engine, and at STOP by the state that it follows."""

    driver = "screen"
    verified = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._heard_s = 0.0

    @property
    def capabilities(self) -> Capabilities:
        """As fast as the display."""
        return Capabilities(on_silence="dark within 1 s", fps_max=60.0)

    def open(self) -> None:
        """Wait for the window."""
        self.set_link("CONNECTING", "the window has not come up yet")

    def heard(self) -> None:
        """The window asked for the time."""
        self._heard_s = time.monotonic()
        self.set_link("READY")

    def watch(self) -> None:
        """Say so where the window has fallen silent."""
        if self.link.state == "READY" and time.monotonic() - self._heard_s > QUIET_S:
            self.set_link("STALE", "the window is gone; it is started again by itself, or is its display off?")

    def offer(self, frame: LightFrame, due: Due) -> None:
        """Nothing to send: the window evaluates the score itself."""

    def safe(self) -> None:
        """Nothing to send: the window follows the state, which says stopped."""

    def close(self) -> None:
        """The launcher ends the window."""
        self.set_link("ABSENT")
