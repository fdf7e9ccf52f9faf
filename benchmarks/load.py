"""Two processes that never rest, so that every core is wanted by somebody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

BUSY: Final = "while True: pass"


@contextmanager
def busy(processes: int = 2) -> Iterator[None]:
    """As many busy processes as said, for as long as the context lasts."""
    started = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
