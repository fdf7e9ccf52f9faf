"""The recorded virtual sound card of the tests, and what can be read from a recording."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.figures import NotMeasuredError

PLUGIN: Final = Path(__file__).parents[1] / "tests" / "plugins" / "virtual_card.py"
RATE_HZ: Final = 48_000
SILENT: Final = 1e-7
GAP_FRAMES: Final = 2_400


def _plugin() -> ModuleType:
    if "benchmarks_virtual_card" not in sys.modules:
        spec = importlib.util.spec_from_file_location("benchmarks_virtual_card", PLUGIN)
        if spec is None or spec.loader is None:
            raise NotMeasuredError(f"{PLUGIN.name} of the tests is not there")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except ImportError as fault:
            del sys.modules[spec.name]
            raise NotMeasuredError(f"the tests' virtual card needs {fault.name}, which is not installed") from fault
    return sys.modules["benchmarks_virtual_card"]


@contextmanager
def virtual_card(folder: Path) -> Iterator[Any]:
    """A stereo card called `room` that runs; `env` is for whoever plays on it. Raises NotMeasuredError."""
    plugin = _plugin()
    missing = [name for name in plugin.NEEDED if shutil.which(name) is None]
    if missing:
        raise NotMeasuredError(f"no {' and no '.join(missing)} here (Debian: pulseaudio pulseaudio-utils libasound2-plugins)")
    card = plugin.VirtualCard(folder / "card")
    try:
        try:
            card.plug()
        except AssertionError as fault:
            raise NotMeasuredError(str(fault)) from fault
        yield card
    finally:
        card.close()


@dataclass(frozen=True, slots=True)
class HeardLine:
    """When each frame of a recording was heard, but for a constant: monotonic seconds as a straight line over frames."""

    at_s: float
    s_per_frame: float

    def mono_s(self, frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """When `frames` were heard."""
        return self.at_s + self.s_per_frame * frames

    @property
    def drift_ppm(self) -> float:
        """How much faster than 48 kHz the card runs."""
        return (1.0 / (self.s_per_frame * RATE_HZ) - 1.0) * 1e6


def heard_line(arrivals: npt.NDArray[np.float64]) -> HeardLine:
    """From when chunks of the recording came: a line through the soonest of each second, as no chunk can come too soon."""
    lag_s = arrivals[:, 1] - arrivals[:, 0] / RATE_HZ
    seconds = (arrivals[:, 1] - arrivals[0, 1]).astype(np.int64)
    soonest = np.array([np.flatnonzero(seconds == at)[np.argmin(lag_s[seconds == at])] for at in np.unique(seconds)])
    if len(soonest) < 3:
        return HeardLine(float(lag_s.min()), 1.0 / RATE_HZ)
    slope, constant = np.polyfit(arrivals[soonest, 0], lag_s[soonest], 1)
    return HeardLine(float(constant), float(1.0 / RATE_HZ + slope))


def onsets(samples: npt.NDArray[np.float32], channel: int) -> npt.NDArray[np.int64]:
    """Frames at which sound begins on a channel after 50 ms of silence or more."""
    sounding = np.flatnonzero(np.abs(samples[:, channel]) > SILENT)
    if not len(sounding):
        return np.zeros(0, np.int64)
    found: npt.NDArray[np.int64] = sounding[np.r_[True, np.diff(sounding) > GAP_FRAMES]]
    return found


def beats(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Onsets of both channels, in order."""
    return np.sort(np.concatenate((onsets(samples, 0), onsets(samples, 1))))
