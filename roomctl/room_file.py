"""The room file: which devices this room has, its limits, its music and its panel. Every key is optional.

Without one the room is the demo room: a stub sound card, bar, tapper and lamp, so that all of it can be tried at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from annotated_types import Interval, MaxLen, MinLen
from pydantic import TypeAdapter

from hardware.dmx.places import places_of
from hardware.entries import LightBarEntry, RoomLightEntry, SoundCardEntry, TapperEntry
from hardware.inputs.keys import InputEntry
from roomctl.errors import RoomFileError
from roomctl.limits import Limits
from roomctl.validation import validated_file
from stimuli.frames import FRAME_RATE_HZ
from stimuli.settings import STRICT

Name = Annotated[str, MinLen(1), MaxLen(60)]


@dataclass(frozen=True, slots=True)
class RoomName:
    """`[room]`: what the panel calls it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Name = "Demo room"
    site: Name = "clinic"


@dataclass(frozen=True, slots=True)
class MusicFolders:
    """`[music]`: where the clinic's music is (never written to), and how loud tracks are brought to."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    folders: tuple[Path, ...] = ()
    target_lufs: Annotated[float, Interval(ge=-24.0, le=-16.0)] = -20.0


@dataclass(frozen=True, slots=True)
class OscPorts:
    """`[osc]`: `host:port` to listen on, where state and beats are sent, and who beside this machine may speak."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    listen: str | None = None
    send: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.listen or "127.0.0.1:9000", *self.send):
            host, _, port = text.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65_535:
                raise ValueError(f'"{text}" is not HOST:PORT, such as "127.0.0.1:9000"')


@dataclass(frozen=True, slots=True)
class PanelServer:
    """`[panel]`: where the tablet finds the room. `names` are host names it may be called by; `tls` makes it HTTPS."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    host: str = "127.0.0.1"
    port: Annotated[int, Interval(ge=0, le=65_535)] = 8080
    names: tuple[str, ...] = ()
    tls: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise ValueError("host is empty; give an address of this machine, or leave it out to listen on this machine only")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key are given together, or not at all: the room then makes its own")


@dataclass(frozen=True, slots=True)
class RoomFile:
    """One room, whole."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    room: RoomName = field(default_factory=RoomName)
    audio: SoundCardEntry = field(default_factory=SoundCardEntry)
    lightbar: tuple[LightBarEntry, ...] = ()
    tapper: tuple[TapperEntry, ...] = ()
    roomlight: tuple[RoomLightEntry, ...] = ()
    input: tuple[InputEntry, ...] = ()
    limits: Limits = field(default_factory=Limits)
    music: MusicFolders = field(default_factory=MusicFolders)
    osc: OscPorts = field(default_factory=OscPorts)
    panel: PanelServer = field(default_factory=PanelServer)

    @property
    def is_demo(self) -> bool:
        """Whether nothing in it moves air, light or hands."""
        bars = {bar.driver for bar in self.lightbar}
        others = {str(tapper.driver) for tapper in self.tapper} | {str(lamp.driver) for lamp in self.roomlight}
        return self.audio.driver == "stub" and not (bars - {"stub", "screen"}) and not (others - {"stub"})


DEMO_ROOM: Final = RoomFile(
    lightbar=(LightBarEntry("bar"),), tapper=(TapperEntry("taps"),), roomlight=(RoomLightEntry("lamps"),)
)
PATH_KEYS: Final = ("record", "token_file", "tls_cert", "tls_key")

_ADAPTER: Final = TypeAdapter(RoomFile)


def load_room(path: Path | None) -> RoomFile:
    """The room of the file at `path`, or the demo room. Raises RoomFileError with a sentence for every mistake."""
    if path is None:
        return DEMO_ROOM
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise RoomFileError(f"{path}: there is no such room file; leave --room out for the demo room") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise RoomFileError(f"{path}: cannot be read ({problem})") from problem
    except tomllib.TOMLDecodeError as problem:
        raise RoomFileError(f"{path}: is not TOML: {problem}") from problem
    room = validated_file(_ADAPTER, RoomFile, _with_paths(data, path.resolve().parent), path)
    _check(room, path)
    return room


def _with_paths(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`data` with every path in it absolute: `~` is the home folder, and a bare name lies beside the room file."""

    def absolute(value: Any) -> Any:
        return str(folder / Path(value).expanduser()) if isinstance(value, str) else value

    def inside(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: inside(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [absolute(part) if key == "folders" else inside(part, key) for part in value]
        is_path = key in PATH_KEYS or (key == "fixture" and str(value).endswith(".toml"))
        return absolute(value) if is_path else value

    result: dict[str, Any] = inside(data, "")
    return result


def _check(room: RoomFile, path: Path) -> None:
    """What is allowed key by key but makes no sense together."""
    names = [bar.name for bar in room.lightbar] + [tapper.name for tapper in room.tapper]
    names += [lamp.name for lamp in room.roomlight] + [entry.name for entry in room.input]
    for name in names:
        if names.count(name) > 1:
            raise RoomFileError(f'{path}: two devices are called "{name}"; every device needs a name of its own')
    if room.audio.rate_hz != FRAME_RATE_HZ:
        raise RoomFileError(
            f"{path}: audio.rate_hz: {room.audio.rate_hz} is not allowed; the room's clock counts {FRAME_RATE_HZ} frames"
            " a second, and the card must run at that rate (ALSA's plug devices and PulseAudio convert for cards that cannot)"
        )
    _check_universes(room, path)
    if any(tapper.driver == "audio" for tapper in room.tapper) and room.audio.outputs.taps is None:
        raise RoomFileError(
            f'{path}: a tapper of driver "audio" needs channels of the sound card, as in'
            " audio.outputs = { room = [1, 2], taps = [3, 4] }"
        )


def _check_universes(room: RoomFile, path: Path) -> None:
    """Whether there is room on DMX for every bar and lamp. A fixture of the clinic's own is read when its driver is made."""
    entries: list[tuple[str, LightBarEntry | RoomLightEntry]] = []
    entries += [(f"lightbar[{number}]", bar) for number, bar in enumerate(room.lightbar, 1)]
    entries += [(f"roomlight[{number}]", lamp) for number, lamp in enumerate(room.roomlight, 1)]
    for where, entry in entries:
        if isinstance(entry, RoomLightEntry) and entry.fixture.endswith(".toml"):
            continue
        try:
            places_of(entry)
        except ValueError as problem:
            key = ".fixture" if str(problem).startswith("fixture") else ""
            raise RoomFileError(f"{path}: {where}{key}: {problem}") from problem


def effective_values(room: RoomFile, given: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """(key, value, from the file?) for every value of the room, in order; `given` is the file's own data."""

    def walk(value: Any, said: Any, key: str) -> Iterator[tuple[str, Any, bool]]:
        if is_dataclass(value) and not isinstance(value, type):
            for item in fields(value):
                part = said.get(item.name) if isinstance(said, dict) else None
                yield from walk(getattr(value, item.name), part, f"{key}.{item.name}" if key else item.name)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for index, part in enumerate(value):
                inner = said[index] if isinstance(said, list) and index < len(said) else None
                yield from walk(part, inner, f"{key}[{index + 1}]")
        else:
            yield key, value, said is not None

    return walk(room, given, "")


def as_json(room: RoomFile) -> dict[str, Any]:
    """The room as plain values, for the command line."""
    return asdict(room)
