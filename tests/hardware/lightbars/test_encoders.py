"""DDP, DNRGB, Adalight and the bytes of a picture: what they must be for any picture, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hardware.lightbars import ddp, dnrgb
from hardware.lightbars.adalight import encode_picture, most_fps
from hardware.lightbars.pixels import rgb_bytes

pictures = st.integers(1, 1000).flatmap(lambda leds: st.binary(min_size=3 * leds, max_size=3 * leds))


def test_ddp_header_of_three_pixels_is_the_one_of_the_specification() -> None:
    (packet,) = ddp.frame_packets(bytes(range(9)), 2)
    assert packet.hex(" ") == "41 02 0b 01 00 00 00 00 00 09 00 01 02 03 04 05 06 07 08"


@given(pictures, st.integers(1, 15))
def test_ddp_packets_put_together_are_the_picture_and_only_the_last_shows_it(rgb: bytes, sequence: int) -> None:
    packets = ddp.frame_packets(rgb, sequence)
    whole = bytearray(len(rgb))
    for packet in packets:
        start, length = int.from_bytes(packet[4:8], "big"), int.from_bytes(packet[8:10], "big")
        assert length == len(packet) - 10 <= 1440
        whole[start : start + length] = packet[10:]
    assert bytes(whole) == rgb
    assert [packet[0] for packet in packets] == [0x40] * (len(packets) - 1) + [0x41]


def test_ddp_counts_from_1_to_15_and_round_again() -> None:
    counts = [0]
    for _ in range(16):
        counts.append(ddp.next_sequence(counts[-1]))
    assert counts[1:] == [*range(1, 16), 1]


@given(pictures)
def test_dnrgb_packets_put_together_are_the_picture_and_none_has_a_single_pixel(rgb: bytes) -> None:
    packets = dnrgb.frame_packets(rgb)
    whole = bytearray(max(6, len(rgb)))
    for packet in packets:
        assert packet[:2] == b"\x04\x02"
        assert 2 <= (len(packet) - 4) // 3 <= 489
        start = int.from_bytes(packet[2:4], "big")
        whole[3 * start : 3 * start + len(packet) - 4] = packet[4:]
    assert bytes(whole[: len(rgb)]) == rgb
    assert not any(whole[len(rgb) :])


def test_dnrgb_timeout_of_0_leaves_the_stream_at_once() -> None:
    assert dnrgb.frame_packets(bytes(6), 0)[0][1] == 0


def test_adalight_header_counts_one_less_and_checks_itself() -> None:
    assert encode_picture(bytes(3 * 300))[:6] == b"Ada" + bytes((1, 43, 1 ^ 43 ^ 0x55))


@pytest.mark.parametrize("leds", [0, 65_537])
def test_adalight_refuses_what_its_header_cannot_count(leds: int) -> None:
    with pytest.raises(ValueError, match=f"not {leds}"):
        encode_picture(bytes(3 * leds))


def test_adalight_at_115200_baud_carries_49_pictures_of_60_leds_and_at_a_million_430() -> None:
    assert int(most_fps(60, 115_200)) == 49
    assert int(most_fps(60, 1_000_000)) == 430


@given(arrays(np.float32, st.tuples(st.integers(0, 12), st.just(3)), elements=st.floats(width=32)), st.booleans())
def test_any_picture_however_wrong_becomes_bytes_for_all_leds(pixels: np.ndarray, reverse: bool) -> None:
    raw = rgb_bytes(pixels, 7, 1.0, reverse)
    assert len(raw) == 21
    shown = np.frombuffer(raw, np.uint8).reshape(7, 3)[:: -1 if reverse else 1]
    for led, asked in zip(shown, pixels, strict=False):
        for byte, light in zip(led, asked, strict=True):
            if np.isnan(light) or light <= 0.0:
                assert byte == 0
            else:
                assert abs(int(byte) - 255 * min(float(light), 1.0)) <= 0.5 + 1e-4
    assert not shown[len(pixels) :].any()


def test_full_light_is_what_the_room_file_says() -> None:
    assert rgb_bytes(np.ones((2, 3), dtype=np.float32), 2, 0.6) == bytes([153] * 6)


def test_a_bar_mounted_the_other_way_round_is_reversed() -> None:
    pixels = np.zeros((3, 3), dtype=np.float32)
    pixels[0] = (1.0, 0.0, 0.0)
    assert rgb_bytes(pixels, 3, reverse=True) == bytes(6) + b"\xff\x00\x00"


@given(light=st.floats(0.0, 1.0, width=32), gamma=st.floats(0.5, 3.5), level_frac=st.floats(0.05, 1.0))
def test_a_bar_that_bends_light_is_told_what_makes_the_light_that_was_meant(
    light: float, gamma: float, level_frac: float
) -> None:
    told = rgb_bytes(np.full((1, 3), light, dtype=np.float32), 1, level_frac, gamma=gamma)[0]
    full = 255 * level_frac
    least, most = max(0.0, told - 0.51) / full, (told + 0.51) / full  # a byte is a step of one, rounded
    assert least**gamma <= light + 1e-6
    assert light <= most**gamma + 1e-6
    assert told <= full + 0.5


@given(gamma=st.floats(0.5, 3.5))
def test_dark_and_full_are_the_same_whatever_the_gamma(gamma: float) -> None:
    pixels = np.array([[0.0, 1.0, np.nan]], dtype=np.float32)
    assert rgb_bytes(pixels, 1, 0.6, gamma=gamma) == bytes((0, 153, 0))
