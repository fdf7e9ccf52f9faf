"""Lamps and rooms behind a Philips Hue bridge, over CLIP v2.

Protocol: docs/devices/hue.md. Verified against: a model of the interface as its documentation describes it; not yet a bridge.
The lamps hold when the room is lost. The bridge signs its own certificate, so talk with it is encrypted but not proved: keep it
on the room's own network.
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

DEFAULT_PORT: Final = 443
WHAT: Final = "the Hue bridge"
LONGEST_FADE_MS: Final = 6_000_000
MIRED_LEAST: Final = 153
MIRED_MOST: Final = 500
LIGHT_GAP_S: Final = 0.1
GROUP_GAP_S: Final = 1.0
"""About ten messages a second to lamps, and one to groups, is what the bridge passes on."""


def put_body(look: RoomLook, level_frac: float) -> dict[str, Any]:
    """The body of a PUT that leads a light or a group to `look`."""
    share = output_frac(look.level_l, "perceptual", level_frac)
    fade = {"dynamics": {"duration": min(LONGEST_FADE_MS, max(0, round(look.fade_s * 1000)))}}
    if share <= 0.0:
        return {"on": {"on": False}, **fade}
    mirek = min(MIRED_MOST, max(MIRED_LEAST, round(1e6 / look.cct_k)))
    return {
        "on": {"on": True},
        "dimming": {"brightness": round(max(0.4, 100 * share), 2)},
        "color_temperature": {"mirek": mirek},
        **fade,
    }


def find_resource(entity: str, lights: list[Any], groups: list[Any], rooms: list[Any]) -> tuple[str, str] | None:
    """(kind, id) of what a room file calls `entity`: an id, or the name of a lamp, a room or a zone."""
    wanted = entity.strip().lower()
    for kind, resources in (("light", lights), ("grouped_light", groups)):
        for resource in resources:
            if wanted in (str(resource.get("id", "")).lower(), str(resource.get("metadata", {}).get("name", "")).lower()):
                return kind, str(resource["id"])
    for room in rooms:
        if str(room.get("metadata", {}).get("name", "")).lower() == wanted:
            for service in room.get("services", []):
                if service.get("rtype") == "grouped_light":
                    return "grouped_light", str(service["rid"])
    return None


class HueWire(SlowWire):
    """The bridge, with the key that its button gave."""

    least_gap_s = LIGHT_GAP_S

    def __init__(self, entry: RoomLightEntry, http: JsonHttp) -> None:
        super().__init__(entry)
        self._http = http
        self._entity = entry.entity or ""
        self._path = ""

    def connect(self) -> None:
        """Find the lamp, room or zone by its name or id."""
        lights, groups, rooms, zones = (self._listed(kind) for kind in ("light", "grouped_light", "room", "zone"))
        found = find_resource(self._entity, lights, groups, rooms + zones)
        if found is None:
            names = sorted(str(each.get("metadata", {}).get("name", "?")) for each in lights + rooms + zones)
            raise OSError(f'{WHAT} has nothing named "{self._entity}"; it has {", ".join(names) or "no lamps"}')
        self.least_gap_s = LIGHT_GAP_S if found[0] == "light" else GROUP_GAP_S
        self._path = f"/clip/v2/resource/{found[0]}/{found[1]}"

    def check(self) -> None:
        """Ask for the lamp."""
        self._asked("GET", self._path)

    def put(self, look: RoomLook) -> None:
        """Tell the lamp or the group."""
        self._asked("PUT", self._path, put_body(look, self._level_frac))

    def disconnect(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _listed(self, kind: str) -> list[Any]:
        value = self._asked("GET", f"/clip/v2/resource/{kind}").value
        data = value.get("data") if isinstance(value, dict) else None
        return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []

    def _asked(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self._http.ask(method, path, body)
        if answer.status in (401, 403):
            raise Terminal(f"{WHAT} does not take this key; press its button and make a new one (docs/devices/hue.md)")
        if answer.status == 429:
            raise OSError(f"{WHAT} has too much to do; is another program talking to it?")
        if answer.status == 404:
            raise OSError(f'{WHAT} no longer has "{self._entity}"')
        if answer.status >= 400:
            raise OSError(f"{WHAT} answered {answer.status} to {method} {path}: {_errors(answer.value)}")
        return answer


def _errors(value: Any) -> str:
    errors = value.get("errors", []) if isinstance(value, dict) else []
    said = [str(error.get("description", "")) for error in errors if isinstance(error, dict)]
    return "; ".join(said) or "no reason given"


def self_signed() -> ssl.SSLContext:
    """TLS to a bridge that signs its own certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry. Raises ValueError in words where its key cannot be read."""
    what = f'room light "{entry.name}"'
    assert entry.host is not None
    port = entry.network_port(DEFAULT_PORT)
    key = read_token(entry.token, entry.token_file, what)
    http = JsonHttp(WHAT, entry.host, port, {"hue-application-key": key}, self_signed())
    return SlowLamp(entry, HueWire(entry, http))
