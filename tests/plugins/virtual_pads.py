"""Game pads that are not there: SDL's own virtual joystick, which records what its motors are told."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from hardware.tappers.gamepad import PADS

RUMBLE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint16)


class VirtualPadDescription(ctypes.Structure):
    """SDL_VirtualJoystickDesc of SDL 2.32, version 1."""

    _fields_ = [
        ("version", ctypes.c_uint16),
        ("type", ctypes.c_uint16),
        ("naxes", ctypes.c_uint16),
        ("nbuttons", ctypes.c_uint16),
        ("nhats", ctypes.c_uint16),
        ("vendor_id", ctypes.c_uint16),
        ("product_id", ctypes.c_uint16),
        ("padding", ctypes.c_uint16),
        ("button_mask", ctypes.c_uint32),
        ("axis_mask", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("userdata", ctypes.c_void_p),
        ("Update", ctypes.c_void_p),
        ("SetPlayerIndex", ctypes.c_void_p),
        ("Rumble", RUMBLE),
        ("RumbleTriggers", ctypes.c_void_p),
        ("SetLED", ctypes.c_void_p),
        ("SendEffect", ctypes.c_void_p),
    ]


def sdl() -> ctypes.CDLL:
    bundled = list(Path(pygame.__file__).parent.parent.glob("pygame_ce.libs/libSDL2-2*.so*"))
    if not bundled:
        pytest.skip("needs the SDL that pygame-ce's Linux wheel carries")
    library = ctypes.CDLL(str(bundled[0]))
    library.SDL_JoystickGetDeviceInstanceID.restype = ctypes.c_int32
    return library


class VirtualPad:
    """A pad of SDL's own; records (low, high) of each rumble with its moment."""

    def __init__(self, library: ctypes.CDLL, name: str, hear: Callable[[int, int], None] = lambda low, high: None) -> None:
        self.hear = hear
        self.rumbles: list[tuple[float, int, int]] = []
        self.changed = threading.Condition()
        self._library = library
        self._callback = RUMBLE(self._take)
        self._description = VirtualPadDescription(
            version=1, type=1, naxes=6, nbuttons=15, name=name.encode(), Rumble=self._callback
        )
        self.index = library.SDL_JoystickAttachVirtualEx(ctypes.byref(self._description))
        assert self.index >= 0
        self._id = library.SDL_JoystickGetDeviceInstanceID(self.index)

    def _take(self, userdata: Any, low: int, high: int) -> int:
        with self.changed:
            self.rumbles.append((time.monotonic(), low, high))
            self.changed.notify_all()
        self.hear(low, high)
        return 0

    def wait_for(self, what: Callable[[list[tuple[float, int, int]]], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: what(self.rumbles), 20)

    @property
    def levels(self) -> list[tuple[int, int]]:
        return [(low, high) for _, low, high in self.rumbles]

    def unplug(self) -> None:
        with PADS.lock:
            for index in range(self._library.SDL_NumJoysticks()):
                if self._library.SDL_JoystickGetDeviceInstanceID(index) == self._id:
                    assert self._library.SDL_JoystickDetachVirtual(index) == 0
                    return


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], VirtualPad]]:
    """Plugs virtual pads in, and out at the end."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    library, pads = sdl(), []
    PADS.enter()

    def plug_in(name: str) -> VirtualPad:
        with PADS.lock:
            pads.append(VirtualPad(library, name))
        return pads[-1]

    yield plug_in
    for pad in pads:
        pad.unplug()
    PADS.pump()
    PADS.leave()
    pygame.display.quit()


@pytest.fixture
def sdl_hint() -> Callable[[str], str]:
    """`sdl_hint(name)` is what SDL goes by; "" where nothing was said."""
    library = sdl()
    library.SDL_GetHint.restype = ctypes.c_char_p
    return lambda name: (library.SDL_GetHint(name.encode()) or b"").decode()
