"""What the engine costs: its processor and its memory in a set, and in a dosing session."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.card import virtual_card
from benchmarks.figures import Figure, How
from benchmarks.music import make_music
from benchmarks.room import ON_THE_CARD, BenchRoom

LAMP: Final = '[[roomlight]]\nname = "lamps"\n'
SET_ROOM: Final = '[[lightbar]]\nname = "bar"\nfps = 100\n[[tapper]]\nname = "taps"\n'
NEXT_EVERY_S: Final = 8.0


def measure(how: How) -> list[Figure]:
    """A set with light at 100 Hz, then a program that crossfades all the time."""
    with virtual_card(how.folder / "cost") as card:
        return [_in_a_set(how, card), _in_a_program(how, card)]


def _in_a_set(how: How, card: Any) -> Figure:
    with BenchRoom(how.folder / "cost-set", ON_THE_CARD + SET_ROOM, card.env) as room:
        room.until_ready()
        room.do("/api/bls", {"rate_hz": 1.0, "open": True}, "PUT")
        room.do("/api/set/start")
        time.sleep(1.0)
        share, memory_mb = watched(room.pid(), how.pick(30, 300), time.sleep)
    return _row(
        "engine in a set, light at 100 Hz (stub), taps", 5.0, 120.0, share, memory_mb, "2-3 % by a sketch of this design"
    )


def _in_a_program(how: How, card: Any) -> Figure:
    music = make_music(how.folder / "music", files=4, seconds=60.0)
    text = f'{ON_THE_CARD}{LAMP}[music]\nfolders = ["{music}"]\n'
    with BenchRoom(how.folder / "cost-program", text, card.env) as room:
        scan_into(room.data, music)
        room.until_ready()
        room.do("/api/program/start", {"program": "ketamine-im"})
        room.do("/api/program/dose", {})
        room.until(lambda state: state["music"]["now"] is not None)
        time.sleep(2.0)

        def crossfading(seconds: float) -> None:
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                room.do("/api/music/next")
                time.sleep(min(NEXT_EVERY_S, max(0.0, end_s - time.monotonic())))

        share, memory_mb = watched(room.pid(), how.pick(30, 300), crossfading)
    what = "engine in a program: music crossfading, pad, room light"
    return _row(what, 12.0, 200.0, share, memory_mb, "80 partials in numpy cost 3.9 %")


def scan_into(data: Path, music: Path) -> None:
    """Measure the music into the data folder's library."""
    from playlists.library import scan
    from playlists.library.catalogue import DB_NAME

    scan([music], data / DB_NAME)


def watched(pid: int, seconds: float, meanwhile: Callable[[float], None]) -> tuple[float, float]:
    """The share of one core in % that a process took while `meanwhile(seconds)` ran, and its memory (RSS) then, in MB."""
    process = psutil.Process(pid)
    before, began_s = process.cpu_times(), time.monotonic()
    meanwhile(seconds)
    after, took_s = process.cpu_times(), time.monotonic() - began_s
    spent_s = (after.user - before.user) + (after.system - before.system)
    return 100.0 * spent_s / took_s, process.memory_info().rss / 2**20


def _row(what: str, target_share: float, target_mb: float, share: float, memory_mb: float, anchor: str) -> Figure:
    return Figure(
        what,
        f"<= {target_share:.0f} % of one core, RSS <= {target_mb:.0f} MB",
        f"{share:.1f} %, RSS {memory_mb:.0f} MB",
        share <= target_share and memory_mb <= target_mb,
        anchor,
        {"share_percent": share, "rss_mb": memory_mb},
    )
