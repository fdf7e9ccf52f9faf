"""Rigs of the lamps behind a bridge or a broker: Hue, Home Assistant, MQTT."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hardware.entries import RoomLightEntry
from hardware.registry import make_room_light
from hardware.seams import RoomLook

rigs = sys.modules["roomctl_tests_device_rigs"]
bridges = sys.modules["roomctl_tests_json_bridges"]


class BridgeFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """A model of a bridge; `answers` are what it says."""

    def __init__(self, tls: Any = None) -> None:
        super().__init__()
        self.bridge = bridges.Bridge(tls)

    def close(self) -> None:
        """End the server."""
        self.bridge.close()


class BridgeRig(rigs.Rig):  # type: ignore[name-defined, misc]
    """Pulled by ending the server and cutting its connections."""

    resends = True

    def pull(self) -> None:
        self.far.bridge.unplug()

    def replug(self) -> None:
        self.far.bridge.plug()
        self.device.io.kick()


class HueRig(BridgeRig):
    """One lamp, over TLS with a certificate of the bridge's own."""

    safe_value = 51
    LAMP = "/clip/v2/resource/light/aaaa"

    def make_far(self) -> Any:
        far = BridgeFarEnd(bridges.own_certificate(self.tmp_path))
        lamp = {"id": "aaaa", "metadata": {"name": "Sofa"}}
        for kind in ("light", "grouped_light", "room", "zone"):
            far.bridge.answers["GET", f"/clip/v2/resource/{kind}"] = (200, {"data": [lamp] if kind == "light" else []})

        def put(body: Any) -> tuple[int, Any]:
            far.hear(round(2.55 * body["dimming"]["brightness"]))
            return 200, {"data": []}

        far.bridge.answers["GET", self.LAMP] = (200, {"data": [lamp]})
        far.bridge.answers["PUT", self.LAMP] = put
        return far

    def make_device(self) -> Any:
        self.patch.setattr("hardware.roomlights.slow_lamp.CHECK_S", 0.1)
        return make_room_light(
            RoomLightEntry("lamp", "hue", host="127.0.0.1", port=self.far.bridge.port, entity="Sofa", token="key")
        )

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(value / 2.55, 2700.0), rigs.due_now())


class HomeAssistantRig(BridgeRig):
    """A number is told by the colour, as brightness is told in whole percents: 2,000 K and as many."""

    safe_value = 300

    def make_far(self) -> Any:
        far = BridgeFarEnd()

        def turn_on(body: Any) -> tuple[int, Any]:
            far.hear(body["color_temp_kelvin"] - 2000)
            return 200, []

        far.bridge.answers["GET", "/api/states/light.room"] = (200, {"state": "on"})
        far.bridge.answers["POST", "/api/services/light/turn_on"] = turn_on
        return far

    def make_device(self) -> Any:
        self.patch.setattr("hardware.roomlights.slow_lamp.CHECK_S", 0.1)
        where = {"host": "127.0.0.1", "port": self.far.bridge.port, "entity": "light.room", "token": "t0k"}
        return make_room_light(RoomLightEntry("lamp", "homeassistant", safe_cct_k=2300.0, **where))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(50.0, 2000.0 + value), rigs.due_now())


class MosquittoFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """Debian's Mosquitto, a lamp's model that listens at it, and the cable from the room to it."""

    def __init__(self, folder: Any) -> None:
        super().__init__()
        mosquitto = sys.modules["roomctl_tests_mosquitto"]
        self.broker = mosquitto.Broker(folder)
        self.cable = mosquitto.Cable(self.broker.port)
        subscribed = threading.Event()
        self._lamp = paho.Client(CallbackAPIVersion.VERSION2)
        self._lamp.on_connect = lambda client, *_: client.subscribe("zigbee2mqtt/sofa/set", qos=1)
        self._lamp.on_subscribe = lambda *_: subscribed.set()
        self._lamp.on_message = self._take
        self._lamp.connect("127.0.0.1", self.broker.port)
        self._lamp.loop_start()
        assert subscribed.wait(rigs.WAIT_S)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        body = json.loads(message.payload)
        if "brightness" in body:
            self.hear(round(body["brightness"] * 255 / 254))

    def close(self) -> None:
        """End all three."""
        self._lamp.disconnect()
        self._lamp.loop_stop()
        self.cable.unplug()
        self.broker.close()


class MqttRig(rigs.Rig):  # type: ignore[name-defined, misc]
    """Pulled between the room and the broker."""

    resends = True
    safe_value = 51

    def make_far(self) -> Any:
        return MosquittoFarEnd(self.tmp_path)

    def make_device(self) -> Any:
        where = {"host": "127.0.0.1", "port": self.far.cable.port, "topic": "zigbee2mqtt/sofa"}
        return make_room_light(RoomLightEntry("lamp", "mqtt", **where))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(value / 2.55, 2700.0), rigs.due_now())

    def pull(self) -> None:
        self.far.cable.unplug()

    def replug(self) -> None:
        self.far.cable.plug()
        self.device.io.kick()


rigs.RIGS.update({"roomlight hue": HueRig, "roomlight homeassistant": HomeAssistantRig, "roomlight mqtt": MqttRig})
