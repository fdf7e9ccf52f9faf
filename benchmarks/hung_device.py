"""STOP with a device that hangs: a serial bar whose line nobody reads is in the room; the others say how soon they heard."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.figures import Figure, How
from benchmarks.onsets_and_packets import LEDS, ROOM
from benchmarks.room import BenchRoom
from benchmarks.stop_and_commands import dark_ms, row, still_ms
from benchmarks.wire import Wire

HUNG: Final = """[[lightbar]]
name = "hung"
driver = "adalight"
port = "{port}"
leds = 300
on_loss = "go-on"
"""
TIMES: Final = 30
STUB_CARD: Final = '[audio]\ndriver = "stub"\n'


@contextmanager
def line_that_nobody_reads() -> Iterator[str]:
    """A serial port that takes what fits into the kernel's buffer, and then nothing more."""
    far, near = os.openpty()
    try:
        tty.setraw(near)
        yield os.ttyname(near)
    finally:
        os.close(near)
        os.close(far)


def measure(how: How) -> list[Figure]:
    """Two rows: the bar and the tapper that are well."""
    with line_that_nobody_reads() as port, Wire() as bar, Wire() as taps:
        text = ROOM.format(card=STUB_CARD, bar=bar.port, taps=taps.port, leds=LEDS, fps=44.0) + HUNG.format(port=port)
        with BenchRoom(how.folder / "hung", text) as room:
            room.until(lambda state: any(device["name"] == "bar" and device["link"] == "READY" for device in state["devices"]))
            room.do("/api/bls", {"rate_hz": 2.0, "open": True}, "PUT")
            asked_s = []
            for _ in range(TIMES):
                room.do("/api/set/start")
                time.sleep(0.6)
                asked_s.append(time.monotonic())
                room.do("/api/stop")
                time.sleep(0.15)
                room.do("/api/resume")
            links = {device["name"]: device["link"] for device in room.state()["devices"]}
    hung = f"with a serial bar that hangs ({links['hung']})"
    return [
        row(f"STOP: request to dark packet, {hung}", 10.0, dark_ms(bar.packets, asked_s)),
        row(f"STOP: request to still packet, {hung}", 10.0, still_ms(taps.packets, asked_s)),
    ]
