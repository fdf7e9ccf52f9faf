"""A serial port, by pyserial, with a timeout on each call and, unless told otherwise, to ourselves alone."""

from __future__ import annotations

import errno
import time
from typing import Final

import serial

WRITE_S: Final = 0.25
READ_S: Final = 0.05
UNNUMBERED: Final = {"exclusively lock": errno.EBUSY, "Inappropriate ioctl": errno.ENOTTY}
"""What pyserial says without the system's number for it."""


class SerialPort:
    """Bytes to one serial port. Calls may raise OSError (pyserial's own is one), and wait no longer than their timeouts."""

    def __init__(self, path: str, baud: int, exclusive: bool = True) -> None:
        self.path = path
        self.baud = baud
        self._exclusive = exclusive
        self._port: serial.Serial | None = None

    def open(self) -> None:
        """Take the port; one that another program holds is refused."""
        self.close()
        try:
            self._port = serial.Serial(self.path, self.baud, timeout=READ_S, write_timeout=WRITE_S, exclusive=self._exclusive)
        except serial.SerialException as fault:
            raise self._in_words(fault) from fault
        except ValueError as fault:
            raise OSError(f"{self.path} cannot be set to {self.baud} baud: {fault}") from fault

    def write(self, data: bytes) -> None:
        """Send, waiting 0.25 s at most."""
        if self._port is None:
            raise OSError(f"{self.path} is not open")
        try:
            self._port.write(data)
        except serial.SerialTimeoutException as fault:
            raise TimeoutError(f"{self.path} took nothing for {WRITE_S:.2f} s; is the device stuck?") from fault
        except serial.SerialException as fault:
            raise OSError(f"{self.path} is gone; is the cable plugged in?") from fault

    def read(self, most: int) -> bytes:
        """What has come, up to `most` bytes, after 0.05 s at most."""
        if self._port is None:
            raise OSError(f"{self.path} is not open")
        try:
            return bytes(self._port.read(most))
        except serial.SerialException as fault:
            raise OSError(f"{self.path} is gone; is the cable plugged in?") from fault

    def drain(self, most_s: float) -> None:
        """Wait until everything written has left, or `most_s` is over."""
        end_s = time.monotonic() + most_s
        while self._port is not None and self._port.out_waiting and time.monotonic() < end_s:
            time.sleep(0.002)

    def close(self) -> None:
        """Let the port go; what was not sent yet is dropped."""
        port, self._port = self._port, None
        if port is not None:
            try:
                port.cancel_write()
                port.close()
            except OSError:
                # The port went with its device; there is nothing left to close.
                return

    def _in_words(self, fault: serial.SerialException) -> OSError:
        number = fault.errno or next((code for words, code in UNNUMBERED.items() if words in str(fault)), 0)
        if number == errno.ENOENT:
            return FileNotFoundError(f"there is no serial port {self.path}; is the device plugged in?")
        if number == errno.EACCES:
            return PermissionError(f"{self.path} may not be opened by this user; add the user to the group dialout")
        if number in (errno.EBUSY, errno.EAGAIN):
            return OSError(f"{self.path} is busy: another program holds it")
        if number == errno.ENOTTY:
            return OSError(f'{self.path} is no serial port; "roomctl devices" lists those there are')
        return OSError(f"{self.path} cannot be opened: {fault}")
