"""OSC out: the state as it changes, and every beat when it is heard, worked out from the score and the clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from hardware.osc.out import OscOut
from roomctl.clock import ClockReading
from roomctl.errors import Away
from roomctl.link import EngineLink
from roomctl.messages import Delta, Heartbeat, Snapshot
from stimuli.beats import beats_between
from stimuli.motion import Motion, Segment

log = logging.getLogger(__name__)

LOOK_S: Final = 0.25
RETRY_S: Final = 0.5
REACH_AGAIN_S: Final = 5.0
CONNECT_S: Final = 1.0


def motion_of(score: dict[str, Any] | None) -> Motion | None:
    """The motion of the state's `score`."""
    if score is None:
        return None
    told = {each.name: score[each.name] for each in fields(Motion) if each.name in score}
    return Motion(**{**told, "segments": tuple(Segment(**segment) for segment in score["segments"])})


def clock_of(clock: dict[str, Any]) -> ClockReading:
    """The reading of the state's `clock`."""
    return ClockReading(clock["frame"], clock["mono_ns"] / 1e9, clock["frames_per_s"])


class Follower:
    """Two threads: one hears the engine, one beats. Nothing at all where nobody is sent to."""

    def __init__(self, targets: Sequence[str], socket_path: Path) -> None:
        """Raises ValueError for a target that is not HOST:PORT."""
        self._out = OscOut(targets) if targets else None
        self._link = EngineLink(socket_path)
        self._closing = threading.Event()
        self._changed = threading.Event()
        self._motion: Motion | None = None
        self._clock: ClockReading | None = None
        self._stopped = False
        self._cursor = 0
        self._threads = [
            threading.Thread(target=self._hear, name="osc-state", daemon=True),
            threading.Thread(target=self._beat, name="osc-beat", daemon=True),
        ]

    def open(self) -> None:
        """Begin to follow."""
        if self._out is not None:
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        """End the threads and sockets."""
        self._closing.set()
        self._changed.set()
        self._link.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=3.0)
        if self._out is not None:
            self._out.close()

    def _reach(self, out: OscOut) -> None:
        """Find those who are sent to; a name that cannot be found yet is asked again, and said once."""
        said = ""
        while not self._closing.is_set():
            try:
                out.open()
                return
            except OSError as problem:
                if str(problem) != said:
                    said = str(problem)
                    log.error("%s; asking again", problem)
                self._closing.wait(timeout=REACH_AGAIN_S)

    def _hear(self) -> None:
        assert self._out is not None
        self._reach(self._out)
        while not self._closing.is_set():
            try:
                self._link.connect(CONNECT_S)
                self._link.subscribe()
                while not self._closing.is_set():
                    self._take(self._link.receive(LOOK_S))
            except Away:
                self._motion = None
                self._link.close()
                self._closing.wait(timeout=RETRY_S)

    def _take(self, push: Snapshot | Delta | Heartbeat | None) -> None:
        if isinstance(push, Heartbeat):
            self._clock = clock_of(push.clock)
        elif isinstance(push, Snapshot | Delta):
            self._take_state(push.state if isinstance(push, Snapshot) else push.changed)

    def _take_state(self, part: dict[str, Any]) -> None:
        assert self._out is not None
        if "clock" in part:
            self._clock = clock_of(part["clock"])
        if "stopped" in part:
            self._stopped = bool(part["stopped"])
        if "score" in part:
            self._motion = motion_of(part["score"])
        self._out.state(part)
        self._changed.set()

    def _beat(self) -> None:
        """Sleep to each beat's own time; look again whenever the state has changed."""
        while not self._closing.is_set():
            motion, clock = self._motion, self._clock
            if motion is None or clock is None or self._stopped:
                self._changed.wait(timeout=1.0)
                self._changed.clear()
                continue
            now = int(clock.frame_at(time.monotonic()))
            first = max(self._cursor, now)
            beats = beats_between(motion, first, now + int(LOOK_S * clock.frames_per_s))
            due_s = clock.mono_at(beats[0].frame) if beats else time.monotonic() + LOOK_S
            self._changed.clear()
            if self._changed.wait(timeout=max(0.0, due_s - time.monotonic())):
                continue
            if beats:
                self._cursor = beats[0].frame + 1
                assert self._out is not None
                self._out.beat(beats[0].side, beats[0].cycle)
