"""A program's arc drawn in text: music, light, phases and prompts over the minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
MARKS: Final = {True: "●", False: "·"}


def chart(picture: dict[str, Any], columns: int) -> list[str]:
    """The picture of `playlists.arc_picture` in lines: a margin, and `columns` characters of music, light, phases, prompts."""
    first, last = picture["from_min"], picture["to_min"]
    minutes = [first + (last - first) * (column + 0.5) / columns for column in range(columns)]
    music = "".join(_block(value_at(picture["intensity"], minute) / picture["max_intensity"]) for minute in minutes)
    light = "".join(_block(value_at(picture["light"], minute) / 100.0) for minute in minutes)
    return [
        f"{'music 0-5':>10} {music}",
        f"{'light L*':>10} {light}",
        f"{'phase':>10} {_phases(picture, first, last, columns)}",
        f"{'prompts':>10} {_marks(picture, first, last, columns)}",
        f"{'minute':>10} {_scale(picture, first, last, columns)}",
    ]


def value_at(line: Sequence[Sequence[float]], minute: float) -> float:
    """The value of a line of [minute, value] corners at `minute`."""
    before = line[0]
    for corner in line:
        if corner[0] >= minute:
            width = corner[0] - before[0]
            return corner[1] if width <= 0 else before[1] + (corner[1] - before[1]) * (minute - before[0]) / width
        before = corner
    return before[1]


def _block(share: float) -> str:
    """A block as high as `share`; whatever is not nothing is seen."""
    return BLOCKS[0] if share <= 0.0 else BLOCKS[max(1, round(min(share, 1.0) * (len(BLOCKS) - 1)))]


def _column(minute: float, first: float, last: float, columns: int) -> int:
    return min(columns - 1, max(0, int((minute - first) / (last - first) * columns)))


def _phases(picture: dict[str, Any], first: float, last: float, columns: int) -> str:
    row = [" "] * columns
    for phase in picture["phases"]:
        begin = _column(phase["start_min"], first, last, columns)
        end = max(begin + 1, _column(phase["end_min"], first, last, columns))
        title = "on" if phase["overrun"] else phase["title"]
        text = ("|" + title)[: end - begin].ljust(end - begin)
        row[begin:end] = text
    return "".join(row[:columns])


def _marks(picture: dict[str, Any], first: float, last: float, columns: int) -> str:
    row = [MARKS[False]] * columns
    for prompt in picture["prompts"]:
        row[_column(prompt["at_min"], first, last, columns)] = MARKS[True]
    if picture["stay_min"] is not None and first <= picture["stay_min"] <= last:
        row[_column(picture["stay_min"], first, last, columns)] = "▲"
    return "".join(row)


def _scale(picture: dict[str, Any], first: float, last: float, columns: int) -> str:
    step = next(each for each in (5, 10, 15, 30, 60, 120, 240) if (last - first) / each <= columns / 7)
    row = [" "] * columns
    minute = -(-int(first) // step) * step
    while minute <= last:
        label = "T0" if minute == 0 and picture["t0_min"] is not None else str(minute)
        at = _column(minute, first, last, columns)
        if at + len(label) <= columns:
            row[at : at + len(label)] = label
        minute += step
    return "".join(row)
