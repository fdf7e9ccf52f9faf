"""What these sessions need from elsewhere among the tests: sound files of every kind, an engine process, a whole room."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent


def _loaded(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


sounds = _loaded("acceptance_dosing_sounds", TESTS / "playlists" / "music" / "conftest.py")
engines = _loaded("acceptance_dosing_engines", TESTS / "engine" / "conftest.py")
panels = _loaded("acceptance_dosing_panels", TESTS / "panel" / "conftest.py")

chromium = panels.chromium
open_page = panels.open_page


@pytest.fixture(scope="session")
def studio() -> Any:
    """Writes sound files with the encoders of PyAV's own wheel."""
    return sounds.Studio()


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Makes an engine process on this test's folder; ends it afterwards."""
    made: list[Any] = []

    def make(room_text: str = engines.ROOM, speed: float = 1.0) -> Any:
        engine = engines.RunningEngine(tmp_path, room_text, speed)
        made.append(engine)
        engine.start()
        return engine

    yield make
    for engine in made:
        engine.end()


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Makes a whole room, as `roomctl run` starts it; ends it afterwards."""
    made: list[Any] = []

    def make(*arguments: str) -> Any:
        made.append(panels.RealRoom(tmp_path, *arguments))
        return made[-1]

    yield make
    for room in made:
        room.close()
