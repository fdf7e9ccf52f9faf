"""The set that runs, as the journal will know it: why it will have ended, and what a reaction task in it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from roomctl.engine.session_log import SetRecord, Why
from stimuli.score import Score
from stimuli.tasks import match_reactions, reaction_events


@dataclass(slots=True)
class RunningSet:
    """The set that is journalled as not yet ended; `why` it will have ended, unless something else comes first."""

    record: SetRecord
    why: Why
    by_panel: bool
    presses: list[int] = field(default_factory=list)

    @property
    def is_told_to_end(self) -> bool:
        """Whether somebody or something has ended it already, before its own count."""
        return self.why not in ("done", "max")


def reactions(score: Score, presses: list[int], until_frame: int) -> dict[str, Any]:
    """What came of a reaction task in a set: each time in ms (None: missed), and presses that answered nothing."""
    events = reaction_events(score, score.motion.start_frame, until_frame)
    if not events:
        return {}
    found = match_reactions(events, presses)
    times = [None if item.reaction_ms is None else round(item.reaction_ms) for item in found.reactions]
    return {
        "reactions": {"kind": events[0].kind, "ms": times, "median_ms": found.median_ms, "false_presses": found.false_presses}
    }
