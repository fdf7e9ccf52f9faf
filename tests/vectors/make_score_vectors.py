"""Python's answers about the beat score, for the JavaScript twin to agree with: `python tests/vectors/make_score_vectors.py`.

Writes score.json beside itself. Whoever changes the score, the travel or the light runs it again and reads what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from roomctl.engine.state import lit_of
from stimuli import motion
from stimuli.beats import side_of, unit_random
from stimuli.colours import COLOURS
from stimuli.frames import FRAME_RATE_HZ
from stimuli.light import light_at, screen_point_at
from stimuli.motion import Motion
from stimuli.score import Cue, Score
from stimuli.settings import PATHS, Bls, Light, Tasks
from stimuli.tasks import reaction_events

VECTORS = Path(__file__).with_name("score.json")
START = 12_345


def motions() -> Iterator[tuple[str, Motion, Bls]]:
    """Every path, travel and way for a set to run, change and end, under settings that never change."""
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


def cases() -> Iterator[tuple[str, Score]]:
    """The motions, and the light switched and its colour changed by a task while a set runs."""
    for name, moving, bls in motions():
        yield name, Score(moving, (Cue(moving.start_frame, bls),))
    plain = motion.start(START, 1.0, 3, soft=True)
    yield "light switched off", switched(plain, True, (START + 60_000, False))
    yield "light switched on", switched(plain, False, (START + 60_000, True))
    yield "light flicked off and on", switched(plain, True, (START + 50_000, False), (START + 51_500, True))
    yield "light flicked on and off", switched(plain, False, (START + 50_000, True), (START + 53_000, False))
    yield "light switched off, then cut", switched(motion.cut(plain, START + 61_000), True, (START + 60_000, False))
    long = motion.start(START, 0.9, 40, soft=True)
    for number, colour in enumerate((*COLOURS, "#3a6ea5", "#101010")):
        bls = Bls(light=Light(colour=colour), tasks=Tasks(on=True, kind="colour-change"), seed=number * 305_419_896)
        yield f"colour change from {colour}", Score(long, (Cue(START, bls),))
    other = Bls(tasks=Tasks(on=True, kind="random-beep"))
    yield "beeps change no colour", Score(long, (Cue(START, other),))
    cut = motion.cut(long, START + 9 * FRAME_RATE_HZ)
    yield "colour change, cut", Score(cut, (Cue(START, Bls(tasks=Tasks(on=True, kind="colour-change"))),))


def switched(moving: Motion, on: bool, *switches: tuple[int, bool]) -> Score:
    """A set whose light is `on` at its start, and switched at frames."""
    cues = ((moving.start_frame, on), *switches)
    return Score(moving, tuple(Cue(frame, Bls(light=Light(on=wanted))) for frame, wanted in cues))


def frames_of(name: str, score: Score) -> list[float]:
    """Frames to ask at: around every edge of the motion and every switch, and some between that the case's name alone gives.

    Where a task is on they are whole, as the room's own pictures are, and lie around its events.
    """
    moving = score.motion
    if any(cue.bls.tasks.on for cue in score.cues):
        events = reaction_events(score, START, START + 40 * FRAME_RATE_HZ)
        return sorted(
            {float(event.frame + by) for event in events for by in (-1, 0, 1, 20_000, 38_399, 38_400)} | {float(START)}
        )
    last = moving.end_frame if moving.end_frame is not None else START + 6.0 * FRAME_RATE_HZ
    edges = [moving.start_frame, *(segment.start_frame for segment in moving.segments), moving.finish_frame, last]
    around = [edge + by for edge in edges if edge is not None for by in (-4_800.5, 0.0, 4_800.25)]
    seed = sum(name.encode())
    between = [round(START + unit_random(seed, index) * (last - START + 15_000), 3) for index in range(9)]
    far = [START + 8 * 3600 * FRAME_RATE_HZ + 0.125] if name == "eight hours in" else []
    switches = [cue.frame + by for cue in score.cues[1:] for by in (-1.0, 0.0, 700.5, 2_880.0, 5_000.0, 9_600.0)]
    return sorted({0.0, *around, *between, *far, *switches})


def score_body(score: Score) -> dict[str, Any]:
    """The snapshot's `score`."""
    moving = score.motion
    return {
        "start_frame": moving.start_frame,
        "end_frame": moving.end_frame,
        "finish_frame": moving.finish_frame,
        "cut_frame": moving.cut_frame,
        "cycles_total": moving.cycles_total,
        "segments": [asdict(segment) for segment in moving.segments],
        "lit": lit_of(score),
    }


def next_beat(moving: Motion, frame: float) -> dict[str, Any] | None:
    """The first beat after `frame`, looked for one by one."""
    index = max(0, int(2 * moving.phase_at(frame)) - 3)
    while (at := moving.frame_at_phase((2 * index + 1) / 4)) <= frame:
        index += 1
    return None if at == float("inf") else {"index": index, "side": side_of(index), "frame": at}


def answers_at(score: Score, frame: float) -> dict[str, Any]:
    """Everything the twin is asked at one frame."""
    moving = score.motion
    dot = light_at(score, int(frame) if frame.is_integer() else frame)  # type: ignore[arg-type]
    x, y = screen_point_at(moving, score.bls_at(frame).light, frame)
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
        "colour": dot.colour,
        "beat": next_beat(moving, frame),
    }


def vectors() -> dict[str, Any]:
    """All cases with their answers, and the colours' table."""
    asked = []
    for name, score in cases():
        answers = [answers_at(score, frame) for frame in frames_of(name, score)]
        bls = score.cues[-1].bls
        told = {"light": asdict(bls.light), "tasks": asdict(bls.tasks), "seed": bls.seed}
        asked.append({"name": name, "score": score_body(score), "bls": told, "answers": answers})
    return {"frame_rate_hz": FRAME_RATE_HZ, "colours": COLOURS, "cases": asked}


def main() -> None:
    """Write the vectors, one case a line."""
    made = vectors()
    lines = ",\n".join(json.dumps(case) for case in made.pop("cases"))
    head = json.dumps(made)[:-1]
    VECTORS.write_text(f'{head}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
