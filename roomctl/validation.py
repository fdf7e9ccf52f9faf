"""Values that people or programs hand in, checked against a frozen type; what is wrong is said in plain sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from playlists import files
from playlists.files import PlaylistFileError
from roomctl.errors import Invalid, RoomFileError

T = TypeVar("T")


def validated(adapter: TypeAdapter[T], shape: type, value: Any, what: str) -> T:
    """`value` as a `shape`; raises Invalid with a sentence for every mistake, led by `what`."""
    try:
        return files.validated(adapter, shape, value, Path(what))
    except PlaylistFileError as problem:
        raise Invalid("; ".join(problem.problems)) from problem


def validated_file(adapter: TypeAdapter[T], shape: type, value: Any, path: Path, key: str = "") -> T:
    """The same for what stands in a file of the room's; raises RoomFileError."""
    try:
        return files.validated(adapter, shape, value, path, key)
    except PlaylistFileError as problem:
        raise RoomFileError("; ".join(problem.problems)) from problem
