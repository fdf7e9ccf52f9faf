"""`music-tags.json`: what the clinic says of its tracks, by content. People wrote it, so it is never overwritten unread.

One JSON object: track id -> {"phases": [...], "intensity": 0-5, "voice": bool, "percussion": bool, "title": for the reader}.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from playlists.library.tracks import Tags

FILE_NAME: Final = "music-tags.json"
_KEYS: Final = ("phases", "intensity", "voice", "percussion", "title")


class SidecarError(Exception):
    """The file of tags cannot be read or written; the message says what to do."""


def read_sidecar(path: Path) -> dict[str, Tags]:
    """All tags; none where the file does not exist. Raises SidecarError."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SidecarError(f"{path}: the music tags cannot be read ({error}); mend the file or move it away") from error
    if not isinstance(values, dict):
        raise SidecarError(f"{path}: the music tags must be one JSON object; mend the file or move it away")
    return {str(sound): _tags(path, str(sound), entry) for sound, entry in values.items()}


def _tags(path: Path, sound: str, entry: Any) -> Tags:
    if not isinstance(entry, dict) or not set(entry) <= set(_KEYS):
        raise SidecarError(f"{path}: track {sound}: allowed keys are {', '.join(_KEYS)}")
    try:
        return checked(tuple(entry.get("phases", ())), entry.get("intensity"), entry.get("voice"), entry.get("percussion"))
    except (TypeError, ValueError) as error:
        raise SidecarError(f"{path}: track {sound}: {error}") from error


def checked(phases: tuple[Any, ...], intensity: Any, voice: Any, percussion: Any) -> Tags:
    """Tags with every value of its kind and in its range; raises ValueError with a sentence."""
    if not all(isinstance(phase, str) and phase.strip() and len(phase) <= 60 for phase in phases):
        raise ValueError("phases must be names of 1 to 60 characters")
    if intensity is not None and (
        isinstance(intensity, bool) or not isinstance(intensity, (int, float)) or not 0 <= intensity <= 5
    ):
        raise ValueError(f"intensity is {intensity!r}; it must be a number from 0 to 5, or nothing")
    for name, value in (("voice", voice), ("percussion", percussion)):
        if value is not None and not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; it must be true, false or nothing")
    return Tags(
        tuple(dict.fromkeys(phase.strip() for phase in phases)),
        None if intensity is None else float(intensity),
        voice,
        percussion,
    )


def write_sidecar(path: Path, tags: Mapping[str, Tags], titles: Mapping[str, str]) -> None:
    """Replace the file in one step, so that a power cut leaves the old or the new one whole. Raises SidecarError."""
    text = json.dumps(
        {sound: _entry(tags[sound], titles.get(sound, "")) for sound in sorted(tags)}, ensure_ascii=False, indent=1
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False) as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise SidecarError(f"{path}: the music tags cannot be saved ({error.strerror}); is the disk full?") from error


def _sync_folder(folder: Path) -> None:
    """Where folders can be opened (not on Windows), make the new name durable too."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _entry(tags: Tags, title: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"title": title} if title else {}
    if tags.phases:
        entry["phases"] = list(tags.phases)
    for key in ("intensity", "voice", "percussion"):
        value = getattr(tags, key)
        if value is not None:
            entry[key] = value
    return entry
