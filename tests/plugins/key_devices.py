"""Pedals that are not there: the kernel's own (uinput), and a pseudo-terminal that carries the kernel's bytes."""

from __future__ import annotations

import os
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import evdev
import pytest

from hardware.inputs.events import EV_KEY, InputEvent, encode_event

NAME, VENDOR, PRODUCT = "roomctl test pedal", 0x1A86, 0xE026
KEYS = (evdev.ecodes.KEY_A, evdev.ecodes.KEY_B)


def kernel_pedal_missing() -> str:
    """What this machine lacks for a pedal of the kernel's own; empty where it lacks nothing."""
    for node, why in (("/dev/uinput", "the kernel's module uinput"), ("/dev/input", "the kernel's input devices")):
        if not Path(node).exists():
            return f"needs {node} ({why})"
    return "" if os.access("/dev/uinput", os.W_OK) else "needs a user that may write to /dev/uinput"


class KernelPedal:
    """A pedal of the kernel's own, plugged in and out through /dev/uinput."""

    def __init__(self) -> None:
        self._device: Any = None
        self.plug()

    def plug(self) -> None:
        """Plug it in."""
        self._device = evdev.UInput({EV_KEY: KEYS}, name=NAME, vendor=VENDOR, product=PRODUCT)

    def unplug(self) -> None:
        """Plug it out."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def press(self, code: int) -> None:
        """Down and up."""
        for value in (1, 0):
            self._device.write(EV_KEY, code, value)
            self._device.syn()

    def taken_by_another(self, taken: bool) -> None:
        """Whether another program holds it."""
        self._device.device.grab() if taken else self._device.device.ungrab()


class TerminalPedal:
    """A pedal whose event node is a pseudo-terminal: real opening, real bytes, and a stand-in for what is asked by ioctl."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._node = folder / "event7"
        self._master = -1
        self._taken = False
        patch.setattr(evdev, "list_devices", partial(evdev.list_devices, str(folder)))
        asked = evdev.device._input
        patch.setattr(asked, "ioctl_devinfo", lambda fd: (3, VENDOR, PRODUCT, 1, NAME, "usb-1/input0", ""))
        patch.setattr(asked, "ioctl_EVIOCGVERSION", lambda fd: 0x010001)
        patch.setattr(asked, "ioctl_capabilities", lambda fd: {EV_KEY: list(KEYS)})
        patch.setattr(asked, "ioctl_EVIOCGEFFECTS", lambda fd: 0)
        patch.setattr(asked, "ioctl_EVIOCGRAB", self._grab)
        self.plug()

    def plug(self) -> None:
        """Plug it in."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self._node.symlink_to(os.ttyname(slave))
        self._slave = slave

    def unplug(self) -> None:
        """Plug it out."""
        if self._master >= 0:
            self._node.unlink()
            os.close(self._slave)
            os.close(self._master)
            self._master = -1

    def press(self, code: int) -> None:
        """Down and up, each with its scan code before it and its report after it, as the kernel's HID driver writes them."""
        for value in (1, 0):
            parts = (InputEvent(4, 4, 0x70000 + code), InputEvent(EV_KEY, code, value), InputEvent(0, 0, 0))
            os.write(self._master, b"".join(encode_event(part, 1_700_000_000, 250_000) for part in parts))

    def taken_by_another(self, taken: bool) -> None:
        """Whether another program holds it."""
        self._taken = taken

    def _grab(self, descriptor: int, wanted: int) -> None:
        if self._taken:
            raise OSError(16, "Device or resource busy")


@pytest.fixture(params=["uinput", "terminal"])
def pedal(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A pedal that is plugged in, the kernel's own and one of ours."""
    made: Any
    if request.param == "terminal":
        made = TerminalPedal(tmp_path, monkeypatch)
    else:
        if missing := kernel_pedal_missing():
            pytest.skip(missing)
        made = KernelPedal()
    yield made
    made.unplug()


@pytest.fixture
def open_pedal(links_of: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`open_pedal(on_command, **entry)` listens to it; returns the device and its links."""
    from hardware.inputs.evdev_input import KeyInput
    from hardware.inputs.keys import InputEntry

    monkeypatch.setattr("hardware.inputs.evdev_input.LOOK_AGAIN_S", 0.02)

    def opened(on_command: Any, **entry: Any) -> Any:
        device = KeyInput(InputEntry("pedal", **{"usb": "1a86:e026", **entry}), on_command)
        request.addfinalizer(device.close)
        links = links_of(device)
        device.open()
        return device, links

    return opened
