"""USB tapper with roomctl's own firmware, over a serial line at 115,200 baud.

Protocol: docs/protocols/tapper.md. Verified against: firmware/tapper compiled and run in simavr 1.6. Hands are still 0.9 s after the
room stops talking to it: the firmware does that by itself.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import serial

from hardware.entries import TapperEntry
from hardware.seams import Capabilities, Due, TapPulse, Tapper
from hardware.tappers.clamp import clamp_pulse, too_short
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

KEEP_ALIVE_S: Final = 0.25
HELLO_WAIT_S: Final = 5.0
ASK_EVERY_S: Final = 1.0
"""Boards without a reset line are asked who they are; a boot loader takes about 1.6 s before the firmware can answer."""
STALE_AFTER_S: Final = 1.0
LOST_AFTER_S: Final = 4.0
READ_WAIT_S: Final = 0.1
WRITE_WAIT_S: Final = 0.5
RETRY_S: Final = (0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class SerialTapperConfig:
    """Where the tapper is, what its motors need, and how strong full strength is."""

    port: str
    baud: int = 115_200
    min_pulse_ms: float = 30.0
    onset_ms: float = 0.0
    strength_share: float = 1.0


class Unanswered(OSError):
    """Nobody on the line that speaks the tapper's protocol."""


class SerialTapper(Tapper):
    """Two motors on a microcontroller. `on_button` is called, from the driver's thread, when the client presses its button."""

    driver = "serial"

    def __init__(self, name: str, config: SerialTapperConfig) -> None:
        super().__init__(name)
        self._config = config
        self.on_button: Callable[[str], None] = lambda name: None
        self.on_ended: Callable[[Ended], None] = lambda ended: None
        self.hello: Hello | None = None
        self.ack: Ack | None = None
        self._wake = threading.Condition()
        self._pulse: TapPulse | None = None
        self._still = False
        self._let_go = False
        self._closing = False
        self._sequence = 0
        self._thread: threading.Thread | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            on_silence="still within 0.9 s, by its own firmware",
            min_pulse_ms=self._config.min_pulse_ms,
            onset_ms=self._config.onset_ms,
        )

    def open(self) -> None:
        if self._thread is not None:
            return
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"tapper {self.name}", daemon=True)
        self._thread.start()

    def offer(self, pulse: TapPulse, due: Due) -> None:
        with self._wake:
            self._pulse, self._still = pulse, False
            self._wake.notify()

    def safe(self) -> None:
        with self._wake:
            self._pulse, self._still, self._let_go = None, True, True
            self._wake.notify()

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._wake:
            self._pulse, self._still, self._closing = None, True, True
            self._wake.notify()
        thread.join(timeout=HELLO_WAIT_S + 2.0)
        self.set_link("ABSENT")

    def _run(self) -> None:
        attempt = 0
        while not self._closing:
            self.set_link("CONNECTING", self.link.why)
            try:
                line = self._connect()
            except (OSError, ValueError) as error:
                self.set_link("FAULT", why_not(self._config, error))
                self._rest(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1
                continue
            attempt = 0
            try:
                self._serve(line)
            except OSError as error:
                self.set_link("FAULT", why_lost(self._config, error))
                self._rest(RETRY_S[0])
            finally:
                line.close()

    def _rest(self, wait_s: float) -> None:
        """Wait before the next try; what is offered meanwhile is forgotten, as its moment will have passed."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing, wait_s)
            self._pulse = None

    def _connect(self) -> serial.Serial:
        """The open line, once the firmware has said hello. Raises OSError, ValueError for a baud the port cannot do."""
        line = serial.Serial(
            self._config.port, self._config.baud, timeout=READ_WAIT_S, write_timeout=WRITE_WAIT_S, exclusive=True
        )
        try:
            lower_latency(line)
            self.hello = self._await_hello(line)
        except BaseException:
            line.close()
            raise
        return line

    def _await_hello(self, line: serial.Serial) -> Hello:
        reader, heard = ReplyReader(), 0
        begun_s = asked_s = time.monotonic()
        while not self._closing and time.monotonic() - begun_s < HELLO_WAIT_S:
            data = line.read(64)
            heard += len(data)
            for reply in reader.feed(data):
                if isinstance(reply, Hello):
                    return _known(reply)
            if time.monotonic() - asked_s > ASK_EVERY_S:
                asked_s = time.monotonic()
                line.write(encode_ask(self._next()))
        raise Unanswered(f"heard {heard} bytes")

    def _serve(self, line: serial.Serial) -> None:
        """Write what is wanted until told to close or the line fails; a second thread reads."""
        hearing = _Hearing(line, self._take)
        hearing.start()
        try:
            self.set_link("READY")
            while not self._closing:
                line.write(self._next_bytes())
                self._judge(hearing)
            line.write(encode_still(self._next()))
            line.flush()
        finally:
            hearing.stop()

    def _next_bytes(self) -> bytes:
        """The next frames to send: still before anything else, then a pulse, or a keep-alive when nothing was wanted."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing or self._still or self._pulse is not None, KEEP_ALIVE_S)
            pulse, self._pulse = self._pulse, None
            still, self._still = self._still, False
            let_go = self._let_go and pulse is not None
            self._let_go = self._let_go and not let_go
        if still or self._closing:
            return encode_still(self._next())
        if pulse is None:
            return encode_keep_alive(self._next())
        front = encode_let_go(self._next()) if let_go else b""
        return front + self._pulse_bytes(clamp_pulse(pulse, self._config.strength_share))

    def _pulse_bytes(self, pulse: TapPulse) -> bytes:
        why = too_short(pulse, self._config.min_pulse_ms)
        if self.link.state == "READY":
            self.set_link("READY", why)
        if why:
            return encode_keep_alive(self._next())
        return encode_pulse(pulse.side, pulse.ms, pulse.strength_frac, self._next())

    def _judge(self, hearing: _Hearing) -> None:
        """Raise where reading failed; publish how long the tapper has been silent."""
        if hearing.failed is not None:
            raise hearing.failed
        silent_s = time.monotonic() - hearing.heard_s
        if silent_s > LOST_AFTER_S:
            raise OSError(errno.ETIMEDOUT, f"silent for {silent_s:.0f} s")
        if silent_s > STALE_AFTER_S:
            self.set_link("STALE", f"{self._config.port} has not answered for more than {STALE_AFTER_S:.0f} s")
        elif self.link.state == "STALE":
            self.set_link("READY")

    def _take(self, reply: AnyReply) -> None:
        if isinstance(reply, Ack):
            self.ack = reply
        elif isinstance(reply, Hello):
            self.hello = reply
        elif isinstance(reply, Ended):
            self.on_ended(reply)
        elif isinstance(reply, ButtonPressed):
            self.on_button(self.name)

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence


class _Hearing:
    """A thread that reads replies until told to stop or the line fails; `heard_s` is when the last whole reply came."""

    def __init__(self, line: serial.Serial, take: Callable[[AnyReply], None]) -> None:
        self._line = line
        self._take = take
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tapper replies", daemon=True)
        self.heard_s = time.monotonic()
        self.failed: OSError | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        reader = ReplyReader()
        while not self._stopping.is_set():
            try:
                data = self._line.read(1)
                data += self._line.read(self._line.in_waiting) if data else b""
            except (OSError, TypeError) as error:  # pyserial raises TypeError where the port was closed under it
                self.failed = OSError(errno.ENODEV, str(error))
                return
            for reply in reader.feed(data):
                self.heard_s = time.monotonic()
                self._take(reply)


def _known(hello: Hello) -> Hello:
    if hello.protocol != PROTOCOL_VERSION:
        raise OSError(
            errno.EPROTO,
            f"its firmware {hello.version} speaks protocol {hello.protocol}, this room speaks {PROTOCOL_VERSION}; "
            "flash it with firmware/tapper of this version",
        )
    return hello


def lower_latency(line: serial.Serial) -> None:
    """Ask the kernel for the USB converter's shortest latency: an FTDI chip holds bytes back for 16 ms otherwise, others ignore it."""
    ask = getattr(line, "set_low_latency_mode", None)
    if ask is None:
        return
    try:
        ask(True)
    except (OSError, ValueError):
        return  # a converter without the setting has no such delay to lower


def why_not(config: SerialTapperConfig, error: Exception) -> str:
    """Why the tapper could not be opened, as a sentence that says what to do."""
    where, number, text = config.port, getattr(error, "errno", None), str(error)
    if isinstance(error, Unanswered):
        if text == "heard 0 bytes":
            return f"{where} did not say hello in {HELLO_WAIT_S:.0f} s; is it a tapper with roomctl's firmware, and is this its port?"
        return f"{where} answers, but not as a tapper ({text}); is its baud {config.baud}, and is roomctl's firmware on it?"
    if number == errno.ENOENT or "No such file" in text:
        return f"there is no {where}; is the tapper plugged in?"
    if number == errno.EACCES or "Permission denied" in text:
        return f"{where} may not be opened by this user; add the user to the group that owns it (dialout on Debian)"
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return f"{where} is in use by another program; close it, or name another port"
    if number == errno.EPROTO:
        return f"{where}: {error.args[1]}"
    return f"{where} could not be opened: {text}"


def why_lost(config: SerialTapperConfig, error: OSError) -> str:
    """Why an open tapper was lost, as a sentence."""
    if isinstance(error, serial.SerialTimeoutException):
        return f"{config.port} takes no more bytes; the tapper hangs or its cable is bad, trying again"
    if error.errno == errno.ETIMEDOUT:
        return f"{config.port} stopped answering ({error.args[1]}); trying again"
    return f"{config.port} went away; is the tapper's cable in?"


def build(entry: TapperEntry) -> SerialTapper:
    """The tapper of a room file's entry."""
    config = SerialTapperConfig(
        port=str(entry.port),
        baud=entry.baud,
        min_pulse_ms=entry.min_pulse_ms,
        onset_ms=entry.onset_ms,
        strength_share=entry.strength_frac,
    )
    return SerialTapper(entry.name, config)
