"""A scripted engine behind the real link server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomctl.errors import Refused
from roomctl.link import EngineLink, LinkServer
from roomctl.messages import Ask, Reply, Request, Snapshot, Who

WHO = Who(name="test", role="control")


class ScriptedEngine:
    """Answers `echo`, hangs at `hang` until `go_on`, counts STOPs; the state is one number."""

    def __init__(self, path: Path) -> None:
        self.stops: list[Request] = []
        self.requests: list[Request] = []
        self.panels: list[list[dict[str, Any]]] = []
        self.panels_came = threading.Condition()
        self.go_on = threading.Event()
        self.hanging = threading.Event()
        self.server = LinkServer(path, self.answer, stop=self.stop, snapshot=self.snapshot, on_panels=self.on_panels)

    def answer(self, message: Request | Ask) -> Reply:
        if isinstance(message, Ask):
            return self.answer_ask(message)
        self.requests.append(message)
        if message.command.do == "set-finish":
            self.hanging.set()
            assert self.go_on.wait(10)
        if message.command.do == "set-start":
            raise Refused("a set is running", state="running", possible=["set/finish"])
        if message.command.do == "react":
            raise ZeroDivisionError("a fault of the engine's own")
        return Reply(id=message.id, status=200, body={"done": message.command.do})

    def answer_ask(self, message: Ask) -> Reply:
        if message.what == "hang":
            self.hanging.set()
            assert self.go_on.wait(10)
        return Reply(id=message.id, status=200, body=message.args)

    def stop(self, request: Request) -> Reply:
        self.stops.append(request)
        return Reply(id=request.id, status=200, body={"stopped": True})

    def snapshot(self) -> Snapshot:
        return Snapshot(state={"boot_id": "b", "rev": 7})

    def on_panels(self, panels: list[dict[str, Any]]) -> None:
        with self.panels_came:
            self.panels.append(panels)
            self.panels_came.notify_all()

    def wait_panels(self, wanted: list[dict[str, Any]]) -> bool:
        with self.panels_came:
            return self.panels_came.wait_for(lambda: bool(self.panels) and self.panels[-1] == wanted, 5)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ScriptedEngine]:
    engine = ScriptedEngine(tmp_path / "engine.sock")
    engine.server.start()
    yield engine
    engine.go_on.set()
    engine.server.close()
    left = [thread for thread in threading.enumerate() if thread.name.startswith("link-")]
    for thread in left:
        thread.join(5)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture
def link(engine: ScriptedEngine) -> Iterator[EngineLink]:
    with EngineLink(engine.server.path) as link:
        yield link
