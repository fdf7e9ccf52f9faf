"""A window on a display that is not there, a feed that a test moves by hand, and an engine's end of a real link."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pygame
import pytest

from roomctl.link import LinkServer
from roomctl.messages import Ask, Delta, Reply, Request, Snapshot
from roomctl.screen.feed import EngineFeed
from roomctl.screen.room_view import RoomClock, RoomView, pressed
from stimuli import motion
from stimuli.motion import Motion
from stimuli.settings import Bls

SET = motion.start(48_000, 1.0, 4, soft=True)
CLOCK = {"frame": 0.0, "mono_ns": 0, "frames_per_s": 48_000.0}
WAIT_S = 10.0


def score_body(moving: Motion) -> dict[str, Any]:
    body = asdict(moving)
    del body["open_segments"]
    return body


def state_body(**changes: Any) -> dict[str, Any]:
    """The room's state, as much of it as the window reads and some that it does not."""
    whole = {
        "boot_id": "boot",
        "rev": 1,
        "stopped": False,
        "score": score_body(SET),
        "bls": asdict(Bls()),
        "room": {"name": "Room 1", "limits": {"bar_level": 0.6}},
        "clock": CLOCK,
        "devices": [],
    }
    return {**whole, **changes}


@dataclass
class HandFeed:
    """A feed whose view and freshness a test sets."""

    view: RoomView = field(default_factory=RoomView)
    fresh: bool = True
    stops: int = 0

    def is_fresh(self, mono_ns: int) -> bool:
        return self.fresh

    def stop(self) -> None:
        self.stops += 1
        self.view = pressed(self.view)

    def change(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)


@pytest.fixture
def feed() -> HandFeed:
    """A room in whose set the client hears frame f at f / 48 microseconds of monotonic time."""
    return HandFeed(RoomView(motion=SET, clock=RoomClock(0.0, 0, 48_000.0)))


@pytest.fixture
def display() -> Iterator[None]:
    """SDL's dummy display."""
    before = os.environ.get("SDL_VIDEODRIVER")
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    yield
    pygame.display.quit()
    if before is None:
        del os.environ["SDL_VIDEODRIVER"]
    else:
        os.environ["SDL_VIDEODRIVER"] = before


class ListeningRoom:
    """The engine's end of a real link: answers signs of life, takes STOP, publishes what a test says."""

    def __init__(self, path: Path) -> None:
        self.state = state_body()
        self.stops: list[Request] = []
        self.refuse_stop = False
        self.came = threading.Condition()
        self.server = LinkServer(path, self.answer, stop=self.stop, snapshot=self.snapshot, on_panels=lambda panels: None)
        self.server.start()

    def answer(self, message: Request | Ask) -> Reply:
        return Reply(id=message.id, status=404, body={"error": "no such question"})

    def stop(self, request: Request) -> Reply:
        with self.came:
            self.stops.append(request)
            self.came.notify_all()
        return Reply(id=request.id, status=503 if self.refuse_stop else 200, body={})

    def snapshot(self) -> Snapshot:
        return Snapshot(state=self.state)

    def publish(self, **changed: Any) -> None:
        self.state = {**self.state, **changed}
        self.server.publish(Delta(boot_id="boot", rev=2, changed=changed))

    def wait_for_stops(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.stops) >= count, WAIT_S)


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "engine.sock"


@pytest.fixture
def room(socket_path: Path) -> Iterator[ListeningRoom]:
    listening = ListeningRoom(socket_path)
    yield listening
    listening.server.close()


@pytest.fixture
def engine_feed(socket_path: Path) -> Iterator[EngineFeed]:
    """A feed that has been started; connects as soon as a room is there."""
    started = EngineFeed(socket_path, "tv")
    started.start()
    yield started
    started.close()


@pytest.fixture
def state() -> Callable[..., dict[str, Any]]:
    """The room's state, with what a test changes in it."""
    return state_body


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool], str], None]:
    """Look until a condition holds; fails naming it after `WAIT_S`."""

    def wait(condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WAIT_S
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < end, f"waited {WAIT_S} s for {what}"
            pause.wait(0.005)

    return wait
