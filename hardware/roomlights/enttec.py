"""A DMX lamp on an Enttec DMX USB Pro, or a widget that speaks like one.

Protocol: docs/protocols/enttec.md. Verified against: OLA 0.10.9 reads our messages through a pseudo-terminal. No widget yet.
"""

from __future__ import annotations

import time
from typing import Final

from hardware.dmx import enttec
from hardware.dmx.outlet import Outlet
from hardware.entries import RoomLightEntry
from hardware.roomlights.dmx import DmxRoomLight, DmxWire
from hardware.seams import SafeBytes
from hardware.transports.serial import SerialPort

_BAUD: Final = 57_600
"""Any will do: the widget is USB all the way and ignores it."""

_ANSWER_S: Final = 1.0


def build(entry: RoomLightEntry) -> EnttecRoomLight:
    """The lamp of a room file's entry. Raises ValueError for a fixture that is not there or does not fit."""
    return EnttecRoomLight(entry)


class EnttecPort(SerialPort):
    """A serial port that was asked whether a widget is on it."""

    serial_number = ""

    def open(self) -> None:
        """Open, and ask for the widget's serial number. Raises OSError where none answers in a second."""
        super().open()
        self.write(enttec.message(enttec.GET_SERIAL))
        heard = b""
        end_s = time.monotonic() + _ANSWER_S
        while time.monotonic() < end_s:
            heard += self.read(256)
            found, heard = enttec.messages_in(heard)
            for message in found:
                if message.label == enttec.GET_SERIAL and len(message.data) == 4:
                    self.serial_number = message.data[::-1].hex()
                    return
        self.close()
        raise TimeoutError(f"nothing on {self.path} answers as a DMX USB Pro does; is it the right port?")


class EnttecRoomLight(DmxRoomLight):
    """Lamps on one widget share its universe. The widget repeats the last universe by itself."""

    driver = "enttec"

    def __init__(self, entry: RoomLightEntry) -> None:
        self._path = str(entry.port)
        super().__init__(entry, DmxWire(("enttec", self._path), self._outlet, entry), "holds its last look")

    def safe_bytes(self) -> SafeBytes:
        """What is shown now, once more."""
        return SafeBytes(self.name, "serial", f"{self._path}@{_BAUD}", (enttec.dmx_message(self.wire.universe),))

    def _outlet(self) -> Outlet:
        return Outlet(EnttecPort(self._path, _BAUD), lambda slots, count: enttec.dmx_message(slots))
