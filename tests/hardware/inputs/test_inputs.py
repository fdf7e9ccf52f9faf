"""Pedals, clickers and buttons: events written by hand through a pipe, where the kernel would be."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.inputs.evdev_input import KeyDevice, KeyInput, fits
from hardware.inputs.events import EV_KEY, EventReader, InputEvent, encode_event, pressed_codes
from hardware.inputs.keys import COMMANDS, InputEntry, command_of, parse_usb

PEDAL = KeyDevice("/dev/input/event7", "PCsensor FootSwitch", 0x1A86, 0xE026, ("KEY_A", "KEY_B"))
KEY_A, KEY_B, KEY_PAGEDOWN = 30, 48, 109
NAMES = {KEY_A: ("KEY_A",), KEY_B: ("KEY_B",), KEY_PAGEDOWN: ("KEY_PAGEDOWN",), 113: ("KEY_MIN_INTERESTING", "KEY_MUTE")}

FOOT_SWITCH_PRESS = bytes.fromhex(
    "b1c7e16800000000c3d90200000000000400040004000700"
    "b1c7e16800000000c3d902000000000001001e0001000000"
    "b1c7e16800000000c3d90200000000000000000000000000"
    "b1c7e16800000000c8a903000000000001001e0002000000"
    "b1c7e16800000000c8a90300000000000000000000000000"
    "b1c7e1680000000011bb03000000000001001e0000000000"
    "b1c7e1680000000011bb0300000000000000000000000000"
)
"""One press of a foot switch, written by hand as a 64-bit kernel lays it out: scan code, KEY_A down, report, a repeat, up."""


class Pipe:
    """A device whose events come through a pipe."""

    def __init__(self, device: KeyDevice) -> None:
        self.name = device.name
        self.fd, self._write = os.pipe()
        self.grabbed = False

    def say(self, data: bytes) -> None:
        os.write(self._write, data)

    def unplug(self) -> None:
        os.close(self._write)
        self._write = -1

    def close(self) -> None:
        os.close(self.fd)
        if self._write >= 0:
            os.close(self._write)
            self._write = -1


class PipeKernel:
    """Devices that are plugged in, and pipes for those that were opened."""

    def __init__(self, *devices: KeyDevice) -> None:
        self.devices = list(devices)
        self.opened: dict[str, Pipe] = {}
        self.refuse = ""

    def found(self) -> list[KeyDevice]:
        return list(self.devices)

    def open(self, device: KeyDevice, grab: bool) -> Pipe:
        if self.refuse:
            raise OSError(self.refuse)
        pipe = Pipe(device)
        pipe.grabbed = grab
        self.opened[device.path] = pipe
        return pipe

    def names_of(self, code: int) -> tuple[str, ...]:
        return NAMES.get(code, (f"KEY_{code}",))


class Heard:
    """Commands, in order."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.changed = threading.Condition()

    def __call__(self, name: str, args: Mapping[str, Any]) -> None:
        with self.changed:
            self.commands.append((name, dict(args)))
            self.changed.notify_all()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.commands) >= count, 20), self.commands
            return self.commands


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def listen(
    request: pytest.FixtureRequest, links_of: Any, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[KeyInput, Any]]:
    monkeypatch.setattr("hardware.inputs.evdev_input.LOOK_AGAIN_S", 0.02)

    def listening(kernel: Any, on_command: Any = None, **entry: Any) -> tuple[KeyInput, Any]:
        keys = KeyInput(InputEntry("pedal", **{"usb": "1a86:e026", **entry}), on_command or heard, lambda: kernel)
        request.addfinalizer(keys.close)
        links = links_of(keys)
        keys.open()
        return keys, links

    return listening


def test_a_press_with_its_repeat_is_one_command(listen: Any, heard: Heard) -> None:
    kernel = PipeKernel(PEDAL)
    _, links = listen(kernel, keys={"KEY_A": "set-start", "KEY_B": "stop"})
    links.wait_for("READY")
    pipe = kernel.opened[PEDAL.path]
    assert pipe.grabbed
    pipe.say(FOOT_SWITCH_PRESS)
    pipe.say(encode_event(InputEvent(EV_KEY, KEY_B, 1)))
    assert heard.wait_for(2) == [("set-start", {}), ("stop", {})]


def test_every_press_of_a_clients_button_is_a_stop(listen: Any, heard: Heard) -> None:
    kernel = PipeKernel(PEDAL)
    _, links = listen(kernel)
    links.wait_for("READY")
    kernel.opened[PEDAL.path].say(b"".join(encode_event(InputEvent(EV_KEY, code, 1)) for code in (1, KEY_A, 500, KEY_A)))
    assert heard.wait_for(4) == [("stop", {})] * 4


def test_a_key_that_is_not_named_does_nothing(listen: Any, heard: Heard) -> None:
    kernel = PipeKernel(PEDAL)
    _, links = listen(kernel, keys={"KEY_PAGEDOWN": "program-next"})
    links.wait_for("READY")
    pipe = kernel.opened[PEDAL.path]
    pipe.say(encode_event(InputEvent(EV_KEY, KEY_A, 1)) + encode_event(InputEvent(EV_KEY, KEY_PAGEDOWN, 1)))
    assert heard.wait_for(1) == [("program-move", {"move": "next"})]


def test_a_pedal_unplugged_is_said_and_found_again(listen: Any, heard: Heard) -> None:
    kernel = PipeKernel(PEDAL)
    _, links = listen(kernel)
    links.wait_for("READY")
    kernel.devices.clear()
    kernel.opened[PEDAL.path].unplug()
    assert 'no input device "1a86:e026" is plugged in' in links.wait_for("ABSENT").why
    links.seen.clear()
    kernel.devices.append(PEDAL)
    links.wait_for("READY")
    kernel.opened[PEDAL.path].say(encode_event(InputEvent(EV_KEY, KEY_A, 1)))
    assert heard.wait_for(1) == [("stop", {})]


def test_two_buttons_of_one_kind_are_both_heard(listen: Any, heard: Heard) -> None:
    second = KeyDevice("/dev/input/event8", PEDAL.name, PEDAL.vendor, PEDAL.product, PEDAL.keys)
    kernel = PipeKernel(PEDAL, second)
    _, links = listen(kernel)
    links.wait_for("READY")
    for path in (PEDAL.path, second.path):
        kernel.opened[path].say(encode_event(InputEvent(EV_KEY, KEY_A, 1)))
    assert heard.wait_for(2) == [("stop", {})] * 2


def test_a_button_that_another_program_took_is_said(listen: Any) -> None:
    kernel = PipeKernel(PEDAL)
    kernel.refuse = "PCsensor FootSwitch is taken by another program"
    _, links = listen(kernel)
    assert links.wait_for("FAULT").why == kernel.refuse


def test_a_command_that_fails_leaves_the_button_working(listen: Any, heard: Heard) -> None:
    kernel = PipeKernel(PEDAL)

    def failing_once(name: str, args: Mapping[str, Any]) -> None:
        if not heard.commands:
            heard(name, args)
            raise RuntimeError("the engine is away")
        heard(name, args)

    keys, links = listen(kernel, failing_once)
    links.wait_for("READY")
    kernel.opened[PEDAL.path].say(encode_event(InputEvent(EV_KEY, KEY_A, 1)) * 2)
    assert heard.wait_for(2) == [("stop", {})] * 2
    assert keys.failed == "stop failed: RuntimeError: the engine is away"


def test_a_machine_without_the_library_says_what_to_install(listen: Any, links_of: Any, heard: Heard) -> None:
    def missing() -> Any:
        raise OSError("pedals and buttons need a library that is not installed: pip install 'roomctl[evdev]'")

    keys = KeyInput(InputEntry("pedal", usb="1a86:e026"), heard, missing)
    links = links_of(keys)
    keys.open()
    assert "pip install" in links.wait_for("FAULT").why
    keys.close()


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(1, 50)))
def test_events_are_the_same_however_the_bytes_are_cut(data: bytes, cuts: list[int]) -> None:
    whole = EventReader().feed(data)
    reader, parts, at = EventReader(), [], 0
    for size in [*cuts, len(data)]:
        parts += reader.feed(data[at : at + size])
        at += size
    assert parts == whole


def test_only_going_down_is_a_press() -> None:
    events = [InputEvent(EV_KEY, 1, 0), InputEvent(EV_KEY, 2, 1), InputEvent(EV_KEY, 3, 2), InputEvent(3, 4, 1)]
    assert pressed_codes(events) == [2]
    assert [event.code for event in EventReader().feed(FOOT_SWITCH_PRESS) if event.kind == EV_KEY] == [KEY_A] * 3


def test_a_key_with_two_names_answers_to_either() -> None:
    assert command_of({"KEY_MUTE": "duck"}, NAMES[113]) == COMMANDS["duck"]
    assert command_of({"KEY_A": "stop"}, NAMES[KEY_B]) is None


def test_a_device_is_meant_by_number_by_name_or_both() -> None:
    assert fits(PEDAL, InputEntry("pedal", usb="1A86:E026"))
    assert fits(PEDAL, InputEntry("pedal", device="footswitch"))
    assert fits(PEDAL, InputEntry("pedal", vendor=0x1A86, product=0xE026))
    assert not fits(PEDAL, InputEntry("pedal", usb="1a86:e026", device="clicker"))
    assert not fits(PEDAL, InputEntry("pedal", usb="1a86:e027"))
    assert PEDAL.usb == "1a86:e026"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "needs usb"),
        ({"usb": "footswitch"}, "VENDOR:PRODUCT"),
        ({"usb": "1a86:10000"}, "VENDOR:PRODUCT"),
        ({"usb": "1a86:e026", "keys": {"KEY_A": "explode"}}, '"explode" is no command'),
        ({"usb": "1a86:e026", "keys": {"A": "stop"}}, '"A" is no key'),
    ],
)
def test_an_entry_with_a_mistake_is_refused_in_words(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        InputEntry("pedal", **entry)


def test_no_number_means_any() -> None:
    assert parse_usb("") is None
