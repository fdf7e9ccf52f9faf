"""Where beats fall in the rendered stream: on the frame, whatever the blocks, after eight hours too."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from benchmarks.card import onsets
from benchmarks.figures import Figure, How
from roomctl.limits import Limits
from roomctl.offline import OfflineRoom, score_of, sound_blocks
from stimuli.beats import tones_between
from stimuli.frames import FRAME_RATE_HZ, frames_of_s
from stimuli.score import Score
from stimuli.settings import Bls
from stimuli.tone import tone_block

RATES_HZ: Final = (0.05, 0.37, 1.0, 1.2, 1.7, 2.0)
SPLITS: Final = (64, 256, 1000, 48_000)
HOURS_8_S: Final = 8 * 3600.0
ANCHOR: Final = "PsychToolbox audio sd 0.17 ms; open EMDR peers 11-15 ms idle"


def measure(how: How) -> list[Figure]:
    """Largest distance of an onset from `round(beat_time * 48000)`, in frames."""
    worst = max(_apart_in_sound(rate_hz) for rate_hz in RATES_HZ)
    late = max(_apart_after_8_h(rate_hz) for rate_hz in RATES_HZ)
    same = _splits_are_equal()
    beats = sum(2 * round(HOURS_8_S * rate_hz) for rate_hz in RATES_HZ)
    return [
        Figure(
            "beat onsets in the rendered stream",
            "0 frames of drift, any block split, 8 h",
            f"{max(worst, late)} frames, {beats:,} beats of {len(RATES_HZ)} rates over 8 h; "
            f"blocks of {', '.join(map(str, SPLITS))} {'equal to the bit' if same else 'DIFFER'}",
            max(worst, late) == 0 and same,
            ANCHOR,
            {"frames": float(max(worst, late)), "splits_equal": float(same)},
        )
    ]


def _exact(index: int, rate_hz: float) -> int:
    return math.floor((2 * index + 1) * FRAME_RATE_HZ / (4.0 * rate_hz) + 0.5)


def _apart_in_sound(rate_hz: float) -> int:
    """In the samples of the first beats."""
    score = score_of(Bls(rate_hz=rate_hz), Limits(), 12.0 / rate_hz)
    sound = tone_block(score, 0, frames_of_s(12.0 / rate_hz))
    found = np.sort(np.concatenate((onsets(sound, 0), onsets(sound, 1))))
    return int(max(abs(int(frame) - _exact(index, rate_hz)) for index, frame in enumerate(found)))


def _apart_after_8_h(rate_hz: float) -> int:
    """Of every beat's frame over eight hours, and in the samples of the last one."""
    score = score_of(Bls(rate_hz=rate_hz), Limits(), HOURS_8_S)
    end = frames_of_s(HOURS_8_S) + FRAME_RATE_HZ
    tones = tones_between(score, 0, end)
    apart = max(abs(beat.frame - _exact(beat.index, rate_hz)) for beat, _ in tones)
    return max(apart, abs(_heard_last(score, tones[-1][0].frame)))


def _heard_last(score: Score, frame: int) -> int:
    around = 2 * FRAME_RATE_HZ
    sound = tone_block(score, frame - around, 2 * around)
    channel = int(np.argmax(np.abs(sound[around : around + 4_800]).max(axis=0)))
    found = onsets(sound, channel)
    return int(np.min(np.abs(found - around)))


def _splits_are_equal() -> bool:
    score = score_of(Bls(rate_hz=1.2), Limits(), 20.0)
    frames = frames_of_s(20.0)
    whole = [np.concatenate(list(sound_blocks(score, frames, OfflineRoom(), split))) for split in SPLITS]
    return all(np.array_equal(whole[0], other) for other in whole[1:])
