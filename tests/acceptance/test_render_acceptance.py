"""What `roomctl render` promises, seen in what it writes: the set of the preset `desensitise`, and a set of eight hours."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from playlists.presets import load_presets
from roomctl.limits import Limits
from roomctl.offline import OfflineRoom, render_set, score_of, set_frames
from stimuli.beats import tones_between
from stimuli.frames import FRAME_RATE_HZ
from stimuli.limiter import LIMITER_DELAY_FRAMES, Limiter
from stimuli.tone import tone_block

FULL_SCALE = 1 << 23
CYCLES = 24
EIGHT_HOURS_S = 8 * 3600.0
TONE_HZ = 250.0
RAMP_S = 0.005


@dataclass(frozen=True)
class Session:
    """A rendered set: samples of shape (frames, 2) as whole 24-bit numbers, and the events beside it."""

    samples: npt.NDArray[np.int32]
    events: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]


def whole_numbers(path: Path) -> npt.NDArray[np.int32]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (FRAME_RATE_HZ, 2, 3)
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 2, 3).astype(np.int32)
    unsigned = raw[..., 0] | raw[..., 1] << 8 | raw[..., 2] << 16
    return np.where(unsigned >= FULL_SCALE, unsigned - 2 * FULL_SCALE, unsigned).astype(np.int32)


def onsets(samples: npt.NDArray[np.int32], channel: int) -> list[int]:
    """Where a channel begins to sound after 50 ms of silence."""
    sounding = np.flatnonzero(samples[:, channel])
    return [int(frame) for frame in sounding[np.r_[True, np.diff(sounding) > 2_400]]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("rendered")
    out, events = folder / "set.wav", folder / "set.jsonl"
    command = [sys.executable, "-m", "roomctl", "render", "--preset", "desensitise"]
    done = subprocess.run([*command, "--out", str(out), "--events", str(events)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return Session(whole_numbers(out), [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()])


def test_a_set_is_24_cycles_of_48_beats_that_alternate(session: Session) -> None:
    beats = session.of("beat")
    assert [beat["side"] for beat in beats] == ["left", "right"] * CYCLES
    assert [beat["cycle"] for beat in beats] == [1 + number // 2 for number in range(2 * CYCLES)]
    assert [tap["side"] for tap in session.of("tap")] == ["left", "right"] * CYCLES


def test_every_tone_in_the_file_begins_on_the_rounded_frame_of_its_beat(session: Session) -> None:
    times_s = [(2 * number + 1) / 4.0 for number in range(2 * CYCLES)]
    frames = [round(time_s * FRAME_RATE_HZ) for time_s in times_s]
    assert onsets(session.samples, 0) == frames[0::2]
    assert onsets(session.samples, 1) == frames[1::2]
    assert [beat["frame"] for beat in session.of("beat")] == frames
    assert [tone["frame"] for tone in session.of("tone")] == frames


def test_no_sample_is_above_the_ceiling(session: Session) -> None:
    peak = int(np.abs(session.samples).max())
    assert 0 < peak <= 10.0 ** (Limits().peak_dbfs / 20.0) * FULL_SCALE


def test_no_step_is_steeper_than_the_tone_and_its_ramp(session: Session) -> None:
    peak = int(np.abs(session.samples).max())
    # A sine of amplitude A under a raised cosine of 5 ms: its slope is at most A (2 pi f + pi / (2 r)) a second.
    steepest = peak * (2.0 * math.pi * TONE_HZ + math.pi / (2.0 * RAMP_S)) / FRAME_RATE_HZ
    assert {tone["hz"] for tone in session.of("tone")} == {TONE_HZ}
    assert {tone["timbre"] for tone in session.of("tone")} == {"sine"}
    steps = np.abs(np.diff(session.samples.astype(np.int64), axis=0))
    assert int(steps.max()) <= steepest * 1.01 + 1, "1 % for a peak that falls between samples, 1 for rounding"


def test_the_set_comes_softly_to_rest_at_the_centre(session: Session) -> None:
    states = [(event["state"], event["frame"]) for event in session.of("set")]
    assert [state for state, _ in states] == ["running", "finishing", "idle"]
    last_beat, rest = session.of("beat")[-1]["frame"], states[-1][1]
    lights = session.of("light")
    assert min(light["pos"] for light in lights) == -1.0
    assert max(light["pos"] for light in lights) == 1.0
    braking = [light["pos"] for light in lights if last_beat <= light["frame"] <= rest]
    assert all(later <= sooner for sooner, later in pairwise(braking)), "from the right edge inwards only"
    at_rest = [light for light in lights if light["frame"] >= rest]
    assert at_rest
    assert all(abs(light["pos"]) < 1e-4 for light in at_rest)
    assert lights[-1]["level"] == 0.0


@pytest.mark.parametrize("block_frames", [64, 256, 1_000])
def test_a_set_rendered_in_other_blocks_is_the_same_file(tmp_path: Path, block_frames: int) -> None:
    score = score_of(load_presets()["desensitise"].settings, Limits())
    by_seconds, by_blocks = tmp_path / "seconds.wav", tmp_path / "blocks.wav"
    render_set(score, set_frames(score), by_seconds, block_frames=48_000)
    render_set(score, set_frames(score), by_blocks, block_frames=block_frames)
    assert by_seconds.read_bytes() == by_blocks.read_bytes()


def test_two_beats_rendered_frame_by_frame_are_the_same_to_the_bit() -> None:
    score = score_of(load_presets()["desensitise"].settings, Limits())
    first, frames = 11_000, 26_000
    whole = tone_block(score, first, frames)
    single, limiter, by_one = np.zeros_like(whole), Limiter(), Limiter()
    for frame in range(frames):
        single[frame] = tone_block(score, first + frame, 1)[0]
    assert np.array_equal(whole, single)
    assert len(onsets((whole * FULL_SCALE).astype(np.int32), 0)) == len(onsets((whole * FULL_SCALE).astype(np.int32), 1)) == 1
    limited, _ = limiter.process(whole, np.zeros_like(whole))
    parts = [by_one.process(whole[at : at + 1], np.zeros((1, 2), np.float32))[0] for at in range(frames)]
    assert np.array_equal(limited, np.concatenate(parts))
    assert np.any(limited[LIMITER_DELAY_FRAMES:])


@pytest.mark.parametrize("rate_hz", [0.37, 1.0, 1.2, 1.7])
def test_after_eight_hours_the_last_onset_is_still_on_its_frame(rate_hz: float) -> None:
    settings = load_presets()["desensitise"].settings
    bls = type(settings)(rate_hz=rate_hz)
    score = score_of(bls, Limits(), EIGHT_HOURS_S)
    last = 2 * round(EIGHT_HOURS_S * rate_hz) - 1
    frame = math.floor((2 * last + 1) * FRAME_RATE_HZ / (4.0 * rate_hz) + 0.5)
    end = set_frames(score)
    tones = tones_between(score, end - 20 * FRAME_RATE_HZ, end)
    assert (tones[-1][0].index, tones[-1][0].frame) == (last, frame)
    first = end - 20 * FRAME_RATE_HZ
    limiter = Limiter(OfflineRoom().limits.peak_dbfs)
    stimulus = tone_block(score, first, end - first)
    heard = limiter.process(stimulus, np.zeros_like(stimulus))[0][LIMITER_DELAY_FRAMES:]
    side = 0 if tones[-1][0].side == "left" else 1
    found = onsets(np.rint(heard * FULL_SCALE).astype(np.int32), side)
    assert found[-1] + first == frame
