"""`roomctl measure`: the room's own timing, from a room that runs."""

from __future__ import annotations

import json
import time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from roomctl.cli.places import DataOption, RoomOption, data_folder, running_room
from roomctl.link import result

MEANING: Final = {
    "onset_sd_ms": "spread of the sound card's statements about its clock, ms",
    "light_skew_ms": "light told later than meant, median, ms",
    "light_skew_p99_ms": "light told later than meant, 99th percentile, ms",
    "tap_skew_ms": "taps told later than meant, median, ms",
    "tap_skew_p99_ms": "taps told later than meant, 99th percentile, ms",
    "underruns": "blocks of sound that were not ready",
    "loop_p99_ms": "time to render a block of sound, 99th percentile, ms",
    "drift_ppm": "how much faster than nominal the card runs, ppm",
    "realtime": "real-time scheduling granted",
}


def measure(
    seconds: Annotated[float, typer.Option(help="How long to watch, in seconds.", min=1.0, max=86_400.0)] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Watch the running room and print what its clock, light and taps were like. Start a set for light and tap figures."""
    link = running_room(data_folder(data))
    try:
        before = dict(result(link.ask("timing")))
        time.sleep(seconds)
        after = dict(result(link.ask("timing")))
    finally:
        link.close()
    after["underruns"] = int(after.get("underruns", 0)) - int(before.get("underruns", 0))
    if as_json:
        typer.echo(json.dumps({"seconds": seconds, **after}))
        return
    table = Table(box=None, pad_edge=False, title=f"Timing over {seconds:g} s", title_justify="left")
    table.add_column("what")
    table.add_column("value", justify="right")
    for key, value in after.items():
        table.add_row(MEANING.get(key, key), "not measured yet" if value is None else str(value))
    Console().print(table)
