"""`roomctl pair`: a one-time code and its picture for a tablet, or a bearer token for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import segno
import typer

from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import Invalid
from roomctl.messages import Role
from roomctl.sign_in import CODE_LIVES_S, ROLES, SignIn

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def pair(
    role: Annotated[str, typer.Option(help=f"What the tablet may do: {', '.join(ROLES)}.")] = "control",
    token: Annotated[bool, typer.Option("--token", help="Print a bearer token for scripts instead of a code.")] = False,
    name: Annotated[str, typer.Option(help="With --token: the name that others see beside its changes.")] = "script",
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Let one more tablet in: print a code, good for one use within ten minutes, and a picture of its address to scan."""
    folder = data_folder(data)
    store = SignIn(folder / "sign_in.db")
    try:
        if token:
            typer.echo(store.new_token(known_role(role), name)[1])
            return
        code = store.new_code(known_role(role))
    finally:
        store.close()
    typer.echo(f"Code:  {code.spaced}   (role {code.role}; once, within {CODE_LIVES_S / 60:.0f} minutes)")
    address = running_address(folder)
    if address is None:
        typer.echo("The room is not running on this data folder; start it with `roomctl run`, then open its address.", err=True)
        return
    url = f"{address}/pair?code={code.code}"
    typer.echo(f"Open:  {url}\n")
    segno.make(url).terminal(compact=True)
    if urlsplit(address).hostname in LOOPBACK:
        typer.echo(
            "\nThis address leads nowhere but to this machine. For a tablet, run the room with --host 0.0.0.0.", err=True
        )


def known_role(role: str) -> Role:
    """The role by its name; raises Invalid with those there are."""
    for known in ROLES:
        if role == known:
            return known
    raise Invalid(f'"{role}" is no role; --role takes {", ".join(ROLES)}', allowed=list(ROLES))


def running_address(folder: Path) -> str | None:
    """Where the room on this data folder answers; None where none runs."""
    try:
        return (folder / "run" / "address").read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
