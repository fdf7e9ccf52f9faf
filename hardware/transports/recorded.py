"""A transport recorded as JSON lines, and replayed: what a driver said once it must say again, to the byte and in order."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hardware.seams import Transport


class Recorded:
    """Passes everything through to `inner` and writes it down: `{"t_s", "do": "open"|"write"|"read"|"close", "hex"}`."""

    def __init__(self, inner: Transport, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._began_s = time.monotonic()

    def open(self) -> None:
        """Open what is inside."""
        self._inner.open()
        self._note("open")

    def write(self, data: bytes) -> None:
        """Write to what is inside."""
        self._inner.write(data)
        self._note("write", data)

    def read(self, most: int) -> bytes:
        """Read from what is inside; an empty answer is not written down."""
        data = self._inner.read(most)
        if data:
            self._note("read", data)
        return data

    def close(self) -> None:
        """Close what is inside."""
        self._inner.close()
        self._note("close")

    def _note(self, do: str, data: bytes = b"") -> None:
        line = {"t_s": round(time.monotonic() - self._began_s, 4), "do": do, "hex": data.hex()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Diverged(AssertionError):
    """A driver said something else than it said when it was recorded."""


class Replayed:
    """Plays the far end of a recording. Raises Diverged at the first write that differs."""

    def __init__(self, path: Path) -> None:
        self._lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether everything recorded was said."""
        return self._at == len(self._lines)

    def open(self) -> None:
        """The recording's next step must be to open."""
        self._step("open")

    def write(self, data: bytes) -> None:
        """The recording's next step must be to write just this."""
        wanted = self._step("write")
        if wanted != data:
            raise Diverged(f"step {self._at}: wrote {data.hex(' ')}, recorded is {wanted.hex(' ')}")

    def read(self, most: int) -> bytes:
        """What was read at this point; empty where the recording goes on with something else."""
        if self._at < len(self._lines) and self._lines[self._at]["do"] == "read":
            return self._step("read")[:most]
        return b""

    def close(self) -> None:
        """The recording's next step must be to close."""
        self._step("close")

    def _step(self, do: str) -> bytes:
        if self.done:
            raise Diverged(f"{do} after the end of the recording")
        line = self._lines[self._at]
        self._at += 1
        if line["do"] != do:
            raise Diverged(f"step {self._at}: {do}, recorded is {line['do']}")
        return bytes.fromhex(line["hex"])
