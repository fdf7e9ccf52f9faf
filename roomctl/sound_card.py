"""The room's sound card, and the stub in its place where this machine cannot play at all."""

from __future__ import annotations

import logging

from hardware.entries import SoundCardEntry
from hardware.registry import make_sound_card
from hardware.soundcards.seam import SoundCard
from roomctl.errors import RoomFileError

log = logging.getLogger(__name__)


def make_card(entry: SoundCardEntry, speed: float) -> SoundCard:
    """The card of `[audio]`, not opened. Raises RoomFileError; never another card than the one named."""
    try:
        return make_sound_card(entry, speed)
    except (ValueError, ImportError, OSError) as problem:
        raise RoomFileError(f"[audio]: {problem}") from problem
