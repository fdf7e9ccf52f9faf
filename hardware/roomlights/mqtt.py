"""Zigbee lamps behind zigbee2mqtt, over an MQTT broker.

Protocol: docs/devices/zigbee2mqtt.md. Verified against: Mosquitto 2.0 as the broker; the lamp's side is a model. The lamps
hold when the room is lost.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any, Final

from hardware.entries import RoomLightEntry
from hardware.io_thread import Terminal
from hardware.roomlights.json_http import read_token
from hardware.roomlights.lightness import output_frac, steps
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire
from hardware.seams import RoomLook

DEFAULT_PORT: Final = 1883
WAIT_S: Final = 3.0
KEEP_ALIVE_S: Final = 10
COLOUR_STEP_MIRED: Final = 8
"""A change of colour smaller than this is not worth a second Zigbee command, which can cut a running fade short."""


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """The broker, and the lamp's own topic, such as `zigbee2mqtt/sofa`."""

    host: str
    topic: str
    port: int = DEFAULT_PORT
    username: str | None = None
    password: str | None = None
    tls: bool = False


def set_bodies(look: RoomLook, told_mired: int | None, level_frac: float = 1.0) -> list[dict[str, Any]]:
    """What is published to `TOPIC/set`, one message a command: the colour where it changed, then the brightness, faded."""
    fade = {"transition": round(look.fade_s, 1)}
    level = steps(output_frac(look.level_l, "perceptual", level_frac), 254)
    if level == 0:
        return [{"state": "OFF", **fade}]
    mired = mired_of(look)
    bodies: list[dict[str, Any]] = [{"state": "ON", "brightness": level, **fade}]
    if told_mired is None or abs(mired - told_mired) >= COLOUR_STEP_MIRED:
        bodies.insert(0, {"color_temp": mired, **fade})
    return bodies


def mired_of(look: RoomLook) -> int:
    """The colour in mired, within what Zigbee lamps take."""
    return min(500, max(153, round(1e6 / look.cct_k)))


class MqttWire(SlowWire):
    """The broker. The client has a thread of its own, which keeps the connection alive and hears of the lamp's absence."""

    least_gap_s = 0.2

    def __init__(self, entry: RoomLightEntry, config: MqttConfig) -> None:
        super().__init__(entry)
        self._config = config
        self._client: Any = None
        self._connected = threading.Event()
        self._refused = ""
        self._offline = False
        self._told_mired: int | None = None

    def connect(self) -> None:
        """Reach the broker, and listen for the lamp's availability."""
        try:
            from paho.mqtt import client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as fault:
            raise Terminal("MQTT needs a library that is not installed: pip install 'roomctl[mqtt]'") from fault
        config, self._told_mired = self._config, None
        self._connected.clear()
        self._refused, self._offline = "", False
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        client.connect_timeout = WAIT_S
        if config.username:
            client.username_pw_set(config.username, config.password)
        if config.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_disconnect = lambda *_: self._connected.clear()
        self._client = client
        try:
            client.connect(config.host, config.port, keepalive=KEEP_ALIVE_S)
        except TimeoutError as fault:
            raise TimeoutError(f"the broker {self._where} did not answer in {WAIT_S:.1f} s; is it on the network?") from fault
        except OSError as fault:
            raise OSError(f"the broker {self._where} cannot be reached ({fault.strerror or fault}); is it running?") from fault
        client.loop_start()
        if not self._connected.wait(WAIT_S) and not self._refused:
            raise TimeoutError(f"the broker {self._where} did not answer in {WAIT_S:.1f} s; is it an MQTT broker?")
        if self._refused:
            raise Terminal(f"the broker {self._where} refuses this user or password ({self._refused}); see the room file")

    @property
    def _where(self) -> str:
        return f"{self._config.host}:{self._config.port}"

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = str(reason)
            client.disconnect()
        else:
            client.subscribe(f"{self._config.topic}/availability", qos=1)
        self._connected.set()

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        """`online` or `offline`, bare or as {"state": ...}; anything else says nothing."""
        try:
            said = json.loads(message.payload)
        except ValueError:
            said = message.payload.decode(errors="replace")
        state = said.get("state") if isinstance(said, dict) else said
        if state in ("online", "offline"):
            self._offline = state == "offline"

    def check(self) -> None:
        """Whether broker and lamp are there."""
        self._see()

    def tick(self) -> float:
        """As any slow lamp, and see at once that the broker went."""
        self._see()
        return super().tick()

    def _see(self) -> None:
        if not self._connected.is_set():
            raise OSError(f"the broker {self._where} went away")
        if self._offline:
            raise OSError(f"zigbee2mqtt says that {self._config.topic} is offline; is the lamp powered?")

    def put(self, look: RoomLook) -> None:
        """Publish, at least once, and wait for the broker's word."""
        self._see()
        for body in set_bodies(look, self._told_mired, self._level_frac):
            info = self._client.publish(f"{self._config.topic}/set", json.dumps(body), qos=1)
            info.wait_for_publish(WAIT_S)
            if not info.is_published():
                raise TimeoutError(f"the broker {self._where} did not take a message in {WAIT_S:.1f} s")
        self._told_mired = mired_of(look)

    def disconnect(self) -> None:
        """Let go of the broker and end the client's thread."""
        client, self._client = self._client, None
        self._connected.clear()
        if client is not None:
            client.disconnect()
            client.loop_stop()


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry. Raises ValueError in words where its password cannot be read."""
    what = f'room light "{entry.name}"'
    assert entry.host is not None
    assert entry.topic is not None
    password = read_token(entry.token, entry.token_file, what) if entry.username else None
    port = entry.network_port(DEFAULT_PORT)
    config = MqttConfig(entry.host, entry.topic, port, entry.username, password, entry.tls)
    return SlowLamp(entry, MqttWire(entry, config))
