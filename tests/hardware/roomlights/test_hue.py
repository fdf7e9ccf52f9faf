"""Hue lamps, against a model of a bridge that signs its own certificate."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.entries import RoomLightEntry
from hardware.roomlights.hue import build, find_resource, put_body
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)
LIGHT = {"id": "aaaa", "metadata": {"name": "Sofa"}}
GROUP = {"id": "gggg"}
ROOM = {"id": "rrrr", "metadata": {"name": "Therapy"}, "services": [{"rid": "gggg", "rtype": "grouped_light"}]}
PUT_LIGHT = "/clip/v2/resource/light/aaaa"
PUT_GROUP = "/clip/v2/resource/grouped_light/gggg"


@pytest.fixture
def hue(make_bridge: Any) -> Any:
    bridge = make_bridge(tls=True)
    for kind, data in (("light", [LIGHT]), ("grouped_light", [GROUP]), ("room", [ROOM]), ("zone", [])):
        bridge.answers[("GET", f"/clip/v2/resource/{kind}")] = (200, {"data": data, "errors": []})
    for path in (PUT_LIGHT, PUT_GROUP):
        bridge.answers[("GET", path)] = (200, {"data": [], "errors": []})
        bridge.answers[("PUT", path)] = (200, {"data": [], "errors": []})
    return bridge


def lamp_at(bridge: Any, entity: str = "Sofa") -> Any:
    return build(RoomLightEntry("lamps", "hue", host="127.0.0.1", port=bridge.port, entity=entity, token="key"))


def test_a_lamp_is_found_by_name_and_told_with_its_transition(hue: Any, open_lamp: Any) -> None:
    lamp = lamp_at(hue)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(25.0, 2200.0, 60.0), DUE)
    assert hue.wait_for("PUT", PUT_LIGHT) == [
        {
            "on": {"on": True},
            "dimming": {"brightness": 25.0},
            "color_temperature": {"mirek": 455},
            "dynamics": {"duration": 60_000},
        }
    ]
    assert all(headers["hue-application-key"] == "key" for *_, headers in hue.asked)


def test_a_room_is_its_group_and_takes_one_message_a_second(hue: Any, open_lamp: Any) -> None:
    lamp = lamp_at(hue, "therapy")
    open_lamp(lamp).wait_for("READY")
    assert lamp.capabilities.fps_max == 1.0
    lamp.offer(RoomLook(25.0, 2200.0, 60.0), DUE)
    assert hue.wait_for("PUT", PUT_GROUP)


def test_safe_is_dim_and_warm(hue: Any, open_lamp: Any) -> None:
    lamp = lamp_at(hue)
    open_lamp(lamp).wait_for("READY")
    lamp.safe()
    (body,) = hue.wait_for("PUT", PUT_LIGHT)
    assert (body["dimming"], body["dynamics"]) == ({"brightness": 20.0}, {"duration": 2000})


def test_a_name_that_the_bridge_does_not_know_lists_those_it_does(hue: Any, open_lamp: Any) -> None:
    why = open_lamp(lamp_at(hue, "Kitchen")).wait_for("FAULT").why
    assert why == 'the Hue bridge has nothing named "Kitchen"; it has Sofa, Therapy'


def test_a_key_that_is_rejected_is_terminal(hue: Any, open_lamp: Any) -> None:
    hue.answers[("GET", "/clip/v2/resource/light")] = (403, {"errors": [{"description": "unauthorized user"}]})
    lamp = lamp_at(hue)
    assert "press its button and make a new one" in open_lamp(lamp).wait_for("FAULT").why
    lamp.close()
    assert len(hue.asked) == 1


def test_what_the_bridge_complains_of_is_passed_on(hue: Any, open_lamp: Any) -> None:
    hue.answers[("PUT", PUT_LIGHT)] = (400, {"errors": [{"description": "mirek out of range"}]})
    lamp = lamp_at(hue)
    links = open_lamp(lamp)
    links.wait_for("READY")
    lamp.offer(RoomLook(25.0, 2200.0, 60.0), DUE)
    assert "mirek out of range" in links.wait_for("FAULT").why


def test_a_bridge_that_is_not_a_bridge_is_said(bridge: Any, open_lamp: Any) -> None:
    assert "secure connection" in open_lamp(lamp_at(bridge)).wait_for("FAULT").why


@pytest.mark.parametrize(
    ("look", "on", "brightness", "mirek"),
    [
        (RoomLook(0.0, 2700.0), False, None, None),
        (RoomLook(0.1, 1000.0), True, 0.4, 500),
        (RoomLook(100.0, 10_000.0), True, 100.0, 153),
    ],
)
def test_the_body_stays_within_what_lamps_take(look: RoomLook, on: bool, brightness: float | None, mirek: int | None) -> None:
    body = put_body(look, 1.0)
    assert body["on"] == {"on": on}
    assert body.get("dimming", {}).get("brightness") == brightness
    assert body.get("color_temperature", {}).get("mirek") == mirek


def test_a_resource_can_be_named_by_its_id() -> None:
    assert find_resource("AAAA", [LIGHT], [GROUP], [ROOM]) == ("light", "aaaa")
    assert find_resource("gggg", [LIGHT], [GROUP], [ROOM]) == ("grouped_light", "gggg")
    assert find_resource("nothing", [LIGHT], [GROUP], [ROOM]) is None
