"""The application: mounts every command, and turns errors into sentences and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, Final, cast

import typer

from roomctl.errors import Invalid, RoomError, RoomFileError

EXIT_FAILED: Final = 1
EXIT_WRONG_USE: Final = 2
EXIT_INTERRUPTED: Final = 130

UsageError: Final = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What is raised for a mistake in the command line; typer gives no name of its own to it."""

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
"""Each command by its name: a function, or an application of its own. Imported when it is called."""


class Commands(typer.core.TyperGroup):
    """Imports a command when it is asked for, so that one command does not pay for the libraries of the others."""

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
        code = app(args=arguments, prog_name="roomctl", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (KeyboardInterrupt, EOFError, typer.Abort) as end:
        if isinstance(end, EOFError) or isinstance(end.__context__, EOFError):
            typer.echo("roomctl: this asks questions, and nobody answered; run it in a terminal", err=True)
            return EXIT_FAILED
        return EXIT_INTERRUPTED
    except UsageError as problem:
        if said := wrong_use(problem):
            typer.echo(said, err=True)
        return EXIT_WRONG_USE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except RoomError as problem:
        typer.echo(f"roomctl: {problem.message}", err=True)
        return EXIT_WRONG_USE if isinstance(problem, Invalid) and not isinstance(problem, RoomFileError) else EXIT_FAILED
    return code if isinstance(code, int) else 0


def wrong_use(problem: Any) -> str:
    """One sentence for a mistake in the command line itself; where no command was given, the help that stands for it."""
    said = problem.format_message() or ""
    if "\n" in said or not said:
        return said
    where = problem.ctx.command_path if problem.ctx is not None else "roomctl"
    return f"roomctl: {said.rstrip('.')}; `{where} --help` says what it takes"
