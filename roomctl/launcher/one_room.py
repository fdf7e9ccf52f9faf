"""One room on one data folder: the lock that says so, and the small files that say where the room is, taken away at its end."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO

from roomctl.errors import Refused


class OneRoom:
    """Holds the lock of a data folder while the room runs. Raises Refused where another room does."""

    def __init__(self, data: Path) -> None:
        self._run = data / "run"
        self._lock: IO[str] | None = None

    def __enter__(self) -> OneRoom:
        try:
            self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = (self._run / "lock").open("a+", encoding="ascii")
        except OSError as problem:
            raise Refused(
                f"the data folder {self._run.parent} cannot be written ({problem.strerror}); choose another with --data"
            ) from problem
        if not _lock(self._lock):
            self._lock.close()
            raise Refused(
                f"a room already runs on the data folder {self._run.parent}; end it first, or give this one its own with --data"
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        if self._lock is not None:
            self._lock.close()

    def forget(self, *names: str) -> None:
        """Remove small files: the room is no longer there."""
        for name in names:
            (self._run / name).unlink(missing_ok=True)


def _lock(file: IO[str]) -> bool:
    """Take the file's lock; False where another process has it. The system lifts it when the process ends, however it ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
