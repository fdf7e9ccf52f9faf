"""One process of the room: started, watched, started again when it dies, ended when the room ends."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Final

log = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
HEALTHY_S: Final = 10.0
END_S: Final = 4.0


@dataclass(slots=True)
class Child:
    """A process by its module and arguments. One that dies young waits longer each time before it is started again."""

    name: str
    arguments: Sequence[str]
    pipe: bool = False
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[str] | None = None
    restarts: int = 0
    _started_s: float = 0.0
    _wait_s: float = FIRST_WAIT_S
    _next_s: float = 0.0
    last_code: int | None = field(default=None)

    def start(self) -> IO[str] | None:
        """Start it; returns its standard output where it is piped."""
        self._started_s = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self.pipe else None,
            pass_fds=self.pass_fds,
            text=True,
        )
        return self.process.stdout

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def died(self) -> bool:
        """True once for each death; the next start is then due after a wait."""
        if self.process is None or self.process.poll() is None:
            return False
        self.last_code = self.process.returncode
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        if time.monotonic() - self._started_s > HEALTHY_S:
            self._wait_s = FIRST_WAIT_S
        self._next_s = time.monotonic() + self._wait_s
        log.error("the %s process ended (%s); it is started again in %.1f s", self.name, self.last_code, self._wait_s)
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        self.restarts += 1
        return True

    @property
    def is_due(self) -> bool:
        """Whether it should be started (again) now."""
        return self.process is None and time.monotonic() >= self._next_s

    def kill(self) -> None:
        """End it without asking: it no longer answers."""
        if self.process is not None:
            self.process.kill()

    def end(self) -> None:
        """Ask it to end, and wait; what does not end is killed."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            log.error("the %s process did not end in %.0f s and is killed", self.name, END_S)
            self.process.kill()
            self.process.wait()
        self.last_code = self.process.returncode
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
