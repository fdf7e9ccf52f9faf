"""Pads as tappers, against SDL's own virtual joystick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from hardware.entries import TapperEntry
from hardware.seams import Due, TapPulse
from hardware.tappers.gamepad import PADS, FoundPad, GamepadConfig, GamepadTapper, build, choose_pad

DUE = Due(0, 0.0)


@pytest.fixture
def make(request: pytest.FixtureRequest, links_of: Any) -> Callable[..., Any]:
    def make_one(**config: Any) -> Any:
        tapper = GamepadTapper("pad", GamepadConfig(**config))
        request.addfinalizer(tapper.close)
        links = links_of(tapper)
        tapper.open()
        return tapper, links

    return make_one


def test_one_pad_taps_left_with_its_left_motor_and_right_with_its_right(attach: Any, make: Any) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 100.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 2)
    tapper.offer(TapPulse("right", 100.0, 0.5), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 4)
    assert pad.levels == [(65535, 0), (0, 0), (0, 32767), (0, 0)]


def test_a_pulse_is_ended_without_anyone_pumping_events(attach: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    monkeypatch.setattr(PADS, "pump", lambda: None)
    tapper.offer(TapPulse("left", 120.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 2)
    begun_s, ended_s = pad.rumbles[0][0], pad.rumbles[1][0]
    assert ended_s - begun_s >= 0.11  # never cut short; how late it may end is a matter for the benchmarks


def test_a_pair_gives_each_hand_its_own_pad(attach: Any, make: Any) -> None:
    left, right = attach("Joy-Con (L)"), attach("Joy-Con (R)")
    tapper, links = make(left="Joy-Con (L)", right="Joy-Con (R)")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 100.0, 1.0), DUE)
    assert left.wait_for(lambda seen: len(seen) == 2)
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    assert right.wait_for(lambda seen: len(seen) == 2)
    assert left.levels == right.levels == [(65535, 65535), (0, 0)]


def test_the_other_hand_is_stilled_before_a_new_pulse_begins(attach: Any, make: Any) -> None:
    left, right = attach("Joy-Con (L)"), attach("Joy-Con (R)")
    tapper, links = make(left="Joy-Con (L)", right="Joy-Con (R)")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert left.wait_for(lambda seen: len(seen) == 1)
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    assert right.wait_for(lambda seen: len(seen) == 2)
    assert left.levels == [(65535, 65535), (0, 0)]
    assert left.rumbles[1][0] <= right.rumbles[0][0]


def test_safe_ends_a_pulse(attach: Any, make: Any) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 1)
    tapper.safe()
    assert pad.wait_for(lambda seen: len(seen) == 2)
    assert pad.rumbles[1][0] - pad.rumbles[0][0] < 1.0


def test_a_pad_unplugged_in_a_pulse_is_said_and_found_again_when_it_returns(attach: Any, make: Any) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 1)
    pad.unplug()
    assert links.wait_for("FAULT").why == "the pad was unplugged"
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    links.seen.clear()
    again = attach("One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    assert again.wait_for(lambda seen: len(seen) == 2)


def test_a_pad_that_is_not_there_is_absent_with_a_sentence(attach: Any, make: Any) -> None:
    attach("Another Pad")
    _, links = make(pad="One Pad")
    assert links.wait_for("ABSENT", "no pad").why == 'no pad named "One Pad" is plugged in; there is Another Pad'


def test_a_pulse_too_short_for_a_pads_motor_is_left_out(attach: Any, make: Any) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 40.0, 1.0), DUE)
    assert "this motor needs 80 ms" in tapper.link.why
    tapper.offer(TapPulse("right", 100.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 2)
    assert pad.levels == [(0, 65535), (0, 0)]


def test_closing_in_a_pulse_stills_the_pad(attach: Any, make: Any) -> None:
    pad = attach("One Pad")
    tapper, links = make(pad="One Pad")
    links.wait_for("READY")
    tapper.offer(TapPulse("left", 1000.0, 1.0), DUE)
    assert pad.wait_for(lambda seen: len(seen) == 1)
    tapper.close()
    assert pad.levels[-1] == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has a kernel that stills a pad whose program is gone")
def test_sdl_drives_pads_through_the_kernel_which_stills_them_when_the_engine_is_killed(attach: Any, sdl_hint: Any) -> None:
    attach("One Pad")
    assert sdl_hint("SDL_JOYSTICK_HIDAPI") == "0"
    assert "by the kernel" in build(TapperEntry("pads", "gamepad")).capabilities.on_silence


def test_two_pads_of_one_name_are_told_apart_by_number() -> None:
    pads = [FoundPad(0, "Xbox Pad", "a"), FoundPad(1, "Other", "b"), FoundPad(2, "Xbox Pad", "c")]
    assert choose_pad(pads, "xbox") == pads[0]
    assert choose_pad(pads, "Xbox Pad#2") == pads[2]
    assert choose_pad(pads, "Xbox Pad#3") is None
    assert choose_pad(pads, "") == pads[0]


def test_a_room_files_entry_becomes_its_tapper() -> None:
    tapper = build(TapperEntry(name="pads", driver="gamepad", left="Joy-Con (L)", right="Joy-Con (R)"))
    assert tapper.capabilities.min_pulse_ms == 80.0


def test_where_any_pad_will_do_and_there_is_none_no_name_is_missed(make: Any) -> None:
    _, links = make()
    assert links.wait_for("ABSENT").why in ("", "no pad is plugged in; is its cable in, or its radio paired?")
    assert links.wait_for("ABSENT", "no pad is plugged in").why.endswith("radio paired?")
