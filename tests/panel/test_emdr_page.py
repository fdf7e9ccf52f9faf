"""The EMDR page: what a therapist does with one hand, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def press(page: Page, selector: str, ms: int) -> None:
    """A finger held on the middle of an element."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(ms)
    page.mouse.up()


def commands(room: Any, do: str) -> list[dict[str, Any]]:
    """The bodies of what was asked."""
    return [body for name, body in room.commands if name == do]


def run_a_set(page: Page, room: Any) -> None:
    """A set from START to its end by FINISH."""
    room.command("set-start", {})
    expect(page.locator(".finish .hold-main")).to_be_enabled()
    page.tap(".finish .hold-main")
    expect(page.locator(".start .hold-main")).to_be_enabled()


def test_start_of_the_first_set_waits_for_a_hold(panel: Page, room: Any) -> None:
    press(panel, ".start .hold-main", 900)
    expect(panel.locator(".finish .hold-main")).to_be_enabled()
    assert len(commands(room, "set-start")) == 1


def test_a_short_tap_on_start_asks_to_be_confirmed_and_starts_nothing(panel: Page, room: Any) -> None:
    panel.tap(".start .hold-main")
    expect(panel.locator(".start .hold-confirm")).to_be_visible()
    assert commands(room, "set-start") == []
    panel.tap(".start .hold-confirm")
    expect(panel.locator(".finish .hold-main")).to_be_enabled()


def test_start_can_be_done_with_the_keyboard_alone(panel: Page, room: Any) -> None:
    panel.locator(".start .hold-main").focus()
    panel.keyboard.press("Enter")
    expect(panel.locator(".start .hold-confirm")).to_be_focused()
    panel.keyboard.press("Enter")
    expect(panel.locator(".finish .hold-main")).to_be_enabled()


def test_the_next_set_of_the_same_preset_is_one_touch_and_a_new_preset_is_not(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "desensitise"})
    run_a_set(panel, room)
    expect(panel.locator(".start .hold-sub")).to_have_text("next set: one touch")
    panel.tap(".start .hold-main")
    expect(panel.locator(".finish .hold-main")).to_be_enabled()
    panel.tap(".finish .hold-main")
    expect(panel.locator(".start .hold-main")).to_be_enabled()
    room.command("preset", {"preset": "installation"})
    expect(panel.locator(".start .hold-sub")).to_have_text("hold, or tap and confirm")


def test_start_says_which_revision_the_person_saw(panel: Page, room: Any) -> None:
    panel.tap(".start .hold-main")
    rev = room.state["rev"]
    panel.tap(".start .hold-confirm")
    expect(panel.locator(".finish .hold-main")).to_be_enabled()
    assert commands(room, "set-start")[0] == {"rev": rev}


def test_a_refused_command_is_shown_on_the_control_and_in_words(panel: Page, room: Any) -> None:
    room.do_set_start = lambda body: (409, {"error": "a set is already running"})
    panel.tap(".start .hold-main")
    panel.tap(".start .hold-confirm")
    expect(panel.locator(".start .hold-main")).to_have_attribute("data-look", "failed")
    expect(panel.locator(".banner")).to_contain_text("a set is already running")


def test_a_switch_does_not_move_before_the_room_says_so(panel: Page, room: Any) -> None:
    room.do_bls = lambda body: (200, {})
    toggle = panel.get_by_role("button", name="Tone", exact=True)
    toggle.tap()
    panel.wait_for_timeout(400)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    room.change(bls={**room.state["bls"], "tone": {**room.state["bls"]["tone"], "on": False}})
    expect(toggle).to_have_attribute("aria-pressed", "false")


def test_the_rate_steps_by_five_hundredths_in_a_running_set(panel: Page, room: Any) -> None:
    room.command("set-start", {})
    panel.get_by_role("button", name="Rate: more").tap()
    expect(panel.locator(".rate .level-value")).to_have_text("1.05 Hz")
    panel.wait_for_function("() => !document.querySelector('.rate').dataset.look")
    assert room.state["bls"]["rate_hz"] == pytest.approx(1.05)
    assert room.state["set"]["state"] == "running"


def test_a_slider_settles_on_what_the_room_says(panel: Page, room: Any) -> None:
    room.do_bls = lambda body: (200, {})
    panel.locator(".rate .slider").evaluate("slider => { slider.value = 1.8; slider.dispatchEvent(new Event('input')); }")
    expect(panel.locator(".rate .level-value")).to_have_text("1.80 Hz")
    expect(panel.locator(".rate .level-value")).to_have_text("1.00 Hz")


def test_a_slider_sends_at_most_fifteen_values_a_second_and_always_the_last(panel: Page, room: Any) -> None:
    gaps = panel.evaluate(
        """async () => {
          const slider = document.querySelector('.rate .slider');
          const sent = [];
          const real = window.fetch;
          window.fetch = (...args) => { sent.push(performance.now()); return real(...args); };
          for (let value = 0.5; value < 1.5; value += 0.01) {
            slider.value = value; slider.dispatchEvent(new Event('input'));
            await new Promise((done) => setTimeout(done, 8));
          }
          slider.value = 1.95; slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change'));
          while (document.querySelector('.rate').dataset.look) await new Promise((done) => setTimeout(done, 20));
          return sent.slice(1).map((at, index) => at - sent[index]);
        }"""
    )
    assert commands(room, "bls")[-1]["rate_hz"] == pytest.approx(1.95)
    assert len(gaps) > 3
    assert min(gaps) >= 1000 / 15 - 2, "a browser's timer may be a millisecond early"


@pytest.mark.parametrize(
    ("name", "body"), [("Seconds", {"set_s": 30}), ("Open", {"open": True}), ("At once", {"finish": "hard"})]
)
def test_how_a_set_ends_is_one_touch(panel: Page, room: Any, name: str, body: dict[str, Any]) -> None:
    panel.get_by_role("button", name=name, exact=True).tap()
    expect(panel.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    assert commands(room, "bls") == [body]


def test_a_fixed_preset_keeps_its_length(panel: Page, room: Any) -> None:
    room.command("preset", {"preset": "art-scene"})
    expect(panel.locator(".length .level-value")).to_have_text("40 cycles")
    expect(panel.get_by_role("button", name="Seconds", exact=True)).to_be_disabled()
    expect(panel.get_by_role("button", name="Rate: more")).to_be_enabled()


def test_every_preset_is_a_button_under_its_group(panel: Page, room: Any) -> None:
    panel.get_by_role("button", name="All presets").tap()
    shown = panel.locator(".sheet [data-preset]").evaluate_all("buttons => buttons.map((button) => button.dataset.preset)")
    assert sorted(shown) == sorted(room.presets)
    panel.tap('.sheet [data-preset="flash"]')
    expect(panel.locator(".sheet")).to_be_hidden()
    assert commands(room, "preset") == [{"preset": "flash"}]


def test_presets_cannot_be_chosen_in_a_running_set(panel: Page, room: Any) -> None:
    room.command("set-start", {})
    expect(panel.locator('[data-preset="desensitise"]').first).to_be_disabled()


KEYS = {
    "Light": {"path", "travel", "saccade", "dot", "size", "colour", "brightness_frac", "width_frac", "offset_ms"},
    "Tone": {"timbre", "hz", "ms", "pan_frac", "volume_db", "align", "own_rate_hz", "offset_ms"},
    "Tap": {"ms", "strength_frac", "align", "own_rate_hz", "offset_ms"},
    "Continuous": {"source", "volume_db"},
    "Tasks": {"kind"},
}


@pytest.mark.parametrize("name", list(KEYS))
def test_every_key_of_an_output_can_be_set_one_level_down(panel: Page, room: Any, name: str) -> None:
    output = name.lower()
    bls = room.state["bls"]
    opened = {key: "own" for key in ("align",) if key in bls[output]}
    room.change(
        devices=[{**device, "driver": "screen"} if device["kind"] == "lightbar" else device for device in room.state["devices"]]
    )
    room.command("bls", {output: opened})
    panel.get_by_role("button", name=f"{name}: settings").tap()
    for option in panel.locator(".sheet .option").all():
        option.tap()
    room.command("bls", {output: {**opened, **({"saccade": False} if output == "light" else {})}})
    expect(
        panel.locator(".sheet rc-level .step:enabled").first if "ms" in KEYS[name] else panel.locator(".sheet")
    ).to_be_visible()
    for step in panel.locator(".sheet rc-level").all():
        step.locator(".step").first.tap()
        step.locator(".step").last.tap()
    panel.wait_for_function("() => !document.querySelector('.sheet [data-look=asked]')")
    touched = {key for body in commands(room, "bls") for key in body.get(output, {})}
    assert touched == KEYS[name]


def test_the_dots_shape_is_asked_only_where_a_screen_shows_it(panel: Page, room: Any) -> None:
    panel.get_by_role("button", name="Light: settings").tap()
    expect(panel.get_by_role("group", name="Path")).to_be_visible()
    expect(panel.get_by_role("group", name="Dot on a screen")).to_be_hidden()
    room.change(devices=[*room.state["devices"], {**room.state["devices"][1], "name": "TV", "driver": "screen"}])
    expect(panel.get_by_role("group", name="Dot on a screen")).to_be_visible()


def test_pain_in_the_eyes_is_one_touch_light_off_and_noted(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "art-scene"})
    expect(panel.locator(".discomfort")).to_be_enabled()
    with panel.expect_response("**/api/notes"):
        panel.tap(".discomfort")
    assert room.state["bls"]["light"]["on"] is False
    assert room.state["bls"]["tap"]["on"] is True
    assert len(commands(room, "note")) == 1


def test_the_rating_card_comes_after_each_set_where_the_preset_says_so(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "desensitise-fast"})
    run_a_set(panel, room)
    targets = panel.locator(".rating")
    assert [button.get_attribute("data-value") for button in targets.all()] == [str(value) for value in range(11)]
    panel.tap('.rating[data-value="6"]')
    expect(panel.locator("rc-rating")).to_be_hidden()
    assert commands(room, "rating") == [{"scale": "sud", "value": 6}]
    expect(panel.locator("rc-stage .curve")).to_have_attribute("aria-label", "Ratings: SUD 6")


def test_both_scales_of_a_body_scan_are_asked_in_turn(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "body-scan"})
    run_a_set(panel, room)
    panel.tap('.rating[data-value="1"]')
    expect(panel.locator(".rating-head strong")).to_have_text("VoC")
    values = panel.locator(".rating").evaluate_all("buttons => buttons.map((button) => button.dataset.value)")
    assert values == [str(value) for value in range(1, 8)]


def test_a_rating_put_off_stays_put_off_and_can_be_asked_for(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "desensitise-fast"})
    run_a_set(panel, room)
    panel.get_by_role("button", name="Not now").tap()
    expect(panel.locator("rc-rating")).to_be_hidden()
    panel.get_by_role("button", name="Rate SUD").tap()
    expect(panel.locator("rc-rating")).to_be_visible()


def test_a_preset_rated_on_request_asks_nothing_by_itself(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "desensitise"})
    run_a_set(panel, room)
    expect(panel.get_by_role("button", name="Rate SUD")).to_be_visible()
    expect(panel.locator("rc-rating")).to_be_hidden()


def test_children_rate_with_faces(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "child"})
    run_a_set(panel, room)
    expect(panel.locator(".rating .face")).to_have_count(5)


def test_art_suggests_sensation_after_scene_and_scene_after_sensation(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "art"})
    for done, suggested in (("art-scene", "art-sensation"), ("art-sensation", "art-scene")):
        room.command("preset", {"preset": done})
        run_a_set(panel, room)
        expect(panel.locator(f'rc-presets [data-preset="{suggested}"]')).to_have_attribute("data-suggested", "")
        expect(panel.locator("rc-presets [data-suggested]")).to_have_count(1)


def test_a_prompt_of_working_memory_is_shown_for_the_therapist_to_speak(panel: Page, room: Any) -> None:
    room.command("preset", {"preset": "emdr-2"})
    room.command("set-start", {})
    expect(panel.locator(".stage-prompt")).to_have_text("Count down from 100 in sevens.")


def test_a_reaction_task_has_a_button_for_the_clients_reaction(panel: Page, room: Any) -> None:
    room.command("bls", {"tasks": {"on": True, "kind": "colour-change"}})
    room.command("set-start", {})
    panel.get_by_role("button", name="Client reacted").tap()
    panel.wait_for_function("() => !document.querySelector('.react').dataset.look")
    assert len(commands(room, "react")) == 1


def test_the_count_and_what_a_pass_is_are_on_screen(panel: Page, room: Any) -> None:
    room.command("set-start", {})
    expect(panel.locator(".stage-count")).to_have_text("1 of 24 cycles")
    expect(panel.locator(".stage-pass")).to_have_text("1 pass = 1 cycle = left–right–left = 2 beats")


def test_a_session_is_opened_with_a_code_and_closed_with_a_hold(panel: Page, room: Any) -> None:
    panel.tap(".session-chip")
    panel.fill("#client-code", "K-12")
    panel.get_by_role("button", name="Open session").tap()
    expect(panel.locator(".session-chip")).to_have_text("K-12")
    assert commands(room, "session-open") == [{"kind": "emdr", "client_code": "K-12"}]
    panel.tap(".session-chip")
    press(panel, ".session-close .hold-main", 900)
    expect(panel.locator(".session-chip")).to_have_text("No session")


def test_the_assessment_keeps_words_as_notes_and_scales_as_ratings(panel: Page, room: Any) -> None:
    room.command("session-open", {"kind": "emdr"})
    panel.tap(".session-chip")
    labels = panel.locator(".assessment label").all_inner_texts()
    expected = ["Image", "Negative cognition", "Positive cognition", "VoC 1–7", "Emotion", "SUD 0–10", "Body location"]
    assert labels == expected
    panel.fill("#assess-negative-cognition", "I am not safe")
    panel.get_by_role("button", name="Keep Negative cognition").tap()
    panel.fill("#assess-sud", "8")
    panel.get_by_role("button", name="Keep SUD 0–10").tap()
    expect(panel.locator(".assessment [data-kept]")).to_have_count(2)
    assert commands(room, "note") == [{"text": "Negative cognition: I am not safe"}]
    assert commands(room, "rating") == [{"scale": "sud", "value": 8}]


def test_nothing_on_the_main_view_scrolls_on_a_tablet(panel: Page, room: Any) -> None:
    overflow = panel.evaluate(
        "() => { const main = document.querySelector('main'); return main.scrollHeight - main.clientHeight; }"
    )
    assert overflow <= 0
    assert panel.evaluate("() => document.documentElement.scrollHeight <= innerHeight")


def test_start_and_rate_stay_where_they_are_when_the_rating_card_comes(panel: Page, room: Any) -> None:
    def places() -> list[Any]:
        return [panel.locator(selector).bounding_box() for selector in (".start", ".finish", ".rate", ".outputs")]

    room.command("session-open", {"kind": "emdr"})
    room.command("preset", {"preset": "desensitise-fast"})
    before = places()
    run_a_set(panel, room)
    expect(panel.locator("rc-rating")).to_be_visible()
    assert places() == before


def test_who_changed_what_is_seen_by_everyone(panel: Page, room: Any, served: Any, open_page: Callable[..., Page]) -> None:
    other = open_page(served.address)
    other.wait_for_selector('html[data-link="live"]')
    room.change(by="Tablet 2", what="rate_hz")
    for page in (panel, other):
        expect(page.locator(".room-said")).to_contain_text("Tablet 2: rate_hz")


def test_louder_is_held_or_tapped_twice_and_softer_is_one_touch(panel: Page, room: Any) -> None:
    panel.get_by_role("button", name="Tone: settings").tap()
    value = panel.locator('.sheet [data-name="Volume"] .level-value')
    more = panel.locator('.sheet [data-name="Volume"] .step').last
    panel.get_by_role("button", name="Volume: less").tap()
    expect(value).to_have_text("-19 dB")
    more.tap()
    expect(more).to_have_attribute("data-armed", "")
    panel.wait_for_timeout(400)
    assert commands(room, "bls") == [{"tone": {"volume_db": -19}}]
    more.tap()
    expect(value).to_have_text("-18 dB")
    press(panel, '.sheet [data-name="Volume"] .step >> nth=1', 900)
    expect(value).not_to_have_text("-18 dB")


def test_a_stray_touch_on_a_slider_never_makes_it_louder(panel: Page, room: Any) -> None:
    panel.get_by_role("button", name="Tone: settings").tap()
    slider = panel.locator('.sheet [data-name="Volume"] .slider')
    box = slider.bounding_box()
    assert box is not None
    panel.touchscreen.tap(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    panel.wait_for_timeout(900)
    assert commands(room, "bls") == []
    expect(panel.locator('.sheet [data-name="Volume"] .level-value')).to_have_text("-18 dB")
    assert float(slider.input_value()) == -18.0


def test_a_second_start_within_half_a_second_is_shown_as_refused(panel: Page, room: Any) -> None:
    room.do_set_start = lambda body: (200, {})
    panel.tap(".start .hold-main")
    panel.tap(".start .hold-confirm")
    panel.locator(".start .hold-main").evaluate(
        """(button) => {
          button.dispatchEvent(new MouseEvent('click', { detail: 0 }));
          button.parentElement.querySelector('.hold-confirm').dispatchEvent(new MouseEvent('click', { detail: 0 }));
        }"""
    )
    expect(panel.locator(".banner")).to_contain_text("a set was started a moment ago")
