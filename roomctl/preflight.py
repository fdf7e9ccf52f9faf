"""What should be so before a program is begun, as lines that a person reads: music for each phase, files, disk, devices, level.

Nothing here refuses anything: a program with no music at all is played by the pad. The looks at files have a time limit, since
a disk that hangs answers nobody.
"""

from __future__ import annotations

import math
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playlists.library.tracks import Track
from playlists.player import Targets, music_s
from playlists.player.choosing import fitting
from playlists.program import Phase, Program
from playlists.programs import known_pools

LOOK_S: Final = 3.0
LEAST_FREE_BYTES: Final = 1_000_000_000
QUIET_DB: Final = -50.0
MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One line: whether it is as it should be, and a sentence."""

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class PhaseMusic:
    """How much music there is for a phase before anything comes again; 0 where the pad will play. None: it has no end."""

    phase: str
    title: str
    needs_min: float | None
    music_min: float
    tracks: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What looking at the disk found: files and folders that are not there or cannot be read. `answered` False: it hung."""

    missing: tuple[Path, ...] = ()
    folders: tuple[str, ...] = ()
    answered: bool = True


def music_of(program: Program, tracks: Sequence[Track]) -> tuple[PhaseMusic, ...]:
    """The music there is for each phase of `program`."""
    return tuple(_phase_music(program, phase, tracks) for phase in program.phases) if not program.silent else ()


def _targets(program: Program, phase: Phase) -> Targets:
    return Targets(phase.intensity[0], phase.pools, phase.pad, phase.voice, phase.percussion, known_pools(program))


def _phase_music(program: Program, phase: Phase, tracks: Sequence[Track]) -> PhaseMusic:
    targets = _targets(program, phase)
    count = sum(len(run.tracks) for run in fitting(tracks, targets))
    needs_min = phase.nominal_s / 60.0 if math.isfinite(phase.nominal_s) else None
    return PhaseMusic(phase.id, phase.title, needs_min, music_s(tracks, targets) / 60.0, count)


def wanted_by(program: Program, tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Every track that a phase of `program` may choose, once."""
    found: dict[str, Track] = {}
    for phase in () if program.silent else program.phases:
        for run in fitting(tracks, _targets(program, phase)):
            found.update((track.id, track) for track in run.tracks)
    return tuple(found.values())


def look(tracks: Iterable[Track], folders: Sequence[Path], within_s: float = LOOK_S) -> Looked:
    """Whether the tracks' files and the music folders are there; gives up on a disk that does not answer."""
    found: list[Looked] = []

    def work() -> None:
        missing = tuple(track.path for track in tracks if not any(path.is_file() for path in track.paths))
        found.append(Looked(missing, tuple(sentence for folder in folders if (sentence := _folder(folder)))))

    thread = threading.Thread(target=work, name="preflight-look", daemon=True)
    thread.start()
    thread.join(within_s)
    return found[0] if found else Looked(answered=False)


def _folder(folder: Path) -> str:
    try:
        next(folder.iterdir(), None)
    except OSError as problem:
        return f"{folder}: {problem.strerror or problem}"
    return ""


def preflight(
    program: Program,
    tracks: Sequence[Track],
    folders: Sequence[Path],
    devices: Sequence[Mapping[str, Any]],
    data: Path,
    sound: Mapping[str, Any],
) -> dict[str, Any]:
    """The answer to `GET /api/preflight`; looks at the disk, for at most LOOK_S."""
    music, wanted = music_of(program, tracks), wanted_by(program, tracks)
    checks = checks_of(program, music, wanted, look(wanted, folders), devices, data, sound)
    return {
        "program": program.id,
        "ok": all(check.ok for check in checks),
        "checks": [asdict(check) for check in checks],
        "phases": [asdict(each) for each in music],
    }


def checks_of(
    program: Program,
    music: Sequence[PhaseMusic],
    wanted: Sequence[Track],
    looked: Looked,
    devices: Sequence[Mapping[str, Any]],
    data: Path,
    sound: Mapping[str, Any],
) -> tuple[Check, ...]:
    """Every line, in the order in which a person goes through them. `sound` is the state's `music`."""
    return (
        _music(program, music, wanted),
        _files(looked),
        _devices(devices),
        _disk(data),
        _level(sound),
    )


def _music(program: Program, music: Sequence[PhaseMusic], wanted: Sequence[Track]) -> Check:
    if program.silent:
        return Check("Music", True, "none: this program is silent")
    minutes = sum(track.measure.seconds for track in wanted) / 60.0
    padded = [each.title for each in music if each.music_min == 0.0]
    if len(padded) == len(music):
        return Check("Music", True, "none of the clinic's own; the built-in pad plays throughout")
    short = [each.title for each in music if each.needs_min is not None and 0.0 < each.music_min < each.needs_min]
    length = f"{minutes / 60.0:.1f} h" if minutes >= 60.0 else f"{minutes:.0f} min"
    words = [f"{len(wanted)} pieces, {length}"]
    if padded:
        words.append(f"the pad plays in {', '.join(padded)}")
    if short:
        words.append(f"comes again in {', '.join(short)}")
    return Check("Music", True, "; ".join(words))


def _files(looked: Looked) -> Check:
    if not looked.answered:
        return Check("Files", False, f"the disk with the music did not answer in {LOOK_S:g} s; the pad plays until it does")
    if looked.folders:
        return Check("Files", False, "; ".join(looked.folders))
    if looked.missing:
        names = ", ".join(path.name for path in looked.missing[:MOST_NAMED])
        more = len(looked.missing) - MOST_NAMED
        return Check("Files", False, f"not there: {names}{f' and {more} more' if more > 0 else ''}; scan the library again")
    return Check("Files", True, "all there")


def _devices(devices: Sequence[Mapping[str, Any]]) -> Check:
    away = [
        f"{each['name']}{': ' + each['why'] if each['why'] else ' is not ready'}" for each in devices if each["link"] != "READY"
    ]
    return Check("Devices", not away, "; ".join(away) or f"{len(devices)} ready")


def _disk(data: Path) -> Check:
    try:
        free = shutil.disk_usage(data).free
    except OSError as problem:
        return Check("Disk", False, f"{data}: {problem.strerror or problem}")
    if free < LEAST_FREE_BYTES:
        return Check("Disk", False, f"only {free // 1_000_000} MB are free for the journal")
    return Check("Disk", True, f"{free // 1_000_000_000} GB free")


def _level(sound: Mapping[str, Any]) -> Check:
    volume_db, dba = sound["volume_db"], sound["dba"]["room"]
    words = f"{volume_db:g} dB" if dba is None else f"about {dba:.0f} dBA in the room, at most {sound['dba']['cap']:.0f}"
    if volume_db <= QUIET_DB:
        return Check("Sound level", False, f"{words}: nearly silent")
    return Check("Sound level", True, words if dba is not None else f"{words}; not calibrated, so no dBA is known")
