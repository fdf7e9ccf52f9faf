"""Bluetooth tapper: roomctl's own service, told a pattern and not each tap, as a message can take a tenth of a second.

Protocol: docs/protocols/tapper-ble.md. Verified against: nothing but its own bytes; never yet a radio. The device stops when
the connection is lost, and by itself after the taps it was told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from hardware.entries import TapperEntry
from hardware.io_thread import Terminal, Wire
from hardware.seams import Due, Tapper, TapPulse
from hardware.tappers.clamp import felt_pulse
from hardware.tappers.pattern import Pattern, PatternFollower
from hardware.tappers.tapper_frames import encode, encode_pulse, encode_still
from hardware.tappers.wired import MotorConfig
from hardware.threaded import ThreadedDevice

SERVICE: Final = "7e1d0001-6f2b-4c0a-9d3e-524f4f4d0001"
COMMAND: Final = "7e1d0002-6f2b-4c0a-9d3e-524f4f4d0001"
CONNECT_S: Final = 8.0
WRITE_S: Final = 1.0
TICK_S: Final = 0.1
Result = TypeVar("Result")


def encode_pattern(pattern: Pattern, sequence: int) -> bytes:
    """Frame 'R': first side, strength, then wait, interval and pulse in ms (16 bit, little-endian), then the number of taps."""
    words = (pattern.wait_ms, pattern.interval_ms, pattern.pulse_ms)
    numbers = b"".join(min(65_535, max(0, word)).to_bytes(2, "little") for word in words)
    front = bytes([0 if pattern.first == "left" else 1, min(255, max(0, round(pattern.strength_frac * 255)))])
    return encode("R", sequence, front + numbers + bytes([pattern.taps]))


@dataclass(frozen=True, slots=True)
class BleTapperConfig(MotorConfig):
    """Which tapper: its address, or its name; "" takes the first that offers the service."""

    device: str = ""


class BleTapper(ThreadedDevice[tuple[TapPulse, float]], Tapper):
    """A tapper without a wire. Rhythm is kept by the device; a change of rate reaches it about a tenth of a second late."""

    driver = "ble"

    def __init__(self, name: str, config: BleTapperConfig, client_of: Callable[[str], Any] | None = None) -> None:
        on_silence = "still when the connection is lost (1 s), and after 8 taps it was not told again"
        super().__init__(name, BleWire(config, client_of or found_client), config.capabilities(on_silence))
        self._strength_share = config.strength_share

    def offer(self, pulse: TapPulse, due: Due) -> None:
        """Begin a pulse now, which the tapper may know of already."""
        felt = felt_pulse(self, pulse, self._strength_share)
        if felt is not None:
            self.io.offer((felt, due.mono_s or time.monotonic()))


def found_client(device: str) -> Any:
    """A bleak client of the tapper; a coroutine function's result. Raises Terminal where bleak is missing."""
    try:
        from bleak import BleakClient, BleakScanner
    except ImportError as fault:
        raise Terminal("Bluetooth needs a library that is not installed: pip install 'roomctl[ble]'") from fault

    async def find() -> Any:
        def fits(found: Any, advertised: Any) -> bool:
            named = device.lower() in (str(found.address).lower(), str(found.name or "").lower())
            return named if device else SERVICE in advertised.service_uuids

        found = await BleakScanner.find_device_by_filter(fits, timeout=CONNECT_S / 2)
        if found is None:
            raise FileNotFoundError(f'no Bluetooth tapper "{device}" answers; is it on, near, and not held by another program?')
        return BleakClient(found)

    return find()


class BleWire(Wire[tuple[TapPulse, float]]):
    """The connection, on an event loop that runs on the device's thread alone."""

    def __init__(self, config: BleTapperConfig, client_of: Callable[[str], Any]) -> None:
        self._config = config
        self._client_of = client_of
        self._follower = PatternFollower()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Any = None
        self._sequence = 0

    def connect(self) -> None:
        """Find the tapper and connect to it."""
        self._loop = asyncio.new_event_loop()
        self._follower.forget()
        client = self._do(self._client_of(self._config.device), CONNECT_S)
        self._do(client.connect(), CONNECT_S)
        self._client = client

    def send(self, item: tuple[TapPulse, float]) -> None:
        """Tell the tapper what it does not know yet."""
        wanted = self._follower.take(*item)
        if isinstance(wanted, Pattern):
            self._write(encode_pattern(wanted, self._next()))
        elif wanted is not None:
            self._write(encode_pulse(wanted.side, wanted.ms, wanted.strength_frac, self._next()))

    def safe(self) -> None:
        """Both hands still."""
        self._follower.forget()
        self._write(encode_still(self._next()))

    def tick(self) -> float:
        """Stop a pattern whose pulses no longer come, and see that the tapper is there."""
        if self._client is None or not self._client.is_connected:
            raise OSError("the Bluetooth tapper went out of reach, or its battery is empty")
        if self._follower.is_over(time.monotonic()):
            self._write(encode_still(self._next()))
        return TICK_S

    def disconnect(self) -> None:
        """Let go of the tapper and end the loop."""
        client, self._client = self._client, None
        loop = self._loop
        if loop is None:
            return
        with suppress(OSError):  # a tapper that is gone already is what was wanted
            if client is not None:
                self._do(client.disconnect(), WRITE_S)
        self._loop = None
        loop.close()

    def _write(self, frame: bytes) -> None:
        if self._client is None:
            raise OSError("the Bluetooth tapper is not connected")
        self._do(self._client.write_gatt_char(COMMAND, frame, response=False), WRITE_S)

    def _do(self, call: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        """Run on the loop; every fault of the radio is an OSError in words."""
        loop = self._loop
        if loop is None:
            call.close()
            raise OSError("the Bluetooth tapper is not connected")
        try:
            return loop.run_until_complete(asyncio.wait_for(call, timeout_s))
        except TimeoutError as fault:
            raise TimeoutError(
                f"the Bluetooth tapper did not answer in {timeout_s:.0f} s; is it near, and its battery full?"
            ) from fault
        except FileNotFoundError as fault:
            if fault.errno is None:
                raise  # our own words: no tapper answers
            raise OSError("this machine offers no Bluetooth; has it a radio, and is its service running?") from fault
        except (OSError, Terminal):
            raise
        except Exception as fault:  # bleak's errors differ by system and share no root but this
            raise OSError(f"Bluetooth failed: {fault or type(fault).__name__}") from fault

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence


def build(entry: TapperEntry) -> BleTapper:
    """The tapper of a room file's entry; whoever paces it scales strength by the entry's `strength_frac`."""
    config = BleTapperConfig(entry.device or "", min_pulse_ms=entry.min_pulse_ms, onset_ms=entry.onset_ms)
    return BleTapper(entry.name, config)
