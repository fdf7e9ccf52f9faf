"""Plays a known signal on a PortAudio card, and prints what the card said, as JSON. Run by the tests, in a process of its own.

argv: device, channels, seconds of signal, `stay` to wait for stdin before closing.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import numpy as np

from hardware.seams import Device, Link
from hardware.soundcards.portaudio import PortAudioCard
from hardware.soundcards.seam import Block


def tell(words: dict[str, Any]) -> None:
    """One line to whoever started this."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main(device: str, channels: int, seconds: float, stay: bool) -> None:
    """Play `seconds` of signal, then silence; channel c of frame n is (n % 4096 + c + 1) / 8192."""
    total = round(seconds * 48_000)
    done = threading.Event()
    state = {"frame": 0}
    blocks: list[tuple[float, int, float]] = []

    def fill(block: Block, dac_mono_s: float) -> None:
        first = state["frame"]
        blocks.append((dac_mono_s, block.shape[0], time.monotonic()))
        frames = np.arange(first, first + block.shape[0])
        sound = ((frames % 4096)[:, None] + np.arange(1, channels + 1)) / 8192
        block[:] = np.where((frames < total)[:, None], sound, 0.0)
        state["frame"] = first + block.shape[0]
        if first > total + 24_000:
            done.set()

    def say(card: Device, link: Link) -> None:
        tell({"state": link.state, "why": link.why})

    card = PortAudioCard(device, channels=channels)
    card.on_link = say
    card.open(fill)
    if stay:
        sys.stdin.readline()
    else:
        done.wait(seconds + 20)
    card.close()
    left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    told = {"underruns": card.underruns, "fill_fault": card.fill_fault, "blocks": blocks, "threads": left}
    tell(told)


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), len(sys.argv) > 4)
