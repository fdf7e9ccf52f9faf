"""How long from the command to a room that can be used."""

from __future__ import annotations

from statistics import median
from typing import Final

from benchmarks.figures import Figure, How
from benchmarks.room import BenchRoom

TARGET_S: Final = 2.0


def measure(how: How) -> list[Figure]:
    """`roomctl run` of the demo room, each time on a new data folder, until it prints its address."""
    took_s = []
    for number in range(round(how.pick(3, 10))):
        with BenchRoom(how.folder / f"start-{number}") as room:
            took_s.append(room.started_s)
    return [
        Figure(
            "start to ready",
            f"<= {TARGET_S:.0f} s",
            f"{median(took_s):.2f} s, of {len(took_s)} starts {min(took_s):.2f} to {max(took_s):.2f} s",
            median(took_s) <= TARGET_S,
            "-",
            {"median_s": median(took_s), "least_s": min(took_s), "most_s": max(took_s)},
        )
    ]
