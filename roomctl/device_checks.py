"""What a person confirmed of each device, kept in DATA/calibration.toml: a device is verified while its check fits its entry.

`roomctl devices check NAME` writes it; the engine reads it at its start.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from hardware.entries import Entry, LightBarEntry, RoomLightEntry, TapperEntry
from roomctl.errors import RoomFileError
from roomctl.room_file import RoomFile

FILE_NAME: Final = "calibration.toml"


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """One device, as a person found it. `where` is its place in the room file, so that no other device is taken for it.

    `gamma` is a light bar's: what its light is the power of. Motors and lamps have none, and keep 1.
    """

    driver: str
    where: str
    checked_utc: str
    onset_ms: float = 0.0
    gamma: float = 1.0
    max_level_frac: float = 1.0


def where_of(entry: Entry) -> str:
    """The device's place, as its entry names it."""
    keys = ("host", "port", "universe", "address", "device", "left", "right", "entity", "topic")
    return " ".join(f"{key}={value}" for key in keys if (value := getattr(entry, key, None)) is not None)


def load_checks(data: Path) -> dict[str, DeviceCheck]:
    """Every check by its device's name; none where there is no file. Raises RoomFileError where the file is damaged."""
    file = data / FILE_NAME
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("device", {})
        return {name: _check_of(table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, ValueError, KeyError, AttributeError) as fault:
        raise RoomFileError(
            f'{file}: cannot be read ({fault}); check the devices again, with "roomctl devices check"'
        ) from fault


def _check_of(table: Mapping[str, Any]) -> DeviceCheck:
    known = {each.name for each in fields(DeviceCheck)}
    unknown = set(table) - known
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)[0]}; there are {', '.join(sorted(known))}")
    words = [str(table[key]) for key in ("driver", "where", "checked_utc")]
    numbers = [float(table.get(key, otherwise)) for key, otherwise in (("onset_ms", 0), ("gamma", 1), ("max_level_frac", 1))]
    return DeviceCheck(*words, *numbers)  # type: ignore[arg-type]


def save_check(data: Path, name: str, check: DeviceCheck) -> None:
    """Add or replace one check. The file is whole at every moment, also when the power fails."""
    checks = {**load_checks(data), name: check}
    file = data / FILE_NAME
    fresh = file.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as out:
        out.write(as_toml(checks))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def as_toml(checks: Mapping[str, DeviceCheck]) -> str:
    """The file's text."""
    lines = ["# Written by `roomctl devices check`. One table for each device that a person confirmed.", ""]
    for name, check in sorted(checks.items()):
        lines.append(f"[device.{_quoted(name)}]")
        for each in fields(DeviceCheck):
            value = getattr(check, each.name)
            if each.name == "gamma" and value == 1.0:
                continue
            lines.append(f"{each.name} = {_quoted(value) if isinstance(value, str) else repr(float(value))}")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(each):04x}" if ord(each) < 0x20 or ord(each) == 0x7F else {'"': '\\"', "\\": "\\\\"}.get(each, each)
        for each in text
    )
    return f'"{escaped}"'


def fitting(entry: Entry, checks: Mapping[str, DeviceCheck]) -> DeviceCheck | None:
    """The check of this very device; None where there is none, or the entry has changed since."""
    check = checks.get(entry.name)
    return check if check is not None and (check.driver, check.where) == (entry.driver, where_of(entry)) else None


def verified_names(room: RoomFile, checks: Mapping[str, DeviceCheck]) -> frozenset[str]:
    """The devices of a room that a person has confirmed."""
    entries: list[Entry] = [*room.lightbar, *room.tapper, *room.roomlight]
    return frozenset(entry.name for entry in entries if fitting(entry, checks))


def with_checks(room: RoomFile, checks: Mapping[str, DeviceCheck]) -> RoomFile:
    """`room` with what was measured: onsets and gamma where the room file gives none, full levels no higher than confirmed."""
    return replace(
        room,
        lightbar=tuple(_bar(entry, fitting(entry, checks)) for entry in room.lightbar),
        tapper=tuple(_tapper(entry, fitting(entry, checks)) for entry in room.tapper),
        roomlight=tuple(_lamp(entry, fitting(entry, checks)) for entry in room.roomlight),
    )


def _bar(entry: LightBarEntry, check: DeviceCheck | None) -> LightBarEntry:
    if check is None:
        return entry
    return replace(
        entry,
        onset_ms=entry.onset_ms or check.onset_ms,
        level_frac=min(entry.level_frac, check.max_level_frac),
        gamma=check.gamma if entry.gamma == 1.0 else entry.gamma,
    )


def _tapper(entry: TapperEntry, check: DeviceCheck | None) -> TapperEntry:
    if check is None:
        return entry
    strength_frac = min(entry.strength_frac, check.max_level_frac)
    return replace(entry, onset_ms=entry.onset_ms or check.onset_ms, strength_frac=strength_frac)


def _lamp(entry: RoomLightEntry, check: DeviceCheck | None) -> RoomLightEntry:
    if check is None:
        return entry
    return replace(entry, onset_ms=entry.onset_ms or check.onset_ms, level_frac=min(entry.level_frac, check.max_level_frac))
