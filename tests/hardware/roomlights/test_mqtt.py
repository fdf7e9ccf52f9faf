"""zigbee2mqtt's lamps, over Debian's Mosquitto."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hardware.entries import RoomLightEntry
from hardware.roomlights.mqtt import build, set_bodies
from hardware.seams import Due, RoomLook

DUE = Due(0, 0.0)
TOPIC = "zigbee2mqtt/sofa"


@pytest.fixture
def broker(make_broker: Any) -> Any:
    return make_broker()


@pytest.fixture
def lamp_model(broker: Any) -> Iterator[Any]:
    """Hears what is set, and can say that it is offline."""
    model = paho.Client(CallbackAPIVersion.VERSION2)
    model.heard = []  # type: ignore[attr-defined]
    model.changed = threading.Condition()  # type: ignore[attr-defined]
    subscribed = threading.Event()

    def on_message(client: Any, userdata: Any, message: Any) -> None:
        with client.changed:
            client.heard.append((json.loads(message.payload), message.qos, message.retain))
            client.changed.notify_all()

    model.on_message = on_message
    model.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/set", qos=1)
    model.on_subscribe = lambda *_: subscribed.set()
    model.connect("127.0.0.1", broker.port)
    model.loop_start()
    assert subscribed.wait(20)
    yield model
    model.disconnect()
    model.loop_stop()


def heard(model: Any, count: int) -> list[Any]:
    with model.changed:
        assert model.changed.wait_for(lambda: len(model.heard) >= count, 20), model.heard
        return list(model.heard[:count])


def lamp_at(port: int, **values: Any) -> Any:
    return build(RoomLightEntry("lamps", "mqtt", host="127.0.0.1", port=port, topic=TOPIC, **values))


def test_a_look_is_a_colour_and_one_fade(broker: Any, lamp_model: Any, open_lamp: Any) -> None:
    lamp = lamp_at(broker.port)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(50.0, 2500.0, 60.0), DUE)
    assert heard(lamp_model, 2) == [
        ({"color_temp": 400, "transition": 60.0}, 1, False),
        ({"state": "ON", "brightness": 127, "transition": 60.0}, 1, False),
    ]
    lamp.offer(RoomLook(40.0, 2510.0, 60.0), DUE)
    assert heard(lamp_model, 3)[2][0] == {"state": "ON", "brightness": 102, "transition": 60.0}


def test_safe_is_told_and_closing_is_not(broker: Any, lamp_model: Any, open_lamp: Any) -> None:
    lamp = lamp_at(broker.port)
    open_lamp(lamp).wait_for("READY")
    lamp.safe()
    assert heard(lamp_model, 2)[1][0] == {"state": "ON", "brightness": 51, "transition": 2.0}
    lamp.close()
    assert len(lamp_model.heard) == 2


def test_a_lamp_called_offline_is_said_until_it_is_back(broker: Any, lamp_model: Any, open_lamp: Any) -> None:
    links = open_lamp(lamp_at(broker.port))
    links.wait_for("READY")
    lamp_model.publish(f"{TOPIC}/availability", '{"state": "offline"}', qos=1, retain=True)
    assert "zigbee2mqtt/sofa is offline" in links.wait_for("FAULT").why
    links.seen.clear()
    lamp_model.publish(f"{TOPIC}/availability", '{"state": "online"}', qos=1, retain=True)
    links.wait_for("READY")


def test_a_broker_that_goes_is_said_and_found_again(make_broker: Any, open_lamp: Any) -> None:
    broker = make_broker()
    links = open_lamp(lamp_at(broker.port))
    links.wait_for("READY")
    broker.close()
    assert "went away" in links.wait_for("FAULT").why
    links.wait_for("FAULT", "cannot be reached")
    links.seen.clear()
    make_broker(port=broker.port)
    links.wait_for("READY")


def test_a_password_that_is_refused_is_terminal(make_broker: Any, tmp_path: Path, open_lamp: Any) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("needs mosquitto_passwd of Debian's mosquitto")
    file = tmp_path / "users"
    subprocess.run([tool, "-c", "-b", file, "room", "right"], check=True, capture_output=True, timeout=20)
    broker = make_broker(password_file=file)
    wrong = open_lamp(lamp_at(broker.port, username="room", token="wrong"))
    assert "refuses this user or password" in wrong.wait_for("FAULT").why
    assert [link.state for link in wrong.seen] == ["CONNECTING", "FAULT"]
    open_lamp(lamp_at(broker.port, username="room", token="right")).wait_for("READY")


def test_what_is_not_a_broker_is_said(bridge: Any, open_lamp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.roomlights.mqtt.WAIT_S", 0.5)
    why = open_lamp(lamp_at(bridge.port)).wait_for("FAULT").why
    assert f"the broker 127.0.0.1:{bridge.port}" in why


@pytest.mark.parametrize("missing", ["host", "topic"])
def test_an_entry_that_lacks_something_is_refused_in_words(missing: str) -> None:
    values = {"host": "h", "topic": "t", missing: None}
    with pytest.raises(ValueError, match=missing):
        build(RoomLightEntry("lamps", "mqtt", **values))


def test_dark_is_off_and_a_small_change_of_colour_is_not_a_command() -> None:
    assert set_bodies(RoomLook(0.0, 2700.0, 5.0), 370) == [{"state": "OFF", "transition": 5.0}]
    assert len(set_bodies(RoomLook(20.0, 2700.0, 5.0), 370)) == 1
    assert len(set_bodies(RoomLook(20.0, 2200.0, 5.0), 370)) == 2
