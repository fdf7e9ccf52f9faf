"""WLED as room light, against a model of its JSON interface."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.entries import RoomLightEntry
from hardware.roomlights.wled import build, state_body, warm_rgb
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)
STATE = "/json/state"


def status(live: bool = False, lor: int = 0) -> dict[str, Any]:
    return {"state": {"lor": lor}, "info": {"ver": "0.15.0", "leds": {"count": 60}, "live": live, "lip": "192.0.2.44"}}


@pytest.fixture
def strip(bridge: Any) -> Any:
    bridge.answers[("GET", "/json/si")] = (200, status())
    bridge.answers[("POST", STATE)] = (200, {"success": True})
    return bridge


def lamp_at(bridge: Any) -> Any:
    return build(RoomLightEntry("strip", "wled", host="127.0.0.1", port=bridge.port))


def test_a_look_is_one_state_with_its_transition(strip: Any, open_lamp: Any) -> None:
    lamp = lamp_at(strip)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(50.0, 2700.0, 30.0), DUE)
    (body,) = strip.wait_for("POST", STATE)
    assert (body["on"], body["bri"], body["tt"]) == (True, 47, 300)  # L* 50 is 18.4 % of full light


def test_another_controllers_strip_is_said(bridge: Any, open_lamp: Any) -> None:
    bridge.answers[("GET", "/json/si")] = (200, status(live=True))
    assert "another controller (192.0.2.44) streams to this WLED" in open_lamp(lamp_at(bridge)).wait_for("FAULT").why


def test_safe_is_dim_and_never_dark(strip: Any, open_lamp: Any) -> None:
    lamp = lamp_at(strip)
    open_lamp(lamp).wait_for("READY")
    lamp.safe()
    (body,) = strip.wait_for("POST", STATE)
    assert body["on"] and 0 < body["bri"] < 20


def test_dark_is_off_and_a_fade_is_no_longer_than_wled_can_count() -> None:
    assert state_body(RoomLook(0.0, 2700.0, 10.0), 1.0) == {"on": False, "tt": 100}
    assert state_body(RoomLook(0.1, 2700.0, 1e6), 1.0)["tt"] == 655
    assert state_body(RoomLook(0.1, 2700.0), 1.0)["bri"] == 1


def test_warm_is_red_before_blue() -> None:
    for cct_k in (1000.0, 1900.0, 2700.0, 4000.0):
        red, green, blue = warm_rgb(cct_k)
        assert red == 255 and red >= green >= blue
    assert warm_rgb(10_000.0)[2] == 255
