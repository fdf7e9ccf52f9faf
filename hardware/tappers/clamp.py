"""The lowest limit on a pulse: what a driver does to one before it becomes bytes, whoever sent it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hardware.seams import Tapper, TapPulse

LONGEST_MS: Final = 1000.0


def clamp_pulse(pulse: TapPulse, strength_share: float = 1.0) -> TapPulse:
    """`pulse` held to 1,000 ms and to a strength of 0-1, of which `strength_share` is this device's full strength."""
    strength_frac = min(1.0, max(0.0, pulse.strength_frac)) * min(1.0, max(0.0, strength_share))
    return replace(pulse, ms=min(LONGEST_MS, max(0.0, pulse.ms)), strength_frac=strength_frac)


def too_short(pulse: TapPulse, min_pulse_ms: float) -> str:
    """Why this motor cannot give `pulse`, as a sentence; empty where it can, or where nothing would be felt anyway."""
    if pulse.ms >= min_pulse_ms or pulse.strength_frac <= 0.0:
        return ""
    return f"a pulse of {pulse.ms:.0f} ms was left out: this motor needs {min_pulse_ms:.0f} ms or more to be felt"


def felt_pulse(tapper: Tapper, pulse: TapPulse, strength_share: float = 1.0) -> TapPulse | None:
    """`pulse` as `tapper` is to give it; None where its motor cannot, and then the reason of its READY says so."""
    pulse = clamp_pulse(pulse, strength_share)
    why = too_short(pulse, tapper.capabilities.min_pulse_ms)
    if tapper.link.state == "READY":
        tapper.set_link("READY", why)
    return None if why else pulse
