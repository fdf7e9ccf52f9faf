"""zigbee2mqtt's lamps, over Debian's Mosquitto."""

from __future__ import annotations

import json
import shutil
import socket
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


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Broker:
    """Mosquitto on loopback."""

    def __init__(self, folder: Path, port: int, password_file: Path | None) -> None:
        tool = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        if not Path(tool).exists():
            pytest.skip("needs Debian's mosquitto")
        who = f"password_file {password_file}\nallow_anonymous false\n" if password_file else "allow_anonymous true\n"
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\n{who}persistence false\nuser root\n")
        self.port = port
        self._process = subprocess.Popen([tool, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2000):
            with socket.socket() as knock:
                knock.settimeout(0.01)
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    return
            threading.Event().wait(0.01)
        pytest.fail("Mosquitto did not listen within 20 s")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path, free_port(), None)
    yield one
    one.close()


@pytest.fixture
def lamp_model(broker: Broker) -> Iterator[Any]:
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


def test_a_look_is_a_colour_and_one_fade(broker: Broker, lamp_model: Any, open_lamp: Any) -> None:
    lamp = lamp_at(broker.port)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(50.0, 2500.0, 60.0), DUE)
    assert heard(lamp_model, 2) == [
        ({"color_temp": 400, "transition": 60.0}, 1, False),
        ({"state": "ON", "brightness": 127, "transition": 60.0}, 1, False),
    ]
    lamp.offer(RoomLook(40.0, 2510.0, 60.0), DUE)
    assert heard(lamp_model, 3)[2][0] == {"state": "ON", "brightness": 102, "transition": 60.0}


def test_safe_is_told_and_closing_is_not(broker: Broker, lamp_model: Any, open_lamp: Any) -> None:
    lamp = lamp_at(broker.port)
    open_lamp(lamp).wait_for("READY")
    lamp.safe()
    assert heard(lamp_model, 2)[1][0] == {"state": "ON", "brightness": 51, "transition": 2.0}
    lamp.close()
    assert len(lamp_model.heard) == 2


def test_a_lamp_called_offline_is_said_until_it_is_back(broker: Broker, lamp_model: Any, open_lamp: Any) -> None:
    links = open_lamp(lamp_at(broker.port))
    links.wait_for("READY")
    lamp_model.publish(f"{TOPIC}/availability", '{"state": "offline"}', qos=1, retain=True)
    assert "zigbee2mqtt/sofa is offline" in links.wait_for("FAULT").why
    links.seen.clear()
    lamp_model.publish(f"{TOPIC}/availability", '{"state": "online"}', qos=1, retain=True)
    links.wait_for("READY")


def test_a_broker_that_goes_is_said_and_found_again(tmp_path: Path, open_lamp: Any) -> None:
    port = free_port()
    broker = Broker(tmp_path, port, None)
    try:
        links = open_lamp(lamp_at(port))
        links.wait_for("READY")
    finally:
        broker.close()
    assert "went away" in links.wait_for("FAULT").why
    links.wait_for("FAULT", "cannot be reached")
    links.seen.clear()
    again = Broker(tmp_path, port, None)
    try:
        links.wait_for("READY")
    finally:
        again.close()


def test_a_password_that_is_refused_is_terminal(tmp_path: Path, open_lamp: Any) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("needs mosquitto_passwd of Debian's mosquitto")
    file = tmp_path / "users"
    subprocess.run([tool, "-c", "-b", file, "room", "right"], check=True, capture_output=True, timeout=20)
    broker = Broker(tmp_path, free_port(), file)
    try:
        wrong = open_lamp(lamp_at(broker.port, username="room", token="wrong"))
        assert "refuses this user or password" in wrong.wait_for("FAULT").why
        assert [link.state for link in wrong.seen] == ["CONNECTING", "FAULT"]
        open_lamp(lamp_at(broker.port, username="room", token="right")).wait_for("READY")
    finally:
        broker.close()


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
