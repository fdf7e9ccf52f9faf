"""Paced breathing: how full the breath is at a moment, the pad's swell, and the sweep of the bar that leads it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from playlists.program import Breath
from stimuli.frames import FRAME_RATE_HZ, FloatArray
from stimuli.motion import Motion, Segment

HALF_CYCLE: Final = 0.5


def breath_parts_s(breath: Breath) -> tuple[float, float, float, float]:
    """Seconds of in, pause, out and pause, which together are one breath."""
    whole = 60.0 / breath.per_min
    total = sum(breath.ratio)
    way_in, full, way_out, empty = (whole * part / total for part in breath.ratio)
    return way_in, full, way_out, empty


def fill_at(breath: Breath, elapsed_s: float) -> float:
    """How full the breath is `elapsed_s` after it began to be led: 0 empty, 1 full, with no corner at either."""
    if elapsed_s <= 0.0:
        return 0.0
    way_in, full, way_out, _ = breath_parts_s(breath)
    into_s = math.fmod(elapsed_s, 60.0 / breath.per_min)
    if into_s < way_in:
        return 0.5 - 0.5 * math.cos(math.pi * into_s / way_in)
    if into_s < way_in + full:
        return 1.0
    out_s = into_s - way_in - full
    return 0.5 + 0.5 * math.cos(math.pi * out_s / way_out) if out_s < way_out else 0.0


def lead_in_s(breath: Breath) -> float:
    """How long before the first way in the leading begins: half a way out, from the centre to the left edge."""
    return breath_parts_s(breath)[2] / 2.0


def swell_db_at(breath: Breath, elapsed_s: float) -> float:
    """The pad's swell `elapsed_s` after the leading began: 0 dB at the top of the breath, `pad_swell_db` less at the bottom."""
    return breath.pad_swell_db * (fill_at(breath, elapsed_s - lead_in_s(breath)) - 1.0)


def swell_gains(breath: Breath, elapsed_s: FloatArray) -> npt.NDArray[np.float32]:
    """The same as an amplitude for each of `elapsed_s`."""
    way_in, full, way_out, _ = breath_parts_s(breath)
    since_s = elapsed_s - lead_in_s(breath)
    into_s = np.fmod(since_s, 60.0 / breath.per_min)
    rising = 0.5 - 0.5 * np.cos(np.pi * np.clip(into_s / way_in, 0.0, 1.0))
    falling = 0.5 + 0.5 * np.cos(np.pi * np.clip((into_s - way_in - full) / way_out, 0.0, 1.0))
    fill = np.where(since_s <= 0.0, 0.0, np.minimum(rising, falling))
    gains: npt.NDArray[np.float32] = (10.0 ** (breath.pad_swell_db * (fill - 1.0) / 20.0)).astype(np.float32)
    return gains


def breath_motion(breath: Breath, start_frame: int, breaths: int) -> Motion:
    """The bar's motion for `breaths` breaths: right on the way in, left on the way out.

    It begins at the centre with half a way out. A breath is one cycle from left edge to left edge, each way at its own rate;
    a sine's speed is nothing at the edges, so the dot turns without a jerk. A pause is a rest at the edge.
    """
    way_in, full, way_out, empty = (part * FRAME_RATE_HZ for part in breath_parts_s(breath))
    frame, phase = float(start_frame), 0.0
    segments = [Segment(frame, phase, 0.25 * FRAME_RATE_HZ / (way_out / 2.0))]
    frame, phase = frame + way_out / 2.0, 0.25
    for _ in range(breaths):
        for way, pause in ((way_in, full), (way_out, empty)):
            segments.append(Segment(frame, phase, HALF_CYCLE * FRAME_RATE_HZ / way))
            frame, phase = frame + way, phase + HALF_CYCLE
            if pause > 0.0:
                segments.append(Segment(frame, phase, 0.0))
                frame += pause
    return Motion(start_frame, tuple(segments), end_frame=frame)
