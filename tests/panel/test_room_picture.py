"""The live picture and its pure parts: the room's clock, pulses, cues, and where the dot is drawn."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from stimuli import motion
from stimuli.colours import COLOURS

pytestmark = pytest.mark.browser

SCORE = "{start_frame: 0, end_frame: null, finish_frame: null, cut_frame: null, cycles_total: null, segments: \
[{start_frame: 0, phase: 0, rate_hz: 1, slope_hz_per_s: 0}]}"


def test_the_clock_takes_the_least_delay_for_the_truth_and_never_jumps(panel: Page) -> None:
    frames = panel.evaluate(
        """async () => {
          const { RoomClock } = await import('/static/js/room_clock.js');
          const clock = new RoomClock();
          const beat = (second, delayMs) => {
            const told = { frame: second * 48000, mono_ns: (1000 + second) * 1e9, frames_per_s: 48000 };
            clock.hear(told, 'a', 5000 + second * 1000 + delayMs);
          };
          const seen = [];
          [30, 5, 60, 5, 8, 5, 90, 5].forEach((delay, second) => { beat(second, delay); seen.push(clock.frameAt(15000)); });
          return seen;
        }"""
    )
    assert frames[-1] == pytest.approx((10.0 - 0.005) * 48_000, abs=0.008 * 48_000)
    steps = [abs(b - a) for a, b in itertools.pairwise(frames)]
    assert max(steps) <= 0.025 * 48_000


def test_the_clock_begins_anew_with_a_new_engine(panel: Page) -> None:
    frame = panel.evaluate(
        """async () => {
          const { RoomClock } = await import('/static/js/room_clock.js');
          const clock = new RoomClock();
          clock.hear({ frame: 480000, mono_ns: 1e12, frames_per_s: 48000 }, 'a', 5000);
          clock.hear({ frame: 0, mono_ns: 2e12, frames_per_s: 48000 }, 'b', 6000);
          return clock.frameAt(7000);
        }"""
    )
    assert frame == pytest.approx(48_000)


def test_pulses_alternate_left_and_right_at_the_beats(panel: Page) -> None:
    pulses = panel.evaluate(
        f"""async () => {{
          const {{ pulseAt }} = await import('/static/js/elements/room_picture.js');
          return [0.24, 0.26, 0.5, 0.76, 1.26].map((at) => pulseAt({SCORE}, 'edge', 1, at * 48000, 100));
        }}"""
    )
    assert pulses == [
        {"left": 0, "right": 0},
        {"left": 1, "right": 0},
        {"left": 0, "right": 0},
        {"left": 0, "right": 1},
        {"left": 1, "right": 0},
    ]


def test_flash_cues_fall_at_the_five_crossings_inside_the_set(panel: Page) -> None:
    moving = motion.start(0, 0.1, 3, soft=True)
    score = {
        "start_frame": 0,
        "end_frame": moving.end_frame,
        "finish_frame": moving.finish_frame,
        "cut_frame": None,
        "cycles_total": 3,
        "segments": [
            {"start_frame": s.start_frame, "phase": s.phase, "rate_hz": s.rate_hz, "slope_hz_per_s": s.slope_hz_per_s}
            for s in moving.segments
        ],
    }
    cues = panel.evaluate(
        """async (score) => {
          const { cueAt } = await import('/static/js/elements/stage.js');
          const times = Array.from({ length: 330 }, (_, index) => index / 10);
          return times.filter((at) => cueAt(score, 'Blink', at * 48000)?.now).map((at) => Math.floor(at / 5) * 5);
        }""",
        score,
    )
    assert sorted(set(cues)) == [5, 10, 15, 20, 25]
    assert all(cues.count(at) == 25 for at in (5, 10, 15, 20, 25)), "each is shown for 2.5 s"


def test_the_named_colours_are_those_of_the_room(panel: Page) -> None:
    assert panel.evaluate("async () => (await import('/static/js/colours.js')).COLOURS") == COLOURS


def test_the_dot_is_drawn_where_the_score_says_for_the_moment_of_drawing(panel: Page, room: Any) -> None:
    room.command("bls", {"light": {"colour": "green"}, "tap": {"on": False}, "tone": {"on": False}, "rate_hz": 0.5})
    room.command("set-start", {})
    expect(panel.locator(".finish .hold-main")).to_be_enabled()
    pairs = panel.evaluate(
        """async () => {
          const score = await import('/static/js/score.js');
          const { roomClock } = await import('/static/js/room_clock.js');
          const { store } = await import('/static/js/store.js');
          const canvas = document.querySelector('.picture');
          const width = canvas.clientWidth;
          const side = Math.min(96, width * 0.14);
          const pairs = [];
          for (let picture = 0; picture < 60; picture++) {
            await new Promise(requestAnimationFrame);
            const frame = roomClock.frameAt(performance.now());
            const pen = canvas.getContext('2d');
            const { data } = pen.getImageData(0, Math.round(canvas.height / 2), canvas.width, 1);
            let sum = 0, weight = 0;
            for (let x = 0; x < canvas.width; x++) {
              const green = data[4 * x + 1] - data[4 * x];
              if (green > 60) { sum += x * green; weight += green; }
            }
            if (weight === 0) continue;
            const drawn = (sum / weight) * (width / canvas.width);
            const { x } = score.pointAt(store.state.score, store.state.bls, frame);
            pairs.push([drawn, side + ((x + 1) / 2) * (width - 2 * side), (width - 2 * side) / 60]);
          }
          return pairs;
        }"""
    )
    assert len(pairs) > 20
    assert all(abs(drawn - expected) <= 2.5 * led for drawn, expected, led in pairs), "within what a picture's time moves it"


HANDS = "async (state) => (await import('/static/js/elements/room_picture.js')).handsOf(state)"


def test_one_pair_of_hands_for_a_room_and_one_each_for_a_group(panel: Page, room: Any) -> None:
    assert panel.evaluate(HANDS, None) == [{"name": "", "felt": 1}]
    assert panel.evaluate(HANDS, room.snapshot()) == [{"name": "", "felt": 1}]
    room.add_tappers("Left chair", "Sofa", "Right chair")
    room.command("tapper-tune", {"name": "Left chair", "strength_frac": 0.4})
    room.command("tapper-tune", {"name": "Sofa", "on": False})
    devices = room.state["devices"]
    room.change(devices=[*devices[:-1], {**devices[-1], "link": "FAULT"}])
    assert panel.evaluate(HANDS, room.snapshot()) == [
        {"name": "Left chair", "felt": 0.4},
        {"name": "Sofa", "felt": 0},
        {"name": "Right chair", "felt": 0},
    ]


def test_a_tapper_that_is_off_is_not_drawn_as_felt(panel: Page, room: Any) -> None:
    """At a beat both hands of a tapper that is on are filled in turn, and those of one that is off never."""
    room.add_tappers("Left chair", "Right chair")
    room.command("tapper-tune", {"name": "Right chair", "on": False})
    room.command("bls", {"light": {"on": False}, "tone": {"on": False}, "tap": {"ms": 900}, "rate_hz": 0.5})
    room.command("set-start", {})
    expect(panel.locator(".finish .hold-main")).to_be_enabled()
    lit = panel.evaluate(
        """async () => {
          const canvas = document.querySelector('.picture');
          const seen = { above: 0, below: 0 };
          for (let picture = 0; picture < 150; picture++) {
            await new Promise(requestAnimationFrame);
            const { data } = canvas.getContext('2d').getImageData(0, 0, Math.round(canvas.width * 0.08), canvas.height);
            const width = Math.round(canvas.width * 0.08);
            for (let at = 0; at < data.length; at += 4) {
              if (data[at] < 120 || data[at] < 1.5 * data[at + 2]) continue;
              seen[at / 4 / width < canvas.height / 2 ? 'above' : 'below'] += 1;
            }
          }
          return seen;
        }"""
    )
    assert lit["above"] > 100
    assert lit["below"] == 0
