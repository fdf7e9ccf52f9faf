"""The engine on a real sound card: PortAudio on a private PulseAudio that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from roomctl import messages as m

pytestmark = [pytest.mark.sound, pytest.mark.xdist_group("sound")]

ROOM = """
[audio]
driver = "portaudio"
device = "room"
[[tapper]]
name = "taps"
record = "taps.jsonl"
[[lightbar]]
name = "bar"
record = "bar.jsonl"
"""


def onsets(heard: Any, channel: int) -> Any:
    sounding = np.flatnonzero(np.abs(heard[:, channel]) > 1e-7)
    return sounding[np.r_[True, np.diff(sounding) > 2400]] if len(sounding) else sounding


def test_the_recorded_card_and_the_stubs_tell_the_same_session(
    virtual_card: Any, make_engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in virtual_card.env.items():
        monkeypatch.setenv(name, value)
    engine = make_engine(ROOM)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    virtual_card.record()
    engine.do(m.ChangeBls(change={"rate_hz": 1.0, "set_cycles": 10}))
    engine.do(m.SetStart())
    state = engine.until_idle()
    heard = virtual_card.recording().samples
    left, right = onsets(heard, 0), onsets(heard, 1)
    assert len(left) == len(right) == 10
    beats = np.sort(np.r_[left, right])
    assert list(np.isin(beats, left)) == [True, False] * 10
    # A card that loses no frames plays every beat exactly where it was rendered.
    assert np.all(np.diff(beats) == 24_000), (np.diff(beats), state["timing"])
    taps = [event for event in engine.events("taps") if event["kind"] == "tap"]
    assert [tap["frame"] - taps[0]["frame"] for tap in taps] == list(range(0, 20 * 24_000, 24_000))
