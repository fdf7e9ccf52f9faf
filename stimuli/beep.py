"""The beep of the random-beep task: a short soft sine in the middle, at the tone's own volume."""

from __future__ import annotations

from typing import Final

import numpy as np

from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_ms
from stimuli.score import Score
from stimuli.tasks import reaction_events

BEEP_HZ: Final = 1200.0
"""Above every bilateral tone (150-900 Hz), so that the two are not confused."""

BEEP_MS: Final = 60.0
RAMP_MS: Final = 10.0
_BEEP_FRAMES: Final = frames_of_ms(BEEP_MS)
_RAMP_FRAMES: Final = frames_of_ms(RAMP_MS)


def _beep() -> Samples:
    frames = np.arange(_BEEP_FRAMES)
    to_edge = np.minimum(frames + 0.5, _BEEP_FRAMES - frames - 0.5)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.minimum(to_edge / _RAMP_FRAMES, 1.0))
    wave = np.sin(2.0 * np.pi * BEEP_HZ * frames / FRAME_RATE_HZ) * ramp / np.sqrt(2.0)
    both: Samples = np.repeat(wave[:, np.newaxis], 2, axis=1).astype(np.float32)
    both.flags.writeable = False
    return both


_BEEP: Final = _beep()
"""Each side 3 dB down, so that the middle is as loud as a tone on one side."""


def beep_block(score: Score, first_frame: int, frames: int) -> Samples:
    """Render the beeps for `frames` frames from `first_frame`: float32 of shape (frames, 2), full scale 1.0.

    A hard stop silences a beep at its frame.
    """
    block: Samples = np.zeros((frames, 2), dtype=np.float32)
    for event in reaction_events(score, first_frame - _BEEP_FRAMES + 1, first_frame + frames):
        if event.kind != "random-beep":
            continue
        gain = np.float32(10.0 ** (score.bls_at(event.frame).tone.volume_db / 20.0))
        begin, end = max(event.frame, first_frame), min(event.frame + _BEEP_FRAMES, first_frame + frames)
        if begin < end:
            block[begin - first_frame : end - first_frame] += gain * _BEEP[begin - event.frame : end - event.frame]
    cut = score.motion.cut_frame
    if cut is not None and cut < first_frame + frames:
        block[max(cut - first_frame, 0) :] = 0.0
    return block
