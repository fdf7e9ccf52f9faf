"""`roomctl run`: the room, until it is ended."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import segno
import typer

from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import Invalid
from roomctl.launcher.launcher import Launcher, Plan
from roomctl.room_file import RoomFile, load_room
from roomctl.sign_in import SignIn


def run(
    room: RoomOption = None,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Where the panel listens; loopback unless told otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="The panel's port; 0 takes a free one.", min=0, max=65535)] = None,
    speed: Annotated[
        float, typer.Option(help="Simulated time, N times as fast; stub sound card only.", min=0.1, max=100.0)
    ] = 1.0,
) -> None:
    """Start the room and its panel; print the panel's address and a pairing code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    room_file = load_room(room)
    if speed != 1.0 and room_file.audio.driver != "stub":
        raise Invalid('--speed needs driver = "stub" in [audio]: a real sound card plays at its own speed')
    if host is not None and not host.strip():
        raise Invalid("--host is empty; give an address of this machine, or leave it out to listen on this machine only")
    panel = replace(
        room_file.panel,
        host=host if host is not None else room_file.panel.host,
        port=port if port is not None else room_file.panel.port,
    )
    folder = data_folder(data)
    launcher = Launcher(Plan(room_file, room.resolve() if room else None, folder, panel, speed))
    raise typer.Exit(launcher.run(lambda address: say_ready(room_file, address, folder, speed)))


def say_ready(room: RoomFile, address: str, data: Path, speed: float) -> None:
    """Tell the person at the terminal where the panel is, and how a tablet gets in."""
    with contextlib.closing(SignIn(data / "sign_in.db")) as sign_in:
        code = sign_in.new_code("admin")
    stubs = " (demo: nothing sounds, lights or moves outside this machine)" if room.is_demo else ""
    typer.echo(f"\n{room.room.name} is ready{stubs}.")
    if speed != 1.0:
        typer.echo(f"Time passes {speed:g} times as fast.")
    typer.echo(f"Panel:         {address}")
    typer.echo(f"Pairing code:  {code.spaced}   (once, within 10 minutes; another: roomctl pair)\n")
    segno.make(f"{address}/pair?code={code.code}").terminal(compact=True)
    typer.echo("\nSTOP is on every page of the panel. Keep a physical switch for the room as well. Ctrl-C ends the room.")
