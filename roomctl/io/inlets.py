"""Commands from keys and OSC, given to the engine in order; STOP on a way of its own, so that nothing stands before it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from hardware.inputs.evdev_input import KeyInput
from hardware.osc.listener import OscListener
from hardware.seams import Link
from roomctl.errors import Away, RoomError
from roomctl.link import EngineLink, result
from roomctl.messages import AnyCommand, Stop, Who
from roomctl.room_file import RoomFile

log = logging.getLogger(__name__)

MOST_WAITING: Final = 200
REPORT_S: Final = 1.0
CONNECT_S: Final = 1.0

_COMMAND: Final[TypeAdapter[AnyCommand]] = TypeAdapter(AnyCommand)


class Sender:
    """A thread with a link of its own. What cannot be given now is dropped, with a line in the log; STOP is tried again."""

    def __init__(self, socket_path: Path, name: str) -> None:
        self._link = EngineLink(socket_path)
        self._waiting: queue.Queue[tuple[AnyCommand, Who] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name=f"send-{name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, command: AnyCommand, who: Who) -> None:
        """Send `command` soon. Never waits."""
        try:
            self._waiting.put_nowait((command, who))
        except queue.Full:
            log.warning("%s: too many commands wait; %s is dropped", who.name, command.do)

    def close(self) -> None:
        """End the thread."""
        self._waiting.put(None)
        self._thread.join(timeout=3.0)
        self._link.close()

    def _run(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            command, who = waiting
            try:
                self._give(command, who)
            except Away as problem:
                log.warning("%s: %s was not given (%s)", who.name, command.do, problem.message)
                if isinstance(command, Stop):
                    time.sleep(0.05)
                    self.put(command, who)
            except RoomError as problem:
                log.info("%s: %s was refused: %s", who.name, command.do, problem.message)

    def _give(self, command: AnyCommand, who: Who) -> None:
        if not self._link.connected:
            self._link.close()
            self._link.connect(CONNECT_S)
        result(self._link.request(command, who))


class Inlets:
    """OSC in and every `[[input]]` of the room file, and how they are, told to the engine each second."""

    def __init__(self, room: RoomFile, socket_path: Path) -> None:
        self._commands = Sender(socket_path, "commands")
        self._stops = Sender(socket_path, "stop")
        self._reports = EngineLink(socket_path)
        self._closing = threading.Event()
        self._reporter = threading.Thread(target=self._report, name="report", daemon=True)
        self.osc = OscListener(room.osc.listen, self._from("OSC"), room.osc.allow) if room.osc.listen else None
        self.inputs = [KeyInput(entry, self._from(entry.name)) for entry in room.input]
        self._osc_link = Link("ABSENT", time.time())

    def open(self) -> None:
        """Listen."""
        self._commands.start()
        self._stops.start()
        self._hear_osc()
        for device in self.inputs:
            device.open()
        self._reporter.start()

    def close(self) -> None:
        """End every thread and socket."""
        self._closing.set()
        self._reporter.join(timeout=3.0)
        self._reports.close()
        if self.osc is not None:
            self.osc.close()
        for device in self.inputs:
            device.close()
        self._commands.close()
        self._stops.close()

    def states(self) -> list[dict[str, Any]]:
        """Each inlet as the state shows devices."""
        found = [_state(device.name, "evdev", device.link, device.capabilities.on_silence) for device in self.inputs]
        if self.osc is not None:
            found.append(_state("OSC in", "osc", self._osc_link, "nothing: what is not heard is not done"))
        return found

    def _hear_osc(self) -> None:
        """Listen for OSC, where that could not be before: an address may come later than the room, a port may become free."""
        if self.osc is None or self._osc_link.state == "READY":
            return
        try:
            self.osc.open()
        except OSError as problem:
            if self._osc_link.why != str(problem):
                log.error("%s", problem)
                self._osc_link = Link("FAULT", time.time(), str(problem))
            return
        self._osc_link = Link("READY", time.time())

    def _from(self, name: str) -> Any:
        who = Who(name=name, role="control")

        def on_command(do: str, args: Mapping[str, Any]) -> None:
            try:
                command = _COMMAND.validate_python({"do": do, **args})
            except ValidationError as problem:
                log.warning("%s: %s is not a command: %s", name, do, problem.errors()[0]["msg"])
                return
            (self._stops if isinstance(command, Stop) else self._commands).put(command, who)

        return on_command

    def _report(self) -> None:
        """Tell the engine how the inlets are; it shows them STALE where it hears nothing."""
        while not self._closing.wait(timeout=REPORT_S):
            self._hear_osc()
            try:
                if not self._reports.connected:
                    self._reports.close()
                    self._reports.connect(CONNECT_S)
                result(self._reports.ask("inlets", devices=self.states()))
            except RoomError as problem:
                log.debug("the engine was not told of the inlets: %s", problem.message)


def _state(name: str, driver: str, link: Link, on_silence: str) -> dict[str, Any]:
    told = asdict(link)
    return {
        "name": name,
        "kind": "input",
        "driver": driver,
        "link": told["state"],
        "since": told["since_utc_s"],
        "why": told["why"],
        "verified": True,
        "on_silence": on_silence,
    }
