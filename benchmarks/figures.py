"""A figure: what was promised, what was reached here, and what others reach; and how thoroughly to measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt


class NotMeasuredError(Exception):
    """Something that the measurement needs is missing here; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class How:
    """How thoroughly: `long` takes the lengths of the design, else the shorter ones; `folder` is for throw-away files."""

    folder: Path
    long: bool = False

    def pick(self, quick: float, long: float) -> float:
        """A length of one of the two."""
        return long if self.long else quick


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `kept` is None where there is no target, or where it was not measured."""

    what: str
    target: str
    reached: str
    kept: bool | None = None
    anchor: str = ""
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """How some times lie, in the unit they were given in."""

    count: int
    median: float
    sd: float
    p99: float
    most: float


def spread(values: Sequence[float] | npt.NDArray[np.float64]) -> Spread:
    """Of values as they are. Raises NotMeasuredError where there are fewer than two."""
    found = np.asarray(values, dtype=np.float64)
    if len(found) < 2:
        raise NotMeasuredError(f"only {len(found)} values came")
    return Spread(
        len(found), float(np.median(found)), float(np.std(found)), float(np.percentile(found, 99)), float(found.max())
    )


def about_median(values: Sequence[float] | npt.NDArray[np.float64]) -> Spread:
    """Of distances from the median, whichever way: what is left when a constant bias is removed."""
    found = np.asarray(values, dtype=np.float64)
    if len(found) < 2:
        raise NotMeasuredError(f"only {len(found)} values came")
    apart = found - np.median(found)
    far = np.abs(apart)
    return Spread(len(found), float(np.median(far)), float(np.std(apart)), float(np.percentile(far, 99)), float(far.max()))
