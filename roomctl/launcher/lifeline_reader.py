"""Hears the engine's lifeline: when it last spoke, and what would make its devices safe."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import IO

from hardware.seams import SafeBytes
from roomctl.engine.lifeline import read_safe

log = logging.getLogger(__name__)


class LifelineReader:
    """One thread for each life of the engine. `safe` stays known after the engine is gone."""

    def __init__(self) -> None:
        self.safe: list[SafeBytes] = []
        self.heard_s = time.monotonic()
        self.has_spoken = False

    def follow(self, stream: IO[str]) -> None:
        """Begin to read a new engine's lines."""
        self.heard_s = time.monotonic()
        self.has_spoken = False
        threading.Thread(target=self._read, args=(stream,), name="lifeline-reader", daemon=True).start()

    @property
    def silent_s(self) -> float:
        """How long nothing was heard."""
        return time.monotonic() - self.heard_s

    def _read(self, stream: IO[str]) -> None:
        try:
            for line in stream:
                self.heard_s = time.monotonic()
                self.has_spoken = True
                self._take(line)
        except ValueError:  # the stream was closed because the engine was ended
            log.debug("the lifeline was closed")

    def _take(self, line: str) -> None:
        try:
            message = json.loads(line)
            if "safe" in message:
                self.safe = read_safe(message)
        except (ValueError, KeyError, TypeError) as problem:
            log.error("the engine's lifeline said something unknown (%s)", problem)
