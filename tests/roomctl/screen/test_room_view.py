"""What the window knows of the room after each push and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from roomctl.messages import Delta, Heartbeat, Snapshot
from roomctl.screen.room_view import RoomClock, RoomView, changed, heard, pressed, taken
from stimuli.light import light_at, screen_point_at
from stimuli.settings import Bls, Light, Tasks

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "score.json").read_text(encoding="utf-8"))
State = Callable[..., dict[str, Any]]


def delta(**changed: Any) -> Delta:
    return Delta(boot_id="boot", rev=2, changed=changed)


def after(*pushes: Snapshot | Delta | Heartbeat, view: RoomView | None = None) -> RoomView:
    view = view or RoomView()
    for push in pushes:
        view = heard(view, push)
    return view


def test_nothing_is_known_before_the_room_speaks() -> None:
    assert (RoomView().motion, RoomView().clock) == (None, None)


def test_a_snapshot_brings_motion_light_limit_and_clock(state: State) -> None:
    bls = asdict(Bls(light=Light(path="eight", colour="amber")))
    view = after(Snapshot(state=state(bls=bls, room={"limits": {"bar_level": 0.4}})))
    assert view.motion is not None
    assert view.motion.cycles_total == 4
    assert (view.bls.light.path, view.bls.light.colour, view.bar_level) == ("eight", "amber", 0.4)
    assert view.clock == RoomClock(0.0, 0, 48_000.0)
    assert view.may_show


def test_a_delta_changes_what_it_names_and_keeps_the_rest(state: State) -> None:
    view = after(Snapshot(state=state()), delta(score=None))
    assert view.motion is None
    assert view.clock is not None
    view = after(delta(bls=asdict(Bls(light=Light(dot="star"))), devices=[{"name": "x"}]), view=view)
    assert view.bls.light.dot == "star"


def test_settings_of_a_newer_room_do_not_stop_the_window(state: State) -> None:
    bls = asdict(Bls())
    bls["light"]["sparkle"] = True
    assert after(Snapshot(state=state(bls=bls))).bls.light == Light()


def test_the_score_is_the_motion_under_the_present_settings(state: State) -> None:
    assert RoomView().score is None
    view = after(Snapshot(state=state(bls=asdict(Bls(tasks=Tasks(on=True, kind="colour-change"), seed=7)))))
    assert view.score is not None
    assert view.score.motion == view.motion
    assert (view.score.cues[0].bls.tasks.kind, view.score.cues[0].bls.seed) == ("colour-change", 7)


def test_a_heartbeat_brings_the_clock_alone(state: State) -> None:
    before = after(Snapshot(state=state()))
    view = after(Heartbeat(clock={"frame": 96_000.5, "mono_ns": 10**9, "frames_per_s": 48_001.0}), view=before)
    assert view.motion == before.motion
    assert view.clock is not None
    assert view.clock.frame_at(2 * 10**9) == pytest.approx(96_000.5 + 48_001.0)
    assert view.clock.frame_at(10**9 // 2) == pytest.approx(96_000.5 - 24_000.5)


def test_a_push_that_breaks_the_contract_is_an_error(state: State) -> None:
    body = state()
    del body["score"]["segments"]
    with pytest.raises(KeyError):
        after(Snapshot(state=body))


def test_stopped_anywhere_shows_nothing_until_resumed(state: State) -> None:
    view = after(Snapshot(state=state()), delta(stopped=True))
    assert not view.may_show
    assert after(delta(stopped=False), view=view).may_show


def test_pressed_here_shows_nothing_until_the_room_was_stopped_and_resumed(state: State) -> None:
    view = pressed(after(Snapshot(state=state())))
    assert not view.may_show
    view = after(delta(stopped=False), view=view)
    assert not view.may_show, "an older state that was still on its way must not lift it"
    view = after(delta(timing={}), delta(stopped=False), view=taken(view))
    assert not view.may_show, "nor one on its way when the engine had taken it"
    view = after(delta(stopped=True), view=view)
    assert not view.may_show
    assert after(delta(stopped=False), view=view).may_show


def test_a_stop_seen_before_its_reply_is_lifted_by_resume_too(state: State) -> None:
    view = after(delta(stopped=True), view=pressed(after(Snapshot(state=state()))))
    assert after(delta(stopped=False), view=taken(view)).may_show


def test_pressed_in_a_stopped_room_is_lifted_by_resume(state: State) -> None:
    view = taken(pressed(after(Snapshot(state=state(stopped=True)))))
    assert not view.may_show
    assert after(delta(stopped=False), view=view).may_show


def test_a_room_that_came_back_lifts_a_stop_only_if_it_was_given(state: State) -> None:
    asked = pressed(after(Snapshot(state=state())))
    assert not after(Snapshot(state=state(boot_id="next")), view=asked).may_show
    assert after(Snapshot(state=state(boot_id="next")), view=taken(asked)).may_show


def test_taken_without_being_pressed_changes_nothing(state: State) -> None:
    view = after(Snapshot(state=state()))
    assert taken(view) == view


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_snapshots_score_moves_the_dot_as_the_shared_vectors_say(case: dict[str, Any]) -> None:
    score = changed(RoomView(), {"score": case["score"], "bls": case["bls"]}).score
    assert score is not None
    for wanted in case["answers"]:
        frame = wanted["frame"]
        dot = light_at(score, int(frame) if frame.is_integer() else frame)
        x, y = screen_point_at(score.motion, score.bls_at(frame).light, frame)
        assert (dot.pos, dot.level_frac, x, y, *dot.colour) == pytest.approx(
            (wanted["pos"], wanted["level"], wanted["x"], wanted["y"], *wanted["colour"]), abs=1e-9
        )
