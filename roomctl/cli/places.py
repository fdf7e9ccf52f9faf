"""Where a command finds the room: the two options every command takes, and the link to a room that runs."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Final

import platformdirs
import typer

from playlists.private import private_folder
from roomctl.errors import RoomError
from roomctl.link import EngineLink
from roomctl.messages import Who

RoomOption = Annotated[
    Path | None,
    typer.Option(
        "--room", envvar="ROOMCTL_ROOM", help="The room file; without one, the demo room of stubs.", show_default=False
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="ROOMCTL_DATA", help="The data folder: journal, sign-ins, presets.", show_default=False),
]
CONNECT_S: Final = 2.0
DATA_MARKS: Final = ("journal.db", "sign_in.db", "library.db", "run")
"""What a data folder holds that no other folder does."""


def data_folder(data: Path | None) -> Path:
    """The data folder asked for, or this user's own; made where it is missing. Raises RoomError where it cannot be."""
    folder = (data or Path(platformdirs.user_data_dir("roomctl", appauthor=False))).expanduser().resolve()
    try:
        private_folder(folder, DATA_MARKS)
    except OSError as problem:
        raise RoomError(
            f"the data folder {folder} cannot be made ({problem.strerror}); choose another with --data"
        ) from problem
    return folder


def this_person() -> Who:
    """Who works at the command line: whoever may read the data folder may do everything in the room."""
    return Who(name=f"{getpass.getuser()} (command line)", role="admin")


def running_room(data: Path) -> EngineLink:
    """A link to the room that runs on `data`. Raises Away where none does."""
    link = EngineLink(data / "run" / "engine.sock")
    link.connect(CONNECT_S)
    return link
