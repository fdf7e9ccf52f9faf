"""All sound files under some folders, each once, whatever links point where; folders that cannot be read are named."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playlists.library.tracks import Problem

_PCM: Final = (".wav", ".wave", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".flac")
_LOSSY: Final = (".mp3", ".ogg", ".oga", ".opus", ".aac", ".m4a", ".m4b", ".m4p", ".mp4")
SOUND_SUFFIXES: Final = frozenset(_PCM + _LOSSY)
UNKNOWN_SUFFIXES: Final = frozenset([".wma", ".ape", ".wv", ".mpc", ".dsf", ".dff", ".ra", ".aax", ".tak", ".mka"])
"""Sound, but of a form this product does not promise: listed with a reason, so that nobody wonders where it went."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and what the file system says of it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Walk:
    """What was found. `reached` are the folders asked for that could be read."""

    files: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)


def walk(folders: Iterable[Path]) -> Walk:
    """Everything under `folders`, in a steady order. Hidden files and folders are left out; never raises for what it meets."""
    result = Walk()
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        top = str(folder.expanduser().absolute())
        if _walk_folder(top, result, seen):
            result.reached.append(top)
    return result


def _walk_folder(top: str, result: Walk, seen: set[tuple[int, int]]) -> bool:
    reached = False
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            with os.scandir(folder) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            result.problems.append(Problem(Path(folder), _why(error)))
            continue
        seen.add((status.st_dev, status.st_ino))
        reached = reached or folder == top
        inner = [entry.path for entry in listing if _take(entry, result)]
        waiting.extend(reversed(inner))
    return reached or Path(top).is_dir()


def _take(entry: os.DirEntry[str], result: Walk) -> bool:
    """Keep a sound file; True for a folder that must be walked too."""
    if entry.name.startswith("."):
        return False
    try:
        if entry.is_dir():
            return True
        suffix = entry.name[entry.name.rfind(".") :].lower()
        if suffix in SOUND_SUFFIXES or suffix in UNKNOWN_SUFFIXES:
            status = entry.stat()
            result.files.append(Found(entry.path, status.st_size, status.st_mtime_ns))
    except OSError as error:
        result.problems.append(Problem(Path(entry.path), _why(error)))
    return False


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there; is the disk connected, and does the link point to something?"
    if isinstance(error, PermissionError):
        return "it may not be read by this user"
    if isinstance(error, NotADirectoryError):
        return "this is a file, not a folder"
    return f"it cannot be read ({error.strerror})"
