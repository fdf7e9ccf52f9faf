"""The tapper firmware's protocol as bytes: frames out, replies in. Protocol: docs/protocols/tapper.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stimuli.beats import Side

FROM_HOST: Final = 0xA5
TO_HOST: Final = 0x5A
PROTOCOL_VERSION: Final = 1
SIGNATURE: Final = b"roomctl-tapper"
PULSE_MAX_MS: Final = 1000
MAX_REPLY_PAYLOAD: Final = 32

RESULTS: Final = (
    "ok",
    "unknown command",
    "wrong length",
    "no such side",
    "pulse length not allowed",
    "held by the client's button",
)
ENDINGS: Final = ("done", "stopped", "silence", "replaced", "button")


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07, initial value 0 (the SMBus one); 0xF4 for b"123456789"."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x07 if crc & 0x80 else crc << 1
            crc &= 0xFF
    return crc


def encode(kind: str, sequence: int, payload: bytes = b"") -> bytes:
    """A frame from the host: mark, payload length, kind, sequence number, payload, checksum."""
    body = bytes([len(payload), ord(kind), sequence & 0xFF]) + payload
    return bytes([FROM_HOST]) + body + bytes([crc8(body)])


def encode_pulse(side: Side, ms: float, strength_frac: float, sequence: int) -> bytes:
    """A pulse command; length is held to 1-1000 ms and strength to 0-255 steps."""
    whole_ms = min(PULSE_MAX_MS, max(1, round(ms)))
    strength = min(255, max(0, round(strength_frac * 255)))
    return encode("P", sequence, bytes([0 if side == "left" else 1, strength]) + whole_ms.to_bytes(2, "little"))


def encode_keep_alive(sequence: int) -> bytes:
    """The room is here."""
    return encode("K", sequence)


def encode_still(sequence: int) -> bytes:
    """Both hands still, now."""
    return encode("S", sequence)


def encode_let_go(sequence: int) -> bytes:
    """The client's button no longer holds the tapper."""
    return encode("C", sequence)


def encode_ask(sequence: int) -> bytes:
    """Who is there: answered by a hello."""
    return encode("I", sequence)


@dataclass(frozen=True, slots=True)
class Hello:
    """The firmware's answer to a reset or a question."""

    protocol: int
    version: str
    reset_cause: int
    pulse_max_ms: int
    silence_ms: int


@dataclass(frozen=True, slots=True)
class Ack:
    """The firmware took frame `sequence`, with `result` of `RESULTS`; the counters run since its reset, modulo 65,536."""

    sequence: int
    result: str
    good_frames: int
    bad_frames: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The pulse of frame `sequence` is over after `ms`, for a reason of `ENDINGS`."""

    sequence: int
    side: Side
    why: str
    ms: int


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """The client pressed the tapper's own button; it stays still until it is let go."""


AnyReply = Hello | Ack | Ended | ButtonPressed


def _named(names: tuple[str, ...], number: int) -> str:
    return names[number] if number < len(names) else f"code {number}"


def parse_reply(kind: str, sequence: int, payload: bytes) -> AnyReply | None:
    """What a reply says; None where it is none of ours."""
    if kind == "H" and len(payload) >= 8 and payload[8:].startswith(SIGNATURE):
        words = [int.from_bytes(payload[at : at + 2], "little") for at in (4, 6)]
        return Hello(payload[0], f"{payload[1]}.{payload[2]}", payload[3], words[0], words[1])
    if kind == "A" and len(payload) == 5:
        counts = [int.from_bytes(payload[at : at + 2], "little") for at in (1, 3)]
        return Ack(sequence, _named(RESULTS, payload[0]), counts[0], counts[1])
    if kind == "E" and len(payload) == 4 and payload[0] < 2:
        side: Side = "left" if payload[0] == 0 else "right"
        return Ended(sequence, side, _named(ENDINGS, payload[1]), int.from_bytes(payload[2:4], "little"))
    if kind == "B" and not payload:
        return ButtonPressed()
    return None


class ReplyReader:
    """Finds replies in a stream of bytes, however it is cut, with anything between them; `skipped` counts bytes of no reply."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> list[AnyReply]:
        """The replies that `data` completes."""
        self._held += data
        found: list[AnyReply] = []
        while True:
            start = self._held.find(TO_HOST)
            if start != 0:
                self._skip(len(self._held) if start < 0 else start)
            if len(self._held) < 2:
                return found
            length = self._held[1]
            if length > MAX_REPLY_PAYLOAD:
                self._skip(1)
                continue
            if len(self._held) < length + 5:
                return found
            body, crc = bytes(self._held[1 : length + 4]), self._held[length + 4]
            reply = parse_reply(chr(body[1]), body[2], body[3:]) if crc8(body) == crc else None
            if reply is None:
                self._skip(1)
                continue
            found.append(reply)
            del self._held[: length + 5]

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._held[:count]
