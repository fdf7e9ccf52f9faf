"""The engine's hold on a running program: commands, refusals, what is journalled, and resuming after a death."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from hardware.seams import RoomLook
from playlists.programs import load_programs
from roomctl.dosing import KIND_ALIVE, KINDS, Dosing, JournalRow
from roomctl.errors import Invalid, Refused, UnknownId
from roomctl.messages import ChangeLights, ProgramMove, ProgramStart, PromptAnswer
from stimuli.frames import FRAME_RATE_HZ

PROGRAMS = load_programs()
UTC_S = 1_800_000_000.0
LOOK = RoomLook(40.0, 3000.0)
BOOT_FRAME = 123_456
"""Where the program is started: frames count from the engine's start, not from the program's."""


def frame(minute: float) -> int:
    return BOOT_FRAME + round(minute * 60 * FRAME_RATE_HZ)


class Desk:
    """An operator at a running program; minutes from its start."""

    def __init__(self, program: str = "ketamine-im", speed: float = 1.0) -> None:
        self.dosing = Dosing(PROGRAMS, speed)
        self.written: list[JournalRow] = []
        self.start(program)

    def start(self, program: str, minute: float = 0.0) -> dict[str, Any]:
        return self._do(ProgramStart(program=program), minute)

    def move(self, minute: float, move: str, **args: Any) -> dict[str, Any]:
        return self._do(ProgramMove.model_validate({"move": move, **args}), minute)

    def answer(self, minute: float, prompt: str, answer: str = "done", value: Any = None) -> dict[str, Any]:
        return self._do(PromptAnswer.model_validate({"id": prompt, "answer": answer, "value": value}), minute)

    def _do(self, command: Any, minute: float) -> dict[str, Any]:
        reply = self.dosing.handle(command, frame(minute), UTC_S + 60 * minute, LOOK, "Ada")
        self.written += self.dosing.take_journal()
        return reply

    def rows(self) -> list[Mapping[str, Any]]:
        """What a reader of the journal gets."""
        self.written += self.dosing.take_journal()
        return [{"kind": row.kind, "detail": json.loads(json.dumps(row.detail))} for row in self.written]

    def snapshot(self, minute: float) -> dict[str, Any]:
        snapshot = self.dosing.snapshot(frame(minute))
        assert snapshot is not None
        return snapshot


def test_without_a_program_there_is_nothing_to_move() -> None:
    dosing = Dosing(PROGRAMS)
    assert dosing.snapshot(0) is None
    assert dosing.room_light_at(0) is None
    assert dosing.music_targets_at(0) is None
    assert not dosing.is_active_at(0)
    for command in (ProgramMove(move="hold"), PromptAnswer(id="vitals", answer="done")):
        with pytest.raises(Refused) as caught:
            dosing.handle(command, 0, UTC_S, LOOK, "Ada")
        assert caught.value.body()["possible"] == ["program/start"]
    assert dosing.take_journal() == []


def test_a_program_begins_where_the_room_light_is() -> None:
    desk = Desk()
    light = desk.dosing.room_light_at(BOOT_FRAME)
    assert light is not None
    assert (light.level_l, round(light.cct_k)) == (40.0, 3000)
    assert desk.snapshot(0)["phase"] == "arrival"
    assert desk.dosing.is_active_at(BOOT_FRAME)


def test_an_unknown_program_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownId) as caught:
        Dosing(PROGRAMS).handle(ProgramStart(program="lsd"), 0, UTC_S, LOOK, "Ada")
    assert "ketamine-im" in caught.value.body()["allowed"]


def test_a_second_program_waits_for_the_end_of_the_first() -> None:
    desk = Desk()
    with pytest.raises(Refused, match="end it before another is started"):
        desk.start("mdma", 1)
    desk.move(2, "end")
    assert desk.start("mdma", 3)["phase"] == "arrival"
    assert desk.snapshot(3)["id"] == "mdma"


def test_a_move_answers_with_where_the_program_is() -> None:
    desk = Desk()
    reply = desk.move(5, "dose", mg=50)
    assert reply["phase"] == "settle"
    assert reply["medicine_s"] == 0
    assert reply["stay_left_s"] == 90 * 60
    assert desk.snapshot(25)["medicine_s"] == 20 * 60
    assert desk.snapshot(25)["t0_frame"] == frame(5)


def test_a_refusal_says_the_state_and_what_is_possible() -> None:
    desk = Desk()
    with pytest.raises(Refused) as caught:
        desk.move(5, "booster", mg=20)
    assert caught.value.body()["state"] == "arrival"
    assert "program/dose" in caught.value.body()["possible"]
    with pytest.raises(Refused, match="override_reason"):
        desk.move(5, "dose")
        desk.move(6, "end")


def test_a_value_that_is_not_allowed_is_invalid() -> None:
    desk = Desk()
    desk.move(5, "dose")
    with pytest.raises(Invalid, match="at most 120 min"):
        desk.move(6, "extend", minutes=900)
    with pytest.raises(Invalid) as caught:
        desk.move(6, "skip", phase="moon")
    assert "peak" in caught.value.body()["allowed"]
    with pytest.raises(Invalid, match="device-2"):
        Desk("esketamine-in").move(1, "anchor", name="device-7")


def test_an_unknown_prompt_is_no_such_id_and_a_bad_value_is_invalid() -> None:
    desk = Desk()
    with pytest.raises(UnknownId, match="vitals-baseline"):
        desk.answer(1, "vitals-999")
    with pytest.raises(Invalid, match="as in 120/80"):
        desk.answer(1, "vitals-baseline", value={"bp": "high"})
    desk.answer(1, "vitals-baseline", value={"bp": "121/79", "hr": 66})
    prompt = desk.snapshot(1)["prompts"][0]
    assert (prompt["state"], prompt["value"]["hr"]) == ("done", 66)


def test_a_phase_left_before_its_minimum_and_one_beyond_its_maximum_are_worth_a_word() -> None:
    desk = Desk()
    desk.move(0, "dose")
    assert desk.move(16, "next")["warnings"] == ["Peak lasted 1 min; its minimum is 12 min"]
    assert desk.move(17, "extend", minutes=60)["warnings"] == ["Return goes on beyond its maximum of 40 min"]
    assert desk.move(40, "skip", phase="peak")["warnings"] == []


def test_every_change_is_written_down_with_its_frame_and_utc_and_refused_ones_are_not() -> None:
    desk = Desk()
    desk.move(5, "dose", mg=50)
    with pytest.raises(Refused):
        desk.move(6, "release")
    desk.answer(7, "vitals-baseline", value="120/80")
    kinds = [(row.kind, row.frame, row.at_utc_s) for row in desk.written]
    assert kinds == [
        ("program-start", frame(0), UTC_S),
        ("program-move", frame(5), UTC_S + 300),
        ("prompt", frame(7), UTC_S + 420),
    ]
    dose, answer = desk.written[1].detail, desk.written[2].detail
    assert (dose["move"], dose["mg"], dose["by"]) == ("dose", 50, "Ada")
    assert (answer["id"], answer["answer"], answer["value"]) == ("vitals-baseline", "done", {"bp": {"sys": 120, "dia": 80}})
    assert desk.dosing.take_journal() == []


def test_a_preview_changes_nothing() -> None:
    desk = Desk()
    desk.move(0, "dose", mg=50)
    before = desk.dosing.arc
    shown = desk.dosing.preview(ProgramMove(move="booster", mg=25), frame(30), UTC_S + 1800)
    assert shown["program"]["phase"] == "ascent"
    assert [span["id"] for span in shown["picture"]["phases"]].count("ascent") == 2
    assert desk.dosing.arc is before
    assert desk.dosing.take_journal() == []
    with pytest.raises(Refused):
        desk.dosing.preview(ProgramMove(move="release"), frame(30), UTC_S)


def test_the_operators_light_goes_through_the_program() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.dosing.change_lights(ChangeLights(level_l=30.0), frame(20), UTC_S + 1200, "Ada")
    light = desk.dosing.room_light_at(frame(21))
    assert light is not None
    assert light.level_l == pytest.approx(30)
    with pytest.raises(Invalid, match="0 to 100"):
        desk.dosing.change_lights(ChangeLights(level_l=300.0), frame(21), UTC_S + 1260, "Ada")


def test_stop_pauses_the_program_and_resuming_the_room_leaves_it_paused() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.dosing.stopped(frame(20), UTC_S + 1200, "pedal")
    assert desk.snapshot(21)["state"] == "stopped"
    assert desk.snapshot(21)["stopped"]
    with pytest.raises(Refused, match="STOP stands"):
        desk.move(21, "resume")
    desk.dosing.room_resumed(frame(22), UTC_S + 1320, "Ada")
    assert desk.snapshot(30)["paused"]
    assert desk.snapshot(30)["medicine_s"] == 30 * 60
    assert desk.move(31, "resume")["state"] == "running"


def test_stop_without_a_program_is_no_concern_of_it() -> None:
    dosing = Dosing(PROGRAMS)
    dosing.stopped(0, UTC_S, "pedal")
    dosing.room_resumed(0, UTC_S, "pedal")
    dosing.alive(0, UTC_S)
    dosing.note_track("a", "start", 0, UTC_S)
    assert dosing.take_journal() == []


def test_turns_are_told_at_session_frames_once() -> None:
    desk = Desk()
    desk.move(0, "dose")
    first = desk.dosing.turns_between(frame(2.9), frame(3.0))
    second = desk.dosing.turns_between(frame(3.0), frame(3.1))
    assert first == []
    assert [(each["kind"], each["name"], each["frame"]) for each in second] == [("phase", "onset", frame(3))]
    due = desk.dosing.turns_between(frame(5), frame(5.01))
    assert [(each["id"], each["state"]) for each in due] == [("vitals-5", "due")]
    assert Dosing(PROGRAMS).turns_between(0, 10**9) == []


def test_a_breathing_program_swells_the_music_and_no_other_does() -> None:
    gains = Desk("breathing").dosing.swell_gains(BOOT_FRAME + 3 * FRAME_RATE_HZ, 10 * FRAME_RATE_HZ)
    assert gains is not None
    assert gains.shape == (480_000,)
    assert (gains[0], gains.max()) == (pytest.approx(10 ** (-6 / 20), abs=1e-6), 1.0)
    assert int(gains.argmax()) == pytest.approx(4 * FRAME_RATE_HZ, abs=100)
    assert abs(np.diff(gains)).max() < 1e-4
    assert Desk("mdma").dosing.swell_gains(BOOT_FRAME, 100) is None


def test_programs_are_listed_and_described() -> None:
    dosing = Dosing(PROGRAMS)
    listing = {line["id"]: line for line in dosing.listing()}
    assert len(listing) == 11
    assert listing["mdma"]["minimum_stay_min"] == 480
    assert listing["grounding"]["has_bls"]
    described = json.loads(json.dumps(dosing.described("psilocybin"), allow_nan=False))
    assert described["picture"]["phases"][4]["id"] == "peak"
    assert "water-90" in [prompt["id"] for prompt in described["prompts"]]
    with pytest.raises(UnknownId):
        dosing.described("lsd")


# --- after a death ---


def revived(desk: Desk, away_min: float, at_frame: int = 9_999, speed: float = 1.0) -> Dosing:
    """A new engine, whose frames begin anew, `away_min` minutes of UTC after the program's start."""
    fresh = Dosing(PROGRAMS, speed)
    assert fresh.resume_from(desk.rows(), at_frame, UTC_S + 60 * away_min)
    return fresh


def test_after_a_death_the_program_waits_at_the_minute_that_utc_says() -> None:
    desk = Desk()
    desk.move(5, "dose", mg=50)
    desk.answer(6, "vitals-baseline", value="120/80")
    fresh = revived(desk, 5 + 45)
    snapshot = fresh.snapshot(9_999)
    assert snapshot is not None
    assert snapshot["state"] == "awaiting-resume"
    assert snapshot["medicine_s"] == pytest.approx(45 * 60, abs=1e-3)
    assert snapshot["phase"] == "return"
    assert snapshot["total_mg"] == 50
    prompts = {prompt["id"]: prompt for prompt in snapshot["prompts"]}
    assert prompts["vitals-baseline"]["value"] == {"bp": {"sys": 120, "dia": 80}}
    assert prompts["vitals-45"]["state"] == "due"
    assert prompts["vitals-30"]["state"] == "overdue"
    music = fresh.music_targets_at(9_999 + 3 * FRAME_RATE_HZ)
    assert music is not None
    assert (music.music_frac, music.bed_frac) == (0.0, 1.0)


def test_a_reboot_in_the_arrival_counts_from_the_start() -> None:
    fresh = revived(Desk(), 10)
    snapshot = fresh.snapshot(9_999)
    assert snapshot is not None
    assert snapshot["medicine_s"] is None
    assert snapshot["phase_elapsed_s"] == pytest.approx(600, abs=1e-3)
    reply = fresh.handle(ProgramMove(move="resume"), 10_000, UTC_S + 601, LOOK, "Ada")
    assert reply["state"] == "arrival"


def test_resume_goes_on_from_the_lamps_as_they_were_left() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.dosing.alive(frame(20), UTC_S + 1200)
    left = desk.dosing.room_light_at(frame(20))
    fresh = revived(desk, 62)
    light = fresh.room_light_at(9_999)
    assert left is not None
    assert light is not None
    assert light.level_l == pytest.approx(left.level_l)
    fresh.handle(ProgramMove(move="resume"), 9_999 + FRAME_RATE_HZ, UTC_S + 62 * 60 + 1, LOOK, "Ada")
    later = fresh.room_light_at(9_999 + 400 * FRAME_RATE_HZ)
    assert later is not None
    assert later.level_l == pytest.approx(40)
    point = fresh.point_at(9_999 + 12 * FRAME_RATE_HZ)
    assert point is not None
    assert (point.phase, point.music.music_frac) == ("landing", 1.0)


def test_a_second_death_before_the_resume_loses_nothing() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.move(20, "hold")
    once = revived(desk, 30)
    desk.written += once.take_journal()
    twice = revived(desk, 50, at_frame=77)
    snapshot = twice.snapshot(77)
    assert snapshot is not None
    assert (snapshot["state"], snapshot["held"], snapshot["phase"]) == ("awaiting-resume", True, "peak")
    assert snapshot["medicine_s"] == pytest.approx(50 * 60, abs=1e-3)


def test_frames_after_a_death_are_the_new_engines() -> None:
    desk = Desk()
    desk.move(0, "dose")
    fresh = revived(desk, 20, at_frame=48_000)
    snapshot = fresh.snapshot(48_000)
    assert snapshot is not None
    assert snapshot["t0_frame"] == 48_000 - 20 * 60 * FRAME_RATE_HZ


def test_a_clock_that_went_back_does_not_turn_the_session_back() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.move(20, "hold")
    fresh = revived(desk, -500)
    snapshot = fresh.snapshot(9_999)
    assert snapshot is not None
    assert snapshot["medicine_s"] == pytest.approx(20 * 60, abs=1e-3)


def test_in_a_room_at_speed_ten_a_minute_of_utc_is_ten() -> None:
    desk = Desk(speed=10)
    desk.move(0, "dose")
    fresh = revived(desk, 3, speed=10)
    snapshot = fresh.snapshot(9_999)
    assert snapshot is not None
    assert snapshot["medicine_s"] == pytest.approx(30 * 60, abs=1e-3)


def test_a_program_that_ended_is_not_resumed_and_neither_is_nothing() -> None:
    desk = Desk()
    desk.move(1, "end")
    assert not Dosing(PROGRAMS).resume_from(desk.rows(), 0, UTC_S + 120)
    assert not Dosing(PROGRAMS).resume_from([{"kind": "note", "detail": {}}], 0, UTC_S)


def test_a_program_goes_on_as_it_began_though_its_file_is_gone() -> None:
    desk = Desk()
    desk.move(0, "dose")
    fresh = Dosing({})
    assert fresh.resume_from(desk.rows(), 0, UTC_S + 600)
    assert fresh.arc is not None
    assert fresh.arc.program == PROGRAMS["ketamine-im"]


def test_rows_of_other_kinds_are_passed_over_and_broken_ones_are_told() -> None:
    desk = Desk()
    desk.move(0, "dose")
    rows = desk.rows()
    assert Dosing(PROGRAMS).resume_from([rows[0], {"kind": "stop", "detail": {}}, *rows[1:]], 0, UTC_S + 60)
    with pytest.raises(Invalid, match="cannot be read back"):
        Dosing(PROGRAMS).resume_from([{"kind": "program-start", "detail": {}}], 0, UTC_S)


def test_every_row_is_of_a_kind_that_is_read_back() -> None:
    desk = Desk()
    desk.move(0, "dose")
    desk.dosing.alive(frame(1), UTC_S + 60)
    desk.dosing.note_track("a1", "crossfade", frame(2), UTC_S + 120)
    assert {row["kind"] for row in desk.rows()} <= set(KINDS)
    assert KIND_ALIVE in {row["kind"] for row in desk.rows()}
