"""`roomctl doctor`: what would stop a session today."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import typer
from rich.console import Console
from rich.markup import escape

from hardware.dmx.fixtures import fixture_of
from hardware.dmx.places import DRIVERS, clash, places_of
from hardware.registry import make_light_bar, make_room_light, make_tapper
from hardware.soundcards.portaudio import choose_card, list_cards
from playlists.files import PlaylistFileError
from playlists.presets import load_presets
from playlists.programs import load_programs
from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import Away, JournalError, RoomError
from roomctl.journal import open_database
from roomctl.link import EngineLink, result
from roomctl.room_file import RoomFile, load_room

Verdict = Literal["good", "note", "stops a session"]
LEAST_FREE_BYTES: Final = 1_000_000_000
SIGN: Final = {"good": "[green]good[/]", "note": "[yellow]note[/]", "stops a session": "[red]stops a session[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    sentence: str


def doctor(room: RoomOption = None, data: DataOption = None) -> None:
    """Look at sound, devices, disk, clock and permissions; exit 1 where something would stop a session."""
    console = Console()
    folder = data_folder(data)
    findings = list(examine(room, folder))
    for finding in findings:
        console.print(f"{SIGN[finding.verdict]:>24}  [bold]{finding.what}[/]: {escape(finding.sentence)}", soft_wrap=True)
    if any(finding.verdict == "stops a session" for finding in findings):
        raise typer.Exit(1)


def examine(room: Path | None, folder: Path) -> Iterator[Finding]:
    """Every finding, in order."""
    try:
        room_file = load_room(room)
    except RoomError as problem:
        yield Finding("room file", "stops a session", problem.message)
        return
    yield Finding("room file", "good", f"{room_file.room.name}, {_devices(room_file)}")
    looks: list[Callable[[RoomFile, Path], Finding]] = [_sound, _drivers, _lamps, _universes]
    looks += [_disk, _journal, _presets, _programs]
    looks += [_clock, _realtime, _running]
    for look in looks:
        yield look(room_file, folder)


def _devices(room: RoomFile) -> str:
    parts = ((len(room.lightbar), "light bar"), (len(room.tapper), "tapper"), (len(room.roomlight), "room light"))
    return ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for count, name in parts)


def _sound(room: RoomFile, folder: Path) -> Finding:
    if room.audio.driver == "stub":
        return Finding("sound", "note", 'the stub sound card: nothing will be heard; set [audio] driver = "portaudio"')
    try:
        card = choose_card(list_cards(), room.audio.device)
    except OSError as problem:
        return Finding("sound", "stops a session", str(problem))
    return Finding("sound", "good", f'"{card.name}" with {card.channels} channels')


def _drivers(room: RoomFile, folder: Path) -> Finding:
    """Each driver made and not opened: its library is there, its options fit, its fixture can be read."""
    try:
        for bar in room.lightbar:
            if bar.driver != "screen":
                make_light_bar(bar)
        for tapper in room.tapper:
            make_tapper(tapper)
        for lamp in room.roomlight:
            make_room_light(lamp)
    except (ImportError, ValueError) as problem:
        return Finding("drivers", "stops a session", str(problem))
    return Finding("drivers", "good", "every device of the room file can be driven from here")


def _lamps(room: RoomFile, folder: Path) -> Finding:
    try:
        coarse = [lamp.name for lamp in room.roomlight if lamp.driver in DRIVERS and fixture_of(lamp.fixture).dithers]
    except ValueError as problem:
        return Finding("room lights", "stops a session", str(problem))
    if not coarse:
        return Finding("room lights", "good", "no lamp of 8 bits" if room.roomlight else "none")
    few = (
        "8-bit channels step visibly below L* 26, where a dosing program's peak lies; use a 16-bit fixture if the lamp has one"
    )
    return Finding("room lights", "note", f"{', '.join(coarse)}: {few}")


def _universes(room: RoomFile, folder: Path) -> Finding:
    """Whether no two devices on DMX are in each other's way."""
    try:
        places = [place for bar in room.lightbar for place in places_of(bar)]
        places += [place for lamp in room.roomlight for place in places_of(lamp)]
    except ValueError as problem:
        return Finding("DMX", "stops a session", str(problem))
    why = clash(places)
    return Finding("DMX", "note" if why else "good", why or f"{len({place.universe for place in places})} universes in use")


def _disk(room: RoomFile, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", "stops a session", f"only {free // 1_000_000} MB are free in {folder}; make room for the journal"
        )
    return Finding("disk", "good", f"{free // 1_000_000_000} GB free in {folder}")


def _journal(room: RoomFile, folder: Path) -> Finding:
    try:
        database = open_database(folder / "journal.db")
        sound = database.execute("PRAGMA quick_check").fetchone()[0]
        database.close()
    except JournalError as problem:
        return Finding("journal", "stops a session", problem.message)
    if sound != "ok":
        return Finding("journal", "stops a session", f"it is damaged ({sound}); keep a copy and move it out of the data folder")
    return Finding("journal", "good", "can be written, and is whole")


def _presets(room: RoomFile, folder: Path) -> Finding:
    try:
        presets = load_presets([folder / "presets"])
    except PlaylistFileError as problem:
        return Finding("presets", "stops a session", "; ".join(problem.problems))
    return Finding("presets", "good", f"{len(presets)} protocols")


def _programs(room: RoomFile, folder: Path) -> Finding:
    try:
        programs = load_programs([folder / "programs"])
    except PlaylistFileError as problem:
        return Finding("programs", "stops a session", "; ".join(problem.problems))
    return Finding("programs", "good", f"{len(programs)} programs")


def _clock(room: RoomFile, folder: Path) -> Finding:
    year = time.gmtime().tm_year
    if year < 2025:
        return Finding("clock", "note", f"the machine thinks it is {year}; records will carry wrong dates")
    return Finding("clock", "good", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))


def _realtime(room: RoomFile, folder: Path) -> Finding:
    if not hasattr(os, "sched_setscheduler"):
        return Finding("scheduling", "note", "this system has no SCHED_FIFO; timing is as the system gives it")
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        return Finding(
            "scheduling", "note", "real-time scheduling is not allowed; on a busy machine light may lag by 5 ms (set rtprio 40)"
        )
    return Finding("scheduling", "good", "real-time scheduling is allowed")


def _running(room: RoomFile, folder: Path) -> Finding:
    link = EngineLink(folder / "run" / "engine.sock")
    try:
        link.connect(1.0)
        devices = result(link.ask("devices"))
    except Away:
        return Finding("devices", "note", "no room runs on this data folder, so its devices were not asked")
    finally:
        link.close()
    away = [f"{device['name']} ({device['why'] or device['link']})" for device in devices if device["link"] != "READY"]
    if away:
        return Finding("devices", "stops a session", f"not ready: {', '.join(away)}")
    return Finding("devices", "good", f"all {len(devices)} are ready")
