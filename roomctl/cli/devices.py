"""`roomctl devices`: what is plugged in or answers on the network, and a guided check of one device."""

from __future__ import annotations

import datetime
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hardware.discovery import LOCAL, NETWORK, Look, look_around
from hardware.entries import Entry, LightBarEntry, TapperEntry
from hardware.registry import make_light_bar, make_room_light, make_tapper
from hardware.seams import Device
from roomctl.cli.places import DataOption, RoomOption, data_folder, running_room
from roomctl.device_checks import DeviceCheck, fitting, load_checks, save_check
from roomctl.device_walk import Walk, walk_through
from roomctl.errors import Away, Refused, RoomError, RoomFileError, UnknownId
from roomctl.link import result
from roomctl.room_file import RoomFile, load_room

devices = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, help="What is plugged in; a guided check of one device."
)
WAIT_S: Final = (1.0, 3.0)
NetworkOption = Annotated[bool, typer.Option(help="Ask the network too (mDNS and LIFX).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@devices.callback(invoke_without_command=True)
def by_default(context: typer.Context, room: RoomOption = None, data: DataOption = None) -> None:
    """List, where nothing else is asked."""
    context.obj = (room, data)
    if context.invoked_subcommand is None:
        show(room, data_folder(data), network=True, as_json=False)


@devices.command("list")
def list_devices(
    context: typer.Context,
    network: NetworkOption = True,
    as_json: JsonOption = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """List the room's own devices, and everything that is plugged in or answers within a few seconds."""
    before = context.obj or (None, None)
    show(room or before[0], data_folder(data or before[1]), network=network, as_json=as_json)


@devices.command("check")
def check_device(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The device's name in the room file.")],
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Check one device with a person: left, right, level, latency. What is confirmed is kept; the device is then verified."""
    before = context.obj or (None, None)
    folder = data_folder(data or before[1])
    entry = entry_named(load_room(room or before[0]), name)
    refuse_while_running(folder)
    device = make(entry)
    console = Console()
    console.print(escape(f'Reaching "{name}" ({entry.driver}) ...'))
    try:
        check = walk_through(
            Walk(device, entry, ConsolePerson(console)), datetime.datetime.now(datetime.UTC).isoformat("T", "seconds")
        )
    finally:
        device.close()
    save_check(folder, name, check)
    console.print(escape(in_words(name, device, check)))


def in_words(name: str, device: Device, check: DeviceCheck) -> str:
    """What a check found, and what comes of it."""
    found = [f'"{name}" is verified, until its place in the room file changes']
    found.append(f"it goes up to {check.max_level_frac:.0%} of its full output")
    if device.kind == "tapper" and check.onset_ms > 0.0:
        found.append(f"its taps are felt {check.onset_ms:.0f} ms late, so the room gives them that much earlier")
    if check.gamma != 1.0:
        found.append(f"it bends light by a gamma of {check.gamma:g}, so pictures are bent back")
    return "; ".join(found) + "."


def show(room: Path | None, folder: Path, *, network: bool, as_json: bool) -> None:
    """Print the room's devices and what was found."""
    room_file, checks = load_room(room), load_checks(folder)
    links = links_now(folder)
    looks = look_around({**LOCAL, **NETWORK} if network else LOCAL)
    if as_json:
        own = [
            {
                "name": each.name,
                "driver": each.driver,
                "checked": fitting(each, checks) is not None,
                **links.get(each.name, {}),
            }
            for each in entries_of(room_file)
        ]
        typer.echo(json.dumps({"room": own, "looks": [asdict(look) for look in looks]}, indent=1))
        return
    console = Console()
    console.print(own_table(room_file, checks, links))
    for look in looks:
        console.print(look_table(look))


def links_now(folder: Path) -> dict[str, dict[str, str]]:
    """Link and reason of each device of the room that runs on this data folder; none where no room runs."""
    try:
        link = running_room(folder)
    except Away:
        return {}
    try:
        state = result(link.ask("state"))
    except RoomError:  # it ended just now
        return {}
    finally:
        link.close()
    return {device["name"]: {"link": device["link"], "why": device["why"]} for device in state["devices"]}


def own_table(room: RoomFile, checks: Mapping[str, DeviceCheck], links: Mapping[str, Mapping[str, str]]) -> Table:
    """The devices of the room file: whether a person has checked them, and how they are where the room runs."""
    table = Table(title=f"{room.room.name}: devices of the room file", title_justify="left")
    for heading in ("name", "driver", "checked by a person", *(("link", "why") if links else ())):
        table.add_column(heading)
    rows: list[tuple[str, str, str]] = [(each.name, each.driver, checked_when(each, checks)) for each in entries_of(room)]
    rows += [(each.name, each.driver, "-") for each in room.input]
    for name, driver, checked in rows:
        now = links.get(name, {})
        table.add_row(escape(name), driver, checked, *((now.get("link", "-"), escape(now.get("why", ""))) if links else ()))
    return table


def checked_when(entry: Entry, checks: Mapping[str, DeviceCheck]) -> str:
    """The day of a device's check; "not yet" where there was none of this very device."""
    check = fitting(entry, checks)
    return check.checked_utc[:10] if check else "not yet"


def look_table(look: Look) -> Table | str:
    """One look, for people."""
    if look.trouble:
        return f"[yellow]{look.what}[/]: could not look: {escape(look.trouble)}"
    if not look.found:
        return f"[dim]{look.what}: none[/]"
    table = Table(title=look.what, title_justify="left")
    for heading in ("name", "in the room file", "remark"):
        table.add_column(heading)
    for found in look.found:
        table.add_row(escape(found.name), escape(found.where), escape(found.note))
    return table


def entries_of(room: RoomFile) -> list[Entry]:
    """Every device of the room file but the card."""
    return [*room.lightbar, *room.tapper, *room.roomlight]


def entry_named(room: RoomFile, name: str) -> Entry:
    """The entry of that name. Raises UnknownId in words."""
    entries = entries_of(room)
    for entry in entries:
        if entry.name == name:
            if entry.driver in ("screen", "audio"):
                raise Refused(f'"{name}" is checked while the room runs: press its test buttons on the panel\'s devices page')
            return entry
    known = ", ".join(f'"{entry.name}"' for entry in entries)
    raise UnknownId(
        f'no device of this room is called "{name}"; there are {known or "none"}', allowed=[e.name for e in entries]
    )


def make(entry: Entry) -> Device:
    """The entry's device. Raises RoomFileError where its driver cannot be had."""
    try:
        if isinstance(entry, LightBarEntry):
            return make_light_bar(entry)
        return make_tapper(entry) if isinstance(entry, TapperEntry) else make_room_light(entry)
    except (ImportError, ValueError) as fault:
        raise RoomFileError(f'"{entry.name}" (driver "{entry.driver}"): {fault}') from fault


def refuse_while_running(folder: Path) -> None:
    """Raise Refused where a room runs on this data folder: it holds its devices."""
    try:
        link = running_room(folder)
    except Away:
        return
    link.close()
    raise Refused("the room is running and holds its devices; stop it first, or use the test buttons on its panel")


def forget_typed() -> None:
    """Drop what was typed before it was asked for, where the terminal lets us."""
    try:
        import termios
    except ImportError:  # Windows has no termios, and reads lines as they come
        return
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


class ConsolePerson:
    """The person at the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, sentence: str) -> None:
        """Print it."""
        self._console.print(escape(sentence))

    def choose(self, question: str, choices: Sequence[str]) -> str:
        """Ask until the answer is one of `choices`, or the beginning of just one."""
        while True:
            answer = typer.prompt(f"{question} [{' / '.join(choices)}]").strip().lower()
            fits = [choice for choice in choices if answer and choice.startswith(answer)]
            if len(fits) == 1 or answer in choices:
                return answer if answer in choices else fits[0]
            self.say(f"Please answer one of: {', '.join(choices)}.")

    def reaction_s(self, cue: Callable[[], None]) -> float:
        """Cue after one to three seconds, and wait for Enter."""
        time.sleep(random.uniform(*WAIT_S))
        forget_typed()
        cue()
        begun_s = time.monotonic()
        input()
        return time.monotonic() - begun_s
