"""The bilateral tone: every tone of the score, laid on its own frame.

Tones that overlap add up. One that is switched off by a later cue, or cut by a hard stop, fades to nothing within 10 ms.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stimuli.beats import Beat, tones_between
from stimuli.frames import Samples, frames_of_ms
from stimuli.pan import side_gains
from stimuli.score import Score
from stimuli.settings import Tone
from stimuli.timbres import LONGEST_TONE_FRAMES, Table, tone_table
from stimuli.volume import slewed_db

FADE_FRAMES: Final = frames_of_ms(10.0)

_FADE: Final = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, FADE_FRAMES + 1) / FADE_FRAMES)).astype(np.float32)


def amplitude(volume_db: float) -> float:
    """The factor that `volume_db` stands for."""
    return float(10.0 ** (volume_db / 20.0))


def tone_block(score: Score, first_frame: int, frames: int) -> Samples:
    """Render the bilateral tones for `frames` frames from `first_frame`.

    Returns float32 of shape (frames, 2), full scale 1.0, silent where no tone sounds; the same to the bit for any split into
    blocks. A tone's first sample, index 0 of its table, lies on its beat's frame.
    """
    out: Samples = np.zeros((frames, 2), np.float32)
    end_frame = first_frame + frames
    for beat, tone in tones_between(score, first_frame - LONGEST_TONE_FRAMES, end_frame):
        table = tone_table(tone.timbre, tone.hz, tone.ms)
        begin, until = max(beat.frame, first_frame), min(beat.frame + table.size, end_frame)
        if begin >= until:
            continue
        heard = table[begin - beat.frame : until - beat.frame]
        off_frame = _off_frame(score, beat, table.size)
        if off_frame is not None and until > off_frame:
            heard = heard * _faded(begin, until, off_frame)
        volume_db = slewed_db(score, beat.frame, lambda bls: bls.tone.volume_db)
        _add(out[begin - first_frame : until - first_frame], heard, beat, tone, amplitude(volume_db))
    return out


def _add(out: Samples, heard: Table, beat: Beat, tone: Tone, factor: float) -> None:
    for channel, gain in enumerate(side_gains(beat.side, tone.pan_frac)):
        if gain:
            out[:, channel] += heard * np.float32(gain * factor)


def _off_frame(score: Score, beat: Beat, length: int) -> int | None:
    """Where a tone that began on `beat` is switched off or cut while it sounds; None where it rings out."""
    cut = score.motion.cut_frame
    ends = [cut] if cut is not None and cut < beat.frame + length else []
    for cue in reversed(score.cues):
        if cue.frame <= beat.frame:
            break
        if not cue.bls.tone.on and cue.frame < beat.frame + length:
            ends.append(cue.frame)
    return min(ends, default=None)


def _faded(begin: int, until: int, off_frame: int) -> Table:
    """The gain from `begin` to `until`: 1 before `off_frame`, falling to 0 in the fade after it."""
    gain = np.zeros(until - begin, np.float32)
    gain[: max(0, off_frame - begin)] = 1.0
    low, high = max(begin, off_frame), min(until, off_frame + FADE_FRAMES)
    if low < high:
        gain[low - begin : high - begin] = _FADE[low - off_frame : high - off_frame]
    return gain
