"""No move, in any order, makes music, light or prompts jump, loses a due prompt, or shortens the minimum stay."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from playlists.arc import Arc, ArcInvalid, ArcRefused, Move, arc_at, light_at, music_at, prompts_at
from playlists.arc_json import arc_from_json, arc_to_json
from playlists.arc_picture import arc_picture
from playlists.arc_snapshot import snapshot_of
from playlists.curves import Curve, target_at
from playlists.levels import ATTENTION_LIGHT_S, CALM_LIGHT_S
from playlists.moves import moved, possible_at
from playlists.programs import load_programs
from playlists.retiming import start_arc

PROGRAMS = load_programs()
UTC_S = 1_800_000_000.0
NOTHING = 1e-9
"""Levels are computed from ramps in double precision; what differs by less is the same."""

times = st.one_of(st.just(0.0), st.floats(0.01, 90.0), st.floats(90.0, 3000.0))
figures = st.floats(0.0, 100.0)


def levels_of(arc: Arc, t_s: float) -> tuple[float, ...]:
    light, music = light_at(arc, t_s), music_at(arc, t_s)
    levels = (music.intensity, music.gain_db, music.music_frac, music.bed_db, music.bed_frac, music.swell_db)
    return (light.level_l, light.cct_k, *levels)


def assert_joined(curve: Curve, name: str) -> None:
    for before, after in itertools.pairwise(curve):
        assert abs(before.at(after.start_s) - after.value) < 1e-6, f"{name} jumps at {after.start_s} s"
        assert after.start_s >= before.start_s


class AnyOrder(RuleBasedStateMachine):
    """A session in which anything may be done at any moment."""

    @initialize(program=st.sampled_from(sorted(PROGRAMS)), light_l=figures, cct_k=st.floats(1800.0, 6500.0))
    def begin(self, program: str, light_l: float, cct_k: float) -> None:
        self.now_s = 0.0
        self.arc = start_arc(PROGRAMS[program], 0.0, UTC_S, light_l=light_l, cct_k=cct_k)
        self.due: dict[str, float] = {}
        self.been_due: set[str] = set()
        self.stay_until_s: float | None = None
        self.named_s: set[float] = set()
        self.restarted_s = -1.0

    def make(self, do: str, **args: Any) -> bool:
        before, possible = self.arc, possible_at(self.arc, self.now_s)
        try:
            self.arc = moved(before, Move(do, self.now_s, UTC_S + self.now_s, args))
        except ArcRefused as refusal:
            assert refusal.possible == possible
            assert refusal.message
            return False
        if do != "restart":
            for then, now in zip(levels_of(before, self.now_s), levels_of(self.arc, self.now_s), strict=True):
                assert abs(then - now) < 1e-6, f"{do} makes a level jump"
        if do in ("calm", "attention"):
            self.named_s.add(self.now_s)
        return True

    @rule(wait_s=times)
    def time_passes(self, wait_s: float) -> None:
        self.now_s += wait_s

    @rule(mg=st.one_of(st.none(), st.floats(1.0, 60.0)))
    def dose(self, mg: float | None) -> None:
        allowed = "dose" in possible_at(self.arc, self.now_s)
        assert self.make("dose", **({} if mg is None else {"mg": mg})) == allowed

    @rule(mg=st.one_of(st.none(), st.floats(1.0, 60.0)))
    def booster(self, mg: float | None) -> None:
        allowed = "booster" in possible_at(self.arc, self.now_s)
        assert self.make("booster", **({} if mg is None else {"mg": mg})) == allowed

    @rule(verb=st.sampled_from(["next", "previous", "hold", "release", "pause", "resume", "calm", "attention", "check-light"]))
    def press(self, verb: str) -> None:
        allowed = verb in possible_at(self.arc, self.now_s)
        assert self.make(verb) == allowed

    @rule(per_min=st.floats(5.0, 7.0), way_out=st.floats(2.0, 6.0))
    def breath(self, per_min: float, way_out: float) -> None:
        allowed = "breath" in possible_at(self.arc, self.now_s)
        assert self.make("breath", per_min=per_min, ratio=[2.0, 0.0, way_out, 0.0]) == allowed

    @rule(minutes=st.sampled_from([5, 10, 0.5, 120]))
    def extend(self, minutes: float) -> None:
        before = arc_at(self.arc, self.now_s)
        allowed = "extend" in possible_at(self.arc, self.now_s)
        assert self.make("extend", minutes=minutes) == allowed
        if allowed and before.phase_left_s is not None:
            left_s = arc_at(self.arc, self.now_s).phase_left_s
            assert left_s is not None
            assert abs(left_s - before.phase_left_s - 60.0 * minutes) < 1e-6

    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        phases = [phase.id for phase in self.arc.program.phases if not phase.waits]
        wanted = data.draw(st.sampled_from(phases))
        if self.make("skip", phase=wanted):
            assert arc_at(self.arc, self.now_s).phase == wanted

    @precondition(lambda self: self.arc.program.anchors)
    @rule(data=st.data())
    def anchor(self, data: st.DataObject) -> None:
        self.make("anchor", name=data.draw(st.sampled_from([each.name for each in self.arc.program.anchors])))

    @rule(level_l=st.one_of(st.none(), figures), cct_k=st.one_of(st.none(), st.floats(1800.0, 6500.0)), fade_s=st.floats(0, 60))
    def light(self, level_l: float | None, cct_k: float | None, fade_s: float) -> None:
        self.make("light", level_l=level_l, cct_k=cct_k, fade_s=fade_s)

    @rule()
    def stop(self) -> None:
        assert self.make("stop")

    @rule()
    def resume_room(self) -> None:
        before = arc_at(self.arc, self.now_s)
        assert self.make("resume-room")
        assert arc_at(self.arc, self.now_s).paused == before.paused

    @rule(away_s=st.floats(0.0, 4000.0))
    def engine_dies_and_comes_back(self, away_s: float) -> None:
        left = light_at(self.arc, self.now_s)
        self.now_s += away_s
        assert self.make("restart", light_l=left.level_l, cct_k=left.cct_k)
        point = arc_at(self.arc, self.now_s)
        assert abs(point.light.level_l - left.level_l) < 1e-6
        assert point.music.music_frac == 0.0
        assert point.state in ("awaiting-resume", "ended")
        self.restarted_s = self.now_s

    @rule(data=st.data(), answer=st.sampled_from(["done", "snooze"]))
    def answer(self, data: st.DataObject, answer: str) -> None:
        known = [prompt for prompt in prompts_at(self.arc, self.now_s) if prompt.state in ("due", "overdue", "snoozed")]
        if not known:
            return
        prompt = data.draw(st.sampled_from(known))
        value = {"value": {"bp": "118/76"}} if "bp" in prompt.needs and answer == "done" else {}
        assert self.make(answer, prompt=prompt.id, **value)
        after = {each.id: each.state for each in prompts_at(self.arc, self.now_s)}
        assert after[prompt.id] == ("done" if answer == "done" else "snoozed")

    @rule(reason=st.sampled_from(["", "  ", "the client is being taken home by ambulance"]))
    def end(self, reason: str) -> None:
        left_s = arc_at(self.arc, self.now_s).stay_left_s
        ended = "end" not in possible_at(self.arc, self.now_s)
        taken = self.make("end", override_reason=reason)
        assert taken == (not ended and (bool(reason.strip()) or not left_s))

    @rule(do=st.sampled_from(["levitate", "skip", "anchor", "extend", "done"]))
    def nonsense(self, do: str) -> None:
        before = self.arc
        try:
            moved(before, Move(do, self.now_s, UTC_S, {"phase": "moon", "name": "moon", "minutes": -1, "prompt": "moon"}))
        except (ArcInvalid, ArcRefused):
            assert self.arc is before
        else:
            raise AssertionError(f"{do} was taken")

    @invariant()
    def no_level_jumps_at_any_time(self) -> None:
        levels = self.arc.levels
        for name in ("light", "mired", "check", "intensity", "trim", "music", "bed_db", "bed"):
            assert_joined(getattr(levels, name), name)

    @invariant()
    def the_room_light_keeps_its_rates(self) -> None:
        moves_s = {move.at_s for move in self.arc.moves}
        for ramp in self.arc.levels.light:
            change, length_s = abs(ramp.end_value - ramp.value), ramp.end_s - ramp.start_s
            if change < NOTHING:
                continue
            if ramp.start_s in self.named_s:
                assert length_s >= min(ATTENTION_LIGHT_S, CALM_LIGHT_S) - NOTHING
            elif ramp.start_s in moves_s:
                assert length_s >= 3.0 - NOTHING
                assert change / length_s <= 5.0 + 1e-6
            else:
                assert length_s >= 30.0 - NOTHING
                assert change / length_s <= 0.5 + 1e-6
        for ramp in self.arc.levels.mired:
            if ramp.start_s not in self.named_s and ramp.end_s > ramp.start_s:
                assert abs(ramp.end_value - ramp.value) / (ramp.end_s - ramp.start_s) <= 5.0 + 1e-6

    @invariant()
    def music_is_never_silent_by_itself(self) -> None:
        if self.arc.program.silent:
            return
        point = arc_at(self.arc, self.now_s)
        last_move_s = max(self.arc.last_s, self.restarted_s)
        if point.state in ("arrival", "running", "held", "overrun") and self.now_s >= last_move_s + 20.0:
            for ahead_s in (0.0, 3600.0, 360_000.0):
                assert music_at(self.arc, self.now_s + ahead_s).music_frac == 1.0
                assert music_at(self.arc, self.now_s + ahead_s).bed_frac == 1.0

    @invariant()
    def the_plan_covers_all_time_without_gap_or_overlap(self) -> None:
        for before, after in itertools.pairwise(self.arc.plan):
            assert before.end_s == after.start_s
        assert self.arc.plan[-1].end_s == math.inf

    @invariant()
    def what_the_plan_brings_is_in_the_levels(self) -> None:
        if self.arc.awaiting:
            return
        for stretch in self.arc.plan:
            if stretch.start_s > self.now_s:
                phase = self.arc.program.phases[self.arc.program.overrun if stretch.overrun else stretch.phase]
                assert target_at(self.arc.levels.trim, stretch.start_s) == phase.trim_db
                if not stretch.overrun:
                    assert target_at(self.arc.levels.light, stretch.start_s) == phase.light_l

    @invariant()
    def no_prompt_moves_and_none_that_was_due_is_lost(self) -> None:
        now = {prompt.id: prompt for prompt in prompts_at(self.arc, self.now_s)}
        for prompt_id, due_s in self.due.items():
            assert now[prompt_id].due_s == due_s
        for prompt_id in self.been_due:
            assert now[prompt_id].state != "waiting"
        for prompt in now.values():
            if math.isfinite(prompt.due_s):
                self.due[prompt.id] = prompt.due_s
            if prompt.state in ("due", "overdue"):
                self.been_due.add(prompt.id)
            assert (prompt.state == "waiting") == (
                prompt.value is None
                and prompt.answered_s is None
                and (self.now_s < prompt.due_s or (self.arc.ended_s is not None and prompt.due_s > self.arc.ended_s))
            )

    @invariant()
    def the_minimum_stay_never_gets_shorter(self) -> None:
        until_s = self.arc.stay_until_s
        if self.stay_until_s is not None:
            assert until_s is not None
            assert until_s >= self.stay_until_s
        self.stay_until_s = until_s
        if self.arc.t0_s is not None:
            assert until_s is not None
            assert arc_at(self.arc, self.now_s).medicine_s == self.now_s - self.arc.t0_s

    @invariant()
    def time_left_stands_still_only_while_held_or_paused(self) -> None:
        here, later = arc_at(self.arc, self.now_s), arc_at(self.arc, self.now_s + 1.0)
        if here.phase_left_s is None or here.phase != later.phase or here.overrun or later.phase_left_s is None:
            return
        frozen = here.held or here.state in ("paused", "calm", "attention", "stopped")
        frozen = frozen or (here.state == "awaiting-resume" and self.arc.plan[-1].frozen)
        passed_s = 0.0 if frozen else min(1.0, here.phase_left_s)
        if not later.overrun:
            assert abs(here.phase_left_s - later.phase_left_s - passed_s) < 1e-6

    def teardown(self) -> None:
        if not hasattr(self, "arc"):
            return
        again = arc_from_json(json.loads(json.dumps(arc_to_json(self.arc))))
        assert again == self.arc
        json.dumps(snapshot_of(self.arc, self.now_s), allow_nan=False)
        json.dumps(arc_picture(self.arc, self.now_s), allow_nan=False)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
