"""The bed under everything: the sea, silent until it is built, so that no block ever waits for it."""

from __future__ import annotations

import numpy as np

from stimuli.frames import Samples
from stimuli.ocean import ocean_block, ocean_loops


class Ocean:
    """The sea of one seed, at -34 LUFS."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ready = False

    def prepare(self) -> None:
        """Build its loops, in a fraction of a second."""
        ocean_loops(self._seed)
        self._ready = True

    def __call__(self, first_frame: int, frames: int) -> Samples:
        """`frames` frames from `first_frame`."""
        return ocean_block(self._seed, first_frame, frames) if self._ready else np.zeros((frames, 2), dtype=np.float32)
