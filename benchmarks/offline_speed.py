"""How much faster than it sounds a session is rendered, and how long a whole simulated day takes."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.figures import Figure, How
from playlists.programs import load_programs
from playlists.simulate import PlannedMove, simulated
from roomctl.limits import Limits
from roomctl.offline import render_set, score_of, set_frames
from roomctl.offline_program import render_program
from stimuli.frames import FRAME_RATE_HZ
from stimuli.settings import Bls, Continuous

LONGEST_PROGRAM: Final = "mdma"
HOURS_8_S: Final = 8 * 3600.0


def measure(how: How) -> list[Figure]:
    """A set, a set with the pad, a program, and a simulated one."""
    return [
        _set_row(how, "offline render of a set, with every event", Bls(), how.pick(300, 3600)),
        _set_row(how, "offline render of a set with the pad", Bls(continuous=Continuous(on=True)), how.pick(120, 1800)),
        _program_row(how),
        _simulated_row(),
    ]


def _speed(what: str, target: float, sound_s: float, took_s: float, core_s: float) -> Figure:
    return Figure(
        what,
        f">= {target:.0f}x real time",
        f"{sound_s / took_s:.0f}x ({sound_s / core_s:.0f}x by a core's own time)",
        sound_s / took_s >= target,
        "-",
        {"times_real_time": sound_s / took_s, "times_core_time": sound_s / core_s},
    )


def _set_row(how: How, what: str, bls: Bls, seconds: float) -> Figure:
    score = score_of(bls, Limits(), seconds)
    began_s, began_core_s = time.perf_counter(), time.process_time()
    done = render_set(score, set_frames(score), how.folder / "set.wav", how.folder / "set.jsonl")
    took_s, core_s = time.perf_counter() - began_s, time.process_time() - began_core_s
    return _speed(what, 200.0, done.frames / FRAME_RATE_HZ, took_s, core_s)


def _program_row(how: How) -> Figure:
    minutes = how.pick(5, 60)
    began_s, began_core_s = time.perf_counter(), time.process_time()
    done = render_program(load_programs()["ketamine-iv"], (), minutes, how.folder / "program.wav", how.folder / "program.jsonl")
    took_s, core_s = time.perf_counter() - began_s, time.process_time() - began_core_s
    return _speed("offline render of a dosing program (pad)", 20.0, done.frames / FRAME_RATE_HZ, took_s, core_s)


def _simulated_row() -> Figure:
    program = load_programs()[LONGEST_PROGRAM]
    began_s = time.perf_counter()
    events, last_s = 0, 0.0
    for event in simulated(program, [PlannedMove(HOURS_8_S, "end", {"override_reason": "eight hours are over"})], 1):
        events, last_s = events + 1, float(event["t_s"])
    took_s = time.perf_counter() - began_s
    return Figure(
        "simulate an 8 h program",
        "<= 10 s",
        f"{took_s:.2f} s for {last_s / 3600:.1f} h of {LONGEST_PROGRAM}, {events:,} events",
        took_s <= 10.0,
        "-",
        {"took_s": took_s, "hours": last_s / 3600},
    )
