"""A light bar on a WLED controller: pictures over UDP (DDP or DNRGB), fallback and health over JSON.

Protocols: docs/protocols/ddp.md, docs/protocols/dnrgb.md. Verified against: bytes equal to ledfx-senders 0.4.0, and a model of
WLED 0.15's JSON of our own. Not yet met a controller.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from hardware.entries import LightBarEntry
from hardware.lightbars import ddp, dnrgb
from hardware.lightbars.wire import PictureWire, WiredLightBar
from hardware.lightbars.wled_json import WledHealth, WledJson
from hardware.seams import LightFrame, SafeBytes
from hardware.transports.udp import UdpPort, own_address

FPS: Final = 40.0
"""WLED queues what it is sent: it gets a steady stream that it can show, and no bursts."""

_POLL_S: Final = 2.0
_MISSED: Final = 3
_KEEP_ALIVE_S: Final = 1.0


def build(entry: LightBarEntry) -> WledLightBar:
    """The bar of a room file's entry."""
    return WledLightBar(entry)


class WledEncoder:
    """DDP with its sequence, or DNRGB."""

    keep_alive_s = _KEEP_ALIVE_S

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._sequence = 0

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """One packet up to 480 LEDs, then more."""
        if self._protocol == "dnrgb":
            return dnrgb.frame_packets(rgb)
        self._sequence = ddp.next_sequence(self._sequence)
        return ddp.frame_packets(rgb, self._sequence)

    def farewell(self) -> tuple[bytes, ...]:
        """Nothing: the fallback takes over by itself."""
        return ()


class WledWatch:
    """Asks the controller how it is every 2 s, and tells it to go safe. A thread of its own: HTTP never holds up a picture."""

    def __init__(self, json: WledJson, fallback_frac: float, tell: Callable[[WledHealth | None, str], None]) -> None:
        self._json = json
        self._fallback_frac = fallback_frac
        self._tell = tell
        self._wake = threading.Condition()
        self._safe_wanted = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="wled watch", daemon=True)
        self._thread.start()

    def safe(self) -> None:
        """Have the controller leave the stream."""
        with self._wake:
            self._safe_wanted = True
            self._wake.notify()

    def close(self) -> None:
        """End the thread; a request under way is not waited for longer than its timeout."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(3.0)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._safe_wanted, _POLL_S)
                if self._closing:
                    return
                safe, self._safe_wanted = self._safe_wanted, False
            try:
                if safe:
                    self._json.go_safe(self._fallback_frac)
                health = self._json.health()
            except OSError as fault:
                self._tell(None, str(fault))
            else:
                self._tell(health, "")


class WledWire(PictureWire):
    """Reached means that its JSON answered. Lost means that it has not, three times in a row."""

    def __init__(self, entry: LightBarEntry) -> None:
        self.port = entry.network_port(dnrgb.PORT if entry.protocol == "dnrgb" else ddp.PORT)
        super().__init__(UdpPort(entry.host or "", self.port), WledEncoder(entry.protocol), entry, inline=True)
        self.json = WledJson(entry.host or "", entry.http_port)
        self.health: WledHealth | None = None
        self.on_health: Callable[[str], None] = lambda why: None
        self._fallback_frac = entry.fallback_frac
        self._watch: WledWatch | None = None
        self._missed = 0
        self._missed_why = ""
        self._safe_said_s = 0.0

    def connect(self) -> None:
        """Ask who it is, write its fallback, then begin the stream dark."""
        self.health = self.json.health()
        self.caution = self.json.write_fallback(self._fallback_frac) or self._trouble(self.health)
        super().connect()
        self._missed = 0
        self._watch = WledWatch(self.json, self._fallback_frac, self._hear)

    def safe_now(self) -> bool:
        """Dark over UDP, here and now, and over JSON from the watch."""
        self._say_safe()
        return super().safe_now()

    def safe(self) -> None:
        """The same from the device's thread, where it was not said a moment ago."""
        if time.monotonic() - self._safe_said_s > 0.1:
            self._say_safe()
        super().safe()

    def tick(self) -> float:
        """As any bar; raises OSError once the controller is silent."""
        if self._missed >= _MISSED:
            raise OSError(self._missed_why)
        return min(super().tick(), _POLL_S / 2)

    def disconnect(self) -> None:
        """End the watch and the stream."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
        super().disconnect()

    def _say_safe(self) -> None:
        self._safe_said_s = time.monotonic()
        watch = self._watch
        if watch is not None:
            watch.safe()

    def _hear(self, health: WledHealth | None, why: str) -> None:
        if health is None:
            self._missed, self._missed_why = self._missed + 1, why
            if self._missed < _MISSED:
                self.on_health(why)
            return
        self._missed, self.health = 0, health
        self.on_health(self._trouble(health))

    def _trouble(self, health: WledHealth) -> str:
        return trouble(health, self._entry.leds, own_address(self._entry.host or ""))


def trouble(health: WledHealth, leds: int, own: str) -> str:
    """What people should know of a controller that answers us at the address `own`; empty where all is well."""
    if health.live and health.live_from and own and health.live_from != own:
        return f"{health.live_from} streams to this bar too; only one may"
    if health.overridden:
        return "WLED is set, in its own app, to ignore what the room sends; turn the override off there"
    if health.leds and health.leds != leds:
        return f"WLED has {health.leds} LEDs set up, and the room file says {leds}"
    return ""


class WledLightBar(WiredLightBar):
    """Off within 2.5 s of the last picture: on connect its fallback is written, read back and made its start-up preset."""

    driver = "wled"

    def __init__(self, entry: LightBarEntry) -> None:
        self._wled = WledWire(entry)
        super().__init__(entry, self._wled, FPS, "goes to its own fallback, dark or dim and steady, 2.5 s after the last frame")
        self._wled.on_health = self._note_health

    @property
    def health(self) -> WledHealth | None:
        """What the controller last said of itself."""
        return self._wled.health

    def safe_bytes(self) -> SafeBytes:
        """Dark; its fallback follows by itself."""
        packets = WledEncoder(self.entry.protocol).picture(self.dark_rgb, self.wire.dark)
        return SafeBytes(self.name, "udp", f"{self.entry.host}:{self._wled.port}", packets)

    def _note_health(self, why: str) -> None:
        """STALE while it does not answer or shows something else; READY again when it does."""
        if self.link.state not in ("READY", "STALE"):
            return
        self.set_link("STALE" if why else "READY", why or self._wled.caution)
