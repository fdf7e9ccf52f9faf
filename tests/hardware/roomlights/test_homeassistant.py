"""Home Assistant's lamps, against a model of its REST interface."""

from __future__ import annotations

from typing import Any

import pytest

from hardware.entries import RoomLightEntry
from hardware.roomlights.homeassistant import build, turn_on
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)
STATE = "/api/states/light.room"
TURN_ON = "/api/services/light/turn_on"


def lamp_at(bridge: Any, **values: Any) -> Any:
    entry = {
        "name": "lamps",
        "driver": "homeassistant",
        "host": "127.0.0.1",
        "port": bridge.port,
        "entity": "light.room",
        "token": "t0k",
    }
    return build(RoomLightEntry(**{**entry, **values}))


@pytest.fixture
def home(bridge: Any) -> Any:
    bridge.answers[("GET", STATE)] = (200, {"state": "on"})
    bridge.answers[("POST", TURN_ON)] = (200, [])
    bridge.answers[("POST", "/api/services/light/turn_off")] = (200, [])
    return bridge


def test_a_look_is_one_service_call_with_its_transition(home: Any, open_lamp: Any) -> None:
    lamp = lamp_at(home)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(25.0, 2200.0, 30.0), DUE)
    assert home.wait_for("POST", TURN_ON) == [
        {"entity_id": "light.room", "transition": 30.0, "brightness_pct": 25, "color_temp_kelvin": 2200}
    ]
    assert home.asked[0][3]["Authorization"] == "Bearer t0k"


def test_safe_is_dim_and_warm_and_overtakes(home: Any, open_lamp: Any) -> None:
    lamp = lamp_at(home, safe_level_l=15.0, safe_cct_k=2000.0)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(90.0, 4000.0, 0.0), DUE)
    home.wait_for("POST", TURN_ON)
    lamp.offer(RoomLook(91.0, 4000.0, 0.0), DUE)
    lamp.safe()
    bodies = home.wait_for("POST", TURN_ON, 2)
    assert (bodies[1]["brightness_pct"], bodies[1]["color_temp_kelvin"], bodies[1]["transition"]) == (15, 2000, 2.0)


def test_of_looks_that_come_too_fast_the_newest_is_put(home: Any, open_lamp: Any) -> None:
    lamp = lamp_at(home)
    open_lamp(lamp).wait_for("READY")
    for level in range(1, 60):
        lamp.offer(RoomLook(float(level), 2700.0, 1.0), DUE)
    while home.wait_for("POST", TURN_ON)[-1]["brightness_pct"] != 59:
        bodies = [body["brightness_pct"] for method, _, body, _ in home.asked if method == "POST"]
        if 59 in bodies:
            break
        home.wait_for("POST", TURN_ON, len(bodies) + 1)
    assert len([1 for method, *_ in home.asked if method == "POST"]) <= 3


def test_closing_leaves_the_lamps_as_they_are(home: Any, open_lamp: Any) -> None:
    lamp = lamp_at(home)
    open_lamp(lamp).wait_for("READY")
    lamp.close()
    assert [method for method, *_ in home.asked if method == "POST"] == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_rejected_is_said_once_and_not_tried_again(bridge: Any, open_lamp: Any, status: int) -> None:
    bridge.answers[("GET", STATE)] = (status, {})
    lamp = lamp_at(bridge)
    links = open_lamp(lamp)
    assert "does not take this token" in links.wait_for("FAULT").why
    lamp.close()
    assert len(bridge.asked) == 1
    assert [link.state for link in links.seen].count("FAULT") == 1


def test_a_lamp_without_power_is_said(bridge: Any, open_lamp: Any) -> None:
    bridge.answers[("GET", STATE)] = (200, {"state": "unavailable"})
    assert "light.room is unavailable" in open_lamp(lamp_at(bridge)).wait_for("FAULT").why


def test_an_entity_that_does_not_exist_is_said(bridge: Any, open_lamp: Any) -> None:
    assert "has no light.room" in open_lamp(lamp_at(bridge)).wait_for("FAULT").why


def test_a_house_that_errs_is_tried_again(bridge: Any, open_lamp: Any) -> None:
    bridge.answers[("GET", STATE)] = (500, {})
    links = open_lamp(lamp_at(bridge))
    assert "answered 500" in links.wait_for("FAULT").why
    bridge.answers[("GET", STATE)] = (200, {"state": "off"})
    links.wait_for("READY")


def test_a_look_offered_while_the_house_was_away_is_put_when_it_is_back(bridge: Any, open_lamp: Any) -> None:
    bridge.answers[("GET", STATE)] = (500, {})
    bridge.answers[("POST", TURN_ON)] = (200, [])
    lamp = lamp_at(bridge)
    links = open_lamp(lamp)
    links.wait_for("FAULT")
    lamp.offer(RoomLook(40.0, 2700.0, 5.0), DUE)
    bridge.answers[("GET", STATE)] = (200, {"state": "off"})
    assert bridge.wait_for("POST", TURN_ON)[0]["brightness_pct"] == 40


def test_nobody_at_the_port_is_said(open_lamp: Any, make_bridge: Any) -> None:
    gone = make_bridge()
    port = gone.port
    gone.close()
    lamp = build(RoomLightEntry("lamps", "homeassistant", host="127.0.0.1", port=port, entity="light.room", token="t"))
    assert "refused the connection" in open_lamp(lamp).wait_for("FAULT").why


@pytest.mark.parametrize(
    ("look", "service", "brightness"),
    [
        (RoomLook(0.0, 2700.0), "turn_off", None),
        (RoomLook(0.3, 2700.0), "turn_on", 1),
        (RoomLook(100.0, 2700.0), "turn_on", 100),
    ],
)
def test_dark_is_off_and_the_dimmest_light_is_not(look: RoomLook, service: str, brightness: int | None) -> None:
    called, body = turn_on("light.room", look, 1.0)
    assert (called, body.get("brightness_pct")) == (service, brightness)


@pytest.mark.parametrize("missing", ["host", "entity", "token"])
def test_an_entry_that_lacks_something_is_refused_in_words(missing: str) -> None:
    values = {"host": "127.0.0.1", "entity": "light.room", "token": "t", missing: None}
    with pytest.raises(ValueError, match=missing):
        build(RoomLightEntry("lamps", "homeassistant", **values))


def test_a_token_is_read_from_its_file(tmp_path: Any) -> None:
    file = tmp_path / "token"
    entry = RoomLightEntry("lamps", "homeassistant", host="h", entity="light.room", token_file=file)
    with pytest.raises(ValueError, match="cannot be read"):
        build(entry)
    file.write_text("abc\n")
    assert build(entry).driver == "homeassistant"


def test_a_name_that_is_no_host_is_said_in_words(open_lamp: Any) -> None:
    lamp = build(RoomLightEntry("lamps", "homeassistant", host="no-such-home.invalid", entity="light.room", token="t0k"))
    why = open_lamp(lamp).wait_for("FAULT").why
    assert why == "there is no host called no-such-home.invalid for Home Assistant; is the name right, and the network up?"
