"""What the continuous sound of a set is made of: the built-in pad, or the clinic's own music."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from playlists.player import Player
from stimuli.frames import Samples
from stimuli.pad import Pad
from stimuli.settings import Source

PAD_SEED: Final = 1
PAD_INTENSITY: Final = 2.0
FIRST_CROSSFADE_S: Final = 1.0


class Sources:
    """Each is made when first wanted, in a thread of its own: a room that never uses it never pays for it."""

    def __init__(self, make_player: Callable[[int], Player]) -> None:
        """`make_player` makes a player whose first block is the frame it is given."""
        self._make_player = make_player
        self._player: Player | None = None
        self._pad = Pad(PAD_SEED)
        self._makers: dict[Source, threading.Thread] = {}

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        """Sound for `frames` frames from `first_frame`; silence until its source has been made. Never waits."""
        if source == "music" and self._player is not None:
            return self._player.block(first_frame, frames)
        if source == "pad" and self._pad.ready:
            return self._pad.block(first_frame, frames, PAD_INTENSITY)
        if source not in self._makers:
            make = self._pad.prepare if source == "pad" else lambda: self._begin_music(first_frame + frames)
            self._makers[source] = threading.Thread(target=make, name=f"make-{source}", daemon=True)
            self._makers[source].start()
        return np.zeros((frames, 2), np.float32)

    def _begin_music(self, frame: int) -> None:
        player = self._make_player(frame)
        player.bed(None, frame)
        player.set_targets(PAD_INTENSITY, 0.0, (), FIRST_CROSSFADE_S, frame)
        player.start(frame, FIRST_CROSSFADE_S)
        self._player = player

    def close(self) -> None:
        """End the player's threads."""
        if self._player is not None:
            self._player.close()
