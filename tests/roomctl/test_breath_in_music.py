"""A breathing program's music, offline and in the room, is the same music swelled by the breath."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playlists.breath import course_of, swell_gains
from playlists.program import Program
from playlists.programs import load_programs
from roomctl.offline_program import ProgramSound
from stimuli.frames import FRAME_RATE_HZ

SECONDS = 24


def music_of(program: Program) -> np.ndarray:
    return np.concatenate(list(ProgramSound(program, []).blocks(SECONDS * FRAME_RATE_HZ)))


def test_breathing_is_its_music_swelled_by_the_breath_and_nothing_else() -> None:
    breathing = load_programs()["breathing"]
    assert breathing.breath is not None
    plain = music_of(replace(breathing, breath=None))
    gains = swell_gains(course_of(breathing.breath, 0.0), np.arange(SECONDS * FRAME_RATE_HZ) / FRAME_RATE_HZ)
    assert np.abs(plain).max() > 0.01
    assert np.array_equal(music_of(breathing), plain * gains[:, np.newaxis])
