"""Python's answers about the beat score, for the JavaScript twin to agree with: `python tests/vectors/make_score_vectors.py`.

Writes score.json beside itself. Whoever changes the score, the travel or the light runs it again and reads what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stimuli import motion
from stimuli.beats import side_of, unit_random
from stimuli.colours import COLOURS
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import dot_at, screen_point_at
from stimuli.motion import Motion
from stimuli.settings import PATHS, Bls, Light

VECTORS = Path(__file__).with_name("score.json")
START = 12_345


def cases() -> Iterator[tuple[str, Motion, Bls]]:
    """Every path, travel and way for a set to run, change and end."""
    plain = motion.start(START, 1.0, 3, soft=True)
    for path in PATHS:
        for travel in ("sine", "linear", "eased"):
            yield f"{path} {travel}", plain, Bls(light=Light(path=path, travel=travel))
        yield f"{path} saccade", plain, Bls(light=Light(path=path, saccade=True))
    quick = motion.change_rate(plain, START + 40_000, 1.7, soft=True)
    slow = motion.change_rate(quick, START + 70_000, 0.3, soft=True)
    yield "rate up in a set", quick, Bls()
    yield "rate up and down again within the ramp", slow, Bls(light=Light(travel="linear"))
    yield "hard end", motion.start(START, 0.73, 5, soft=False), Bls(finish="hard")
    endless = motion.start(START, 1.2, None, soft=True)
    yield "open", endless, Bls(set_cycles=None, open=True)
    yield "open, finished", motion.finish(endless, START + 101_000), Bls(light=Light(travel="eased", width_frac=0.45))
    yield "finished in a ramp", motion.finish(slow, START + 90_001), Bls()
    yield "cut", motion.cut(endless, START + 77_777), Bls()
    yield "cut while finishing", motion.cut(plain, START + 3 * FRAME_RATE_HZ - 9_000), Bls(light=Light(saccade=True))
    yield "late light", plain, Bls(light=Light(offset_ms=233.3))
    yield "early light", plain, Bls(light=Light(offset_ms=-300.0, saccade=True))
    yield "light off", plain, Bls(light=Light(on=False))
    yield "eight hours in", replace(endless, cycles_total=None), Bls(light=Light(path="eight", brightness_frac=1.0))


def frames_of(name: str, moving: Motion) -> list[float]:
    """Frames to ask at: around every edge of the motion, and some between that depend on the case's name alone."""
    last = moving.end_frame if moving.end_frame is not None else START + 6.0 * FRAME_RATE_HZ
    edges = [moving.start_frame, *(segment.start_frame for segment in moving.segments), moving.finish_frame, last]
    around = [edge + by for edge in edges if edge is not None for by in (-4_800.5, 0.0, 4_800.25)]
    seed = sum(name.encode())
    between = [round(START + unit_random(seed, index) * (last - START + 15_000), 3) for index in range(9)]
    far = [START + 8 * 3600 * FRAME_RATE_HZ + 0.125] if name == "eight hours in" else []
    return sorted({0.0, *around, *between, *far})


def score_body(moving: Motion) -> dict[str, Any]:
    """The snapshot's `score` of a motion."""
    return {
        "start_frame": moving.start_frame,
        "end_frame": moving.end_frame,
        "finish_frame": moving.finish_frame,
        "cut_frame": moving.cut_frame,
        "cycles_total": moving.cycles_total,
        "segments": [asdict(segment) for segment in moving.segments],
    }


def next_beat(moving: Motion, frame: float) -> dict[str, Any] | None:
    """The first beat after `frame`, looked for one by one."""
    index = max(0, int(2 * moving.phase_at(frame)) - 3)
    while (at := moving.frame_at_phase((2 * index + 1) / 4)) <= frame:
        index += 1
    return None if at == float("inf") else {"index": index, "side": side_of(index), "frame": at}


def answers_at(moving: Motion, bls: Bls, frame: float) -> dict[str, Any]:
    """Everything the twin is asked at one frame."""
    dot = dot_at(moving, bls.light, frame)
    x, y = screen_point_at(moving, bls.light, frame)
    return {
        "frame": frame,
        "state": moving.state_at(frame),
        "phase": moving.phase_at(frame),
        "rate": moving.rate_at(frame),
        "cycles": int(moving.phase_at(frame) + 1e-6),
        "pos": dot.pos,
        "x": x,
        "y": y,
        "level": dot.level_frac,
        "beat": next_beat(moving, frame),
    }


def vectors() -> dict[str, Any]:
    """All cases with their answers, and the colours' table."""
    asked = []
    for name, moving, bls in cases():
        answers = [answers_at(moving, bls, frame) for frame in frames_of(name, moving)]
        light = {"light": asdict(bls.light)}
        asked.append({"name": name, "score": score_body(moving), "bls": light, "answers": answers})
    return {"frame_rate_hz": FRAME_RATE_HZ, "colours": COLOURS, "cases": asked}


def main() -> None:
    """Write the vectors, one case a line."""
    made = vectors()
    lines = ",\n".join(json.dumps(case) for case in made.pop("cases"))
    head = json.dumps(made)[:-1]
    VECTORS.write_text(f'{head}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
