"""What the continuous sound is made of: the built-in pad, or the music that the room plays."""

from __future__ import annotations

from roomctl.engine.renderer import MusicSource
from stimuli.frames import Samples
from stimuli.pad import Pad
from stimuli.settings import Source

PAD_SEED = 1
PAD_INTENSITY = 2.0


class Sources:
    """Made when first wanted: a room that never uses it never pays for it."""

    def __init__(self, music: MusicSource | None = None) -> None:
        self.music = music
        self._pad: Pad | None = None

    def block(self, source: Source, first_frame: int, frames: int) -> Samples:
        """Sound for `frames` frames; the pad where music is asked for and there is none."""
        if source == "music" and self.music is not None:
            return self.music.block(first_frame, frames)
        if self._pad is None:
            self._pad = Pad(PAD_SEED)
        return self._pad.block(first_frame, frames, PAD_INTENSITY)
