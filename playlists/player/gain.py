"""How much louder or softer a run of tracks is played, so that every one is heard at the same loudness and none is clipped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from playlists.library.tracks import Track

TARGET_LUFS: Final = -20.0
BOOST_MAX_DB: Final = 12.0
PEAK_MAX_DBTP: Final = -1.5
"""No boost takes a true peak above this. A file above it already is not made louder; the limiter sees to the rest."""


def joint_lufs(tracks: Sequence[Track]) -> float | None:
    """The loudness of tracks as one: the mean of their gated powers, weighted by length; None where none can be measured."""
    heard = [(track.measure.integrated_lufs, track.measure.frames) for track in tracks]
    powers = [(10.0 ** (lufs / 10.0), frames) for lufs, frames in heard if lufs is not None]
    total = sum(frames for _, frames in powers)
    return 10.0 * math.log10(sum(power * frames for power, frames in powers) / total) if total else None


def gain_db(tracks: Sequence[Track], target_lufs: float = TARGET_LUFS) -> float:
    """One gain for neighbours of an album (or a track alone): to the target, boosted at most 12 dB and not past -1.5 dBTP."""
    lufs = joint_lufs(tracks)
    if lufs is None:
        return 0.0
    wanted = target_lufs - lufs
    room = PEAK_MAX_DBTP - max(track.measure.true_peak_dbtp for track in tracks)
    return min(wanted, BOOST_MAX_DB, max(room, 0.0))
