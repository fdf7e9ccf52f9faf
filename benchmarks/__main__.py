"""`python -m benchmarks [--long] [--only NAME] [--json]`: what the design promises, beside what this machine reached."""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, How, NotMeasuredError
from benchmarks.machine import conditions

NAMES: Final = (
    "onsets_rendered",
    "onsets_and_packets",
    "stop_and_commands",
    "hung_device",
    "engine_cost",
    "engine_memory",
    "sound_speed",
    "offline_speed",
    "moving_light",
    "start_up",
    "library_scan",
    "web_latency",
    "pad_acceptance",
)
MARK: Final = {True: "kept", False: "MISSED", None: ""}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; exit 0 whatever was reached, as figures are no test."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whatever was started is ended
    about = conditions()
    say = Console(stderr=True)
    figures: dict[str, list[Figure]] = {}
    for name in asked.only or NAMES:
        began_s = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="roomctl-bench-", ignore_cleanup_errors=True) as folder:
                figures[name] = measured(name, How(Path(folder), asked.long))
        except KeyboardInterrupt:
            say.print(f"{name}: interrupted; what was measured before it follows")
            break
        say.print(f"{name}: {time.monotonic() - began_s:.0f} s", style="dim", highlight=False)
    if asked.json:
        told = {name: [asdict(figure) for figure in rows] for name, rows in figures.items()}
        print(json.dumps({"conditions": about, "long": asked.long, "figures": told}, indent=1, default=_plain))
    else:
        show(about, figures, Console(width=None if sys.stdout.isatty() else 180))
    return 0


def measured(name: str, how: How) -> list[Figure]:
    """One benchmark's figures; what stopped it is said in their place."""
    try:
        rows: list[Figure] = importlib.import_module(f"benchmarks.{name}").measure(how)
    except NotMeasuredError as why:
        return [Figure(name.replace("_", " "), "", f"not measured: {why}")]
    except Exception as fault:  # noqa: BLE001 - the other figures are still wanted; the fault stands in the table and on stderr
        traceback.print_exc()
        return [Figure(name.replace("_", " "), "", f"not measured, the benchmark failed: {type(fault).__name__}: {fault}")]
    return rows


def show(about: dict[str, str], figures: dict[str, list[Figure]], console: Console) -> None:
    """The machine, then a table."""
    for name, value in about.items():
        console.print(f"{name + ':':14} {value}", highlight=False)
    table = Table(show_edge=False, pad_edge=False, box=None)
    for heading in ("what", "target", "reached here", "", "anchor"):
        table.add_column(heading, overflow="fold")
    for rows in figures.values():
        table.add_section()
        for row in rows:
            table.add_row(row.what, row.target, row.reached, MARK[row.kept], row.anchor)
    console.print(table)


def _plain(number: np.generic) -> object:
    """numpy's numbers and truths as JSON knows them."""
    return number.item()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What the design promises, and what is reached here."
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", dest="long", action="store_false", default=False, help="a few minutes in all (the default)")
    length.add_argument("--long", action="store_true", help="the lengths of the design: half an hour")
    parser.add_argument("--only", action="append", choices=NAMES, help="one benchmark; may be given again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
