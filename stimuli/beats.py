"""When tones and taps fall: events placed on the motion by an alignment, to the frame.

An event's frame is the nearest whole frame to its exact time, worked out from the event's own number, never as a sum of
rounded periods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.motion import Motion
from stimuli.score import Score
from stimuli.settings import Bls, Tap, TapAlign, Tone

Side = Literal["left", "right"]
Placing = Literal["edge", "centre", "random", "own"]

RANDOM_SPAN_CYCLES: Final = 0.4
"""A random event lies anywhere in the middle four fifths of its half cycle."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Event number `index` at `frame`, on `side`."""

    index: int
    frame: int
    side: Side

    @property
    def cycle(self) -> int:
        """The cycle the event belongs to, counted from 1."""
        return self.index // 2 + 1


def side_of(index: int) -> Side:
    """Even events are left, odd ones right."""
    return "left" if index % 2 == 0 else "right"


def unit_random(seed: int, index: int) -> float:
    """A number in [0, 1) that depends on `seed` and `index` alone (SplitMix64).

    Steele et al. 2014, doi 10.1145/2714064.2660195.
    """
    mask = (1 << 64) - 1
    z = (seed * 0xD1342543DE82EF95 + (index + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return float((z ^ (z >> 31)) >> 11) / float(1 << 53)


def _phase_of(index: int, placing: Placing, seed: int) -> float:
    if placing == "centre":
        return index / 2
    if placing == "random":
        return (2 * index + 1) / 4 + (unit_random(seed, index) - 0.5) * RANDOM_SPAN_CYCLES
    return (2 * index + 1) / 4


def exact_frame(motion: Motion, index: int, placing: Placing, own_rate_hz: float = 1.0, seed: int = 1) -> float:
    """The exact frame of event `index`; infinite where the set is over before it."""
    if placing != "own":
        return motion.frame_at_phase(_phase_of(index, placing, seed))
    frame = motion.start_frame + (2 * index + 1) * FRAME_RATE_HZ / (4.0 * own_rate_hz)
    return float("inf") if motion.end_frame is not None and frame >= motion.end_frame else frame


def beats_between(
    motion: Motion,
    first_frame: int,
    end_frame: int,
    placing: Placing = "edge",
    own_rate_hz: float = 1.0,
    seed: int = 1,
    offset_frames: int = 0,
) -> list[Beat]:
    """The events whose frame, `offset_frames` added, lies in [`first_frame`, `end_frame`); none from a hard stop on."""
    if motion.cut_frame is not None:
        end_frame = min(end_frame, motion.cut_frame)
    low, high = first_frame - offset_frames, end_frame - offset_frames
    if high <= motion.start_frame - 1 or low >= high or (motion.end_frame is not None and low > motion.end_frame + 1):
        return []
    first, last = _index_range(motion, low, high, placing, own_rate_hz)
    found = []
    for index in range(first, last + 1):
        exact = exact_frame(motion, index, placing, own_rate_hz, seed)
        if math.isinf(exact):
            continue
        frame = int(np.rint(exact))
        if low <= frame < high:
            found.append(Beat(index, frame + offset_frames, side_of(index)))
    return found


def _index_range(motion: Motion, low: int, high: int, placing: Placing, own_rate_hz: float) -> tuple[int, int]:
    """Numbers of the first and last event that can lie between the frames `low` and `high`, with one to spare."""
    if placing == "own":
        per_frame = 2.0 * own_rate_hz / FRAME_RATE_HZ
        return (
            max(0, int((low - motion.start_frame) * per_frame) - 1),
            int((high - motion.start_frame) * per_frame) + 1,
        )
    first = max(0, int(2.0 * motion.phase_at(low - 1)) - 1)
    last = int(2.0 * motion.phase_at(high + 1)) + 1
    if motion.cycles_total is not None:
        last = min(last, 2 * motion.cycles_total - 1)
    return first, last


def tone_placing(bls: Bls) -> tuple[Placing, float]:
    """Where tones fall, and the own rate that goes with it: with the tap means as the taps do."""
    if bls.tone.align == "tap":
        return bls.tap.align, bls.tap.own_rate_hz
    return bls.tone.align, bls.tone.own_rate_hz


def tap_placing(tap: Tap) -> tuple[TapAlign, float]:
    """Where taps fall, and the own rate that goes with it."""
    return tap.align, tap.own_rate_hz


def tones_between(score: Score, first_frame: int, end_frame: int) -> list[tuple[Beat, Tone]]:
    """The tones that begin in [`first_frame`, `end_frame`), each with the settings it is played with."""
    found = []
    for begin, until, bls in score.spans(first_frame, end_frame - first_frame):
        if bls.tone.on:
            placing, own_rate_hz = tone_placing(bls)
            offset = frames_of_ms(bls.tone.offset_ms)
            for beat in beats_between(score.motion, begin, until, placing, own_rate_hz, bls.seed, offset):
                found.append((beat, bls.tone))
    return found


def taps_between(score: Score, first_frame: int, end_frame: int) -> list[tuple[Beat, Tap]]:
    """The taps that begin in [`first_frame`, `end_frame`), each with the settings it is given with."""
    found = []
    for begin, until, bls in score.spans(first_frame, end_frame - first_frame):
        if bls.tap.on:
            placing, own_rate_hz = tap_placing(bls.tap)
            offset = frames_of_ms(bls.tap.offset_ms)
            for beat in beats_between(score.motion, begin, until, placing, own_rate_hz, bls.seed, offset):
                found.append((beat, bls.tap))
    return found
