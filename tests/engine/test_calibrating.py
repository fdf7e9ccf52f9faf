"""Calibrating a room that runs: what the recorded card heard of the noise, and what a reading changes at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from playlists.library.loudness import loudness_of
from roomctl import messages as m
from roomctl.calibrate import FILE_NAME
from roomctl.errors import Away, Forbidden, Invalid, Refused, UnknownId

ROOM = """
[audio]
record = "out.wav"
outputs = { room = [1, 2], headphones = [3, 4] }
"""
FULL_S = 6.0
"""The rise is over, and the noise at its full gain."""

SPEED = 8.0


@pytest.fixture
def engine(make_engine: Callable[..., Any]) -> Iterator[Any]:
    """A room with headphones, in simulated time: nothing here is about the wall clock."""
    engine = make_engine(ROOM, SPEED)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    return engine


def heard(engine: Any) -> npt.NDArray[np.float32]:
    """The recording, shape (frames, 4)."""
    data = (engine.folder / "out.wav").read_bytes()
    at = data.index(b"data") + 8
    return np.frombuffer(data[at : at + (len(data) - at) // 16 * 16], "<f4").reshape(-1, 4)


def sounding(samples: npt.NDArray[np.float32], channel: int) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.abs(samples[:, channel]) > 1e-7)


def play_until(engine: Any, seconds: float, **command: Any) -> None:
    """Play the noise, and wait until it has been heard for that long."""
    engine.do(m.PlayNoise(**command))
    begin = engine.state()["calibration"]["noise"]["begin_frame"]
    engine.until(lambda state: state["clock"]["frame"] > begin + seconds * 48_000)


def until_heard(engine: Any, seconds: float) -> None:
    """Wait until the session has gone on by that much."""
    now = engine.state()["clock"]["frame"]
    engine.until(lambda state: state["clock"]["frame"] > now + seconds * 48_000)


@pytest.mark.parametrize(("output", "channels"), [("room", (0, 1)), ("headphones", (2, 3))])
def test_the_noise_is_heard_at_minus_20_lufs_on_its_output_alone(engine: Any, output: str, channels: tuple[int, int]) -> None:
    play_until(engine, FULL_S + 5.0, output=output)
    engine.do(m.EndNoise())
    until_heard(engine, 1.0)
    engine.end()
    samples = heard(engine)
    begin = sounding(samples, channels[0])[0]
    full = samples[begin + round(FULL_S * 48_000) :][: 4 * 48_000]
    pair = np.ascontiguousarray(full[:, channels])
    assert np.array_equal(pair[:, 0], pair[:, 1])
    # Pink noise varies a little from second to second; over four it is within 0.3 LU of its whole round.
    assert loudness_of(pair).integrated_lufs == pytest.approx(-20.0, abs=0.3)
    for channel in set(range(4)) - set(channels):
        assert not len(sounding(samples, channel))


def test_the_noise_rises_and_fades_and_is_gone_after_its_end(engine: Any) -> None:
    play_until(engine, FULL_S, output="room")
    engine.do(m.EndNoise())
    assert engine.state()["calibration"]["noise"] is None
    until_heard(engine, 2.0)
    engine.end()
    samples = heard(engine)[:, 0]
    there = np.flatnonzero(np.abs(samples) > 1e-7)
    assert np.abs(samples[there[0] : there[0] + 4800]).max() < 10 ** (-29 / 20)
    assert len(samples) - there[-1] > 48_000, "silent for the last second"
    steepest = np.abs(np.diff(samples[there[0] : there[-1] - 2400])).max()
    assert np.abs(np.diff(samples[there[-1] - 2400 :])).max() <= steepest


def test_stop_silences_the_noise_in_ten_milliseconds_and_ends_it(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(ROOM)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    play_until(engine, 1.0, output="room")
    engine.do(m.Stop())
    state = engine.state()
    assert state["stopped"] and state["calibration"]["noise"] is None
    engine.do(m.Resume())
    until_heard(engine, 1.0)
    engine.end()
    samples = heard(engine)[:, 0]
    there = np.flatnonzero(np.abs(samples) > 1e-7)
    assert len(samples) - there[-1] > 40_000, "RESUME brings nothing back"
    loud = np.abs(samples).max()
    falling = np.flatnonzero(np.abs(samples) > loud / 4)[-1]
    assert there[-1] - falling < 960, "two ramps of 10 ms at most"


def test_it_ends_by_itself_after_two_minutes(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(ROOM, 60.0)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    engine.do(m.PlayNoise(output="room"))
    engine.until(lambda state: state["calibration"]["noise"] is None)
    until_heard(engine, 10.0)
    engine.end()
    there = sounding(heard(engine), 0)
    # A stall of the machine puts silence into the recording, never noise; few of the noise's samples are as good as silent.
    assert len(there) / 48_000 == pytest.approx(120.05, abs=0.06)


def test_it_is_refused_while_anything_else_plays_and_while_stopped(engine: Any) -> None:
    engine.do(m.SetStart())
    with pytest.raises(Refused, match="calibrated between sets"):
        engine.do(m.PlayNoise(output="room"))
    engine.do(m.Stop())
    with pytest.raises(Refused, match="RESUME") as stopped:
        engine.do(m.PlayNoise(output="room"))
    assert stopped.value.details["state"] == "stopped" and stopped.value.details["possible"] == ["resume"]
    engine.do(m.Resume())
    engine.do(m.ProgramStart(program="silence"))
    for command in (m.PlayNoise(output="room"), m.KeepReading(output="room", dba=60.0, gain_db=0.0)):
        with pytest.raises(Refused, match="before or after it") as running:
            engine.do(command)
        assert running.value.details["possible"] == ["program/end"]


def test_nothing_else_begins_while_it_plays(engine: Any) -> None:
    engine.do(m.PlayNoise(output="headphones"))
    card = engine.state()["devices"][0]["name"]
    for command in (
        m.SetStart(),
        m.ProgramStart(program="silence"),
        m.TestDevice(name=card, side="left"),
        m.PlayNoise(output="room"),
    ):
        with pytest.raises(Refused, match="noise plays on headphones") as refused:
            engine.do(command)
        assert refused.value.details["possible"] == ["calibration/end", "stop"]
    engine.do(m.EndNoise())
    engine.do(m.SetStart())


def test_a_reading_is_in_force_at_once_and_after_a_restart(make_engine: Callable[..., Any]) -> None:
    engine = make_engine(ROOM, SPEED)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    assert engine.state()["music"]["dba"] == {"room": None, "headphones": None, "cap": 75.0}
    engine.do(m.PlayNoise(output="room", gain_db=-6.0))
    kept = engine.do(m.KeepReading(output="room", dba=66.0))
    assert (kept["dba"], kept["gain_db"], kept["usual_db"], kept["cap_db"]) == (66.0, -6.0, -14.0, 0.0)
    # 72 dBA at full gain under a cap of 75: a tone of full scale is 18 dB louder than the music, and 3 dB are left.
    assert kept["tone_db"] == -15.0
    state = engine.state()
    assert state["calibration"]["noise"] is None
    assert state["music"]["volume_db"] == -14.0
    assert state["music"]["dba"] == {"room": 58.0, "headphones": None, "cap": 75.0}
    assert json.loads((engine.data / FILE_NAME).read_text())["room"]["gain_db"] == -6.0
    engine.end()
    engine.start()
    again = engine.state()
    assert again["music"] == state["music"] and again["calibration"] == state["calibration"]


def test_the_cap_holds_for_the_next_noise_and_a_second_reading_agrees(make_engine: Callable[..., Any]) -> None:
    """An amplifier that gives 95 dBA for the noise at -6 dB: under a cap of 75 dBA it may be played at -26 dB."""
    engine = make_engine(ROOM, SPEED)
    engine.until(lambda state: state["devices"][0]["link"] == "READY")
    engine.do(m.KeepReading(output="room", dba=95.0, gain_db=-6.0))
    assert engine.do(m.PlayNoise(output="room"))["gain_db"] == pytest.approx(-26.0)
    kept = engine.do(m.KeepReading(output="room", dba=75.0))
    assert kept["cap_db"] == -26.0
    assert engine.state()["music"]["dba"]["room"] == pytest.approx(58.0, abs=0.5)


def test_what_cannot_be_is_refused_with_what_can(engine: Any) -> None:
    with pytest.raises(UnknownId, match="allowed: room, headphones"):
        engine.do(m.PlayNoise(output="cinema"))
    with pytest.raises(UnknownId, match="allowed: room, headphones"):
        engine.do(m.KeepReading(output="cinema", dba=60.0))
    with pytest.raises(Refused, match="play it first"):
        engine.do(m.KeepReading(output="room", dba=60.0))
    engine.do(m.PlayNoise(output="room"))
    with pytest.raises(Invalid, match="35 to 95"):
        engine.do(m.KeepReading(output="room", dba=120.0))
    assert engine.state()["calibration"]["noise"] is not None, "a slip of the finger does not end the noise"


def test_who_only_looks_may_not_play_it(engine: Any) -> None:
    engine.who = m.Who(name="a tablet", role="view")
    with pytest.raises(Forbidden):
        engine.do(m.PlayNoise(output="room"))


def test_a_card_that_is_away_is_said(make_engine: Callable[..., Any]) -> None:
    faults = 'faults = [{ at_s = 0, do = "unplug", for_s = 600 }]\n'
    engine = make_engine(f"{ROOM}{faults}")
    engine.until(lambda state: state["devices"][0]["link"] == "FAULT")
    with pytest.raises(Away, match="sound card"):
        engine.do(m.PlayNoise(output="room"))
