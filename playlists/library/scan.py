"""The scan: walk, skip what has not changed, read what is new, and say why for whatever could not be used.

A file is unchanged while its size and time of change are. What changed is looked up by content first, so that new tags, a move
or a copy cost one pass over the packets and no decoding. Decoding happens in processes of their own at low priority: a file
that brings a decoder down is named, and the scan goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from playlists.decode import DecodeError
from playlists.library.catalogue import LibraryError
from playlists.library.content import content_id
from playlists.library.measure import measure
from playlists.library.names import read_names
from playlists.library.store import FileRow, Store, opened
from playlists.library.tracks import Measure
from playlists.library.walk import UNKNOWN_SUFFIXES, Found, Walk, walk

NICENESS: Final = 15
COMMIT_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the scan is: files to read, files read, the one just read, and the seconds of sound measured so far."""

    total: int
    done: int
    path: Path | None
    sound_s: float


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan did. `problems` counts everything that cannot be used, old and new."""

    files: int
    read: int
    unchanged: int
    missing: int
    problems: int
    sound_s: float
    took_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one file gave. `measured` is None where the content was known already or could not be used."""

    row: FileRow
    measured: Measure | None


def be_gentle(niceness: int = NICENESS) -> None:
    """Lower this process's priority, where the system has one."""
    if hasattr(os, "nice"):
        os.nice(niceness)


def scan(
    folders: Iterable[Path],
    db_path: Path,
    progress: Callable[[Progress], None] | None = None,
    *,
    workers: int = 0,
    measure_again: bool = False,
) -> ScanReport:
    """Bring the library at `db_path` up to date with `folders`; raises sqlite3.Error only where the library cannot be written,
    LibraryError where no process can be started to read in.

    `workers` processes decode; with 0 this one does. Stopping in the middle loses at most two seconds of work.
    """
    began_s = time.monotonic()
    found = walk(folders)
    with opened(db_path) as store:
        to_read, returned, missing = _compare(store, found, measure_again=measure_again)
        store.mark_missing(missing, True)
        store.mark_missing(returned, False)
        store.put_folders(found.problems)
        store.commit()
        sound_s = _read_all(store, to_read, progress or (lambda _: None), workers)
        problems = len(store.problems())
    return ScanReport(
        files=len(found.files),
        read=len(to_read),
        unchanged=len(found.files) - len(to_read),
        missing=len(missing),
        problems=problems,
        sound_s=sound_s,
        took_s=time.monotonic() - began_s,
    )


def _compare(store: Store, found: Walk, *, measure_again: bool) -> tuple[list[Found], list[bytes], list[bytes]]:
    """Files to read, files that came back unchanged, and files under the folders walked, or in lost ones, that are gone."""
    known = store.file_states()
    to_read: list[Found] = []
    returned: list[bytes] = []
    here: set[bytes] = set()
    for file in found.files:
        raw = os.fsencode(file.path)
        here.add(raw)
        state = known.get(raw)
        if measure_again or state is None or (state.size, state.mtime_ns) != (file.size, file.mtime_ns):
            to_read.append(file)
        elif state.missing:
            returned.append(raw)
    gone = [raw for raw, state in known.items() if raw not in here and not state.missing]
    return to_read, returned, gone


def _read_all(store: Store, to_read: list[Found], progress: Callable[[Progress], None], workers: int) -> float:
    sound_s = 0.0
    committed_s = time.monotonic()
    progress(Progress(len(to_read), 0, None, 0.0))
    readings = _read_here(store, to_read) if workers <= 0 or not to_read else _read_in_processes(store, to_read, workers)
    for done, reading in enumerate(readings, start=1):
        if reading.measured is not None and reading.row.sound is not None:
            store.put_sound(reading.row.sound, reading.measured)
            sound_s += reading.measured.seconds
        store.put_file(reading.row)
        if time.monotonic() - committed_s > COMMIT_EVERY_S:
            store.commit()
            committed_s = time.monotonic()
        progress(Progress(len(to_read), done, reading.row.path, sound_s))
    store.commit()
    return sound_s


def identify(file: Found) -> FileRow:
    """The file's content and names, or the reason why it cannot be used; never raises."""
    path = Path(file.path)
    if path.suffix.lower() in UNKNOWN_SUFFIXES:
        return FileRow(
            path, file.size, file.mtime_ns, None, f"{path.suffix[1:].upper()} is not played here; convert it to FLAC", None
        )
    try:
        sound = content_id(path)
    except DecodeError as error:
        return FileRow(path, file.size, file.mtime_ns, None, error.reason, None)
    return FileRow(path, file.size, file.mtime_ns, sound, None, read_names(path))


def measured(row: FileRow) -> Reading:
    """A file with what is measured of it, or the reason why it cannot be used; never raises."""
    try:
        return Reading(row, measure(row.path))
    except DecodeError as error:
        reason = error.reason
    except MemoryError:
        reason = "there was not enough memory to read it"
    return Reading(FileRow(row.path, row.size, row.mtime_ns, None, reason, None), None)


def _read_here(store: Store, to_read: list[Found]) -> Iterator[Reading]:
    for file in to_read:
        row = identify(file)
        yield Reading(row, None) if row.sound is None or store.has_sound(row.sound) else measured(row)


def _read_in_processes(store: Store, to_read: list[Found], workers: int) -> Iterator[Reading]:
    """As `_read_here`, side by side. When a process dies, the files it may have died of are read again one by one."""
    suspects: list[FileRow] = []
    waiting: dict[Future[Reading], FileRow] = {}
    pool = _pool(workers)
    try:
        for file in to_read:
            row = identify(file)
            if row.sound is None or store.has_sound(row.sound):
                yield Reading(row, None)
                continue
            try:
                waiting[pool.submit(measured, row)] = row
            except BrokenProcessPool:
                suspects.append(row)
            if len(waiting) >= 2 * workers:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                yield from _collected(finished, waiting, suspects)
            if suspects and not waiting:
                pool.shutdown()
                pool = _pool(workers)
                yield from (_alone(suspect) for suspect in suspects)
                suspects.clear()
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            yield from _collected(finished, waiting, suspects)
        yield from (_alone(suspect) for suspect in suspects)
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=be_gentle)


def _collected(
    finished: set[Future[Reading]], waiting: dict[Future[Reading], FileRow], suspects: list[FileRow]
) -> Iterator[Reading]:
    for future in finished:
        row = waiting.pop(future)
        if isinstance(future.exception(), BrokenProcessPool):
            suspects.append(row)
        else:
            yield future.result()


def _alone(row: FileRow) -> Reading:
    """Read one file in a process that it may bring down. Raises LibraryError where such a process does not even begin."""
    with _pool(1) as pool:
        try:
            pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            raise LibraryError("no process can be started to read music in; nothing is wrong with the files") from error
        try:
            return pool.submit(measured, row).result()
        except BrokenProcessPool:
            reason = "reading it brought the decoder down; the file is badly damaged"
    return Reading(FileRow(row.path, row.size, row.mtime_ns, None, reason, None), None)
