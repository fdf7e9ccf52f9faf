"""The firmware in simulated time: pulses, silence, the button, garbage. Never both hands."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from hardware.tappers.tapper_frames import (
    Ack,
    ButtonPressed,
    Ended,
    Hello,
    ReplyReader,
    crc8,
    encode,
    encode_ask,
    encode_keep_alive,
    encode_let_go,
    encode_pulse,
    encode_still,
)

Run = Callable[[list[tuple[float, Any]], float], Any]

PULSE_TOLERANCE_MS = 1.0
"""What the firmware promises of a pulse's length."""
PROMISED_SILENCE_MS = 1000.0
"""Hands are still this long after the last valid frame, at the latest."""


def replies(record: Any) -> list[Any]:
    return ReplyReader().feed(record.sent_bytes)


def alive(until_ms: float, every_ms: float = 250.0) -> list[tuple[float, Any]]:
    return [(50 + every_ms * i, encode_keep_alive(i)) for i in range(int(until_ms / every_ms))]


def test_it_says_hello_at_reset(run_firmware: Run) -> None:
    hello = replies(run_firmware([], 100))[0]
    assert hello == Hello(protocol=1, version="1.0", reset_cause=hello.reset_cause, pulse_max_ms=1000, silence_ms=900)


def test_the_hello_is_the_bytes_the_protocol_page_shows(run_firmware: Run) -> None:
    sent = run_firmware([(50, encode_ask(7))], 100).sent_bytes
    assert bytes.fromhex("5a164807010100 00e8038403") + b"roomctl-tapper" in sent


@pytest.mark.parametrize("ms", [1, 30, 100, 150, 333, 999, 1000])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pulse_lasts_what_was_asked(run_firmware: Run, side: Any, ms: int) -> None:
    record = run_firmware([*alive(1500), (100, encode_pulse(side, ms, 0.5, 1))], 1500)
    ((began_ms, lasted_ms, moved),) = record.pulses()
    assert moved == side
    assert lasted_ms == pytest.approx(ms, abs=PULSE_TOLERANCE_MS)
    assert began_ms == pytest.approx(100, abs=4)  # nine bytes take 0.8 ms on the line, the simulated port about as much again
    assert Ended(1, side, "done", ms) in replies(record)


@pytest.mark.parametrize(("strength_frac", "duty"), [(1.0, 255), (0.5, 128), (0.004, 1)])
def test_strength_is_the_share_of_time_the_pin_is_high(run_firmware: Run, strength_frac: float, duty: int) -> None:
    record = run_firmware([(50, encode_pulse("left", 100, strength_frac, 1))], 300)
    assert [motor.duty for motor in record.motors] == [duty, 0]


def test_no_strength_is_no_pulse(run_firmware: Run) -> None:
    assert run_firmware([(50, encode_pulse("left", 100, 0.0, 1))], 300).motors == []


def test_silence_ends_a_pulse_within_a_second_of_the_last_frame(run_firmware: Run) -> None:
    record = run_firmware([(100, encode_pulse("left", 1000, 1.0, 1))], 2500)
    ((began_ms, lasted_ms, _),) = record.pulses()
    assert began_ms + lasted_ms - 100 <= PROMISED_SILENCE_MS
    assert [reply.why for reply in replies(record) if isinstance(reply, Ended)] == ["silence"]


def test_keep_alives_let_a_pulse_run_its_length(run_firmware: Run) -> None:
    record = run_firmware([(100, encode_pulse("left", 1000, 1.0, 1)), (600, encode_keep_alive(2))], 2500)
    assert record.pulses()[0][1] == pytest.approx(1000, abs=PULSE_TOLERANCE_MS)


def test_bytes_that_are_no_frame_are_no_keep_alive(run_firmware: Run) -> None:
    broken = bytearray(encode_keep_alive(2))
    broken[-1] ^= 1
    babble = [(150 + 50 * i, bytes(broken)) for i in range(30)]
    record = run_firmware([(100, encode_pulse("left", 1000, 1.0, 1)), *babble], 2500)
    began_ms, lasted_ms, _ = record.pulses()[0]
    assert began_ms + lasted_ms - 100 <= PROMISED_SILENCE_MS


def test_the_other_hand_moves_only_when_the_first_is_still(run_firmware: Run) -> None:
    events = [(100, encode_pulse("left", 500, 1.0, 1)), (200, encode_pulse("right", 500, 1.0, 2)), *alive(1000)]
    record = run_firmware(events, 1200)
    (left, right) = record.pulses()
    assert left[0] + left[1] <= right[0]
    assert left[1] == pytest.approx(100, abs=4)
    assert not record.ever_both()
    assert [(reply.side, reply.why) for reply in replies(record) if isinstance(reply, Ended)] == [
        ("left", "replaced"),
        ("right", "done"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_no_storm_of_pulses_moves_both_hands_or_outlasts_a_second(run_firmware: Run, seed: int) -> None:
    choose = random.Random(seed)
    events = [
        (
            100 + i * choose.uniform(1, 20),
            encode_pulse(choose.choice(["left", "right"]), choose.randint(1, 1000), choose.random(), i),
        )
        for i in range(200)
    ]
    record = run_firmware(events, 6000)
    assert len(record.pulses()) > 50
    assert not record.ever_both()
    assert max(lasted_ms for _, lasted_ms, _ in record.pulses()) <= 1000 + PULSE_TOLERANCE_MS
    assert not any(motor.on for motor in record.motors[-1:])


@pytest.mark.parametrize("seed", range(6))
def test_garbage_moves_nothing_and_the_next_frame_is_understood(run_firmware: Run, seed: int) -> None:
    garbage = random.Random(seed).randbytes(2000) + bytes([0xA5] * 20)
    # 2,020 bytes take 175 ms; a frame that garbage began is dropped after a pause of 20 ms
    record = run_firmware([(50, garbage), (400, encode_keep_alive(1)), (450, encode_pulse("right", 100, 1.0, 2))], 700)
    assert [side for _, _, side in record.pulses()] == ["right"]
    assert [reply.sequence for reply in replies(record) if isinstance(reply, Ack)][-2:] == [1, 2]


def test_a_broken_frame_is_counted(run_firmware: Run) -> None:
    frame = bytearray(encode_pulse("left", 100, 1.0, 1))
    frame[5] ^= 0x10
    record = run_firmware([(50, bytes(frame)), (100, encode_keep_alive(2))], 200)
    assert record.motors == []
    assert [reply for reply in replies(record) if isinstance(reply, Ack)] == [Ack(2, "ok", 1, 1)]


@pytest.mark.parametrize(
    ("frame", "result"),
    [
        (encode("P", 1, bytes([2, 100, 100, 0])), "no such side"),
        (encode("P", 1, bytes([0, 100, 0, 0])), "pulse length not allowed"),
        (encode("P", 1, bytes([0, 100, 0xE9, 3])), "pulse length not allowed"),
        (encode("P", 1, bytes([0, 100])), "wrong length"),
        (encode("S", 1, b"x"), "wrong length"),
        (encode("z", 1), "unknown command"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(run_firmware: Run, frame: bytes, result: str) -> None:
    record = run_firmware([(50, frame)], 200)
    assert record.motors == []
    assert [reply.result for reply in replies(record) if isinstance(reply, Ack)] == [result]


def test_a_stop_command_stills_the_hand(run_firmware: Run) -> None:
    record = run_firmware([(50, encode_pulse("left", 800, 1.0, 1)), (200, encode_still(2)), (250, encode_still(3))], 1000)
    ((began_ms, lasted_ms, _),) = record.pulses()
    assert began_ms + lasted_ms == pytest.approx(200, abs=4)
    assert [reply.result for reply in replies(record) if isinstance(reply, Ack)] == ["ok"] * 3


def test_the_clients_button_stills_the_hand_by_itself_and_holds_until_let_go(run_firmware: Run) -> None:
    events = [
        (100, encode_pulse("left", 800, 1.0, 1)),
        (200, "button 1"),
        (230, "button 0"),
        (300, encode_pulse("right", 100, 1.0, 2)),
        (400, encode_let_go(3)),
        (450, encode_pulse("right", 100, 1.0, 4)),
    ]
    record = run_firmware(events, 800)
    left, right = record.pulses()
    assert left[0] + left[1] == pytest.approx(200, abs=2)
    assert right[0] == pytest.approx(450, abs=4)
    said = replies(record)
    assert ButtonPressed() in said
    assert [(reply.side, reply.why) for reply in said if isinstance(reply, Ended)] == [("left", "button"), ("right", "done")]
    assert [reply.result for reply in said if isinstance(reply, Ack)] == ["ok", "held by the client's button", "ok", "ok"]


def test_a_button_held_down_cannot_be_let_go_by_the_room(run_firmware: Run) -> None:
    record = run_firmware([(100, "button 1"), (200, encode_let_go(1)), (300, encode_pulse("left", 100, 1.0, 2))], 600)
    assert record.motors == []


def test_frames_split_by_a_long_pause_are_dropped(run_firmware: Run) -> None:
    frame = encode_pulse("left", 100, 1.0, 1)
    record = run_firmware([(50, frame[:4]), (100, frame[4:]), (200, encode_keep_alive(2))], 400)
    assert record.motors == []


def test_every_frame_of_a_ten_minute_set_is_answered(run_firmware: Run) -> None:
    events = [(100 + 250 * i, encode_pulse("left" if i % 2 == 0 else "right", 150, 0.5, i)) for i in range(2_400)]
    record = run_firmware(events, 601_000)
    assert len(record.pulses()) == 2_400
    assert max(abs(lasted_ms - 150) for _, lasted_ms, _ in record.pulses()) <= PULSE_TOLERANCE_MS
    assert [reply for reply in replies(record) if isinstance(reply, Ack)][-1] == Ack(2_399 & 0xFF, "ok", 2_400, 0)


def test_the_checksum_is_the_smbus_one() -> None:
    assert crc8(b"123456789") == 0xF4
