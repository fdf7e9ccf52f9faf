"""The Home Assistant driver against Home Assistant Core itself, in the environment that `make setup-dev` gives it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hardware.entries import RoomLightEntry
from hardware.roomlights.homeassistant import build
from hardware.seams import Due, RoomLook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("homeassistant")]

HASS = Path(sys.prefix) / "homeassistant" / "core" / "bin" / "hass"

CONFIGURATION = """
homeassistant: {name: Room, latitude: 0, longitude: 0, elevation: 0, unit_system: metric, time_zone: UTC}
http: {server_host: 127.0.0.1, server_port: PORT}
api:
input_boolean: {lit: {initial: false}}
input_number:
  level: {min: 0, max: 255, initial: 0}
  mired: {min: 100, max: 600, initial: 370}
light:
  - platform: template
    lights:
      room:
        value_template: "{{ is_state('input_boolean.lit', 'on') }}"
        level_template: "{{ states('input_number.level') | int }}"
        temperature_template: "{{ states('input_number.mired') | int }}"
        turn_on: {service: input_boolean.turn_on, target: {entity_id: input_boolean.lit}}
        turn_off: {service: input_boolean.turn_off, target: {entity_id: input_boolean.lit}}
        set_level:
          - {service: input_boolean.turn_on, target: {entity_id: input_boolean.lit}}
          - service: input_number.set_value
            target: {entity_id: input_number.level}
            data: {value: "{{ brightness | default(states('input_number.level')) }}"}
        set_temperature:
          - service: input_number.set_value
            target: {entity_id: input_number.mired}
            data: {value: "{{ color_temp }}"}
          - service: input_boolean.turn_on
            target: {entity_id: input_boolean.lit}
          - service: input_number.set_value
            target: {entity_id: input_number.level}
            data: {value: "{{ brightness | default(states('input_number.level')) }}"}
"""
JWT_KEY = "0" * 64
TOKEN_ID = "1" * 32


def signed_token() -> str:
    """A long-lived token of the user that the configuration has."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    now_s = int(time.time())
    front = (
        part(b'{"alg":"HS256","typ":"JWT"}')
        + "."
        + part(json.dumps({"iss": TOKEN_ID, "iat": now_s, "exp": now_s + 3600}).encode())
    )
    return front + "." + part(hmac.new(JWT_KEY.encode(), front.encode(), hashlib.sha256).digest())


def write_user(folder: Path) -> None:
    """One owner with one token, in the form Home Assistant keeps them."""
    user = {"id": "2" * 32, "group_ids": ["system-admin"], "is_owner": True, "is_active": True, "name": "room"}
    token = {
        "id": TOKEN_ID,
        "user_id": user["id"],
        "client_id": None,
        "client_name": "room",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": "2024-01-01T00:00:00+00:00",
        "access_token_expiration": 315360000.0,
        "token": "3" * 128,
        "jwt_key": JWT_KEY,
        "last_used_at": None,
        "last_used_ip": None,
        "credential_id": None,
        "version": None,
    }
    data = {
        "users": [{**user, "system_generated": False, "local_only": False}],
        "groups": [{"id": f"system-{name}", "name": name} for name in ("admin", "users", "read-only")],
        "credentials": [],
        "refresh_tokens": [token],
    }
    (folder / ".storage").mkdir()
    whole = {"version": 1, "minor_version": 1, "key": "auth", "data": data}
    (folder / ".storage" / "auth").write_text(json.dumps(whole))


@dataclass
class Home:
    """A Home Assistant that runs."""

    port: int
    token: str
    process: subprocess.Popen[bytes]

    def state(self, entity: str) -> str:
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/states/{entity}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return str(json.load(answer)["state"])

    def wait_for(self, entity: str, *wanted: str, timeout_s: float = 20.0) -> str:
        """Until the entity has one of those states; fails with the one it has."""
        state, until_s = "", time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            assert self.process.poll() is None, "Home Assistant ended; its out.txt says why"
            try:
                state = self.state(entity)
            except OSError as fault:
                state = f"{type(fault).__name__}: {fault}"
            if state in wanted:
                return state
            threading.Event().wait(0.1)
        pytest.fail(f"{entity} never was {wanted}; it is {state}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    if not HASS.exists():
        pytest.skip(f"needs Home Assistant Core at {HASS}; `make setup-dev` installs it, or says why it cannot")
    folder = tmp_path_factory.mktemp("home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "configuration.yaml").write_text(CONFIGURATION.replace("PORT", str(port)))
    write_user(folder)
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen([HASS, "-c", folder, "--skip-pip"], stdout=out, stderr=subprocess.STDOUT)
        try:
            running = Home(port, signed_token(), process)
            running.wait_for("light.room", "on", "off", timeout_s=200.0)
            yield running
        finally:
            process.terminate()
            process.wait(60)


def lamp_at(home: Home, **values: Any) -> Any:
    where = {"host": "127.0.0.1", "port": home.port, "entity": "light.room", "token": home.token}
    return build(RoomLightEntry("lamps", "homeassistant", **{**where, **values}))


def test_a_look_arrives_as_brightness_and_colour_and_dark_as_off(home: Home, open_lamp: Any) -> None:
    lamp = lamp_at(home)
    open_lamp(lamp).wait_for("READY")
    lamp.offer(RoomLook(25.0, 2200.0, 0.0), Due(0, 0.0))
    home.wait_for("input_number.level", "64.0")
    home.wait_for("input_number.mired", "454.0", "455.0")
    home.wait_for("light.room", "on")
    lamp.offer(RoomLook(0.0, 2200.0, 0.0), Due(0, 0.0))
    home.wait_for("light.room", "off")
    lamp.safe()
    home.wait_for("input_number.level", "51.0")


def test_its_refusal_of_a_token_is_terminal(home: Home, open_lamp: Any) -> None:
    links = open_lamp(lamp_at(home, token="no.such.token"))
    assert "does not take this token" in links.wait_for("FAULT").why
    assert [link.state for link in links.seen] == ["CONNECTING", "FAULT"]


def test_an_entity_that_it_does_not_have_is_named(home: Home, open_lamp: Any) -> None:
    assert "has no light.nowhere" in open_lamp(lamp_at(home, entity="light.nowhere")).wait_for("FAULT").why
