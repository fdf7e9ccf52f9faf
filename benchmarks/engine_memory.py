"""Whether the engine's memory grows over a dosing session: music, lamps and crossfades, at twenty times the speed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import psutil

from benchmarks.engine_cost import scan_into
from benchmarks.figures import Figure, How, NotMeasuredError
from benchmarks.music import make_music
from roomctl import messages as m
from roomctl.link import EngineLink, result

SPEED: Final = 20.0
SETTLE_S: Final = 40.0
"""Until then the pad is built, every library loaded and the first buffers filled."""

LOOK_S: Final = 2.0
ROOM: Final = '[[lightbar]]\nname = "bar"\n[[tapper]]\nname = "taps"\n[[roomlight]]\nname = "lamps"\n'
Series = npt.NDArray[np.float64]
WHO: Final = m.Who(name="bench", role="admin")


def measure(how: How) -> list[Figure]:
    """Half a simulated hour, or eight."""
    music = make_music(how.folder / "music", files=4, seconds=60.0)
    scan_into(how.folder / "data", music)
    with engine(how.folder, music) as (process, link):
        _begin(link)
        time.sleep(SETTLE_S)
        at_s, memory_mb = _watched(process.pid, link, how.pick(90.0, 1440.0))
        gaps = result(link.ask("timing"))["underruns"]
    hours, third = at_s[-1] / 3600.0, len(memory_mb) // 3
    # A track that is being read ahead holds 15 MB, and there are one to three of them: so middles are compared, not ends.
    first_mb, last_mb = float(np.median(memory_mb[:third])), float(np.median(memory_mb[-third:]))
    per_hour_mb = (last_mb - first_mb) / (hours * 2.0 / 3.0)
    most_mb = float(memory_mb.max())
    reached = f"RSS {first_mb:.0f} MB in the first third of {hours:.1f} simulated hours, {last_mb:.0f} MB in the last"
    return [
        Figure(
            f"engine's memory in a program, {SPEED:g} times as fast",
            "<= 200 MB, no growth",
            f"{reached}, {most_mb:.0f} MB at most; {per_hour_mb:+.1f} MB an hour; {gaps} gaps",
            most_mb <= 200.0 and per_hour_mb * 8.0 <= 8.0,
            "",
            {"first_mb": first_mb, "last_mb": last_mb, "most_mb": most_mb, "mb_per_hour": per_hour_mb},
        )
    ]


@contextmanager
def engine(folder: Path, music: Path) -> Iterator[tuple[subprocess.Popen[str], EngineLink]]:
    """An engine process with stubs that record nothing. Raises NotMeasuredError where it does not come up."""
    room, data = folder / "room.toml", folder / "data"
    room.write_text(f'{ROOM}[music]\nfolders = ["{music}"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "roomctl.engine", "--data", str(data), "--room", str(room), "--speed", str(SPEED)]
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    link = EngineLink(data / "run" / "engine.sock")
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise NotMeasuredError("the engine did not start")
        link.connect(20.0)
        yield process, link
    finally:
        link.close()
        process.terminate()
        process.communicate()


def _begin(link: EngineLink) -> None:
    for command in (
        m.ProgramStart(program="psilocybin"),
        m.ProgramMove(move="dose"),
        m.ProgramMove(move="skip", phase="peak"),
        m.ProgramMove(move="hold"),
    ):
        result(link.request(command, WHO))


def _watched(pid: int, link: EngineLink, for_s: float) -> tuple[Series, Series]:
    """(simulated seconds, RSS in MB), every LOOK_S, while the operator goes to the next track now and then."""
    process, began_s = psutil.Process(pid), time.monotonic()
    looks: list[tuple[float, float]] = []
    while time.monotonic() - began_s < for_s:
        looks.append(((time.monotonic() - began_s) * SPEED, process.memory_info().rss / 2**20))
        if len(looks) % 5 == 0:
            result(link.request(m.MusicMove(move="next"), WHO))
        result(link.ask("state"))
        time.sleep(LOOK_S)
    found = np.array(looks)
    return found[:, 0], found[:, 1]
