"""The stubs' models of a bar, a pair of motors and a lamp, on a clock of the test's own; and what stubs say to misuse."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.lightbars.model import BarModel
from hardware.lightbars.stub import StubLightBar, hex_colour
from hardware.roomlights.fade import Fade
from hardware.roomlights.model import LampModel
from hardware.roomlights.stub import StubRoomLight
from hardware.seams import Due, LightFrame, RoomLook, TapPulse
from hardware.tappers.model import MotorsModel
from hardware.tappers.stub import StubTapper
from stimuli.colours import parse_colour

NOW = Due(0, 0.0)


def frame(pos: float, leds: int = 60, light: float = 0.2) -> LightFrame:
    return LightFrame(pos, light, (1.0, 1.0, 1.0), np.full((leds, 3), light, dtype=np.float32))


def test_a_bar_shows_a_frame_after_the_time_its_leds_take() -> None:
    bar = BarModel(60)
    bar.take(frame(0.5), 10.0)
    assert not bar.report(10.003).lit
    assert bar.report(10.004).pos == 0.5


def test_a_bar_goes_dark_2_5_s_after_the_last_frame() -> None:
    bar = BarModel(60)
    bar.take(frame(0.5), 10.0)
    assert bar.report(12.49).lit
    assert not bar.report(12.5).lit


def test_frames_faster_than_the_bar_can_show_them_queue_up_and_then_are_lost() -> None:
    bar = BarModel(60)
    for _ in range(10):
        bar.take(frame(0.0), 10.0)
    report = bar.report(10.0)
    assert (report.waiting, report.lost) == (4, 6)


def test_frames_at_40_a_second_are_never_lost() -> None:
    bar = BarModel(300)
    for at in range(400):
        bar.take(frame(0.0, 300), 10.0 + at / 40)
    assert bar.report(20.0).lost == 0


def test_a_dark_bar_forgets_what_was_waiting() -> None:
    bar = BarModel(60)
    for _ in range(4):
        bar.take(frame(0.0), 10.0)
    bar.go_dark(10.001)
    assert not bar.report(10.1).lit
    assert bar.report(10.1).waiting == 0


def test_a_motor_needs_time_to_come_up_and_to_run_down() -> None:
    motors = MotorsModel()
    motors.take(TapPulse("left", 150.0, 1.0), 5.0)
    rising = [motors.report(5.0 + at / 1000).left_frac for at in (0, 20, 40, 80, 149)]
    assert rising == sorted(rising)
    assert rising[0] == 0.0
    assert rising[2] == pytest.approx(1 - np.exp(-1))
    falling = [motors.report(5.0 + at / 1000).left_frac for at in (150, 200, 300, 500)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 0.01
    assert motors.report(5.1).right_frac == 0.0


@given(
    st.lists(
        st.tuples(st.sampled_from(["left", "right"]), st.floats(30, 1000), st.floats(0.0, 0.5), st.booleans()), max_size=30
    )
)
def test_never_both_motors_are_driven_and_none_longer_than_a_second(
    pulses: list[tuple[str, float, float, bool]],
) -> None:
    motors, now_s = MotorsModel(), 0.0
    for side, ms, later_s, still in pulses:
        now_s += later_s
        motors.take(TapPulse(side, ms, 1.0), now_s)  # type: ignore[arg-type]
        if still:
            motors.still(now_s)
            assert motors.driven(now_s) == (False, False)
        for after_s in (0.0, 0.1, 0.5):
            assert motors.driven(now_s + after_s) != (True, True)
        report = motors.report(now_s)
        assert 0.0 <= report.left_frac <= 1.0
        assert 0.0 <= report.right_frac <= 1.0
    assert motors.driven(now_s + 1.001) == (False, False)


def test_a_pulse_in_the_other_hand_ends_the_first_and_is_counted() -> None:
    motors = MotorsModel()
    motors.take(TapPulse("left", 500.0, 1.0), 1.0)
    motors.take(TapPulse("right", 500.0, 1.0), 1.2)
    assert motors.driven(1.3) == (False, True)
    assert motors.report(1.3).cut_short == 1


def test_a_lamp_fades_straight_in_lightness_and_in_mired() -> None:
    lamp = LampModel(40.0, level_l=20.0, cct_k=2000.0)
    assert lamp.take(RoomLook(60.0, 4000.0, fade_s=10.0), 100.0)
    half = lamp.report(105.0)
    assert half.level_l == pytest.approx(40.0)
    assert 1e6 / half.cct_k == pytest.approx((500.0 + 250.0) / 2)
    assert lamp.report(200.0).level_l == 60.0


def test_a_lamp_told_anew_in_a_fade_goes_on_from_where_it_is() -> None:
    lamp = LampModel(40.0, level_l=0.0)
    lamp.take(RoomLook(100.0, 2700.0, fade_s=10.0), 0.0)
    lamp.take(RoomLook(0.0, 2700.0, fade_s=10.0), 5.0)
    assert lamp.report(5.0).level_l == pytest.approx(50.0)


def test_a_lamp_of_ten_messages_a_second_loses_what_comes_faster() -> None:
    lamp = LampModel(10.0)
    taken = [lamp.take(RoomLook(float(at), 2700.0), 1.0 + at / 40) for at in range(40)]
    assert 9 <= sum(taken) <= 12
    assert lamp.report(2.0).lost == 40 - sum(taken)


def test_a_fade_says_how_long_the_lamp_has_stood_still() -> None:
    fade = Fade(RoomLook(0.0, 2700.0), RoomLook(10.0, 2700.0, 4.0), 100.0)
    assert fade.static_s(102.0) == -2.0
    assert fade.static_s(110.0) == 6.0


def test_a_bar_that_is_used_wrongly_says_how(tmp_path: Path) -> None:
    bar = StubLightBar("bar", leds=60)
    with pytest.raises(AssertionError, match='light bar "bar" was offered a frame while it is not open'):
        bar.offer(frame(0.0), NOW)
    bar.open()
    with pytest.raises(AssertionError, match=r"has 60 LEDs, and was offered pixels of shape \(59, 3\)"):
        bar.offer(frame(0.0, 59), NOW)
    for wrong in (1.5, -0.1, float("nan"), float("inf")):
        with pytest.raises(AssertionError, match="outside 0 to 1"):
            bar.offer(frame(0.0, light=wrong), NOW)
    assert bar.misuses == 6
    bar.close()


def test_a_tapper_that_is_used_wrongly_says_how() -> None:
    tapper = StubTapper("taps", min_pulse_ms=80.0)
    with pytest.raises(AssertionError, match="while it is not open"):
        tapper.offer(TapPulse("left", 100.0, 0.5), NOW)
    tapper.open()
    for ms in (79.0, 1001.0, float("nan")):
        with pytest.raises(AssertionError, match="gives pulses of 80 to 1000 ms"):
            tapper.offer(TapPulse("left", ms, 0.5), NOW)
    with pytest.raises(AssertionError, match=r"strength of 1\.5"):
        tapper.offer(TapPulse("left", 100.0, 1.5), NOW)
    assert tapper.misuses == 5
    tapper.close()


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (RoomLook(101.0, 2700.0), "level of 101"),
        (RoomLook(float("nan"), 2700.0), "level of nan"),
        (RoomLook(50.0, 0.0), "0.0 K"),
        (RoomLook(50.0, 2700.0, -1.0), "fade of -1.0 s"),
    ],
)
def test_a_lamp_that_is_used_wrongly_says_how(look: RoomLook, words: str) -> None:
    lamp = StubRoomLight("lamp")
    lamp.open()
    with pytest.raises(AssertionError, match=words):
        lamp.offer(look, NOW)
    lamp.close()


def test_what_does_not_change_is_recorded_once(tmp_path: Path) -> None:
    bar, lamp = StubLightBar("bar", record=tmp_path / "bar.jsonl"), StubRoomLight("lamp", record=tmp_path / "lamp.jsonl")
    for device in (bar, lamp):
        ready = threading.Event()
        device.on_link = lambda device, link, ready=ready: ready.set() if link.state == "READY" else None
        device.open()
        assert ready.wait(10.0)
    for pos in (0.0, 0.0, 0.5, 0.5, 0.0):
        bar.offer(frame(pos), Due(480, 0.01))
        lamp.offer(RoomLook(50.0 + pos, 2700.0), Due(480, 0.01))
    bar.close()
    lamp.close()
    told = [json.loads(line) for line in (tmp_path / "bar.jsonl").read_text().splitlines()]
    assert [(event["kind"], event.get("pos")) for event in told] == [
        ("light", 0.0),
        ("light", 0.5),
        ("light", 0.0),
        ("safe", None),
    ]
    assert told[0] == {**told[0], "t_s": 0.01, "frame": 480, "level": 0.2, "colour": "#ffffff"}
    looks = [json.loads(line) for line in (tmp_path / "lamp.jsonl").read_text().splitlines()]
    assert looks[0] == {**looks[0], "kind": "roomlight", "level_l": 50.0, "cct_k": 2700.0}
    assert "safe" not in [event["kind"] for event in looks], "a lamp holds when the room closes"


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_a_colour_is_recorded_as_it_was_written(colour: str) -> None:
    assert hex_colour(parse_colour(colour)) == colour
