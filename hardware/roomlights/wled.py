"""A WLED strip as room light, over its JSON interface, faded by the controller itself.

Protocol: docs/devices/wled-lamp.md. Verified against: a model of the interface as its documentation describes it. It holds
when the room is lost.
"""

from __future__ import annotations

import math
from typing import Any, Final

from hardware.entries import RoomLightEntry
from hardware.lightbars.wled_json import WledJson
from hardware.roomlights.lightness import output_frac, steps
from hardware.roomlights.slow_lamp import SlowLamp, SlowWire
from hardware.seams import RoomLook

LONGEST_FADE_DS: Final = 655
"""WLED counts fades in tenths of a second, 65.5 s at most."""


def warm_rgb(cct_k: float) -> tuple[int, int, int]:
    """Roughly the colour of a lamp of `cct_k`, for LEDs without white (fit by T. Helland, 2012, of the CIE 1964 black body)."""
    hundreds = min(400.0, max(10.0, cct_k / 100.0))
    if hundreds <= 66:
        red, green = 255.0, 99.4708 * _ln(hundreds) - 161.1196
        blue = 0.0 if hundreds <= 19 else 138.5177 * _ln(hundreds - 10) - 305.0448
    else:
        red, green, blue = 329.6987 * (hundreds - 60) ** -0.1332, 288.1222 * (hundreds - 60) ** -0.0755, 255.0
    held = [round(min(255.0, max(0.0, value))) for value in (red, green, blue)]
    return held[0], held[1], held[2]


def _ln(value: float) -> float:
    return float(math.log(value))


def state_body(look: RoomLook, level_frac: float) -> dict[str, Any]:
    """The state that leads the strip to `look`; brightness is light output, and an effect that ran ends."""
    fade_ds = min(LONGEST_FADE_DS, max(0, round(look.fade_s * 10)))
    level = steps(output_frac(look.level_l, "linear", level_frac), 255)
    if level == 0:
        return {"on": False, "tt": fade_ds}
    colour = list(warm_rgb(look.cct_k))
    return {"on": True, "bri": level, "tt": fade_ds, "seg": [{"fx": 0, "cct": cct_byte(look.cct_k), "col": [colour]}]}


def cct_byte(cct_k: float) -> int:
    """WLED's relative white balance, 0 at 1,900 K and 255 at 10,091 K, for strips that have two whites."""
    return min(255, max(0, round((cct_k - 1900) / 32.12)))


class WledLampWire(SlowWire):
    """The controller's JSON interface."""

    least_gap_s = 0.1

    def __init__(self, entry: RoomLightEntry, json: WledJson) -> None:
        super().__init__(entry)
        self._json = json

    def connect(self) -> None:
        """See that it is a WLED, and that nothing streams to it."""
        self.check()

    def check(self) -> None:
        """Ask how it is. Raises OSError where another controller streams to it."""
        health = self._json.health()
        if health.live and not health.overridden:
            raise OSError(f"another controller ({health.live_from or 'unknown'}) streams to this WLED; end that first")

    def put(self, look: RoomLook) -> None:
        """Post the state."""
        self._json.post("/json/state", state_body(look, self._level_frac))

    def disconnect(self) -> None:
        """Nothing is kept open between messages."""


def build(entry: RoomLightEntry) -> SlowLamp:
    """The lamp of a room file's entry."""
    return SlowLamp(entry, WledLampWire(entry, WledJson(entry.host or "", entry.network_port(entry.http_port))))
