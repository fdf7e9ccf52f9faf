"""How fast new music is measured, and how fast a scan finds that nothing has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, How, NotMeasuredError
from benchmarks.music import make_music
from playlists.library import scan

FILES: Final = 10_000
A_FOLDER: Final = 100


def measure(how: How) -> list[Figure]:
    """FLAC and MP3 on one core, then ten thousand files twice."""
    return [_measured(how), _unchanged(how)]


def _measured(how: How) -> Figure:
    music = make_music(how.folder / "to-measure", files=4, seconds=how.pick(120, 900))
    began_core_s = time.process_time()
    report = scan([music], how.folder / "measured.db")
    core_s = time.process_time() - began_core_s
    if report.problems:
        raise NotMeasuredError(f"{report.problems} of the files made for it could not be read")
    speed = report.sound_s / report.took_s
    return Figure(
        "scan of new music (FLAC and MP3), one core",
        ">= 100x real time a core",
        f"{speed:.0f}x ({report.sound_s / core_s:.0f}x by the core's own time), {report.sound_s / 60:.0f} min of music",
        speed >= 100.0,
        "decoding 900-1,700x, loudness 750-1,850x alone",
        {"times_real_time": speed, "times_core_time": report.sound_s / core_s},
    )


def _unchanged(how: How) -> Figure:
    """Hard links of one short file: each has to be found, and none has to be read."""
    folder, db = how.folder / "many", how.folder / "many.db"
    source = next(path for path in sorted(make_music(how.folder / "one", files=2, seconds=1.0).iterdir()))
    _link(source, folder)
    first = scan([folder], db)
    again = scan([folder], db)
    return Figure(
        f"scan of {FILES:,} unchanged files",
        "<= 2 s",
        f"{again.took_s:.2f} s ({again.unchanged:,} unchanged; the first scan of copies took {first.took_s:.0f} s)",
        again.took_s <= 2.0 and again.unchanged == FILES,
        "-",
        {"took_s": again.took_s, "unchanged": again.unchanged},
    )


def _link(source: Path, folder: Path) -> None:
    for number in range(FILES):
        place = folder / f"{number // A_FOLDER:03d}"
        place.mkdir(parents=True, exist_ok=True)
        os.link(source, place / f"{number:05d}{source.suffix}")
