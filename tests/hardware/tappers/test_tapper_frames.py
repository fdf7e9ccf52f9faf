"""The tapper's frames: the bytes of the protocol page, and replies found in any stream."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.tappers.tapper_frames import (
    TO_HOST,
    Ack,
    ButtonPressed,
    Ended,
    Hello,
    ReplyReader,
    crc8,
    encode_ask,
    encode_keep_alive,
    encode_let_go,
    encode_pulse,
    encode_still,
    parse_reply,
)

PAGE = Path(__file__).parents[3] / "docs" / "protocols" / "tapper.md"
HELLO = Hello(1, "1.0", 1, 1000, 900)


def reply(kind: str, sequence: int, payload: bytes) -> bytes:
    body = bytes([len(payload), ord(kind), sequence]) + payload
    return bytes([TO_HOST]) + body + bytes([crc8(body)])


def bytes_of_the_page(who: str) -> list[bytes]:
    """The example frames of the protocol page, of the room or of the tapper."""
    lines = re.findall(rf"^{who} +((?:[0-9a-f]{{2}} ?)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [bytes.fromhex(line) for line in lines]


def test_the_rooms_frames_are_the_bytes_of_the_protocol_page() -> None:
    ours = [encode_pulse("left", 150, 0.5, 2), encode_keep_alive(1), encode_still(3), encode_let_go(4), encode_ask(7)]
    assert bytes_of_the_page("room") == ours


def test_the_tappers_frames_of_the_protocol_page_are_understood() -> None:
    stream = b"".join(bytes_of_the_page("tapper"))
    assert ReplyReader().feed(stream) == [Ack(2, "ok", 2, 0), Ended(2, "left", "done", 150), ButtonPressed(), HELLO]


@given(
    junk=st.lists(st.binary(max_size=12).filter(lambda data: TO_HOST not in data), min_size=4, max_size=4),
    cuts=st.lists(st.integers(1, 9), max_size=40),
)
def test_replies_are_found_between_junk_however_the_stream_is_cut(junk: list[bytes], cuts: list[int]) -> None:
    replies = bytes_of_the_page("tapper")
    stream = b"".join(noise + frame for noise, frame in zip(junk, replies, strict=True))
    reader, found, at = ReplyReader(), [], 0
    for size in [*cuts, len(stream)]:
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == [Ack(2, "ok", 2, 0), Ended(2, "left", "done", 150), ButtonPressed(), HELLO]
    assert reader.skipped == sum(map(len, junk))


@given(data=st.binary(max_size=300))
def test_any_bytes_at_all_do_no_harm(data: bytes) -> None:
    reader = ReplyReader()
    reader.feed(data)
    reader.feed(bytes(64))
    assert Ack(9, "ok", 1, 0) in reader.feed(reply("A", 9, bytes([0, 1, 0, 0, 0])))


@given(ms=st.floats(-1e6, 1e6), strength=st.floats(-10, 10), sequence=st.integers(0, 10_000))
def test_any_pulse_is_within_what_the_firmware_takes(ms: float, strength: float, sequence: int) -> None:
    frame = encode_pulse("right", ms, strength, sequence)
    assert len(frame) == 9
    assert 1 <= int.from_bytes(frame[6:8], "little") <= 1000


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("H", b"\x01\x01\x00\x00\xe8\x03\x84\x03somebody-else"),
        ("A", b"\x00"),
        ("E", b"\x07\x00\x00\x00"),
        ("Z", b""),
        ("B", b"x"),
    ],
)
def test_a_whole_frame_that_says_nothing_known_is_no_reply(kind: str, payload: bytes) -> None:
    assert parse_reply(kind, 1, payload) is None


def test_a_result_that_a_newer_firmware_may_have_is_named_by_its_code() -> None:
    assert parse_reply("A", 1, bytes([77, 0, 0, 0, 0])) == Ack(1, "code 77", 0, 0)
