"""The rack: built from a room file, opened and closed together, safe together; what cannot be built is said in a sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.entries import LightBarEntry, TapperEntry
from hardware.seams import Device, Link, RoomLook
from roomctl.clock import SessionClock
from roomctl.engine import devices
from roomctl.engine.devices import Rack, build_rack, device_state
from roomctl.engine.lamps import STEADY
from roomctl.engine.view import Outlook
from roomctl.errors import RoomFileError, UnknownId
from roomctl.room_file import DEMO_ROOM, RoomFile, load_room

WAIT_S = 20.0


class Resting:
    """A room light that does not move."""

    def room_light_at(self, frame: float) -> RoomLook:
        return STEADY.look_at(frame)


class Links:
    """Every change of a device's link, and waiting for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.told: list[tuple[str, str]] = []

    def __call__(self, device: Device, link: Link) -> None:
        with self._changed:
            self.told.append((device.name, link.state))
            self._changed.notify_all()

    def wait(self, name: str, state: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: (name, state) in self.told, WAIT_S), self.told


def rack_of(room: RoomFile) -> Rack:
    return build_rack(room, SessionClock(time.monotonic()), Outlook(), Resting())


def room_of(tmp_path: Path, text: str) -> RoomFile:
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    return load_room(path)


@pytest.fixture
def opened() -> Iterator[Callable[[RoomFile], tuple[Rack, Links]]]:
    made: list[Rack] = []

    def make(room: RoomFile) -> tuple[Rack, Links]:
        rack, links = rack_of(room), Links()
        made.append(rack)
        rack.open(links)
        return rack, links

    yield make
    for rack in made:
        rack.close()
        assert not [pacer for pacer in rack._pacers() if pacer._thread.is_alive()]


def test_the_demo_room_has_a_bar_a_tapper_and_a_lamp_each_with_its_pacer() -> None:
    rack = rack_of(DEMO_ROOM)
    assert list(rack.devices) == ["bar", "taps", "lamps"]
    assert (list(rack.light_pacers), list(rack.tap_pacers), list(rack.lamp_pacers)) == (["bar"], ["taps"], ["lamps"])
    assert rack.on_loss == {"bar": "stop", "taps": "stop", "lamps": "go-on"}
    assert all(device.link.state == "ABSENT" for device in rack.devices.values())


def test_a_room_without_devices_is_a_room() -> None:
    rack = rack_of(RoomFile())
    assert (rack.devices, rack.largest_onset_ms, rack.safe(), rack.safe_bytes()) == ({}, 0.0, [], [])


def test_the_largest_lead_of_bars_and_tappers_is_the_rooms(tmp_path: Path) -> None:
    bars = "".join(f'[[lightbar]]\nname = "{name}"\nonset_ms = {onset_ms}\n' for name, onset_ms in (("a", 25), ("b", -40)))
    room = room_of(tmp_path, bars + '[[tapper]]\nname = "t"\nonset_ms = 60\n')
    assert rack_of(room).largest_onset_ms == 60.0


def test_a_bar_is_paced_no_faster_than_it_can_show() -> None:
    rack = rack_of(RoomFile(lightbar=(LightBarEntry("a", driver="artnet", host="127.0.0.1", fps=100.0),)))
    assert rack.light_pacers["a"]._fps == rack.devices["a"].capabilities.fps_max < 100.0


def test_the_slower_of_a_motors_two_shortest_pulses_holds() -> None:
    rack = rack_of(RoomFile(tapper=(TapperEntry("t", min_pulse_ms=80.0),)))
    assert rack.tap_pacers["t"]._limits.min_ms == 80.0


def test_a_bar_on_a_screen_has_a_window_and_no_pacer() -> None:
    rack = rack_of(RoomFile(lightbar=(LightBarEntry("tv", driver="screen", on_loss="go-on"),)))
    assert list(rack.screens) == ["tv"]
    assert rack.light_pacers == {}
    assert rack.on_loss == {"tv": "go-on"}


def test_every_device_is_opened_at_once_and_says_how_it_goes(opened: Callable[[RoomFile], tuple[Rack, Links]]) -> None:
    rack, links = opened(DEMO_ROOM)
    for name in rack.devices:
        links.wait(name, "READY")


def test_closing_leaves_no_thread_behind(opened: Callable[[RoomFile], tuple[Rack, Links]]) -> None:
    before = threading.active_count()
    rack, links = opened(DEMO_ROOM)
    links.wait("bar", "READY")
    rack.close()
    assert threading.active_count() <= before
    assert {device.link.state for device in rack.devices.values()} == {"ABSENT"}


def test_safe_names_those_that_cannot_have_heard_it_and_lamps_hold(opened: Callable[[RoomFile], tuple[Rack, Links]]) -> None:
    rack, links = opened(DEMO_ROOM)
    links.wait("bar", "READY")
    links.wait("taps", "READY")
    assert rack.safe() == []
    assert rack_of(DEMO_ROOM).safe() == ["bar", "taps"]


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownId, match='no device of this room is called "sofa"; there are "bar", "taps", "lamps"') as refusal:
        rack_of(DEMO_ROOM).test("sofa", "left")
    assert refusal.value.details == {"allowed": ["bar", "taps", "lamps"]}
    with pytest.raises(UnknownId, match="there are none"):
        rack_of(RoomFile()).test("sofa", "left")


def test_only_devices_that_hold_on_without_the_room_hand_over_safe_bytes() -> None:
    room = RoomFile(lightbar=(LightBarEntry("a", driver="artnet", host="127.0.0.1", port=6454), LightBarEntry("b")))
    found = rack_of(room).safe_bytes()
    assert [(item.device, item.address) for item in found] == [("a", "127.0.0.1:6454")]


def test_a_fixture_that_is_not_known_is_the_room_files_mistake(tmp_path: Path) -> None:
    text = '[[roomlight]]\nname = "lamps"\ndriver = "artnet"\nhost = "127.0.0.1"\nfixture = "disco"\n'
    with pytest.raises(RoomFileError, match=r'roomlight\[1\]\.fixture: fixture "disco" is not known; there are dimmer8'):
        room_of(tmp_path, text)


def test_leds_that_run_past_the_last_universe_are_the_room_files_mistake(tmp_path: Path) -> None:
    text = '[[lightbar]]\nname = "bar"\ndriver = "artnet"\nhost = "127.0.0.1"\nuniverse = 32767\nleds = 1000\n'
    with pytest.raises(RoomFileError, match=r"lightbar\[1\]: 1000 LEDs run past universe 32767"):
        rack_of(room_of(tmp_path, text))


@pytest.mark.parametrize("fault", [ImportError('driver "ble" needs bleak; pip install "roomctl[ble]"'), ValueError("not so")])
def test_a_driver_that_cannot_be_had_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def refuse(entry: TapperEntry) -> None:
        raise fault

    monkeypatch.setattr(devices, "make_tapper", refuse)
    with pytest.raises(RoomFileError) as refusal:
        rack_of(RoomFile(tapper=(TapperEntry("hands"),)))
    assert refusal.value.message == f'"hands" (driver "stub"): {fault}'


def test_two_tappers_cannot_share_the_cards_tap_channels(tmp_path: Path) -> None:
    text = "[audio]\noutputs = { room = [1, 2], taps = [3, 4] }\n"
    text += "".join(f'[[tapper]]\nname = "{name}"\ndriver = "audio"\n' for name in ("first", "second"))
    with pytest.raises(RoomFileError, match='"second": the card\'s tap channels already belong to "first"'):
        rack_of(room_of(tmp_path, text))


def test_a_device_in_the_state_says_what_it_is_how_it_is_and_whether_it_was_seen_to_work() -> None:
    bar = rack_of(DEMO_ROOM).devices["bar"]
    shown = device_state(bar)
    assert {key: shown[key] for key in ("name", "kind", "driver", "link", "why", "verified")} == {
        "name": "bar",
        "kind": "lightbar",
        "driver": "stub",
        "link": "ABSENT",
        "why": "",
        "verified": True,
    }
    assert shown["on_silence"].startswith("dark")
    taps = rack_of(RoomFile(tapper=(TapperEntry("t", driver="osc", host="127.0.0.1", port=9),))).devices["t"]
    assert device_state(taps)["verified"] is taps.verified
    assert device_state(taps, frozenset({"t"}))["verified"] is True


def test_every_tapper_has_a_switch_and_a_strength_of_its_own(tmp_path: Path) -> None:
    text = "[audio]\noutputs = { room = [1, 2], taps = [3, 4] }\n"
    text += '[[tapper]]\nname = "pad"\ndriver = "audio"\n[[tapper]]\nname = "box"\n'
    rack = rack_of(room_of(tmp_path, text))
    assert rack.tune("pad", on=False) == {"on": False, "strength_frac": 1.0}
    assert rack.tune("box", strength_frac=0.4) == {"on": True, "strength_frac": 0.4}
    assert (rack.tuning("pad"), rack.tuning("lamps")) == ({"on": False, "strength_frac": 1.0}, {})
    with pytest.raises(UnknownId, match='no tapper of this room is called "lamps"; there are "box", "pad"'):
        rack.tune("lamps", on=False)
