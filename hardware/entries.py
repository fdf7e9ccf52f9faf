"""What a room file says of each device, as frozen values. The ranges stand in the annotations, for whoever parses the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Interval, MaxLen, MinLen

from hardware.faults import STRICT, Fault
from hardware.seams import OnLoss

SoundCardDriver = Literal["portaudio", "stub"]
LightBarDriver = Literal["stub", "screen", "wled", "sacn", "artnet", "adalight", "osc"]
TapperDriver = Literal["stub", "serial", "audio", "gamepad", "osc", "ble"]
RoomLightDriver = Literal["stub", "sacn", "artnet", "enttec", "wled", "hue", "lifx", "homeassistant", "mqtt", "osc"]

Name = Annotated[str, MinLen(1), MaxLen(60)]
Port = int | str | None
"""A number for what is on the network, a path for what is on a serial port."""
OnsetMs = Annotated[float, Interval(ge=-300.0, le=300.0)]
Universe = Annotated[int, Interval(ge=1, le=63_999)]
Baud = Annotated[int, Interval(ge=9_600, le=4_000_000)]
Pair = tuple[Annotated[int, Interval(ge=1, le=64)], Annotated[int, Interval(ge=1, le=64)]]
LevelFrac = Annotated[float, Interval(gt=0.0, le=1.0)]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which channels of the card, counted from 1, carry what: left then right. None is not there."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    room: Pair | None = (1, 2)
    headphones: Pair | None = None
    taps: Pair | None = None

    def __post_init__(self) -> None:
        used = self.used
        if not used:
            raise ValueError("outputs names no channel; it needs room, headphones or taps")
        twice = sorted({channel for channel in used if used.count(channel) > 1})
        if twice:
            raise ValueError(f"outputs uses channel {twice[0]} twice; each channel can carry one thing")

    @property
    def used(self) -> list[int]:
        """Every channel named."""
        return [channel for pair in (self.room, self.headphones, self.taps) if pair for channel in pair]

    @property
    def heard(self) -> list[str]:
        """The outputs that somebody listens to, by name."""
        return [name for name, pair in (("room", self.room), ("headphones", self.headphones)) if pair]


@dataclass(frozen=True, slots=True)
class SoundCardEntry:
    """`[audio]`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    driver: SoundCardDriver = "stub"
    device: str = ""
    rate_hz: Annotated[int, Interval(ge=44_100, le=192_000)] = 48_000
    latency_ms: Annotated[float, Interval(ge=10.0, le=500.0)] = 48.0
    block_frames: Annotated[int, Interval(ge=64, le=4096)] = 512
    outputs: Outputs = field(default_factory=Outputs)
    onset_ms: OnsetMs = 0.0
    record: Path | None = None
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if self.driver == "portaudio" and not self.device:
            raise ValueError('driver "portaudio" needs device, a name as "roomctl devices" lists it')
        if self.driver != "stub" and (self.record or self.faults):
            raise ValueError('record and faults are for driver "stub"')

    @property
    def channels(self) -> int:
        """Channels to open, so that every output has its own: two at least."""
        return max(2, *self.outputs.used)


NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "wled": {"host": "the name or address of the device"},
    "artnet": {"host": "the name or address of the device"},
    "hue": {"host": "the name or address of the bridge", "entity": "the name of a lamp, a room or a zone"},
    "homeassistant": {"host": "the name or address of Home Assistant", "entity": 'a lamp of its own, such as "light.room"'},
    "mqtt": {"host": "the name or address of the broker", "topic": 'the lamp\'s, such as "zigbee2mqtt/sofa"'},
}
"""What a driver cannot find its device without: key by key, and what it is."""

TOKEN_DRIVERS: Final = ("hue", "homeassistant")


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """What every light bar, tapper and room light has in the room file.

    `interface` is what multicast leaves this machine by, as the system names it ("eth0") or by its address.

    Raises ValueError where the driver lacks what it needs to find its device, or has what only a stub can use.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Name
    driver: str = "stub"
    onset_ms: OnsetMs = 0.0
    host: str | None = None
    port: Port = None
    record: Path | None = None
    on_loss: OnLoss = "stop"
    faults: tuple[Fault, ...] = ()
    interface: str | None = None

    def __post_init__(self) -> None:
        serial = self.driver in ("adalight", "enttec", "serial")
        if serial and not isinstance(self.port, str):
            raise ValueError(f'driver "{self.driver}" needs port, a serial port such as "/dev/ttyUSB0"')
        if not serial and isinstance(self.port, str):
            raise ValueError(f'driver "{self.driver}" takes a number as port, not "{self.port}"')
        if isinstance(self.port, int) and not 1 <= self.port <= 65_535:
            raise ValueError(f"port is {self.port}; a network port is 1 to 65535")
        for key, meaning in NEEDED.get(self.driver, {}).items():
            if not getattr(self, key):
                raise ValueError(f'driver "{self.driver}" needs {key}, {meaning}')
        if self.interface and (self.driver != "sacn" or self.host):
            raise ValueError('interface is for driver "sacn" without host: it names the way that multicast leaves by')
        if self.driver != "stub" and (self.record or self.faults):
            raise ValueError('record and faults are for driver "stub"')

    def network_port(self, usual: int) -> int:
        """The number in `port`, or the driver's `usual` one where the room file gives none."""
        return self.port if isinstance(self.port, int) else usual


@dataclass(frozen=True, slots=True)
class LightBarEntry(DeviceEntry):
    """`[[lightbar]]`. `universe` and `address` are where its first LED is; `level_frac` is its full light.

    `gamma` is the exponent by which its controller bends what it is told. `fallback_frac` is how brightly a WLED glows by
    itself, when no room talks to it.
    """

    driver: LightBarDriver = "stub"
    leds: Annotated[int, Interval(ge=1, le=1000)] = 60
    fps: Annotated[float, Interval(ge=1.0, le=120.0)] = 40.0
    protocol: Literal["ddp", "dnrgb"] = "ddp"
    http_port: Annotated[int, Interval(ge=1, le=65_535)] = 80
    baud: Baud = 1_000_000
    universe: Universe = 1
    address: Annotated[int, Interval(ge=1, le=512)] = 1
    priority: Annotated[int, Interval(ge=1, le=200)] = 100
    level_frac: LevelFrac = 1.0
    gamma: Annotated[float, Interval(ge=0.5, le=3.5)] = 1.0
    fallback_frac: Annotated[float, Interval(ge=0.0, le=0.1)] = 0.0
    reverse: bool = False
    display: Annotated[int, Interval(ge=0, le=15)] = 0
    windowed: Annotated[str, MaxLen(11)] | None = None
    vsync: bool = False


@dataclass(frozen=True, slots=True)
class TapperEntry(DeviceEntry):
    """`[[tapper]]`. `strength_frac` is what full strength means in these hands; `left` and `right` name a pair of pads."""

    driver: TapperDriver = "stub"
    min_pulse_ms: Annotated[float, Interval(ge=5.0, le=200.0)] = 30.0
    baud: Baud = 115_200
    device: str | None = None
    left: str | None = None
    right: str | None = None
    strength_frac: LevelFrac = 1.0


@dataclass(frozen=True, slots=True)
class RoomLightEntry(DeviceEntry):
    """`[[roomlight]]`. `fixture` is a built-in one or a TOML file's path; `entity` names the lamp where a bridge has many."""

    driver: RoomLightDriver = "stub"
    universe: Universe = 1
    address: Annotated[int, Interval(ge=1, le=512)] = 1
    fixture: str = "dimmer8"
    priority: Annotated[int, Interval(ge=1, le=200)] = 100
    http_port: Annotated[int, Interval(ge=1, le=65_535)] = 80
    entity: str | None = None
    token: str | None = None
    token_file: Path | None = None
    topic: str | None = None
    username: str | None = None
    tls: bool = False
    level_frac: LevelFrac = 1.0
    safe_level_l: Annotated[float, Interval(ge=1.0, le=60.0)] = 20.0
    safe_cct_k: Annotated[float, Interval(ge=1_000.0, le=6_500.0)] = 2_200.0
    on_loss: OnLoss = "go-on"

    def __post_init__(self) -> None:
        DeviceEntry.__post_init__(self)
        if (self.driver in TOKEN_DRIVERS or self.username) and not (self.token or self.token_file):
            raise ValueError(f'driver "{self.driver}" needs token, or token_file with the token in it')


Entry = LightBarEntry | TapperEntry | RoomLightEntry
