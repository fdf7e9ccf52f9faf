"""Files that only their owner may read: what a clinic knows of people stays with the user who runs the room.

Where a file system knows no such rights (Windows), these change nothing.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_BESIDE: Final = ("", "-wal", "-shm")
"""SQLite's own files beside a database; new ones take the database's mode."""


def private_database(path: Path) -> Path:
    """`path`, its folder made where it is missing, and the database there, new or old, for its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    if not path.exists():
        path.touch(mode=FILE_MODE)
    for name in _BESIDE:
        _narrow(path.with_name(path.name + name), FILE_MODE)
    return path


def private_folder(path: Path, marks: tuple[str, ...]) -> None:
    """Make a folder for its owner alone. Raises OSError.

    One that is there already is narrowed where it is ours: empty, or holding one of `marks`. Somebody's home is left as it is.
    """
    path.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    if any((path / mark).exists() for mark in marks) or not any(path.iterdir()):
        _narrow(path, FOLDER_MODE)


def _narrow(path: Path, mode: int) -> None:
    """Take away what `mode` does not give; nothing where the file is not there or narrow enough."""
    try:
        now = stat.S_IMODE(path.stat().st_mode)
        if now & ~mode:
            path.chmod(now & mode)
    except FileNotFoundError:
        return
