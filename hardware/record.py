"""What a device was told, as JSON lines: `t_s` and `frame` are the moment meant at the client, `mono_ns` when it was told."""

from __future__ import annotations

import json
import queue
import threading
import time
from pathlib import Path
from typing import Any, Final

from hardware.seams import Due
from stimuli.frames import FRAME_RATE_HZ

_GATHER_S: Final = 0.02
_MOST_WAITING: Final = 20_000


def event_line(kind: str, frame: int | None, values: dict[str, Any], mono_ns: int) -> str:
    """One event as a line of JSON. `frame` and `t_s` are null where the room's clock was never heard of."""
    t_s = None if frame is None else round(frame / FRAME_RATE_HZ, 6)
    return json.dumps({"t_s": t_s, "frame": frame, "kind": kind, **values, "mono_ns": mono_ns}) + "\n"


class EventRecorder:
    """Appends events to a file from a thread of its own. Without a path it records nothing, at no cost.

    Trouble with the disk ends the recording and stands in `fault`; what could not be kept is counted in `lost`.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.fault = ""
        self.lost = 0
        self._due: Due | None = None
        self._waiting: queue.SimpleQueue[tuple[str, int | None, dict[str, Any], int] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to write."""
        if self.path is not None and self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(self.path,), name=f"record {self.path.name}", daemon=True)
            self._thread.start()

    def put(self, kind: str, due: Due, mono_ns: int, **values: Any) -> None:
        """Record an event that was meant for `due`. Never waits."""
        self._due = due
        self._put(kind, due.frame, values, mono_ns)

    def put_now(self, kind: str, **values: Any) -> None:
        """Record an event that is due now; its frame is reckoned from the last one that was due."""
        now_ns = time.monotonic_ns()
        frame = None
        if self._due is not None:
            frame = self._due.frame + round((now_ns / 1e9 - self._due.mono_s) * FRAME_RATE_HZ)
        self._put(kind, frame, values, now_ns)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, and end the file."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join(timeout_s)

    def _put(self, kind: str, frame: int | None, values: dict[str, Any], mono_ns: int) -> None:
        if self._thread is None:
            return
        if self.fault or self._waiting.qsize() >= _MOST_WAITING:
            self.lost += 1
            return
        self._waiting.put((kind, frame, values, mono_ns))

    def _run(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                going = True
                while going:
                    lines, going = self._gather()
                    file.write("".join(lines))
                    file.flush()
        except OSError as fault:
            self.fault = f"{path} is no longer written: {fault.strerror or fault}"

    def _gather(self) -> tuple[list[str], bool]:
        """The lines that wait, and whether more may come. Waits for the first, then a little for its neighbours."""
        event = self._waiting.get()
        if event is not None:
            time.sleep(_GATHER_S)
        lines = []
        while event is not None:
            lines.append(event_line(*event))
            if self._waiting.empty():
                return lines, True
            event = self._waiting.get()
        return lines, False
