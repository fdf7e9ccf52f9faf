"""USB tapper with roomctl's own firmware, over a serial line at 115,200 baud.

Protocol: docs/protocols/tapper.md. Verified against: firmware/tapper compiled and run in simavr 1.6. Hands are still 0.9 s
after the room stops talking to it: the firmware does that by itself.
"""

from __future__ import annotations

import errno
import itertools
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import serial

from hardware.entries import TapperEntry
from hardware.io_thread import Wire
from hardware.seams import Device, SafeBytes, TapPulse
from hardware.tappers.tapper_frames import (
    PROTOCOL_VERSION,
    Ack,
    AnyReply,
    ButtonPressed,
    Ended,
    Hello,
    ReplyReader,
    encode_ask,
    encode_keep_alive,
    encode_let_go,
    encode_pulse,
    encode_still,
)
from hardware.tappers.wired import MotorConfig, WiredTapper

KEEP_ALIVE_S: Final = 0.25
HELLO_WAIT_S: Final = 5.0
ASK_EVERY_S: Final = 1.0
"""Boards without a reset line are asked who they are; a boot loader takes about 1.6 s before the firmware can answer."""
STALE_AFTER_S: Final = 1.0
LOST_AFTER_S: Final = 4.0
READ_WAIT_S: Final = 0.1
WRITE_WAIT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class SerialTapperConfig(MotorConfig):
    """Where the tapper is, and what its motors need."""

    port: str
    baud: int = 115_200


class SerialTapper(WiredTapper):
    """Two motors on a microcontroller, and the client's own button: `on_stop` is called when it is pressed.

    The button stills the tapper by itself and holds it still; the first pulse after a `safe` lets go of it.
    """

    driver = "serial"
    wire: SerialTapperWire

    def __init__(self, name: str, config: SerialTapperConfig) -> None:
        super().__init__(name, SerialTapperWire(self, config, self._take), config, "still within 0.9 s, by its own firmware")
        self._config = config
        self.on_ended: Callable[[Ended], None] = lambda ended: None

    @property
    def hello(self) -> Hello | None:
        """What the firmware said of itself; None before it first did."""
        return self.wire.hello

    @property
    def ack(self) -> Ack | None:
        """The firmware's last acknowledgement."""
        return self.wire.ack

    def close(self) -> None:
        """Still, and let go, without waiting for a hello."""
        self.wire.give_up()
        super().close()

    def safe_bytes(self) -> SafeBytes:
        """A still for the launcher to send; opening the port resets most boards, which stills them too."""
        still = encode_still(0)
        return SafeBytes(self.name, "serial", f"{self._config.port}@{self._config.baud}", (still, still))

    def _take(self, reply: AnyReply) -> None:
        if isinstance(reply, Ended):
            self.on_ended(reply)
        elif isinstance(reply, ButtonPressed):
            self.on_stop(self.name)


class SerialTapperWire(Wire[TapPulse]):
    """The serial line: a thread of its own reads what the firmware says."""

    def __init__(self, device: Device, config: SerialTapperConfig, take: Callable[[AnyReply], None]) -> None:
        self._device = device
        self._config = config
        self._take = take
        self._sequence = itertools.count(1)
        self._given_up = threading.Event()
        self._let_go = False
        self._line: serial.Serial | None = None
        self._hearing: _Hearing | None = None
        self.hello: Hello | None = None

    @property
    def ack(self) -> Ack | None:
        """The firmware's last acknowledgement on this line."""
        return self._hearing.ack if self._hearing else None

    def give_up(self) -> None:
        """Cut a wait for the firmware's hello short."""
        self._given_up.set()

    def connect(self) -> None:
        """Open the line, which resets most boards, and wait for the firmware's hello."""
        self._given_up.clear()
        try:
            line = serial.Serial(
                self._config.port, self._config.baud, timeout=READ_WAIT_S, write_timeout=WRITE_WAIT_S, exclusive=True
            )
        except (OSError, ValueError) as fault:
            raise why_not(self._config, fault) from fault
        self._line = line
        lower_latency(line)
        self.hello = self._await_hello(line)
        self._hearing = _Hearing(line, self._take)
        self._hearing.start()

    def _await_hello(self, line: serial.Serial) -> Hello:
        reader, heard = ReplyReader(), 0
        begun_s = asked_s = time.monotonic()
        while not self._given_up.is_set() and time.monotonic() - begun_s < HELLO_WAIT_S:
            data = line.read(64)
            heard += len(data)
            for reply in reader.feed(data):
                if isinstance(reply, Hello):
                    return _known(self._config.port, reply)
            if time.monotonic() - asked_s > ASK_EVERY_S:
                asked_s = time.monotonic()
                line.write(encode_ask(next(self._sequence)))
        raise no_hello(self._config, heard)

    def now(self, pulse: TapPulse) -> bool:
        """Hand the pulse to the kernel at once where its buffer has room, so that no thread has to wake first."""
        return self._write_now(self._frames_of(pulse))

    def send(self, pulse: TapPulse) -> None:
        """Give the pulse."""
        self._write(self._frames_of(pulse))

    def _frames_of(self, pulse: TapPulse) -> bytes:
        let_go, self._let_go = self._let_go, False
        front = encode_let_go(next(self._sequence)) if let_go else b""
        return front + encode_pulse(pulse.side, pulse.ms, pulse.strength_frac, next(self._sequence))

    def safe_now(self) -> bool:
        """Still both hands from the caller's thread, where the kernel's buffer has room."""
        self._let_go = True
        return self._write_now(encode_still(next(self._sequence)))

    def safe(self) -> None:
        """Both hands still."""
        self._let_go = True
        self._write(encode_still(next(self._sequence)))

    def tick(self) -> float:
        """Say that the room is here, and judge how long the firmware has been silent."""
        self._write(encode_keep_alive(next(self._sequence)))
        hearing, device = self._hearing, self._device
        if hearing is None:
            return KEEP_ALIVE_S
        if hearing.failed is not None:
            raise why_lost(self._config, hearing.failed)
        silent_s = time.monotonic() - hearing.heard_s
        if silent_s > LOST_AFTER_S:
            raise OSError(f"{self._config.port} has not answered for {silent_s:.0f} s; trying to open it again")
        if silent_s > STALE_AFTER_S:
            device.set_link("STALE", f"{self._config.port} has not answered for more than {STALE_AFTER_S:.0f} s")
        elif device.link.state == "STALE":
            device.set_link("READY")
        return KEEP_ALIVE_S

    def disconnect(self) -> None:
        """Close the line and end the reading thread."""
        hearing, self._hearing = self._hearing, None
        line, self._line = self._line, None
        if hearing is not None:
            hearing.stop()
        if line is not None:
            line.close()

    def _write(self, data: bytes) -> None:
        line = self._line
        if line is None:
            raise OSError(f"{self._config.port} is not open")
        try:
            line.write(data)
        except OSError as fault:
            raise why_lost(self._config, fault) from fault

    def _write_now(self, data: bytes) -> bool:
        """Whether the kernel took all of `data` without waiting; what fails here is said by the device's own thread."""
        line = self._line
        descriptor = getattr(line, "fd", None)
        if descriptor is None:
            return False
        try:
            return os.write(descriptor, data) == len(data)
        except OSError:
            return False


class _Hearing:
    """A thread that reads replies until told to stop or the line fails; `heard_s` is when the last whole reply came."""

    def __init__(self, line: serial.Serial, take: Callable[[AnyReply], None]) -> None:
        self._line = line
        self._take = take
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tapper replies", daemon=True)
        self.heard_s = time.monotonic()
        self.ack: Ack | None = None
        self.failed: OSError | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, within one read's timeout."""
        self._stopping.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        reader = ReplyReader()
        while not self._stopping.is_set():
            try:
                data = self._line.read(1)
                data += self._line.read(self._line.in_waiting) if data else b""
            except (OSError, TypeError) as fault:  # pyserial raises TypeError where the port was closed under it
                self.failed = OSError(errno.ENODEV, str(fault))
                return
            for reply in reader.feed(data):
                self.heard_s = time.monotonic()
                self.ack = reply if isinstance(reply, Ack) else self.ack
                self._take(reply)


def _known(port: str, hello: Hello) -> Hello:
    if hello.protocol == PROTOCOL_VERSION:
        return hello
    raise OSError(
        f"{port}: its firmware {hello.version} speaks protocol {hello.protocol}, this room speaks {PROTOCOL_VERSION}; "
        "flash it with the firmware of this version"
    )


def lower_latency(line: serial.Serial) -> None:
    """Ask the kernel for the USB converter's shortest latency: an FTDI chip holds bytes back for 16 ms otherwise."""
    ask = getattr(line, "set_low_latency_mode", None)
    if ask is None:
        return
    try:
        ask(True)
    except (OSError, ValueError):
        return  # a line without the setting has no such delay to lower


def no_hello(config: SerialTapperConfig, heard_bytes: int) -> OSError:
    """Nobody on the line speaks the tapper's protocol."""
    if heard_bytes == 0:
        return TimeoutError(
            f"{config.port} did not say hello in {HELLO_WAIT_S:.0f} s; "
            "is it a tapper with roomctl's firmware, and is this its port?"
        )
    return OSError(
        f"{config.port} answers, but not as a tapper ({heard_bytes} bytes in {HELLO_WAIT_S:.0f} s); "
        f"is its baud {config.baud}, and is roomctl's firmware on it?"
    )


def why_not(config: SerialTapperConfig, fault: Exception) -> OSError:
    """Why the port could not be opened, as a sentence that says what to do."""
    where, number, text = config.port, getattr(fault, "errno", None), str(fault)
    if number == errno.ENOENT or "No such file" in text:
        return FileNotFoundError(f"there is no {where}; is the tapper plugged in?")
    if number == errno.EACCES or "Permission denied" in text:
        return PermissionError(f"{where} may not be opened by this user; add the user to the port's group (dialout on Debian)")
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return OSError(f"{where} is in use by another program; close it, or name another port")
    if "Inappropriate ioctl" in text:
        return OSError(f'{where} is no serial port; "roomctl devices" lists those there are')
    return OSError(f"{where} could not be opened: {text}")


def why_lost(config: SerialTapperConfig, fault: OSError) -> OSError:
    """Why an open line was lost, as a sentence."""
    if isinstance(fault, serial.SerialTimeoutException):
        return TimeoutError(f"{config.port} takes no more bytes; the tapper hangs or its cable is bad")
    return OSError(f"{config.port} went away; is the tapper's cable in?")


def build(entry: TapperEntry) -> SerialTapper:
    """The tapper of a room file's entry; whoever paces it scales strength by the entry's `strength_frac`."""
    config = SerialTapperConfig(
        port=str(entry.port),
        baud=entry.baud,
        min_pulse_ms=entry.min_pulse_ms,
        onset_ms=entry.onset_ms,
    )
    return SerialTapper(entry.name, config)
