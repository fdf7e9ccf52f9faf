"""Six devices, one of them hung, and hung for real: the others neither wait nor go unheard.

What it does to a set is asked of a whole engine, in tests/engine/test_hung_device.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

WELL = ("lightbar sacn", "lightbar artnet", "tapper stub", "roomlight artnet", "roomlight wled")

HANGS: dict[str, Callable[[Any], Callable[[bool], None]]] = {
    # A line that nobody reads fills up, and writes to it wait.
    "lightbar adalight": lambda rig: rig.far.hang,
    "roomlight enttec": lambda rig: rig.far.hang,
    "tapper serial": lambda rig: rig.far.hang,
    # Connections and requests are taken, and nothing is answered.
    "lightbar wled ddp": lambda rig: rig.controller.hang,
    "roomlight hue": lambda rig: rig.far.bridge.hang,
    "roomlight homeassistant": lambda rig: rig.far.bridge.hang,
    # The broker's process is stopped where it stands.
    "roomlight mqtt": lambda rig: rig.far.broker.hang,
    # The radio's stack, and SDL, do not come back from a call.
    "tapper ble": lambda rig: rig.far.hang,
    "tapper gamepad": lambda rig: rig.far.hang,
}


@pytest.fixture
def make_rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    rigs = request.config.pluginmanager.get_plugin("roomctl_tests_device_rigs")
    assert rigs is not None
    made: list[Any] = []

    def make(name: str) -> Any:
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        made.append(rigs.RIGS[name](folder, monkeypatch))
        made[-1].opened()
        return made[-1]

    yield make
    for rig in made:
        rig.close()


def offer_until_it_shows(rig: Any) -> None:
    """Tell a device that hangs so much that its line is full, and its link says so."""
    end_s = time.monotonic() + 20.0
    value = 0
    while rig.device.link.state == "READY":
        assert time.monotonic() < end_s, "the device never showed that it hangs"
        value = value % 250 + 1
        rig.offer(value)
        time.sleep(0.001)


@pytest.mark.parametrize("sick_name", HANGS)
def test_while_one_hangs_the_others_are_told_everything_and_stop_reaches_them(
    make_rig: Callable[[str], Any], sick_name: str
) -> None:
    well = [make_rig(name) for name in WELL]
    sick = make_rig(sick_name)
    hang = HANGS[sick_name](sick)
    hang(True)
    try:
        offer_until_it_shows(sick)
        assert " " in sick.device.link.why, "a sentence for people"
        for value in (50, 90, 130):
            sick.offer(value)
            for rig in well:
                rig.offer(value)
            for rig in well:
                rig.far.wait_for(value)
        heard = [len(rig.far.heard) for rig in well]
        sick.device.safe()
        for rig in well:
            rig.device.safe()
        for rig, before in zip(well, heard, strict=True):
            rig.far.wait_for(rig.safe_value, after=before)
        assert all(rig.device.link.state == "READY" for rig in well)
    finally:
        hang(False)
    sick.device.io.kick()
    sick.wait_for_link("READY")
    sick.far.wait_for(sick.safe_value)
    sick.offer(77)
    sick.far.wait_for(77)


def test_each_device_says_its_trouble_at_once_when_all_are_pulled(make_rig: Callable[[str], Any]) -> None:
    six = [make_rig(name) for name in (*WELL, "lightbar adalight")]
    for rig in six:
        rig.pull()
    for rig in six:
        for value in range(10, 20):
            rig.offer(value)
    for rig in six:
        assert rig.wait_for_link("FAULT", "ABSENT").why
    for rig in six:
        rig.replug()
    for rig in six:
        rig.wait_for_link("READY")
