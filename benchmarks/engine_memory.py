"""The engine's memory in a program with music, lamps and crossfades: what it takes, and whether it grows over eight hours."""

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
"""Eight hours are simulated so many times as fast; the render-ahead's blocks are longer by as much, and take 8 MB more."""

SETTLE_S: Final = 8.0
"""Until then the pad is built, every library loaded and the first buffers filled."""

HALF_HOUR_S: Final = 1800.0
MOST_MB: Final = 200.0
GROWTH_MB: Final = 8.0
"""So much over eight hours is no growth: it is less than one track more or less that is read ahead."""

LOOK_S: Final = 2.0
ROOM: Final = '[[lightbar]]\nname = "bar"\n[[tapper]]\nname = "taps"\n[[roomlight]]\nname = "lamps"\n'
Series = npt.NDArray[np.float64]
WHO: Final = m.Who(name="bench", role="admin")


def measure(how: How) -> list[Figure]:
    """Half a minute as it sounds, or eight simulated hours, looked at each half hour."""
    music = make_music(how.folder / "music", files=4, seconds=60.0)
    scan_into(how.folder / "data", music)
    speed = how.pick(1.0, SPEED)
    with engine(how.folder, music, speed) as (process, link):
        _begin(link)
        time.sleep(SETTLE_S)
        at_s, memory_mb = _watched(process.pid, link, how.pick(20.0, 8.0 * 3600.0 / SPEED), speed)
        gaps = result(link.ask("timing"))["underruns"]
    return [_grown(at_s, memory_mb, gaps)] if how.long else [_taken(memory_mb, gaps)]


def _taken(memory_mb: Series, gaps: int) -> Figure:
    most_mb = float(memory_mb.max())
    reached = f"{most_mb:.0f} MB at most; {gaps} gaps (growth: --long)"
    what = "engine's memory in a program with crossfades"
    return Figure(what, f"<= {MOST_MB:.0f} MB", reached, most_mb <= MOST_MB, "", {"most_mb": most_mb})


def _grown(at_s: Series, memory_mb: Series, gaps: int) -> Figure:
    by_half_hour = half_hours_mb(at_s, memory_mb)
    per_hour_mb = float(np.polyfit(np.arange(len(by_half_hour)) / 2.0, by_half_hour, 1)[0])
    most_mb = float(memory_mb.max())
    listed = " ".join(f"{each:.0f}" for each in by_half_hour)
    return Figure(
        f"engine's memory over 8 h of a program, {SPEED:g} times as fast",
        f"<= {MOST_MB:.0f} MB, no growth",
        f"{most_mb:.0f} MB at most; each half hour {listed} MB; {per_hour_mb:+.2f} MB an hour; {gaps} gaps",
        most_mb <= MOST_MB and per_hour_mb * 8.0 <= GROWTH_MB,
        "",
        {"most_mb": most_mb, "mb_per_hour": per_hour_mb},
    )


def half_hours_mb(at_s: Series, memory_mb: Series) -> Series:
    """The middle of what was seen in each simulated half hour: tracks come and go, so no single look counts."""
    number = (at_s // HALF_HOUR_S).astype(np.int64)
    return np.array([np.median(memory_mb[number == each]) for each in np.unique(number)])


@contextmanager
def engine(folder: Path, music: Path, speed: float) -> Iterator[tuple[subprocess.Popen[str], EngineLink]]:
    """An engine process with stubs that record nothing. Raises NotMeasuredError where it does not come up."""
    room, data = folder / "room.toml", folder / "data"
    room.write_text(f'{ROOM}[music]\nfolders = ["{music}"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "roomctl.engine", "--data", str(data), "--room", str(room), "--speed", str(speed)]
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


def _watched(pid: int, link: EngineLink, for_s: float, speed: float) -> tuple[Series, Series]:
    """(simulated seconds, RSS in MB), every LOOK_S, while the operator goes to the next track now and then."""
    process, began_s = psutil.Process(pid), time.monotonic()
    looks: list[tuple[float, float]] = []
    while time.monotonic() - began_s < for_s:
        looks.append(((time.monotonic() - began_s) * speed, process.memory_info().rss / 2**20))
        if len(looks) % 5 == 1:
            result(link.request(m.MusicMove(move="next"), WHO))
        result(link.ask("state"))
        time.sleep(LOOK_S)
    found = np.array(looks)
    return found[:, 0], found[:, 1]
