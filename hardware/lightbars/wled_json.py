"""WLED's JSON interface, as far as the bar needs it: what it is, who drives it, and the look it falls back to by itself.

Protocol: docs/devices/wled.md. Every call has a timeout, and raises OSError with a sentence.
"""

from __future__ import annotations

import errno
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any, Final

TIMEOUT_S: Final = 2.0
SAFE_PRESET: Final = 250
SAFE_PRESET_NAME: Final = "roomctl safe"


@dataclass(frozen=True, slots=True)
class WledHealth:
    """What the bar says of itself. `overridden` is a person's choice, in WLED's own app, not to show what is streamed."""

    version: str
    leds: int
    live: bool
    live_from: str
    overridden: bool


class WledJson:
    """One request at a time, each on a connection of its own: the controller has few to give."""

    def __init__(self, host: str, port: int = 80, timeout_s: float = TIMEOUT_S) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s

    def health(self) -> WledHealth:
        """Ask `/json/si`: state and info in one answer."""
        told = self.get("/json/si")
        info, state = _object(told, "info"), _object(told, "state")
        return WledHealth(
            version=str(info.get("ver", "?")),
            leds=int(_object(info, "leds").get("count", 0)),
            live=bool(info.get("live", False)),
            live_from=str(info.get("lip", "")),
            overridden=int(state.get("lor", 0)) != 0,
        )

    def write_fallback(self, level_frac: float) -> str:
        """Make a steady look what WLED starts with and goes back to. Returns what it would not take; empty where it took all.

        Flash memory is written only where something differs. Streamed pictures are shown as they are sent, without WLED's own
        brightness or gamma, and are over 2.5 s after the last of them.
        """
        saving = {} if self._has_preset(level_frac) else {"psave": SAFE_PRESET, "n": SAFE_PRESET_NAME}
        self.post("/json/state", {**fallback_state(level_frac), **saving})
        wanted = fallback_config()
        if not contains(self.get("/json/cfg"), wanted):
            self.post("/json/cfg", wanted)
        missing = [] if contains(self.get("/json/state"), shown_by(level_frac)) else ["its steady state"]
        missing += [] if contains(self.get("/json/cfg"), wanted) else ["its start-up preset and live settings"]
        return f"WLED did not keep {' and '.join(missing)}; set them in its own app" if missing else ""

    def _has_preset(self, level_frac: float) -> bool:
        try:
            kept = self.get("/presets.json").get(str(SAFE_PRESET))
        except TimeoutError:
            raise
        except OSError:
            # A controller that never saved a preset has no such file.
            return False
        return contains(kept, {"n": SAFE_PRESET_NAME, **shown_by(level_frac)})

    def go_safe(self, level_frac: float) -> None:
        """Leave the stream and show the fallback, at once."""
        self.post("/json/state", {**fallback_state(level_frac), "live": False, "lor": 0, "tt": 0})

    def get(self, path: str) -> dict[str, Any]:
        """Ask for an object."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send an object."""
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            text = answer.read(1 << 18)
            if answer.status != 200:
                raise OSError(f"{self._host} answered {answer.status} to {path}; is it a WLED controller?")
            found = json.loads(text)
        except TimeoutError as fault:
            what = f"{self._host} did not answer in {self._timeout_s:.1f} s; is it powered and on the room's network?"
            raise TimeoutError(what) from fault
        except socket.gaierror as fault:
            raise OSError(
                f"there is no host called {self._host}; is the name right, and the device on the room's network?"
            ) from fault
        except (http.client.HTTPException, ValueError) as fault:
            raise OSError(f"{self._host} gave an answer that is not WLED's to {path}; is it a WLED controller?") from fault
        except ConnectionError as fault:
            raise OSError(f"{self._host} refused the connection to port {self._port}; is it a WLED controller?") from fault
        except OSError as fault:
            if fault.errno not in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
                raise
            raise OSError(f"{self._host} cannot be reached; is it powered, and on the room's network?") from fault
        finally:
            connection.close()
        if not isinstance(found, dict):
            raise OSError(f"{self._host} gave an answer that is not WLED's to {path}; is it a WLED controller?")
        return found


def fallback_state(level_frac: float) -> dict[str, Any]:
    """One steady warm colour, no effect, no transition; off at level 0. `bri` stays full, as a stream starts at it."""
    colour = [round(level * 255 * level_frac) for level in (1.0, 0.5, 0.15)]
    steady = {"fx": 0, "col": [colour, [0, 0, 0], [0, 0, 0]], "frz": False}
    return {"on": level_frac > 0.0, "bri": 255, "transition": 0, "seg": [steady]}


def shown_by(level_frac: float) -> dict[str, Any]:
    """What must be read back of `fallback_state`; brightness and colour do not show while it is off."""
    if level_frac <= 0.0:
        return {"on": False}
    return {"on": True, "seg": [{"fx": 0, "col": fallback_state(level_frac)["seg"][0]["col"]}]}


def fallback_config() -> dict[str, Any]:
    """Start with the safe preset; live pictures at full scale, without gamma, over after 2.5 s (25 tenths)."""
    live = {"en": True, "maxbri": True, "no-gc": True, "timeout": 25}
    return {"def": {"ps": SAFE_PRESET}, "if": {"live": live}}


def contains(told: Any, wanted: Any) -> bool:
    """Whether everything in `wanted` is in `told`, however much more that holds; lists are compared from their start."""
    if isinstance(wanted, dict):
        return isinstance(told, dict) and all(key in told and contains(told[key], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        long_enough = isinstance(told, list) and len(told) >= len(wanted)
        return long_enough and all(contains(ours, theirs) for ours, theirs in zip(told, wanted, strict=False))
    return bool(told == wanted)


def _object(told: dict[str, Any], key: str) -> dict[str, Any]:
    value = told.get(key)
    if not isinstance(value, dict):
        raise OSError(f"the answer has no {key}; is it a WLED controller?")
    return value
