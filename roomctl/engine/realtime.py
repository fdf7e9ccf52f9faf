"""Real-time manners of threads: SCHED_FIFO asked for and never required, no garbage collection while it matters."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
from typing import Final

PROCESS_PRIORITY: Final = 10
"""Every thread of the engine has at least this: one that holds the interpreter's lock must not be held up by other programs."""

RENDER_PRIORITY: Final = 20
PACING_PRIORITY: Final = 30

_granted: dict[str, bool] = {}


def ask_realtime(priority: int) -> bool:
    """Ask for SCHED_FIFO for the calling thread; False where the system does not allow it, and the room goes on without."""
    granted = False
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            granted = True
    _granted[threading.current_thread().name] = granted
    return granted


def realtime_granted() -> bool:
    """Whether every thread that asked was granted SCHED_FIFO; False before any asked."""
    return bool(_granted) and all(_granted.values())


def freeze_garbage() -> None:
    """Keep what exists out of garbage collection, and collect only when `collect_idle` is called."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collect_idle() -> None:
    """Collect young cycles; called only while no set runs."""
    gc.collect(1)


def sleep_until(mono_s: float) -> None:
    """Sleep to an absolute monotonic time; returns at once where it has passed."""
    left_s = mono_s - time.monotonic()
    if left_s > 0.0:
        time.sleep(left_s)
