"""Slowly moving gains: values at hop edges on a grid of session frames, followed in straight lines between them.

Worked out hop by hop on the grid, so what a frame gets does not depend on the block it is in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import frames_of_ms

HOP_FRAMES: Final = frames_of_ms(10.0)

Lines = npt.NDArray[np.float32]


@lru_cache(maxsize=4)
def _parts(hop_frames: int) -> Lines:
    parts = (np.arange(hop_frames) / hop_frames).astype(np.float32)
    parts.flags.writeable = False
    return parts


def hop_span(first_frame: int, frames: int, hop_frames: int = HOP_FRAMES) -> tuple[int, int]:
    """The first and the last hop edge that `frames` frames from `first_frame` need."""
    return first_frame // hop_frames, (first_frame + frames - 1) // hop_frames + 1


def hop_lines(edges: Lines, first_frame: int, frames: int, hop_frames: int = HOP_FRAMES) -> Lines:
    """The value at each frame, from the values `edges` at the edges of `hop_span`: float32 of shape (frames,)."""
    within = edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * _parts(hop_frames)
    skip = first_frame % hop_frames
    result: Lines = within.reshape(-1)[skip : skip + frames]
    return result
