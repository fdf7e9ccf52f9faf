"""Session frames: the one unit of time in the room, counted at 48 kHz."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FRAME_RATE_HZ: Final = 48_000
"""Session frames in a second of session time, whatever rate the sound card runs at."""

Samples = npt.NDArray[np.float32]
"""Sound: float32 of shape (frames, 2), full scale 1.0, left then right."""

FrameArray = npt.NDArray[np.int64]
"""Session frames, whole."""

FloatArray = npt.NDArray[np.float64]


def frames_of_ms(duration_ms: float) -> int:
    """The whole frames nearest to `duration_ms`."""
    return round(duration_ms * FRAME_RATE_HZ / 1000)


def frames_of_s(duration_s: float) -> int:
    """The whole frames nearest to `duration_s`."""
    return round(duration_s * FRAME_RATE_HZ)
