"""The window, on SDL's dummy display."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from hardware.record import EventRecorder
from roomctl.screen.picture import GROUND_SRGB
from roomctl.screen.window import Window, WindowConfig
from stimuli import motion
from stimuli.settings import DOT_SHAPES, PATHS, Bls, DotShape, Light, Tasks
from stimuli.settings import Path as LightPath

SIZE = (640, 360)
PERIOD_NS = round(1e9 / 60)


def at_frame(frame: int) -> int:
    """The monotonic time at which a picture drawn is seen at `frame`, one refresh later."""
    return round(frame * 1e9 / 48_000) - PERIOD_NS


@pytest.fixture
def record(tmp_path: Path) -> Iterator[EventRecorder]:
    recorder = EventRecorder(tmp_path / "tv.jsonl")
    recorder.open()
    yield recorder
    recorder.close()


@pytest.fixture
def window(display: None, feed: Any, record: EventRecorder) -> Iterator[Window]:
    opened = Window(WindowConfig("tv", windowed=SIZE), feed, record)
    yield opened
    opened.close()


def lit_pixels(window: Window) -> np.ndarray:
    """Which pixels of the window differ from the ground, as (column, row) pairs."""
    surface = pygame.display.get_surface()
    assert surface is not None
    pixels = pygame.surfarray.array3d(surface)
    return np.argwhere((pixels != np.array(GROUND_SRGB)).any(axis=2))


def run_to(window: Window, frame: int, pictures: int = 30) -> None:
    """Tick as a 60 Hz screen would, up to the picture seen at `frame`."""
    for number in reversed(range(pictures)):
        window.tick(at_frame(frame) - number * PERIOD_NS)


def test_before_the_set_it_is_dark(window: Window) -> None:
    run_to(window, 40_000)
    assert not window.lit
    assert lit_pixels(window).size == 0


def test_in_the_set_the_dot_is_where_the_score_says(window: Window, feed: Any) -> None:
    for phase, column in ((2.25, 31.2), (2.5, 320.0), (2.75, 608.8)):
        run_to(window, round(feed.view.motion.frame_at_phase(phase)))
        lit = lit_pixels(window)
        assert lit.mean(axis=0) + 0.5 == pytest.approx((column, 180.0), abs=0.5)


def test_only_one_dot_is_ever_lit(window: Window, feed: Any) -> None:
    for frame in range(60_000, 160_000, 1600):
        window.tick(at_frame(frame))
        lit = lit_pixels(window)
        assert np.ptp(lit[:, 0]) <= 50
        assert np.ptp(lit[:, 1]) <= 50


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("shape", DOT_SHAPES)
def test_every_path_and_shape_is_drawn(window: Window, feed: Any, path: LightPath, shape: DotShape) -> None:
    feed.change(bls=Bls(light=Light(path=path, dot=shape)))
    run_to(window, 90_000)
    assert window.lit
    assert 0 < len(lit_pixels(window)) <= 50 * 50


def test_a_late_picture_shows_the_moment_and_not_the_next_step(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    after_a_stall = window.tick(at_frame(150_000))
    assert after_a_stall is not None
    assert after_a_stall.pos == pytest.approx(-np.sin(2 * np.pi * feed.view.motion.phase_at(150_000)), abs=1e-6)


def test_at_the_end_it_is_dark_again(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    run_to(window, int(feed.view.motion.end_frame) + 30_000)
    assert not window.lit
    assert lit_pixels(window).size == 0


@pytest.mark.parametrize("change", [{"stopped": True}, {"hush": "asked"}, {"clock": None}, {"motion": None}])
def test_what_forbids_light_makes_it_dark_in_the_next_picture(window: Window, feed: Any, change: dict[str, Any]) -> None:
    run_to(window, 90_000)
    assert window.lit
    feed.change(**change)
    window.tick(at_frame(90_800))
    assert lit_pixels(window).size == 0


def test_a_room_that_has_gone_quiet_is_dark(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    feed.fresh = False
    window.tick(at_frame(90_800))
    assert lit_pixels(window).size == 0


def test_a_hard_stop_in_the_score_is_dark_at_once(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    feed.change(motion=motion.cut(feed.view.motion, 90_500))
    window.tick(at_frame(90_800))
    assert lit_pixels(window).size == 0


def test_escape_is_stop_and_dark_before_anything_is_asked(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE))
    assert window.handle_events()
    assert feed.stops == 1
    assert lit_pixels(window).size == 0
    window.tick(at_frame(90_800))
    assert not window.lit


def test_other_keys_do_nothing_and_closing_ends_it(window: Window, feed: Any) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE))
    assert window.handle_events()
    assert feed.stops == 0
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert not window.handle_events()


def test_a_switched_off_light_fades_and_never_jumps(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    feed.change(bls=Bls(light=Light(on=False)))
    levels = []
    for number in range(1, 8):
        picture = window.tick(at_frame(90_000 + 800 * number))
        levels.append(picture.level_frac if picture is not None else 0.0)
    assert levels[0] > 0.1
    assert levels[-1] == 0.0
    assert all(before >= after for before, after in pairwise(levels))
    assert lit_pixels(window).size == 0


def test_a_colour_that_is_none_is_dark_and_said(window: Window, feed: Any, caplog: pytest.LogCaptureFixture) -> None:
    feed.change(bls=Bls(light=Light(colour="nope")))
    run_to(window, 90_000)
    assert not window.lit
    assert caplog.text.count("nope") == 1


def test_a_colour_change_task_is_seen_on_the_screen(window: Window, feed: Any) -> None:
    feed.change(motion=motion.start(48_000, 1.0, None, soft=True), bls=Bls(tasks=Tasks(on=True, kind="colour-change")))
    colours = set()
    for frame in range(60_000, 48_000 + 12 * 48_000, 4_800):
        picture = window.tick(at_frame(frame))
        assert picture is not None
        colours.add(picture.colour)
    assert len(colours) > 1


def test_what_was_shown_is_recorded_with_its_moment(window: Window, feed: Any, record: EventRecorder) -> None:
    run_to(window, 90_000, pictures=8)
    window.darken()
    record.close()
    assert record.path is not None
    lines = [json.loads(line) for line in record.path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["light"] * 9
    shown = lines[7]
    assert shown["frame"] == pytest.approx(90_000, abs=1)
    assert shown["pos"] == pytest.approx(-np.sin(2 * np.pi * (90_000 - 48_000) / 48_000), abs=1e-4)
    assert (shown["level"], shown["colour"]) == (0.2, "#00d5b4")
    assert shown["mono_ns"] > 0
    assert lines[8]["level"] == 0.0


def test_a_display_that_is_not_there_is_refused_with_a_sentence(display: None, feed: Any) -> None:
    with pytest.raises(ValueError, match="display 7 is not there"):
        Window(WindowConfig("tv", display=7), feed, EventRecorder(None))


def test_an_uncovered_window_is_painted_dark_and_drawn_again(window: Window, feed: Any) -> None:
    run_to(window, 90_000)
    pygame.event.post(pygame.event.Event(pygame.WINDOWEXPOSED))
    assert window.handle_events()
    assert lit_pixels(window).size == 0
    window.tick(at_frame(90_800))
    assert window.lit


def test_the_window_runs_until_it_is_closed(window: Window, feed: Any, wait_until: Callable[..., None]) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    window.run()
    assert not window.lit


def test_with_the_displays_own_beat_the_same_is_shown(display: None, feed: Any) -> None:
    opened = Window(WindowConfig("tv", windowed=SIZE, vsync=True), feed, EventRecorder(None))
    run_to(opened, round(feed.view.motion.frame_at_phase(2.25)))
    assert lit_pixels(opened).mean(axis=0) + 0.5 == pytest.approx((31.2, 180.0), abs=0.5)
    opened.darken()
    assert lit_pixels(opened).size == 0
    opened.close()
