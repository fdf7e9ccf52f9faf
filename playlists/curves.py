"""A level over session time as closed-form ramps: any moment, past or future, is evaluated at once, and nothing accumulates."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

Curve = tuple["Ramp", ...]
"""Ramps in order of their start. The last begun one counts; before the first, its first value."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """From `value` at `start_s` to `end_value` at `end_s`, and staying there; a swell may be laid over it from its start.

    The swell is `swell` * sin(2 pi `swell_hz` (t - `start_s`)), so it begins at nothing.
    """

    start_s: float
    value: float
    end_s: float
    end_value: float
    swell: float = 0.0
    swell_hz: float = 0.0

    def at(self, t_s: float) -> float:
        """The level at `t_s`."""
        swing = self.swell * math.sin(2.0 * math.pi * self.swell_hz * (t_s - self.start_s)) if self.swell else 0.0
        if t_s >= self.end_s:
            return self.end_value + swing
        if t_s <= self.start_s:
            return self.value
        share = (t_s - self.start_s) / (self.end_s - self.start_s)
        return self.value + (self.end_value - self.value) * share + swing


def steady(t_s: float, value: float) -> Ramp:
    """`value` from `t_s` on."""
    return Ramp(t_s, value, t_s, value)


def at(curve: Curve, t_s: float) -> float:
    """The level of `curve` at `t_s`."""
    return _ramp_at(curve, t_s).at(t_s)


def target_at(curve: Curve, t_s: float) -> float:
    """Where the ramp that runs at `t_s` is going."""
    return _ramp_at(curve, t_s).end_value


def left_s(curve: Curve, t_s: float) -> float:
    """How long the ramp that runs at `t_s` still moves, in seconds."""
    return max(0.0, _ramp_at(curve, t_s).end_s - t_s)


def upto(curve: Curve, t_s: float) -> Curve:
    """The ramps of `curve` that have begun by `t_s`: what runs goes on, what was planned is dropped."""
    return tuple(ramp for ramp in curve if ramp.start_s <= t_s) or curve[:1]


def lead(curve: Curve, t_s: float, value: float, duration_s: float, swell: float = 0.0, swell_hz: float = 0.0) -> Curve:
    """`curve` led from what it is at `t_s` to `value` within `duration_s`; what it would have done later is dropped."""
    begun = tuple(ramp for ramp in curve if ramp.start_s < t_s)
    return (*begun, Ramp(t_s, at(curve, t_s), t_s + duration_s, value, swell, swell_hz))


def hold(curve: Curve, t_s: float) -> Curve:
    """`curve` kept from `t_s` on at what it is then."""
    return lead(curve, t_s, at(curve, t_s), 0.0)


def corners_s(curve: Curve) -> list[float]:
    """The moments at which `curve` changes direction."""
    return sorted({moment for ramp in curve for moment in (ramp.start_s, ramp.end_s)})


def _ramp_at(curve: Curve, t_s: float) -> Ramp:
    index = bisect_right(curve, t_s, key=lambda ramp: ramp.start_s)
    return curve[max(0, index - 1)]
