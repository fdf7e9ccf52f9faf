"""The state as everyone outside sees it, and what of it counts as a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playlists.presets import load_presets
from roomctl.bilateral import Bilateral, choose_preset, finish_softly, merged, start_set, stop_set
from roomctl.clock import ClockReading
from roomctl.engine.state import Changes, bilateral_state, clock_state, score_state, set_state
from roomctl.limits import Limits
from stimuli.frames import FRAME_RATE_HZ
from stimuli.motion import Motion, Segment
from stimuli.settings import Bls

S = FRAME_RATE_HZ


def running(**change: Any) -> Bilateral:
    return start_set(Bilateral(merged(Bls(), {"rate_hz": 1.0, "set_cycles": 10, **change})), Limits(), S)


def test_the_clock_says_which_frame_is_heard_when_and_how_fast_they_pass() -> None:
    reading = ClockReading(96_000.5, 12.000000001, 48_001.2)
    assert clock_state(reading) == {"frame": 96_000.5, "mono_ns": 12_000_000_001, "frames_per_s": 48_001.2}


def test_before_a_set_the_state_says_what_the_next_one_will_be() -> None:
    shown = set_state(Bilateral(Bls(rate_hz=0.7, set_cycles=12)), 5 * S)
    assert shown == {
        "state": "idle",
        "cycles": 0,
        "cycles_total": 12,
        "elapsed_s": 0.0,
        "rate_hz": 0.7,
        "preset": None,
        "outputs": {"light": True, "tone": True, "tap": True, "continuous": False},
    }


def test_a_running_set_says_how_far_it_is() -> None:
    shown = set_state(running(), 4.5 * S)
    assert (shown["state"], shown["cycles"], shown["cycles_total"], shown["elapsed_s"]) == ("running", 3, 10, 3.5)
    assert shown["rate_hz"] == 1.0


def test_an_open_set_has_no_total_and_a_set_of_seconds_the_cycles_it_will_have() -> None:
    assert set_state(running(set_cycles=None, open=True), 2 * S)["cycles_total"] is None
    assert set_state(running(set_cycles=None, set_s=30), 2 * S)["cycles_total"] == 30
    assert set_state(Bilateral(Bls(set_cycles=None, set_s=30.0)), 0.0)["cycles_total"] is None


def test_a_set_that_finishes_says_the_cycle_it_will_rest_at() -> None:
    shown = set_state(finish_softly(running(), 3 * S), 3.1 * S)
    assert (shown["state"], shown["cycles_total"]) == ("finishing", 3)


def test_a_set_that_was_stopped_is_idle_with_nothing_counted() -> None:
    shown = set_state(stop_set(running(), 3 * S), 3 * S)
    assert (shown["state"], shown["cycles"], shown["elapsed_s"], shown["cycles_total"]) == ("idle", 0, 0.0, 10)


def test_the_bilateral_part_of_the_state_has_its_preset_settings_and_score() -> None:
    preset = load_presets()["desensitise"]
    room = start_set(choose_preset(Bilateral(), preset, Limits(), 0.0), Limits(), S)
    shown = bilateral_state(room, 2 * S)
    assert shown["set"]["preset"] == shown["preset"]["id"] == "desensitise"
    assert shown["bls"]["rate_hz"] == preset.settings.rate_hz
    assert shown["score"]["start_frame"] == S
    assert json.loads(json.dumps(shown))["bls"]["light"]["colour"] == shown["bls"]["light"]["colour"]


def test_whoever_has_the_score_can_evaluate_the_motion_themselves() -> None:
    room = running()
    shown = json.loads(json.dumps(score_state(room.score)))
    assert score_state(None) is None
    segments = tuple(Segment(**segment) for segment in shown["segments"])
    rebuilt = Motion(shown["start_frame"], segments, shown["cycles_total"], shown["finish_frame"], shown["end_frame"])
    assert room.score is not None
    for frame in (S, 2.3 * S, 10.5 * S, 12 * S):
        assert rebuilt.phase_at(frame) == room.score.motion.phase_at(frame)


# --- changes ---


def whole(room: Bilateral, frame: float, **more: Any) -> dict[str, Any]:
    clock = clock_state(ClockReading(frame, frame / S, float(S)))
    return {"boot_id": "b", "rev": 1, "stopped": False, **bilateral_state(room, frame), "clock": clock, **more}


def test_at_first_everything_is_new_but_what_only_names_the_moment() -> None:
    changed = Changes().since_last(whole(Bilateral(), 0.0))
    assert set(changed) == {"stopped", "set", "bls", "preset", "score"}


def test_time_that_passes_in_a_set_is_no_change() -> None:
    changes, room = Changes(), running()
    changes.since_last(whole(room, 2 * S))
    assert changes.since_last(whole(room, 5 * S)) == {}


def test_a_set_that_ends_is_a_change_of_the_set_alone() -> None:
    changes, room = Changes(), running()
    changes.since_last(whole(room, 2 * S))
    assert set(changes.since_last(whole(room, 60 * S))) == {"set"}


def test_a_setting_that_changes_is_told_with_its_whole_key() -> None:
    changes = Changes()
    changes.since_last(whole(Bilateral(), 0.0))
    changed = changes.since_last(whole(Bilateral(Bls(rate_hz=0.5)), 0.0))
    assert changed["bls"]["rate_hz"] == 0.5
    assert "preset" not in changed


def test_the_same_again_is_no_change_and_back_again_is_one() -> None:
    changes = Changes()
    changes.since_last({"stopped": False})
    assert changes.since_last({"stopped": True}) == {"stopped": True}
    assert changes.since_last({"stopped": True}) == {}
    assert changes.since_last({"stopped": False}) == {"stopped": False}


def test_the_running_times_of_a_program_are_no_change_and_its_phase_is() -> None:
    changes = Changes()
    program = {"id": "p", "phase": "onset", "medicine_s": 10.0, "phase_left_s": 99.0, "held": False}
    changes.since_last({"program": program})
    assert changes.since_last({"program": {**program, "medicine_s": 11.0, "phase_left_s": 98.0}}) == {}
    assert changes.since_last({"program": {**program, "phase": "peak"}})["program"]["phase"] == "peak"
    assert changes.since_last({"program": None}) == {"program": None}


@pytest.mark.parametrize("key", ["clock", "rev", "boot_id"])
def test_what_goes_with_every_message_is_no_change_of_its_own(key: str) -> None:
    changes = Changes()
    changes.since_last({key: 1})
    assert changes.since_last({key: 2}) == {}
