"""The two seams every driver keeps: what the engine knows of a device, and what a device knows of its wire.

`offer` never blocks, holds one value and the newest wins. `safe` never blocks and never raises, may be called at any time, any
number of times, before `open` too, and overtakes whatever was offered. What waits does so in the driver's own thread.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from stimuli.beats import Side

LinkState = Literal["ABSENT", "CONNECTING", "READY", "STALE", "FAULT"]
DeviceKind = Literal["soundcard", "lightbar", "tapper", "roomlight", "input"]
OnLoss = Literal["stop", "go-on"]

Pixels = npt.NDArray[np.float32]
"""Linear light of each LED: float32 of shape (leds, 3), red, green, blue, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Due:
    """The intended moment at the client: the session frame, and the monotonic time it falls at."""

    frame: int
    mono_s: float


@dataclass(frozen=True, slots=True)
class LightFrame:
    """One picture of the bar. `pos` -1 is left and 1 right; `level_frac` is the dot's brightness after every limit."""

    pos: float
    level_frac: float
    colour: tuple[float, float, float]
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class TapPulse:
    """One pulse in one hand."""

    side: Side
    ms: float
    strength_frac: float


@dataclass(frozen=True, slots=True)
class RoomLook:
    """Where a lamp should be `fade_s` from now: CIE L* 0-100, and kelvin. A paced lamp is offered fade_s = 0 often."""

    level_l: float
    cct_k: float
    fade_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device can do, and what it does by itself when it no longer hears from the room."""

    on_silence: str
    fps_max: float = 0.0
    pixels: int = 0
    min_pulse_ms: float = 0.0
    onset_ms: float = 0.0
    transitions: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """How the device is reached just now. `since_utc_s` is wall clock seconds, for people; `why` is a sentence or empty."""

    state: LinkState
    since_utc_s: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class SafeBytes:
    """What the launcher sends for a device when the engine can no longer: `transport` is `udp`, `serial` or `unix`.

    `address` is what that transport opens (`host:port`, with `@interface` for multicast that leaves by one; a serial port with
    `@baud`; a socket's path); `packets` go in order.
    Where it lists several, with spaces between, packet n goes to the n-th of them and round again. With `repeat_s` the packets
    are sent again that often until the engine is back, and then `release` once. `hardware.safe_send` sends them.
    """

    device: str
    transport: Literal["udp", "serial", "unix"]
    address: str
    packets: tuple[bytes, ...]
    repeat_s: float = 0.0
    release: tuple[bytes, ...] = ()


class Device(ABC):
    """What every device has. Subclasses say `kind` and `driver`, and whether the driver has met its real counterpart.

    Whoever owns a device sets `on_link`, called at each change of the link, and `on_stop`, called with the device's name when
    the client presses a button on the device itself. Both are called from the driver's threads, and must not wait or raise.
    """

    kind: DeviceKind
    driver: str
    verified: bool = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._link = Link("ABSENT", time.time())
        self._link_lock = threading.Lock()
        self.on_link: Callable[[Device, Link], None] = lambda device, link: None
        self.on_stop: Callable[[str], None] = lambda name: None

    @property
    def link(self) -> Link:
        """The present link state; a frozen value, safe to read from any thread."""
        return self._link

    def set_link(self, state: LinkState, why: str = "") -> None:
        """Publish a link state; says so once for each change of state or reason."""
        with self._link_lock:
            if (self._link.state, self._link.why) == (state, why):
                return
            changed = state != self._link.state
            self._link = link = Link(state, time.time() if changed else self._link.since_utc_s, why)
        self.on_link(self, link)

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this device can do; fixed while it is open."""

    @abstractmethod
    def open(self) -> None:
        """Begin to connect, without waiting for it; the link state says how it goes, and it reconnects by itself."""

    @abstractmethod
    def safe(self) -> None:
        """Drive the device to its safe look now. Never blocks or raises; idempotent; legal before `open`."""

    @abstractmethod
    def close(self) -> None:
        """Leave the device safe, and end its threads and sockets."""

    def safe_bytes(self) -> SafeBytes | None:
        """What the launcher sends when the engine is gone; None where the device goes safe by itself."""
        return None


class LightBar(Device):
    """A row of LEDs, or a picture of one."""

    kind = "lightbar"

    @abstractmethod
    def offer(self, frame: LightFrame, due: Due) -> None:
        """Show `frame`, now. Never blocks; newest wins. A lit bar offered nothing for a second may go dark."""


class Tapper(Device):
    """A pulse for each hand. Ends every pulse itself, and is still within 1 s of a lost room."""

    kind = "tapper"

    @abstractmethod
    def offer(self, pulse: TapPulse, due: Due) -> None:
        """Begin `pulse`, now. Never blocks; newest wins; never both hands at once."""


class RoomLight(Device):
    """A lamp. Holds its last look when the room is lost."""

    kind = "roomlight"

    @abstractmethod
    def offer(self, look: RoomLook, due: Due) -> None:
        """Go to `look`. Never blocks; newest wins."""


class Transport(Protocol):
    """Bytes to somewhere. Every call may raise OSError, and none waits longer than its own timeout."""

    def open(self) -> None: ...
    def write(self, data: bytes) -> None: ...
    def read(self, most: int) -> bytes: ...
    def close(self) -> None: ...
