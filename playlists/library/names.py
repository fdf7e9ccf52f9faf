"""Titles, artists and albums from a file's own tags, whatever wrote them and in whatever letters."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import mutagen

from playlists.library.tracks import Names

LONGEST: Final = 300
_TROUBLE = (mutagen.MutagenError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error)

_ID3: Final = {
    "title": "TIT2",
    "artist": "TPE1",
    "album": "TALB",
    "albumartist": "TPE2",
    "tracknumber": "TRCK",
    "discnumber": "TPOS",
}


def read_names(path: Path) -> Names:
    """The tags of `path`. Never raises: what cannot be read is left empty, and the title is then the file's name."""
    try:
        found = mutagen.File(path, easy=True)
        tags: Mapping[str, Any] = {} if found is None or found.tags is None else found.tags
        text = {key: _first(tags, key) for key in _ID3}
    except _TROUBLE:
        text = dict.fromkeys(_ID3, "")
    return Names(
        title=text["title"] or clean(path.stem),
        artist=text["artist"],
        album=text["album"],
        album_artist=text["albumartist"],
        disc=_number(text["discnumber"]),
        number=_number(text["tracknumber"]),
    )


def _first(tags: Mapping[str, Any], key: str) -> str:
    """The first value of a tag; WAV and AIFF carry plain ID3 frames."""
    for name in (key, _ID3[key]):
        try:
            value = tags[name]
        except (KeyError, ValueError):
            continue
        values = getattr(value, "text", value)
        if isinstance(values, (list, tuple)):
            values = values[0] if values else ""
        return clean(str(values))
    return ""


def clean(text: str) -> str:
    """One line without control characters or halves of letters, at most LONGEST characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(char if char.isprintable() or char == "\u200d" else " " for char in whole).split())[:LONGEST]


def _number(text: str) -> int:
    digits = text.split("/")[0].strip()
    return int(digits) if digits.isdecimal() and len(digits) < 6 else 0
