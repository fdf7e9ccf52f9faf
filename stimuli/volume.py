"""Volume that rises slowly: a louder setting is reached at 6 dB a second, a softer one at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stimuli.frames import FRAME_RATE_HZ
from stimuli.score import Score
from stimuli.settings import Bls

MOST_DB_PER_S: Final = 6.0


def slewed_db(score: Score, frame: int, volume_db: Callable[[Bls], float]) -> float:
    """The volume in force at `frame`; `volume_db` reads what each cue asks for. The set's own first volume holds at once."""
    allowed_db = volume_db(score.cues[0].bls)
    for cue, later in zip(score.cues, (*score.cues[1:], None), strict=True):
        if cue.frame > frame:
            break
        until = frame if later is None else min(frame, later.frame)
        risen_db = allowed_db + MOST_DB_PER_S * max(0, until - cue.frame) / FRAME_RATE_HZ
        allowed_db = min(volume_db(cue.bls), risen_db)
    return allowed_db
