"""The application: mounts every command, and turns errors into sentences and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final

import typer

from roomctl.errors import Invalid, RoomError, RoomFileError

EXIT_FAILED: Final = 1
EXIT_WRONG_USE: Final = 2
EXIT_INTERRUPTED: Final = 130

COMMANDS: Final = {
    "run": "roomctl.cli.run:run",
    "check": "roomctl.cli.check:check",
    "devices": "roomctl.cli.devices:devices",
    "render": "roomctl.cli.render:render",
    "simulate": "roomctl.cli.simulate:simulate",
    "program": "roomctl.cli.program:program",
    "library": "roomctl.cli.library:library",
    "sessions": "roomctl.cli.sessions:sessions",
    "calibrate": "roomctl.cli.calibrate:calibrate",
    "measure": "roomctl.cli.measure:measure",
    "pair": "roomctl.cli.pair:pair",
    "doctor": "roomctl.cli.doctor:doctor",
}
"""Each command by its name: a function, or an application of its own. Only the one that is called is imported."""


class Commands(typer.core.TyperGroup):
    """Imports a command when it is asked for, so that `roomctl --help` needs none of the room's libraries."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command `cmd_name`; None where there is none."""
        name = cmd_name
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found)
        else:
            one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            one.command(name)(found)
            command = typer.main.get_command(one)
        command.name = name
        return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The controller of a therapy room: it controls sound, light and vibration; the clinician treats.",
)


@app.callback()
def root() -> None:
    """The controller of a therapy room: it controls sound, light and vibration; the clinician treats."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    try:
        app(args=arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except RoomError as problem:
        typer.echo(f"roomctl: {problem.message}", err=True)
        return EXIT_WRONG_USE if isinstance(problem, Invalid) and not isinstance(problem, RoomFileError) else EXIT_FAILED
    return 0
