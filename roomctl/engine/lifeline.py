"""The lifeline to the launcher: a line ten times a second, and each device's safe bytes whenever they change.

Lines of JSON on the process's standard output. Where they end or fall silent, the launcher sends the safe bytes itself.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from typing import Any, Final, TextIO

from hardware.seams import SafeBytes
from roomctl.engine.devices import Rack

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.1


def safe_line(found: list[SafeBytes]) -> str:
    """The line that hands over the safe bytes of all devices."""
    devices = [
        {
            "device": item.device,
            "transport": item.transport,
            "address": item.address,
            "packets": [base64.b64encode(packet).decode() for packet in item.packets],
            "repeat_s": item.repeat_s,
            "release": [base64.b64encode(packet).decode() for packet in item.release],
        }
        for item in found
    ]
    return json.dumps({"safe": devices})


def read_safe(message: dict[str, Any]) -> list[SafeBytes]:
    """What `safe_line` said."""
    return [
        SafeBytes(
            item["device"],
            item["transport"],
            item["address"],
            tuple(base64.b64decode(part) for part in item["packets"]),
            float(item["repeat_s"]),
            tuple(base64.b64decode(part) for part in item["release"]),
        )
        for item in message["safe"]
    ]


class Lifeline:
    """A thread of its own, so that nothing else of the engine has to be alive for it but the interpreter."""

    def __init__(self, rack: Rack, out: TextIO) -> None:
        self._rack = rack
        self._out = out
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lifeline", daemon=True)

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def close(self) -> None:
        """Say that the end is meant, and be quiet."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        said = ""
        while not self._ended.wait(timeout=PERIOD_S):
            line = safe_line(self._rack.safe_bytes())
            self._say(line if line != said else "{}")
            said = line

    def _say(self, line: str) -> None:
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except OSError as problem:
            log.warning("the launcher no longer listens (%s); the room goes on", problem)
            self._ended.set()
