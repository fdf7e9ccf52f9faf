"""What the wired bars have in common: pictures to bytes, dark when the room falls silent, repeats against loss."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

import numpy as np

from hardware.entries import LightBarEntry
from hardware.io_thread import Wire
from hardware.lightbars.pixels import rgb_bytes
from hardware.seams import Capabilities, Due, LightBar, LightFrame, Transport
from hardware.threaded import ThreadedDevice

HOLD_S: Final = 1.0
"""A lit bar that is offered nothing for this long goes dark: the room has stopped thinking of it."""

_SAFE_AGAIN: Final = 2
_SAFE_AGAIN_S: Final = 0.02


class PictureEncoder(Protocol):
    """Turns pictures into packets. Not shared between threads; the wire sees to that."""

    keep_alive_s: float

    def picture(self, rgb: bytes, frame: LightFrame) -> tuple[bytes, ...]:
        """The packets of one picture; `rgb` is `frame.pixels` as bytes."""
        ...

    def farewell(self) -> tuple[bytes, ...]:
        """The packets after the last picture."""
        ...


def dark_frame(leds: int) -> LightFrame:
    """Nothing lit."""
    return LightFrame(0.0, 0.0, (0.0, 0.0, 0.0), np.zeros((leds, 3), dtype=np.float32))


class PictureWire(Wire[LightFrame]):
    """One transport and one encoder. With `inline`, pictures leave on the caller's thread: for transports that never wait."""

    def __init__(self, transport: Transport, encoder: PictureEncoder, entry: LightBarEntry, inline: bool) -> None:
        self._transport = transport
        self._encoder = encoder
        self._entry = entry
        self._inline = inline
        self._lock = threading.Lock()
        self.dark = dark_frame(entry.leds)
        self._shown = self.dark
        self._lit = False
        self._offered_s = 0.0
        self._sent_s = 0.0
        self._safe_left = 0
        self._fault: OSError | None = None
        self.lost = 0

    def connect(self) -> None:
        """Open the transport, and begin dark."""
        with self._lock:
            self._fault = None
            self._transport.open()
        self._show(self.dark)

    def now(self, item: LightFrame) -> bool:
        """Send it here and now, if nobody else is sending."""
        return self._inline and self._try_to_show(item)

    def safe_now(self) -> bool:
        """Dark here and now; the device's thread says it again, as a packet may be lost."""
        if self._inline:
            self._try_to_show(self.dark)
        return False

    def send(self, item: LightFrame) -> None:
        """Send a picture."""
        self._offered_s = time.monotonic()
        self._show(item)

    def safe(self) -> None:
        """Dark, and twice more in the next moments."""
        self._safe_left = _SAFE_AGAIN
        self._show(self.dark)

    def leave(self) -> None:
        """Dark, and the protocol's farewell."""
        self._show(self.dark)
        with self._lock:
            for packet in self._encoder.farewell():
                self._transport.write(packet)

    def tick(self) -> float:
        """Say safe again, go dark where the room fell silent, and keep the protocol alive."""
        now_s = time.monotonic()
        if self._safe_left:
            self._safe_left -= 1
            with self._lock:
                if not self._lit:
                    self._write(self.dark)
            return _SAFE_AGAIN_S
        with self._lock:
            if self._lit and now_s - self._offered_s >= HOLD_S:
                self._write(self.dark)
            elif now_s - self._sent_s >= self._encoder.keep_alive_s:
                self._write(self._shown)
        return min(self._encoder.keep_alive_s, HOLD_S / 4 if self._lit else 1.0)

    def disconnect(self) -> None:
        """Close the transport."""
        with self._lock:
            self._transport.close()

    def _try_to_show(self, frame: LightFrame) -> bool:
        """Send on the caller's thread; False where another holds the transport, or it failed and its own thread must see."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._offered_s = time.monotonic()
            self._write(frame)
        except OSError as fault:
            # The device's own thread sends the same picture next, and raises this: a datagram's fault is told only once.
            self._fault = fault
            return False
        finally:
            self._lock.release()
        return True

    def _show(self, frame: LightFrame) -> None:
        with self._lock:
            self._write(frame)

    def _write(self, frame: LightFrame) -> None:
        fault, self._fault = self._fault, None
        rgb = rgb_bytes(frame.pixels, self._entry.leds, self._entry.level_frac, self._entry.reverse, self._entry.gamma)
        try:
            for packet in self._encoder.picture(rgb, frame):
                self._transport.write(packet)
        except BlockingIOError:
            self.lost += 1
            return
        self._shown, self._lit, self._sent_s = frame, any(rgb), time.monotonic()
        if fault is not None:
            raise fault


class WiredLightBar(ThreadedDevice[LightFrame], LightBar):
    """A bar behind a picture wire."""

    wire: PictureWire

    def __init__(self, entry: LightBarEntry, wire: PictureWire, fps_most: float, on_silence: str) -> None:
        fps_max = min(entry.fps, fps_most)
        capabilities = Capabilities(on_silence, fps_max=fps_max, pixels=entry.leds, onset_ms=entry.onset_ms)
        super().__init__(entry.name, wire, capabilities)
        self.entry = entry

    def offer(self, frame: LightFrame, due: Due) -> None:
        """Show a picture now."""
        self.io.offer(frame)

    @property
    def dark_rgb(self) -> bytes:
        """Three zeros for each LED."""
        return bytes(3 * self.entry.leds)
