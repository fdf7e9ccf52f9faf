"""Ending pulses on time, and the lowest limit on a pulse."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.seams import TapPulse
from hardware.tappers.clamp import clamp_pulse, too_short
from hardware.tappers.pulse_end import PulseEnd


class Ends:
    """When the end was called."""

    def __init__(self) -> None:
        self.at_s: list[float] = []
        self.changed = threading.Condition()

    def __call__(self) -> None:
        with self.changed:
            self.at_s.append(time.monotonic())
            self.changed.notify_all()

    def wait_for(self, count: int, timeout_s: float = 20.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.at_s) >= count, timeout_s)


def test_a_pulse_is_ended_once_and_never_early() -> None:
    ends = Ends()
    end = PulseEnd("test", ends)
    begun_s = time.monotonic()
    end.begin(50.0)
    assert ends.wait_for(1)
    assert ends.at_s[0] - begun_s >= 0.05
    assert not ends.wait_for(2, 0.1)
    end.close()


def test_a_new_pulse_moves_the_end_of_the_old_one() -> None:
    ends = Ends()
    end = PulseEnd("test", ends)
    end.begin(10_000.0)
    end.begin(20.0)
    assert ends.wait_for(1)
    end.close()


def test_a_cancelled_end_never_comes() -> None:
    ends = Ends()
    end = PulseEnd("test", ends)
    end.begin(50.0)
    end.cancel()
    assert not ends.wait_for(1, 0.2)
    end.begin(1.0)
    assert ends.wait_for(1)
    end.close()


def test_closing_ends_the_thread_and_a_later_pulse_starts_another() -> None:
    ends = Ends()
    end = PulseEnd("test", ends)
    end.begin(10_000.0)
    end.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "pulse end test"]
    end.begin(1.0)
    assert ends.wait_for(1)
    end.close()


@given(ms=st.floats(allow_nan=False), strength=st.floats(allow_nan=False), share=st.floats(-1.0, 2.0))
def test_no_pulse_is_longer_or_stronger_than_a_hand_may_feel(ms: float, strength: float, share: float) -> None:
    clamped = clamp_pulse(TapPulse("left", ms, strength), share)
    assert 0.0 <= clamped.ms <= 1000.0
    assert 0.0 <= clamped.strength_frac <= min(1.0, max(0.0, share))


@pytest.mark.parametrize(("ms", "strength", "short"), [(80.0, 1.0, False), (79.9, 1.0, True), (20.0, 0.0, False)])
def test_a_pulse_too_short_to_be_felt_is_said(ms: float, strength: float, short: bool) -> None:
    assert bool(too_short(TapPulse("left", ms, strength), 80.0)) == short
