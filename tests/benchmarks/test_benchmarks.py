"""What the benchmarks reckon with, on made-up values; what they measure is asserted nowhere."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as printed
from benchmarks.card import beats, heard_line
from benchmarks.engine_memory import _grown, half_hours_mb
from benchmarks.figures import Figure, How, NotMeasuredError, about_median, spread
from benchmarks.onsets_and_packets import BEAT_FRAMES, FIRST_BEAT_FRAMES, Run, _light_late_ms, _tap_late_ms
from benchmarks.wire import Packet, Wire
from hardware.osc.packets import encode_message

DRIFT = 1.0 + 60e-6


def test_a_constant_bias_is_removed_and_what_is_left_is_not() -> None:
    found = about_median([7.0, 7.0, 7.5, 6.5, 7.0])
    assert (found.median, found.most) == (0.0, 0.5)
    assert found.sd == pytest.approx(np.sqrt(0.1))
    assert spread([1.0, 3.0]).median == 2.0
    with pytest.raises(NotMeasuredError, match="only 1 values"):
        about_median([1.0])


def test_the_line_of_a_recording_follows_its_drift_through_late_chunks() -> None:
    frames = np.arange(480, 48_000 * 30, 480, dtype=np.float64)
    late_s = np.random.default_rng(1).exponential(0.004, frames.size)
    late_s[::10] = 0.0
    line = heard_line(np.column_stack((frames, 5.0 + frames / 48_000 * DRIFT + late_s)))
    assert line.drift_ppm == pytest.approx(-60.0, abs=0.5)
    assert line.mono_s(np.array([0.0]))[0] == pytest.approx(5.0, abs=1e-5)


def a_run(tap_late_s: list[float], light_late_s: float) -> Run:
    """A set whose session frames are 1,000 ahead of the recording's, heard from 5 s on."""
    frames = np.arange(480, 48_000 * 12, 480, dtype=np.float64)
    line = heard_line(np.column_stack((frames, 5.0 + frames / 48_000)))
    onsets = 20_000 + BEAT_FRAMES * np.arange(len(tap_late_s))
    start_frame = 21_000 - FIRST_BEAT_FRAMES
    heard_s = line.mono_s(onsets.astype(np.float64))
    tap = encode_message("/roomctl/tap", 0, 150.0, 0.5)
    taps = [Packet(tap, float(at) + 0.020 + late) for at, late in zip(heard_s, tap_late_s, strict=True)]
    pictures = (np.arange(30, 200) * 1_200 - 1_000).astype(np.float64)
    light = [Packet(b"", float(at) + 0.020 + light_late_s) for at in line.mono_s(pictures)]
    return Run(start_frame, onsets, line, light, taps, 0, True)


def test_packets_are_measured_against_their_own_beat_and_picture() -> None:
    run = a_run([0.0, 0.0, 0.001, 0.0, -0.001, 0.0, 0.0, 0.0, 0.0], light_late_s=0.003)
    taps_ms, heard = _tap_late_ms(run)
    assert heard == 8
    assert sorted(np.round(taps_ms - 20.0, 3).tolist())[0] == -1.0
    assert _light_late_ms(run, 0.020) == pytest.approx(np.full_like(_light_late_ms(run, 0.020), 23.0), abs=1e-3)


def test_memory_is_told_by_the_half_hour_and_its_growth_by_the_hour() -> None:
    at_s = np.arange(0.0, 8 * 3600.0, 40.0)
    memory_mb = 150.0 + at_s / 3600.0 * 2.0
    memory_mb[::9] += 12.0
    told = half_hours_mb(at_s, memory_mb)
    assert len(told) == 16
    assert np.diff(told) == pytest.approx(1.0, abs=0.1)
    figure = _grown(at_s, memory_mb, 0)
    assert figure.values["mb_per_hour"] == pytest.approx(2.0, abs=0.05)
    assert figure.kept is False
    assert _grown(at_s, np.full_like(at_s, 170.0), 0).kept is True
    assert _grown(at_s, np.full_like(at_s, 201.0), 0).kept is False


def test_onsets_of_both_sides_come_in_order() -> None:
    sound = np.zeros((30_000, 2), np.float32)
    sound[5_000:6_000, 0] = 0.1
    sound[17_000:18_000, 1] = 0.1
    assert beats(sound).tolist() == [5_000, 17_000]


def test_the_wire_keeps_packets_with_the_kernels_stamp() -> None:
    with Wire() as wire, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        before_s = time.monotonic()
        sender.sendto(b"one", ("127.0.0.1", wire.port))
        end_s = before_s + 20.0
        while not wire.packets and time.monotonic() < end_s:
            time.sleep(0.01)
    assert wire.packets[0].data == b"one"
    assert before_s - 1e-3 <= wire.packets[0].mono_s <= time.monotonic()


def test_what_is_missing_or_fails_is_said_in_its_own_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Missing:
        @staticmethod
        def measure(how: How) -> list[Figure]:
            raise NotMeasuredError("no pulseaudio here")

    class Broken:
        @staticmethod
        def measure(how: How) -> list[Figure]:
            raise ValueError("a mistake")

    for module, says in (
        (Missing, "not measured: no pulseaudio here"),
        (Broken, "the benchmark failed: ValueError: a mistake"),
    ):
        monkeypatch.setattr(printed.importlib, "import_module", lambda name, module=module: module)
        (row,) = printed.measured("start_up", How(tmp_path))
        assert says in row.reached
        assert row.kept is None
    assert "a mistake" in capsys.readouterr().err


def test_json_holds_the_conditions_and_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Figure("onsets", "0 frames", "0 frames", np.bool_(True), "-", {"frames": np.float64(0.0)})  # type: ignore[arg-type]
    monkeypatch.setattr(printed, "measured", lambda name, how: [row])
    handler = printed.signal.getsignal(printed.signal.SIGTERM)
    try:
        assert printed.main(["--json", "--only", "start_up"]) == 0
    finally:
        printed.signal.signal(printed.signal.SIGTERM, handler)
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["start_up"][0]["kept"] is True
    assert {"processor", "load average", "real time", "python"} <= set(told["conditions"])
    assert told["long"] is False
