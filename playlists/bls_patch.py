"""Bilateral settings as a file gives them: only what differs from the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from playlists.files import PlaylistFileError, validated
from stimuli.colours import parse_colour
from stimuli.settings import Bls

END_KEYS: Final = ("set_cycles", "set_s", "open")

_BLS: Final = TypeAdapter(Bls)


def settings_of(patch: Mapping[str, Any], path: Path) -> Bls:
    """The defaults with `patch` applied; an end given in it (cycles, seconds or open) stands for the default end.

    `path` is the file whose key `bls` is the patch; raises PlaylistFileError.
    """
    whole = asdict(Bls())
    ends = [key for key in END_KEYS if patch.get(key) not in (None, False)]
    if len(ends) > 1:
        raise PlaylistFileError(
            [f"{path}: bls: {' and '.join(ends)} are both given; a set ends by one of {', '.join(END_KEYS)}"]
        )
    if ends:
        whole.update(set_cycles=None, set_s=None, open=False)
    for key, value in patch.items():
        whole[key] = {**whole[key], **value} if isinstance(value, dict) and isinstance(whole.get(key), dict) else value
    settings = validated(_BLS, Bls, whole, path, "bls")
    try:
        parse_colour(settings.light.colour)
    except ValueError as error:
        raise PlaylistFileError([f"{path}: bls.light.colour: {error}"]) from error
    return settings
