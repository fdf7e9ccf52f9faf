"""What the player tells: events as they happen, and what is heard now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal[
    "start", "play", "pad", "failed", "duck", "unduck", "announce", "pause", "resume", "calm", "attention", "stop", "end"
]


@dataclass(frozen=True, slots=True)
class MusicEvent:
    """Something that happened to the music, at the session frame it is heard. `why` is a sentence where something failed."""

    frame: int
    action: Action
    track: str = ""
    track_id: str = ""
    gain_db: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Playing:
    """A track, the pad, or nothing (before the start, after the end, while paused)."""

    source: Literal["track", "pad", "none"]
    title: str = ""
    artist: str = ""
    id: str = ""
    intensity: float = 0.0
    elapsed_s: float = 0.0
    seconds: float = 0.0
    gain_db: float = 0.0
