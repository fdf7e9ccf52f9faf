"""A pedal, a clicker or the client's STOP button on Linux, taken for the room alone (grabbed), by vendor:product or name.

Verified against: the kernel's own events (uinput) where the machine has them, else the same bytes through a pseudo-terminal and
python-evdev; not yet a pedal. Everything plugged in that fits is listened to.
"""

from __future__ import annotations

import errno
import os
import select
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from hardware.inputs.events import EVENT_BYTES, EventReader, pressed_codes
from hardware.inputs.keys import InputEntry, KeyCommand, command_of
from hardware.seams import Capabilities, Device

OnCommand = Callable[[str, Mapping[str, Any]], None]
LOOK_AGAIN_S: Final = 2.0


class KeySource(Protocol):
    """An opened device: a descriptor with the kernel's events, and its name."""

    fd: int
    name: str

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class KeyDevice:
    """An input device that is plugged in."""

    path: str
    name: str
    vendor: int
    product: int
    keys: tuple[str, ...] = ()

    @property
    def usb(self) -> str:
        """As a room file names it."""
        return f"{self.vendor:04x}:{self.product:04x}"


class Kernel(Protocol):
    """What this driver wants of the operating system."""

    def found(self) -> Sequence[KeyDevice]:
        """Every input device with keys."""

    def open(self, device: KeyDevice, grab: bool) -> KeySource:
        """The device, opened and taken for the room alone where asked. Raises OSError."""

    def names_of(self, code: int) -> tuple[str, ...]:
        """A key's names."""


class EvdevKernel:
    """Linux, by python-evdev."""

    def __init__(self) -> None:
        try:
            import evdev
        except ImportError as fault:
            raise OSError("pedals and buttons need a library that is not installed: pip install 'roomctl[evdev]'") from fault
        self._evdev: Any = evdev

    def found(self) -> list[KeyDevice]:
        """Every input device with keys; those that this user may not open are left out."""
        devices = []
        for path in self._evdev.list_devices():
            try:
                device = self._evdev.InputDevice(path)
                codes = device.capabilities().get(self._evdev.ecodes.EV_KEY, [])
                device.close()
            except OSError:  # unplugged since it was listed
                continue
            names = tuple(name for code in codes for name in self.names_of(code)[:1])
            devices.append(KeyDevice(path, device.name, device.info.vendor, device.info.product, names))
        return [device for device in devices if device.keys]

    def open(self, device: KeyDevice, grab: bool) -> KeySource:
        """Open, and grab."""
        opened: Any = self._evdev.InputDevice(device.path)
        if grab:
            try:
                opened.grab()
            except OSError as fault:
                opened.close()
                raise OSError(f"{device.name} is taken by another program ({fault.strerror}); close that program") from fault
        source: KeySource = opened
        return source

    def names_of(self, code: int) -> tuple[str, ...]:
        """The kernel's names of a key."""
        names = self._evdev.ecodes.keys.get(code, self._evdev.ecodes.BTN.get(code, f"KEY_{code}"))
        return (names,) if isinstance(names, str) else tuple(names)


def fits(device: KeyDevice, entry: InputEntry) -> bool:
    """Whether a room file's entry means this device."""
    named = entry.device.lower() in device.name.lower()
    return named and (entry.numbers is None or entry.numbers == (device.vendor, device.product))


class KeyInput(Device):
    """Keys of one kind of device, each a command. Presses count at once; releases and repeats do not."""

    kind = "input"
    driver = "evdev"

    def __init__(self, entry: InputEntry, on_command: OnCommand, kernel: Callable[[], Kernel] = EvdevKernel) -> None:
        super().__init__(entry.name)
        self._entry = entry
        self._on_command = on_command
        self._make_kernel = kernel
        self._sources: dict[str, tuple[KeySource, EventReader]] = {}
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._wake_read, self._wake_write = -1, -1
        self.failed = ""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(on_silence="nothing: a button that is lost presses nothing, and the panel says that it is lost")

    def open(self) -> None:
        self._closing.clear()
        self._wake_read, self._wake_write = os.pipe()
        self.set_link("CONNECTING")
        self._thread = threading.Thread(target=self._run, name=f"input {self.name}", daemon=True)
        self._thread.start()

    def safe(self) -> None:
        """Nothing to still."""

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing.set()
        os.write(self._wake_write, b"x")
        thread.join(3.0)
        os.close(self._wake_read)
        os.close(self._wake_write)
        self.set_link("ABSENT")

    def _run(self) -> None:
        try:
            kernel = self._make_kernel()
        except OSError as fault:
            self.set_link("FAULT", str(fault))
            return
        try:
            while not self._closing.is_set():
                self._look(kernel)
                self._listen(kernel)
        finally:
            for source, _ in self._sources.values():
                source.close()
            self._sources.clear()

    def _look(self, kernel: Kernel) -> None:
        """Open what fits and is not open yet."""
        why = ""
        for device in kernel.found():
            if device.path in self._sources or not fits(device, self._entry):
                continue
            try:
                self._sources[device.path] = (kernel.open(device, self._entry.grab), EventReader())
            except OSError as fault:
                why = str(fault)
        if self._sources:
            self.set_link("READY")
        elif why:
            self.set_link("FAULT", why)
        else:
            what = " ".join(word for word in (self._entry.usb, self._entry.device) if word)
            self.set_link("ABSENT", f'no input device "{what}" is plugged in, or this user may not read it (group input)')

    def _listen(self, kernel: Kernel) -> None:
        """Wait for keys, for a while."""
        descriptors = {source.fd: path for path, (source, _) in self._sources.items()}
        readable, _, _ = select.select([*descriptors, self._wake_read], [], [], LOOK_AGAIN_S)
        for descriptor in readable:
            if descriptor != self._wake_read:
                self._read(kernel, descriptors[descriptor])

    def _read(self, kernel: Kernel, path: str) -> None:
        source, reader = self._sources[path]
        try:
            data = os.read(source.fd, 64 * EVENT_BYTES)
        except BlockingIOError:
            return
        except OSError as fault:
            data = b""
            if fault.errno != errno.ENODEV:
                self.failed = f"{source.name}: {fault.strerror}"
        if not data:
            source.close()
            del self._sources[path]
            return
        for code in pressed_codes(reader.feed(data)):
            wanted = command_of(self._entry.keys, kernel.names_of(code))
            if wanted is not None:
                self._tell(wanted)

    def _tell(self, wanted: KeyCommand) -> None:
        try:
            self._on_command(wanted.name, wanted.args)
        except Exception as fault:  # noqa: BLE001 - a command that fails must not end the way in for STOP
            self.failed = f"{wanted.name} failed: {type(fault).__name__}: {fault}"
