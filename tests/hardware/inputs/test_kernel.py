"""What inputs promise, asked with the kernel's own pedal where there is uinput, and with one on a pseudo-terminal anywhere."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import Any

import evdev
import pytest

from hardware.discovery import key_devices

KEY_A, KEY_B = evdev.ecodes.KEY_A, evdev.ecodes.KEY_B


class Commands(queue.Queue[str]):
    """Names of the commands that came."""

    def __call__(self, name: str, args: Mapping[str, Any]) -> None:
        self.put(name)

    def next(self) -> str:
        return self.get(timeout=20)


@pytest.fixture
def commands() -> Commands:
    return Commands()


def test_a_pedal_is_listed_by_its_numbers_with_its_keys(pedal: Any) -> None:
    (found,) = [each for each in key_devices() if each.name == "roomctl test pedal"]
    assert (found.where, found.note) == ('usb = "1a86:e026"', "2 keys: KEY_A, KEY_B")


def test_a_press_is_its_keys_command(pedal: Any, open_pedal: Any, commands: Commands) -> None:
    _, links = open_pedal(commands, keys={"KEY_A": "set-start", "KEY_B": "stop"})
    links.wait_for("READY")
    pedal.press(KEY_A)
    pedal.press(KEY_B)
    assert [commands.next(), commands.next()] == ["set-start", "stop"]
    assert commands.empty()


def test_pulled_and_put_back_it_is_said_and_heard_again_without_a_restart(
    pedal: Any, open_pedal: Any, commands: Commands
) -> None:
    device, links = open_pedal(commands)
    links.wait_for("READY")
    pedal.unplug()
    gone = links.wait_for("ABSENT")
    assert gone.why == 'no input device "1a86:e026" is plugged in, or this user may not read it (group input)'
    links.seen.clear()
    pedal.plug()
    links.wait_for("READY")
    assert [link.state for link in links.seen] == ["READY"]
    pedal.press(KEY_A)
    assert commands.next() == "stop"
    assert device.failed == ""


def test_one_that_another_program_holds_is_said_and_taken_when_it_is_free(
    pedal: Any, open_pedal: Any, commands: Commands
) -> None:
    pedal.taken_by_another(True)
    _, links = open_pedal(commands)
    assert links.wait_for("FAULT").why.startswith("roomctl test pedal is taken by another program")
    pedal.taken_by_another(False)
    links.wait_for("READY")
    pedal.press(KEY_A)
    assert commands.next() == "stop"


def test_closed_it_presses_nothing_and_leaves_no_thread(pedal: Any, open_pedal: Any, commands: Commands) -> None:
    device, links = open_pedal(commands)
    links.wait_for("READY")
    device.safe()
    device.close()
    device.close()
    pedal.press(KEY_A)
    assert device.link.state == "ABSENT"
    assert commands.empty()
    assert not [thread for thread in threading.enumerate() if thread.name == "input pedal"]
