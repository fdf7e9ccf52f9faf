"""Lamps of a Home Assistant, over its REST interface.

Protocol: docs/devices/homeassistant.md. Verified against: Home Assistant Core 2024.3.3, with a template lamp. The lamps hold
when the room is lost.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

from hardware.entries import RoomLightEntry
from hardware.io_thread import Terminal
from hardware.roomlights.json_http import Answer, JsonHttp, read_token
from hardware.roomlights.lightness import output_frac
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire
from hardware.seams import RoomLook

DEFAULT_PORT: Final = 8123
WHAT: Final = "Home Assistant"


def turn_on(entity: str, look: RoomLook, level_frac: float) -> tuple[str, dict[str, Any]]:
    """Service and body that lead `entity` to `look`. Home Assistant's brightness is taken for how bright it looks."""
    share = output_frac(look.level_l, "perceptual", level_frac)
    fade = {"entity_id": entity, "transition": round(look.fade_s, 2)}
    if share <= 0.0:
        return "turn_off", fade
    return "turn_on", {**fade, "brightness_pct": max(1, round(100 * share)), "color_temp_kelvin": round(look.cct_k)}


class HomeAssistantWire(SlowWire):
    """The REST interface, with a long-lived token."""

    least_gap_s = 0.2

    def __init__(self, entry: RoomLightEntry, http: JsonHttp) -> None:
        super().__init__(entry)
        self._http = http
        self._entity = entry.entity or ""

    def connect(self) -> None:
        """See that the token is taken and the entity is there."""
        self.check()

    def check(self) -> None:
        """Ask for the entity's state."""
        answer = self._asked("GET", f"/api/states/{self._entity}")
        state = answer.value.get("state") if isinstance(answer.value, dict) else None
        if state == "unavailable":
            raise OSError(f"{WHAT} says that {self._entity} is unavailable; is the lamp powered?")

    def put(self, look: RoomLook) -> None:
        """Call the service."""
        service, body = turn_on(self._entity, look, self._level_frac)
        self._asked("POST", f"/api/services/light/{service}", body)

    def disconnect(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _asked(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self._http.ask(method, path, body)
        if answer.status in (401, 403):
            raise Terminal(f"{WHAT} does not take this token; make a long-lived one on its profile page for the room file")
        if answer.status == 404:
            raise OSError(f"{WHAT} has no {self._entity}; its lamps are listed under Settings, Devices, Entities")
        if answer.status >= 400:
            raise OSError(f"{WHAT} answered {answer.status} to {path}")
        return answer


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry. Raises ValueError in words where its token cannot be read."""
    what = f'room light "{entry.name}"'
    assert entry.host is not None
    port = entry.network_port(DEFAULT_PORT)
    token = read_token(entry.token, entry.token_file, what)
    tls = ssl.create_default_context() if entry.tls else None
    http = JsonHttp(WHAT, entry.host, port, {"Authorization": f"Bearer {token}"}, tls)
    return SlowLamp(entry, HomeAssistantWire(entry, http))
