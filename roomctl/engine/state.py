"""The state as everyone outside sees it: the contract's flat object, and what of it changed."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from playlists.presets import preset_snapshot
from roomctl.bilateral import Bilateral, cycles_done, delivered
from roomctl.clock import ClockReading
from stimuli.light import runs_on
from stimuli.motion import MotionState
from stimuli.score import Score

RUNS_TOLD = 4
"""Older switches of the light have long faded."""
RUNNING_KEYS = ("cycles", "elapsed_s", "rate_hz")
"""What of `set` is computed from the clock, and so is no change."""


def clock_state(reading: ClockReading) -> dict[str, Any]:
    """The clock: at monotonic `mono_ns` the client hears `frame`."""
    return {"frame": reading.frame, "mono_ns": round(reading.mono_s * 1e9), "frames_per_s": reading.frames_per_s}


def score_state(score: Score | None) -> dict[str, Any] | None:
    """The newest set's motion, for whoever evaluates it themselves, and when its light was switched on and off."""
    return None if score is None else {**asdict(score.motion), "lit": lit_of(score)}


def lit_of(score: Score) -> list[list[float | None]]:
    """[from, until] frames of the last stretches in which the light is on; None is without a beginning, or without an end."""
    runs = list(runs_on(score.cues))[-RUNS_TOLD:]
    return [[frame if math.isfinite(frame) else None for frame in run] for run in runs]


def set_state(room: Bilateral, frame: float, state: MotionState | None = None) -> dict[str, Any]:
    """The set: idle, running or finishing, and how far; `state` where it is not just what the motion says."""
    score, state = room.score, state or room.state_at(frame)
    bls = room.bls
    given = delivered(score, frame) if score is not None and state != "idle" else {"cycles": 0, "elapsed_s": 0.0}
    total = None if bls.open else (score.motion.cycles_total if score is not None and state != "idle" else bls.set_cycles)
    return {
        "state": state,
        "cycles": cycles_done(score, frame) if score is not None and state != "idle" else 0,
        "cycles_total": total,
        "elapsed_s": given["elapsed_s"],
        "rate_hz": score.motion.rate_at(frame) if score is not None and state != "idle" else bls.rate_hz,
        "preset": room.preset.id if room.preset is not None else None,
        "outputs": {"light": bls.light.on, "tone": bls.tone.on, "tap": bls.tap.on, "continuous": bls.continuous.on},
    }


def bilateral_state(room: Bilateral, frame: float, state: MotionState | None = None) -> dict[str, Any]:
    """The part of the state that the bilateral half gives."""
    return {
        "set": set_state(room, frame, state),
        "bls": asdict(room.bls),
        "preset": None if room.preset is None else preset_snapshot(room.preset),
        "score": score_state(room.score),
    }


def _steady(key: str, value: Any) -> Any:
    if key == "set":
        return {name: part for name, part in value.items() if name not in RUNNING_KEYS}
    if key == "program" and isinstance(value, dict):
        return {name: part for name, part in value.items() if not name.endswith("_s")}
    if key == "panels":
        return [{name: part for name, part in panel.items() if name != "seen_s"} for panel in value]
    return value


class Changes:
    """Remembers what was last published, and says which keys differ since."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def since_last(self, state: dict[str, Any]) -> dict[str, Any]:
        """The top-level keys whose value changed; times and counts that run, and the clock, are no change."""
        changed = {}
        for key, value in state.items():
            if key in ("clock", "rev", "boot_id"):
                continue
            shown = json.dumps(_steady(key, value), sort_keys=True, default=str)
            if self._seen.get(key) != shown:
                self._seen[key] = shown
                changed[key] = value
        return changed
