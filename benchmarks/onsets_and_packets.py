"""One set on the recorded card, with a bar and a tapper on the wire: where beats were heard, and when packets left for them.

Idle, loaded, and loaded with real time refused. Packets carry the kernel's stamps; the recording's frames become times by a
line through the arrivals of its chunks; a constant between the two is removed, which on a real card calibration does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.card import RATE_HZ, HeardLine, beats, heard_line, virtual_card
from benchmarks.figures import Figure, How, NotMeasuredError, about_median
from benchmarks.load import busy
from benchmarks.room import ON_THE_CARD, BenchRoom, without_real_time
from benchmarks.wire import Packet, Wire
from hardware.osc.packets import parse_packet

FPS: Final = 40.0
LEDS: Final = 60
SET_RATE_HZ: Final = 2.0
BEAT_FRAMES: Final = 12_000
FIRST_BEAT_FRAMES: Final = 6_000
EDGE_S: Final = 1.0
ONSET_ANCHOR: Final = "PsychToolbox sd 0.17 ms; open EMDR peers sd 11-15 ms idle, 63-88 ms loaded"
SKEW_ANCHOR: Final = "audio-visual sd 0.11-0.97 ms in the timing mega-study; p99 0.05-0.57 ms by a sketch of this design"

ROOM: Final = """{card}
[[lightbar]]
name = "bar"
driver = "artnet"
host = "127.0.0.1"
port = {bar}
leds = {leds}
fps = {fps}
[[tapper]]
name = "taps"
driver = "osc"
host = "127.0.0.1"
port = {taps}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A way to run the set, and what it must reach."""

    name: str
    seconds: float
    processes: int
    real_time: bool
    p99_ms: float
    sd_ms: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one set. `start_frame` is a session frame; onsets and the line count the recording's frames."""

    start_frame: int
    onsets: npt.NDArray[np.int64]
    line: HeardLine
    light: Sequence[Packet]
    taps: Sequence[Packet]
    underruns: int
    realtime: bool


def measure(how: How) -> list[Figure]:
    """Two rows for each case: onsets in the recording, and packets against them."""
    cases = [
        Case("idle", how.pick(15, 120), 0, True, 0.5, 0.2),
        Case("loaded", how.pick(20, 595), 2, True, 0.6, None),
        Case("loaded, no real time", how.pick(12, 120), 2, False, 5.0, None),
    ]
    rows: list[Figure] = []
    with virtual_card(how.folder / "onsets") as card:
        for case in cases:
            try:
                run = _run(how, card, case)
                rows += [_onset_row(case, run), *_packet_rows(case, run)]
            except NotMeasuredError as why:
                rows.append(Figure(f"onsets and packets, {case.name}", "", f"not measured: {why}"))
    return rows


def _run(how: How, card: object, case: Case) -> Run:
    folder = how.folder / f"onsets-{case.name.replace(' ', '-').replace(',', '')}"
    with Wire() as bar, Wire() as taps:
        text = ROOM.format(card=ON_THE_CARD, bar=bar.port, taps=taps.port, leds=LEDS, fps=FPS)
        before = () if case.real_time else without_real_time()
        with BenchRoom(folder, text, card.env, before) as room, busy(case.processes) if case.processes else nullcontext():  # type: ignore[attr-defined]
            room.until_ready()
            room.do("/api/bls", {"rate_hz": SET_RATE_HZ, "open": True}, "PUT")
            underruns = int(room.state()["timing"].get("underruns") or 0)
            card.record()  # type: ignore[attr-defined]
            start_frame = int(room.do("/api/set/start")["start_frame"])
            time.sleep(case.seconds)
            room.do("/api/set/finish")
            room.until_idle()
            time.sleep(0.5)
            heard = card.recording()  # type: ignore[attr-defined]
            timing = room.do("/api/timing", method="GET")
    return Run(
        start_frame=start_frame,
        onsets=beats(heard.samples),
        line=heard_line(heard.arrivals),
        light=list(bar.packets),
        taps=list(taps.packets),
        underruns=int(timing.get("underruns") or 0) - underruns,
        realtime=bool(timing.get("realtime")),
    )


def _numbered(run: Run) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(beat numbers, frames of the recording): the first onset of each beat; a gap inside a tone begins no beat."""
    if not len(run.onsets):
        raise NotMeasuredError("no beat was heard")
    numbers = np.rint((run.onsets - run.onsets[0]) / BEAT_FRAMES).astype(np.int64)
    beat_numbers, first = np.unique(numbers, return_index=True)
    return beat_numbers[:-1], run.onsets[first][:-1]


def _onset_row(case: Case, run: Run) -> Figure:
    numbers, frames = _numbered(run)
    apart_ms = (np.diff(frames) - BEAT_FRAMES * np.diff(numbers)) / RATE_HZ * 1e3
    sd_ms = float(np.std(apart_ms)) if len(apart_ms) > 1 else float("nan")
    off = int(np.count_nonzero(apart_ms))
    return Figure(
        f"beat onsets in the recorded card, {case.name}",
        "0 under-runs in 10 min, sd <= 0.1 ms" if case.real_time else "",
        f"{run.underruns} under-runs in {case.seconds:.0f} s, sd {sd_ms:.3f} ms, {off} of {len(apart_ms)} intervals off"
        + (f"; {_granted(run)}" if case.real_time != run.realtime else ""),
        (run.underruns == 0 and sd_ms <= 0.1) if case.real_time else None,
        ONSET_ANCHOR,
        {"underruns": run.underruns, "sd_ms": sd_ms, "beats": len(numbers), "drift_ppm": run.line.drift_ppm},
    )


def _granted(run: Run) -> str:
    return "real time was granted" if run.realtime else "real time was NOT granted"


def _packet_rows(case: Case, run: Run) -> list[Figure]:
    taps_ms, beats_heard = _tap_late_ms(run)
    lost = beats_heard - len(taps_ms)
    return [
        _packet_row(case, "tone to tap packet", taps_ms, f"; {lost} taps were not sent" if lost else ""),
        _packet_row(case, "tone to light packet", _light_late_ms(run, float(np.median(taps_ms)) / 1e3), ""),
    ]


def _packet_row(case: Case, what: str, late_ms: npt.NDArray[np.float64], also: str) -> Figure:
    found = about_median(late_ms)
    target = f"p99 <= {case.p99_ms} ms" if case.sd_ms is None else f"sd <= {case.sd_ms} ms, p99 <= {case.p99_ms} ms"
    kept = found.p99 <= case.p99_ms and (case.sd_ms is None or found.sd <= case.sd_ms)
    return Figure(
        f"{what}, {case.name}",
        target,
        f"sd {found.sd:.3f}, p99 {found.p99:.3f}, most {found.most:.3f} ms of {found.count}{also}",
        kept and not also,
        SKEW_ANCHOR,
        {"sd_ms": found.sd, "p99_ms": found.p99, "most_ms": found.most, "count": found.count},
    )


def _tap_late_ms(run: Run) -> tuple[npt.NDArray[np.float64], int]:
    """Each tap packet's stamp minus when its beat was heard, in ms, and how many beats there were."""
    stamps = np.array(
        [packet.mono_s for packet in run.taps if any(told.address == "/roomctl/tap" for told in parse_packet(packet.data))]
    )
    heard_s = run.line.mono_s(_numbered(run)[1].astype(np.float64))
    if not len(stamps):
        raise NotMeasuredError("no tap was sent")
    late_s = np.zeros(0)
    bias_s = 0.0
    for _ in range(2):
        late_s = stamps - heard_s[np.argmin(np.abs(stamps[:, np.newaxis] - bias_s - heard_s), axis=1)]
        bias_s = float(np.median(late_s))
    near = np.abs(late_s - bias_s) < BEAT_FRAMES / RATE_HZ / 2
    return late_s[near] * 1e3, len(heard_s)


def _light_late_ms(run: Run, bias_s: float) -> npt.NDArray[np.float64]:
    """Each picture's stamp minus when its own session frame was heard, in ms; pictures lie on multiples of their period.

    A stamp is matched to the picture nearest to it once the taps' bias is taken off; the beats tie session frames to the
    recording's.
    """
    numbers, frames = _numbered(run)
    session = run.start_frame + FIRST_BEAT_FRAMES + BEAT_FRAMES * numbers
    heard_s = run.line.mono_s(frames.astype(np.float64))
    stamps = np.array([packet.mono_s for packet in run.light])
    stamps = stamps[(stamps > heard_s[0] + bias_s + EDGE_S) & (stamps < heard_s[-1] + bias_s - EDGE_S)]
    near = np.interp(stamps - bias_s, heard_s, session)
    pictures = np.rint(np.rint(near * FPS / RATE_HZ) * RATE_HZ / FPS)
    return np.asarray((stamps - np.interp(pictures, session, heard_s)) * 1e3)
