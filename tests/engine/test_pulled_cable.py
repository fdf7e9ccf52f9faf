"""A cable pulled in a set and put back, through a real engine process: what the room file says happens, with no restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from roomctl import messages as m

TABLES = {
    "adalight": '[[lightbar]]\nname = "wired"\ndriver = "adalight"\nleds = 3\nport = "PORT"\n',
    "serial": '[[tapper]]\nname = "wired"\ndriver = "serial"\nport = "PORT"\n',
}


@pytest.fixture(params=["adalight", "serial"])
def wired(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """A table of the room file, and the far end of its cable."""
    rigs = request.config.pluginmanager.get_plugin("roomctl_tests_device_rigs")
    slow = request.config.pluginmanager.get_plugin("roomctl_tests_slow_device_rigs")
    assert rigs is not None
    assert slow is not None
    far = rigs.PtyFarEnd(tmp_path / "tty", rigs.read_adalight if request.param == "adalight" else slow.read_tapper)
    yield TABLES[request.param].replace("PORT", str(far.path)), far
    far.close()


def link_of(state: dict[str, Any]) -> str:
    return str(next(device["link"] for device in state["devices"] if device["name"] == "wired"))


def started(engine: Any) -> None:
    """A set that runs, with the wired device in it."""
    engine.until(lambda state: link_of(state) == "READY")
    engine.do(
        m.ChangeBls(change={"rate_hz": 1.0, "open": True, "light": {"colour": "#ffffff"}, "tap": {"on": True, "ms": 100}})
    )
    engine.do(m.SetStart())
    engine.until(lambda state: state["set"]["cycles"] >= 1)


def until_heard(engine: Any, far: Any, after: int) -> None:
    """Until something moved or shone at the far end."""
    engine.until(lambda state: any(value > 0 for value in far.heard[after:]))


def test_the_set_ends_softly_says_why_and_the_next_one_has_the_device_again(
    wired: tuple[str, Any], make_engine: Callable[..., Any]
) -> None:
    table, far = wired
    engine = make_engine('[audio]\nrecord = "out.wav"\n' + table)
    started(engine)
    until_heard(engine, far, 0)
    far.unplug()
    state = engine.until_idle()
    assert link_of(state) in ("ABSENT", "FAULT")
    assert any("wired" in notice["text"] for notice in state["notices"])
    assert not state["stopped"]
    pid = engine.process.pid
    far.plug()
    heard = len(far.heard)
    started(engine)
    until_heard(engine, far, heard)
    assert engine.process.pid == pid


def test_a_device_that_may_be_lost_joins_the_running_set_again(wired: tuple[str, Any], make_engine: Callable[..., Any]) -> None:
    table, far = wired
    engine = make_engine('[audio]\nrecord = "out.wav"\n' + table + 'on_loss = "go-on"\n')
    started(engine)
    until_heard(engine, far, 0)
    far.unplug()
    assert engine.until(lambda state: link_of(state) in ("ABSENT", "FAULT"))["set"]["state"] == "running"
    heard = len(far.heard)
    far.plug()
    until_heard(engine, far, heard)
    assert engine.state()["set"]["state"] == "running"
