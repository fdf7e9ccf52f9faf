"""Six devices, one of them hung: the others neither wait nor go unheard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SIX = ("lightbar sacn", "lightbar wled ddp", "lightbar adalight", "tapper stub", "roomlight artnet", "roomlight enttec")


@pytest.fixture
def six(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    rigs = request.config.pluginmanager.get_plugin("roomctl_tests_device_rigs")
    assert rigs is not None
    made: dict[str, Any] = {}
    for name in SIX:
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        made[name] = rigs.RIGS[name](folder, monkeypatch)
        made[name].opened()
    yield made
    for rig in made.values():
        rig.close()


@pytest.mark.parametrize("sick", ["lightbar adalight", "roomlight enttec", "lightbar wled ddp"])
def test_while_one_hangs_the_others_are_told_everything_and_stop_reaches_them(six: dict[str, Any], sick: str) -> None:
    entered, let_go = threading.Event(), threading.Event()
    wire = six[sick].device.wire
    send, wire.now, wire.safe_now = wire.send, lambda item: False, lambda: False

    def hang(item: Any) -> None:
        entered.set()
        assert let_go.wait(30.0)
        send(item)

    wire.send = hang
    well = {name: rig for name, rig in six.items() if name != sick}
    try:
        six[sick].offer(5)
        assert entered.wait(10.0)
        for value in (50, 90, 130):
            for rig in six.values():
                rig.offer(value)
            for rig in well.values():
                rig.far.wait_for(value)
        heard = {name: len(rig.far.heard) for name, rig in well.items()}
        for rig in six.values():
            rig.device.safe()
        for name, rig in well.items():
            rig.far.wait_for(rig.safe_value, after=heard[name])
        assert not let_go.is_set()
        assert all(rig.device.link.state == "READY" for rig in well.values())
    finally:
        let_go.set()
    before = len(six[sick].far.heard)
    six[sick].far.wait_for(six[sick].safe_value, after=max(0, before - 1))
    assert 130 not in six[sick].far.heard, "what waited behind the hang was overtaken by STOP"


def test_each_device_says_its_trouble_at_once_when_all_are_pulled(six: dict[str, Any]) -> None:
    for rig in six.values():
        rig.pull()
    for rig in six.values():
        for value in range(10, 20):
            rig.offer(value)
    for rig in six.values():
        assert rig.wait_for_link("FAULT", "ABSENT").why
    for rig in six.values():
        rig.replug()
    for rig in six.values():
        rig.wait_for_link("READY")
