"""The recorder of events: JSON lines, from a thread that nobody waits for."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from hardware.record import EventRecorder, event_line
from hardware.seams import Due


def test_an_event_has_the_moment_meant_and_the_moment_told() -> None:
    line = json.loads(event_line("tap", 24_000, {"side": "left", "ms": 150.0, "strength": 0.5}, 123_456_789))
    assert line == {
        "t_s": 0.5,
        "frame": 24_000,
        "kind": "tap",
        "side": "left",
        "ms": 150.0,
        "strength": 0.5,
        "mono_ns": 123_456_789,
    }


def test_events_are_kept_in_order_and_all_of_them(tmp_path: Path) -> None:
    recorder = EventRecorder(tmp_path / "deep" / "events.jsonl")
    recorder.open()
    for at in range(5000):
        recorder.put("light", Due(480 * at, at / 100), at, pos=at / 5000)
    recorder.close()
    lines = [json.loads(line) for line in (tmp_path / "deep" / "events.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [480 * at for at in range(5000)]
    assert recorder.lost == 0


def test_an_event_of_now_is_given_the_frame_it_falls_at(tmp_path: Path) -> None:
    recorder = EventRecorder(tmp_path / "events.jsonl")
    recorder.open()
    recorder.put_now("safe", device="bar")
    recorder.put("light", Due(48_000, time.monotonic() - 2.0), 1)
    recorder.put_now("safe", device="bar")
    recorder.close()
    first, _, last = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert (first["t_s"], first["frame"]) == (None, None)
    # 2 s after frame 48,000; what lies between the two lines of this test is all that may be added.
    assert 144_000 <= last["frame"] < 144_000 + 48_000 * 30


def test_a_second_recording_is_added_to_the_first(tmp_path: Path) -> None:
    for frame in (1, 2):
        recorder = EventRecorder(tmp_path / "events.jsonl")
        recorder.open()
        recorder.put("beat", Due(frame, 0.0), 0)
        recorder.close()
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 2


def test_without_a_path_nothing_is_started() -> None:
    threads = threading.active_count()
    recorder = EventRecorder(None)
    recorder.open()
    recorder.put("beat", Due(1, 0.0), 0)
    recorder.put_now("safe")
    recorder.close()
    assert threading.active_count() == threads
    assert recorder.lost == 0


def test_a_place_that_cannot_be_written_is_told_and_what_comes_after_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = EventRecorder(tmp_path / "file" / "events.jsonl")
    recorder.open()
    assert recorder._thread is not None
    recorder._thread.join(10.0)
    assert "is no longer written" in recorder.fault
    recorder.put("beat", Due(1, 0.0), 0)
    assert recorder.lost == 1
    recorder.close()
