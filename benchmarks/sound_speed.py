"""What the sound stages cost: microseconds a block of 256 frames, and offline renders against real time.

    python -m benchmarks.sound_speed

A block of 256 frames is 5,333 us of sound. Anchors: the design's targets of 100 us a block for the tone and 200 times real time
for a render; 80 partials in numpy cost 3.9 % of a core.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.figures import Figure, How
from roomctl.limits import Limits
from roomctl.offline import render_set, score_of, set_frames
from stimuli.continuous import continuous_block
from stimuli.frames import FRAME_RATE_HZ
from stimuli.limiter import Limiter
from stimuli.ocean import ocean_block
from stimuli.pad import Pad
from stimuli.score import Score, with_settings
from stimuli.settings import Bls, Continuous, Tone
from stimuli.tone import tone_block

BLOCK: Final = 256
BLOCKS: Final = 1500
BLOCK_US: Final = BLOCK / FRAME_RATE_HZ * 1e6


def block_us(render: Callable[[int], object]) -> tuple[float, float]:
    """Median and 99th percentile of one block, in microseconds."""
    took = np.empty(BLOCKS)
    for number in range(BLOCKS):
        began = time.perf_counter_ns()
        render(number * BLOCK)
        took[number] = (time.perf_counter_ns() - began) / 1e3
    return float(np.median(took)), float(np.percentile(took, 99))


def dragged(score: Score, changes: int) -> Score:
    """`score` after somebody dragged a slider, 15 changes a second."""
    for number in range(changes):
        bls = replace(score.cues[0].bls, tone=replace(score.cues[0].bls.tone, volume_db=-20.0 - number % 10))
        score = with_settings(score, 1 + number * 3_200, bls)
    return score


def stages() -> dict[str, Callable[[int], object]]:
    """Each stage as a function of the block's first frame."""
    plain = score_of(Bls(tone=Tone(ms=400.0), rate_hz=2.0), Limits())
    moving = score_of(Bls(continuous=Continuous(on=True)), Limits())
    pad, rng = Pad(1), np.random.default_rng(1)
    pad.prepare()
    ocean_block(1, 0, 1)
    quiet = (0.05 * rng.standard_normal((BLOCK, 2))).astype(np.float32)
    loud = (0.4 * rng.standard_normal((BLOCK, 2))).astype(np.float32)
    under, over = Limiter(), Limiter()
    many = dragged(plain, 140)
    return {
        "tone": lambda first: tone_block(plain, first, BLOCK),
        "tone, 140 changes of a slider": lambda first: tone_block(many, first, BLOCK),
        "continuous": lambda first: continuous_block(moving, first, BLOCK, quiet),
        "limiter, nothing to do": lambda first: under.process(quiet, quiet),
        "limiter, limiting all the time": lambda first: over.process(loud, loud),
        "pad, intensity 5": lambda first: pad.block(first, BLOCK, 5.0),
        "sea bed": lambda first: ocean_block(1, first, BLOCK),
    }


def render_speed(bls: Bls, seconds: float) -> str:
    """How many times faster than it sounds a set is rendered with its events, by the clock and by a core's time."""
    score = score_of(bls, Limits(), seconds)
    with tempfile.TemporaryDirectory() as folder:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        done = render_set(score, set_frames(score), Path(folder) / "a.wav", Path(folder) / "a.jsonl")
        took_s, took_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    length_s = done.frames / FRAME_RATE_HZ
    return f"{length_s / took_s:.0f} times real time ({length_s / took_cpu_s:.0f} by a core's own time)"


def measure(how: How) -> list[Figure]:
    """Each stage's median, as a share of one core."""
    rows = []
    for name, render in stages().items():
        median, p99 = block_us(render)
        share = 100 * median / BLOCK_US
        anchor = "25-40 us in plain numpy" if name == "tone" else ""
        target, kept = ("<= 100 us", median <= 100.0) if name == "tone" else ("", None)
        reached = f"median {median:.1f}, p99 {p99:.1f} us; {share:.2f} % of a core while nothing else cools its caches"
        rows.append(Figure(f"{name}, a block of {BLOCK}", target, reached, kept, anchor, {"median_us": median, "p99_us": p99}))
    return rows


def main() -> int:
    """Measure and print."""
    began_s = time.perf_counter()
    Pad(99).prepare()
    print(f"pad built in {time.perf_counter() - began_s:.2f} s")
    for name, render in stages().items():
        median, p99 = block_us(render)
        print(f"  {name:32} median {median:6.1f} us  p99 {p99:6.1f} us  {100 * median / BLOCK_US:5.2f} % of a core")
    print(f"render, all outputs              {render_speed(Bls(), 600.0)}; target 200")
    with_pad = Bls(continuous=Continuous(on=True))
    print(f"render, with the pad             {render_speed(with_pad, 300.0)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
