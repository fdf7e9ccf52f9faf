"""What a dosing session's music costs the engine: a crossfade every 12 s, pad and bed, with all that is read ahead."""

from __future__ import annotations

import threading
import time
from typing import Final

import numpy as np
import psutil

from benchmarks.figures import Figure, How, NotMeasuredError
from benchmarks.music import make_music
from playlists.library import Library, scan
from playlists.player import Player
from stimuli.frames import FRAME_RATE_HZ

BLOCK: Final = 256
NEXT_S: Final = 12
TARGET_PERCENT: Final = 12.0


def measure(how: How) -> list[Figure]:
    """Blocks of 256 frames, as fast as they can be made but for short breaths that let the readers work."""
    folder = make_music(how.folder / "cost", 4, how.pick(180.0, 600.0))
    scan([folder], how.folder / "cost-data" / "library.db")
    process = psutil.Process()
    before_mb = process.memory_info().rss / 1e6
    player = Player(Library(how.folder / "cost-data"), 1)
    player.set_targets(2.0, 0.0, (), 20.0, 0)
    player.start(0)
    try:
        seconds = round(how.pick(60.0, 600.0))
        began_s = time.process_time()
        blocks_s = _play(player, seconds)
        all_s = time.process_time() - began_s
        grown_mb = process.memory_info().rss / 1e6 - before_mb
    finally:
        player.close()
    percent, mixing = 100.0 * all_s / seconds, 100.0 * float(blocks_s.sum()) / seconds
    p99_ms = 1000.0 * float(np.percentile(blocks_s, 99))
    reached = f"{percent:.1f} % ({mixing:.1f} % mixing; p99 of a block {p99_ms:.2f} ms; {grown_mb:.0f} MB)"
    values = {"percent": percent, "mixing_percent": mixing, "block_p99_ms": p99_ms, "grown_mb": grown_mb}
    return [Figure("music: crossfades, pad, bed", "<= 12 % of one core", reached, percent <= TARGET_PERCENT, "-", values)]


def _play(player: Player, seconds: int) -> np.ndarray:
    """Seconds of a core that each block took."""
    waiter, until_s = threading.Event(), time.monotonic() + 20.0
    while player.next_up() is None:
        if time.monotonic() > until_s:
            raise NotMeasuredError("no track was ready within 20 s")
        waiter.wait(0.05)
    took_s = []
    for frame in range(0, seconds * FRAME_RATE_HZ, BLOCK):
        if frame % (NEXT_S * FRAME_RATE_HZ) < BLOCK:
            player.next(frame + BLOCK)
        began_s = time.thread_time()
        player.block(frame, BLOCK)
        took_s.append(time.thread_time() - began_s)
        waiter.wait(0.001)
    return np.array(took_s)
