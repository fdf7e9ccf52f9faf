"""The dosing page: choosing, arrival, the dose, the moves, prompts with values, and the end."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from playlists.retiming import start_arc

pytestmark = pytest.mark.browser


@pytest.fixture
def dosing(panel: Page) -> Page:
    """The dosing page."""
    panel.evaluate("() => { location.hash = 'dosing'; }")
    return panel


def moves(room: Any, name: str) -> list[dict[str, Any]]:
    """What was asked of the program."""
    return [body for do, body in room.commands if do == f"program/{name}"]


def in_the_peak(room: Any, program: str = "ketamine-im") -> None:
    """A program whose dose was given 25 minutes ago."""
    now_s = room.session_s
    room.arc = start_arc(room.programs[program], now_s - 2400, time.time() - 2400, light_l=55.0, cct_k=2700.0)
    assert room.move("dose", {"mg": 60.0}, now_s - 1500)[0] == 200


def test_every_program_is_listed_and_shows_its_arc(dosing: Page, room: Any) -> None:
    expect(dosing.locator("[data-program]")).to_have_count(len(room.programs))
    dosing.tap('[data-program="ketamine-im"]')
    expect(dosing.locator("rc-program-picker .arc")).to_have_attribute(
        "aria-label",
        "Ketamine, intramuscular: Arrival from −0:15, Settle from 0:00, Onset from 0:03, Ascent from 0:08, Peak from 0:15, "
        "Return from 0:40, Landing from 1:00, Debrief from 1:20, Debrief from 1:50",
    )
    expect(dosing.locator("rc-program-picker .arc-music")).to_be_attached()
    expect(dosing.locator("rc-program-picker .arc-light")).to_be_attached()


def test_preflight_names_what_is_not_ready(dosing: Page, room: Any) -> None:
    expect(dosing.locator('.preflight [data-ok="false"]')).to_have_count(0)
    lamp = {**room.state["devices"][0], "name": "lamps", "link": "FAULT", "why": "no answer"}
    room.change(devices=[*room.state["devices"], lamp])
    expect(dosing.locator('.preflight [data-ok="false"]')).to_contain_text("lamps: no answer")


def test_arrival_waits_and_the_dose_is_held_with_its_milligrams(dosing: Page, room: Any) -> None:
    dosing.tap('[data-program="ketamine-im"]')
    dosing.tap(".begin .hold-main")
    dosing.tap(".begin .hold-confirm")
    expect(dosing.locator(".now-left")).to_have_text("waits for the dose")
    expect(dosing.locator('[data-verb="hold"]')).to_be_hidden()
    dosing.fill("#dose-mg", "60")
    dosing.tap(".dose-given .hold-main")
    assert moves(room, "dose") == []
    dosing.tap(".dose-given .hold-confirm")
    expect(dosing.locator(".now-medicine")).to_have_text("T+0:00")
    assert moves(room, "dose") == [{"mg": 60}]


def test_hold_stands_until_released(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.get_by_role("button", name="HOLD", exact=True).tap()
    expect(dosing.locator(".now-left")).to_contain_text("held")
    dosing.get_by_role("button", name="RELEASE").tap()
    expect(dosing.get_by_role("button", name="HOLD", exact=True)).to_be_visible()
    expect(dosing.locator(".now-left")).to_contain_text("left")


@pytest.mark.parametrize(
    ("label", "name", "body"),
    [
        ("NEXT", "next", {}),
        ("Previous", "previous", {}),
        ("+5 min", "extend", {"minutes": 5}),
        ("+10 min", "extend", {"minutes": 10}),
        ("To return", "skip", {"phase": "return"}),
        ("Pause", "pause", {}),
        ("CALM", "calm", {}),
        ("ATTENTION", "attention", {}),
        ("Check light", "check-light", {}),
    ],
)
def test_a_move_is_one_touch(dosing: Page, room: Any, label: str, name: str, body: dict[str, Any]) -> None:
    in_the_peak(room)
    with dosing.expect_response("**/api/program/*") as answered:
        dosing.get_by_role("button", name=label, exact=True).tap()
    assert answered.value.status == 200
    assert moves(room, name) == [body]


def test_a_move_carries_the_revision_that_was_seen(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    expect(dosing.get_by_role("button", name="NEXT", exact=True)).to_be_enabled()
    rev = room.state["rev"]
    with dosing.expect_request("**/api/program/next") as asked:
        dosing.get_by_role("button", name="NEXT", exact=True).tap()
    assert asked.value.post_data_json == {"rev": rev}


def test_a_booster_shows_its_effect_before_it_is_confirmed(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.get_by_role("button", name="Booster…").tap()
    dosing.fill("#booster-mg", "20")
    expect(dosing.locator(".move-sheet:visible .effect")).to_contain_text("60 mg so far, 80 mg with it")
    expect(dosing.locator(".move-sheet:visible .effect")).to_contain_text("back to the ascent")
    assert moves(room, "booster") == []
    dosing.locator(".move-sheet:visible .hold-main").tap()
    dosing.locator(".move-sheet:visible .hold-confirm").tap()
    expect(dosing.locator(".now-phase")).to_have_text("Ascent")
    assert moves(room, "booster") == [{"mg": 20}]


def test_the_end_before_the_minimum_stay_asks_for_a_reason(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.get_by_role("button", name="End…").tap()
    expect(dosing.locator(".move-sheet:visible .effect")).to_contain_text("of the minimum stay are left")
    hold = dosing.locator(".move-sheet:visible .hold-main")
    expect(hold).to_be_disabled()
    dosing.fill("#end-reason", "transferred to the ward")
    hold.tap()
    dosing.locator(".move-sheet:visible .hold-confirm").tap()
    expect(dosing.locator(".now-left")).to_have_text("ended")
    assert moves(room, "end") == [{"override_reason": "transferred to the ward"}]


def test_the_first_overdue_prompt_stands_elsewhere_and_is_answered_with_values(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    first = dosing.locator(".overdue .prompt")
    expect(first).to_contain_text("Baseline vitals")
    first.locator('[data-ask="bp"]').fill("124/80")
    first.locator('[data-ask="hr"]').fill("70")
    first.get_by_role("button", name="Done").tap()
    expect(dosing.locator(".overdue .prompt")).not_to_contain_text("Baseline")
    assert moves(room, "done") == [{"prompt": "vitals-baseline", "value": {"bp": "124/80", "hr": 70}}]


def test_a_prompt_can_be_put_off(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    shown = dosing.locator(".prompt")
    expect(shown).to_have_count(4)
    shown.first.get_by_role("button", name="In 2 min").tap()
    expect(shown).to_have_count(3)
    assert moves(room, "snooze") == [{"prompt": "vitals-baseline"}]


def test_what_was_typed_into_a_prompt_outlives_a_change_of_the_state(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    field = dosing.locator('.overdue [data-ask="bp"]')
    field.fill("124/")
    room.show_program("again")
    expect(dosing.locator(".room-said")).to_contain_text("again")
    expect(field).to_have_value("124/")


def test_values_are_plotted_against_their_baseline(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    now_s = room.session_s
    room.move("done", {"prompt": "vitals-baseline", "value": {"bp": "120/80"}}, now_s - 1400)
    room.move("done", {"prompt": "vitals-5", "value": {"bp": "150/95"}}, now_s - 1000)
    dosing.get_by_role("button", name="Values").tap()
    expect(dosing.locator(".value strong").first).to_have_text("150, baseline 120")
    room.move("done", {"prompt": "vitals-15", "value": {"bp": "124/82"}}, now_s)
    expect(dosing.locator(".value strong").first).to_have_text("124, baseline 120: back to baseline")


def test_the_now_line_stands_at_the_medicine_clocks_minute(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    expect(dosing.locator(".running .arc-now")).to_have_attribute("visibility", "visible")
    drawn = dosing.evaluate(
        """() => {
          const arc = document.querySelector('.running rc-arc');
          const x = Number(/translate\\(([\\d.]+)/.exec(arc.querySelector('.arc-now').getAttribute('transform'))[1]);
          return [x, arc.x(25), arc.x(26)];
        }"""
    )
    assert drawn[1] - 1 <= drawn[0] <= drawn[2]


def test_what_plays_and_what_comes_is_said(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    expect(dosing.locator(".now-playing")).to_have_text("built-in pad")
    room.change(music={**room.state["music"], "now": {"title": "Sea", "artist": "A"}, "next": {"title": "Sky"}})
    expect(dosing.locator(".now-playing")).to_have_text("Sea, A · then Sky")


def test_volume_and_light_are_trimmed_by_the_step(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.get_by_role("button", name="Volume: more").tap()
    dosing.get_by_role("button", name="Volume: more: press again").tap()
    dosing.get_by_role("button", name="Room light: less").tap()
    expect(dosing.locator(".room-moves .level-value").first).to_have_text("-11 dB")
    expect(dosing.locator(".room-moves .level-value").last).to_have_text("L* 54")
    dosing.wait_for_function("() => !document.querySelector('.room-moves [data-look]')")
    assert [body for do, body in room.commands if do in ("music", "lights")] == [{"volume_db": -11}, {"level_l": 54}]


def test_the_breath_is_led_at_another_pace_only_where_one_is_led(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    expect(dosing.locator("rc-breath")).to_be_hidden()
    room.arc = start_arc(room.programs["breathing"], room.session_s, time.time(), light_l=30.0, cct_k=2400.0)
    room.show_program("Paced breathing")
    breath = dosing.locator("rc-breath")
    expect(breath.locator(".level-value")).to_have_text("6")
    expect(breath.get_by_role("button", name="In 4, out 6")).to_have_attribute("aria-pressed", "true")
    dosing.get_by_role("button", name="Breaths a minute: less").tap()
    expect(breath.locator(".level-value")).to_have_text("5.5")
    breath.get_by_role("button", name="Even").tap()
    expect(breath.get_by_role("button", name="Even")).to_have_attribute("aria-pressed", "true")
    assert moves(room, "breath") == [{"per_min": 5.5}, {"ratio": [1, 0, 1, 0]}]
    assert [pace.breath.per_min for pace in room.arc.breath] == [6.0, 5.5]


def test_a_program_without_a_dose_shows_its_own_time_and_no_move_it_does_not_know(dosing: Page, room: Any) -> None:
    begun_s = room.session_s - 130.0
    room.arc = start_arc(room.programs["breathing"], begun_s, time.time(), light_l=30.0, cct_k=2400.0)
    room.show_program("Paced breathing")
    expect(dosing.locator(".now-medicine")).to_have_text(re.compile(r"2:[1-5]\d"))
    expect(dosing.get_by_role("button", name="To return")).to_be_hidden()
    in_the_peak(room)
    expect(dosing.locator(".now-medicine")).to_have_text("T+0:25")
    expect(dosing.get_by_role("button", name="To return")).to_be_visible()


def test_no_set_can_be_started_while_a_program_runs(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.evaluate("() => { location.hash = 'emdr'; }")
    expect(dosing.locator(".start .hold-main")).to_be_disabled()
    expect(dosing.locator(".start .hold-sub")).to_have_text("a program is running")


def test_a_programs_end_leaves_no_question_about_a_booster_open(dosing: Page, room: Any) -> None:
    in_the_peak(room)
    dosing.get_by_role("button", name="Booster…").tap()
    expect(dosing.get_by_role("button", name="Booster given")).to_be_visible()
    room.move("end", {"override_reason": "the client asked"})
    expect(dosing.get_by_role("button", name="Booster given")).to_be_hidden()
    expect(dosing.get_by_role("button", name="Choose another program")).to_be_visible()
