"""The room's own timing, as it can be known from inside: how steadily the card and the pacing threads keep to the clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from roomctl.clock import SessionClock
from roomctl.engine.devices import Rack
from roomctl.engine.realtime import realtime_granted
from roomctl.engine.sound import Sound


def percentile_ms(values_s: Iterable[float], percent: float) -> float | None:
    """A percentile in ms; None before there are 16 values."""
    values = list(values_s)
    return round(1000.0 * float(np.percentile(values, percent)), 3) if len(values) >= 16 else None


def timing_state(clock: SessionClock, sound: Sound, rack: Rack, block_seconds: Iterable[float]) -> dict[str, Any]:
    """The contract's `timing`. Each value is None until it has been measured.

    `onset_sd_ms`: spread of the card's own statements about the clock. `light_skew_ms`, `tap_skew_ms`: median of how much later
    than meant devices were told. `loop_p99_ms`: the 99th percentile of rendering a block of sound.
    """
    onset_sd = clock.error_sd_ms()
    lights = [late for pacer in rack.light_pacers.values() for late in list(pacer.late_s)]
    taps = [late for pacer in rack.tap_pacers.values() for late in list(pacer.late_s)]
    return {
        "onset_sd_ms": None if onset_sd is None else round(onset_sd, 3),
        "light_skew_ms": percentile_ms(lights, 50),
        "light_skew_p99_ms": percentile_ms(lights, 99),
        "tap_skew_ms": percentile_ms(taps, 50),
        "tap_skew_p99_ms": percentile_ms(taps, 99),
        "underruns": sound.underruns,
        "loop_p99_ms": percentile_ms(block_seconds, 99),
        "drift_ppm": round(clock.drift_ppm, 1),
        "realtime": realtime_granted(),
    }
