"""E1.31, Art-Net, Enttec and pixels over universes, at their edges and for any input."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.dmx import artnet, e131, enttec, sources
from hardware.dmx.universes import slots_of, stretches

SOURCE = e131.Source(UUID(int=7), "roomctl", 120)


def test_an_e131_packet_has_its_fields_where_the_standard_has_them() -> None:
    packet = e131.data_packet(SOURCE, 0x1234, 0x56, bytes(range(256)) * 2)
    assert len(packet) == 638
    assert packet[:16] == bytes.fromhex("001000004153432d45312e3137000000")
    assert packet[16:18] == (0x7000 | (638 - 16)).to_bytes(2, "big")
    assert packet[18:22] == b"\x00\x00\x00\x04"
    assert packet[22:38] == UUID(int=7).bytes
    assert packet[38:40] == (0x7000 | (638 - 38)).to_bytes(2, "big")
    assert packet[40:44] == b"\x00\x00\x00\x02"
    assert packet[44:108] == b"roomctl".ljust(64, b"\x00")
    assert (packet[108], packet[111], packet[112]) == (120, 0x56, 0)
    assert packet[113:115] == b"\x12\x34"
    assert packet[115:117] == (0x7000 | (638 - 115)).to_bytes(2, "big")
    assert packet[117:126] == bytes.fromhex("02a1000000010201") + b"\x00"
    assert packet[126:] == bytes(range(256)) * 2


def test_a_terminated_stream_says_so_in_its_options() -> None:
    assert e131.data_packet(SOURCE, 1, 0, b"", terminated=True)[112] == 0x40


@pytest.mark.parametrize("universe", [0, 64_000])
def test_a_universe_outside_the_standard_is_refused(universe: int) -> None:
    with pytest.raises(ValueError, match="outside 1 to 63999"):
        e131.data_packet(SOURCE, universe, 0, b"")


def test_more_than_512_slots_are_refused_by_every_encoder() -> None:
    for encode in (
        lambda: e131.data_packet(SOURCE, 1, 0, bytes(513)),
        lambda: artnet.dmx_packet(1, 0, bytes(513)),
        lambda: enttec.dmx_message(bytes(513)),
    ):
        with pytest.raises(ValueError, match="512 slots, not 513"):
            encode()


@given(st.text(min_size=1, max_size=80))
def test_a_source_name_of_any_script_fits_its_field_and_ends_in_a_zero(name: str) -> None:
    packet = e131.data_packet(e131.Source(UUID(int=1), name, 100), 1, 0, bytes(512))
    assert len(packet) == 638
    assert packet[107] == 0
    assert name.startswith(packet[44:108].rstrip(b"\x00").decode().rstrip("\x00")) or "\x00" in name


def test_the_multicast_group_is_made_of_the_universe() -> None:
    assert e131.multicast_group(0x0102) == "239.255.1.2"
    packet = e131.data_packet(SOURCE, 0x0102, 0, b"")
    assert sources.route(packet) == ("239.255.1.2", 5568)


def test_held_packets_can_be_repeated_for_ever_each_newer_than_the_one_before() -> None:
    """E1.31 6.7.2: a packet is dropped where its number less the last one's, as a signed octet, is in (-20, 0]."""
    packets = sources.held(SOURCE, (1,), (bytes(512),)) * 3
    numbers = [packet[111] for packet in packets]
    for before, after in pairwise(numbers):
        step = (after - before + 128) % 256 - 128
        assert not -20 < step <= 0


@given(st.integers(0, 255))
def test_a_restarted_stream_loses_one_packet_at_most_to_a_receiver_that_remembers_it(remembered: int) -> None:
    """E1.31 6.7.2 again: `last` is what the receiver took last."""
    last, lost = remembered, 0
    for count in range(600):
        number = sources.sequence(count)
        if -20 < (number - last + 128) % 256 - 128 <= 0:
            lost += 1
        else:
            last = number
    assert lost <= 1


def test_letting_go_is_newer_than_holding_and_terminates() -> None:
    last = sources.held(SOURCE, (1,), (bytes(512),))[-1][111]
    packets = sources.let_go(SOURCE, (1,))
    assert len(packets) == 3
    assert all(packet[112] == 0x40 for packet in packets)
    assert not -20 < (packets[0][111] - last + 128) % 256 - 128 <= 0


def test_a_device_is_the_same_source_after_a_restart_and_another_for_its_safe_look() -> None:
    assert sources.source("bar", 100) == sources.source("bar", 100)
    assert sources.source("bar", 100).cid != sources.source("bar", 100, "safe").cid
    assert sources.source("bar", 100).cid != sources.source("other", 100).cid


def test_an_art_dmx_packet_has_its_fields_where_the_specification_has_them() -> None:
    assert artnet.dmx_packet(0x1234, 9, b"\x01\x02\x03").hex(" ") == (
        "41 72 74 2d 4e 65 74 00 00 50 00 0e 09 00 34 12 00 04 01 02 03 00"
    )


def test_an_empty_art_dmx_packet_still_has_two_slots() -> None:
    assert artnet.dmx_packet(0, 0, b"")[16:] == b"\x00\x02\x00\x00"


@pytest.mark.parametrize("universe", [-1, 0x8000])
def test_a_port_address_of_more_than_15_bits_is_refused(universe: int) -> None:
    with pytest.raises(ValueError, match="outside 0 to 32767"):
        artnet.dmx_packet(universe, 0, b"")


def test_art_net_never_counts_0_which_would_switch_ordering_off() -> None:
    counts = [0]
    for _ in range(256):
        counts.append(artnet.next_sequence(counts[-1]))
    assert counts[1:] == [*range(1, 256), 1]


def test_an_enttec_message_is_framed() -> None:
    assert enttec.message(10, b"\x01\x02").hex(" ") == "7e 0a 02 00 01 02 e7"
    sent = enttec.dmx_message(bytes(range(30)))
    assert sent[:5] == bytes((0x7E, 6, 31, 0, 0))
    assert sent[5:-1] == bytes(range(30))


def test_an_enttec_universe_has_24_slots_at_least() -> None:
    assert len(enttec.dmx_message(b"\x01")) == 4 + 1 + 24 + 1


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=6), st.data())
def test_enttec_messages_are_found_however_the_stream_is_cut(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(enttec.message(label, body) for label, body in sent)
    cut = data.draw(st.integers(0, len(stream)))
    first, left = enttec.messages_in(stream[:cut])
    second, rest = enttec.messages_in(left + stream[cut:])
    assert [(message.label, message.data) for message in first + second] == sent
    assert rest == b""


@given(st.binary(max_size=200))
def test_noise_before_an_enttec_message_of_ours_never_raises(noise: bytes) -> None:
    messages, left = enttec.messages_in(noise)
    assert len(left) <= len(noise)
    assert all(len(message.data) <= 600 for message in messages)


def test_a_message_after_noise_is_found() -> None:
    messages, _ = enttec.messages_in(b"\x00\x7e\x01\xff\xff" + enttec.message(3, b"ab"))
    assert messages == [enttec.Message(3, b"ab")]


@given(st.integers(1, 1000), st.integers(1, 60_000), st.integers(1, 512))
def test_pixels_lie_over_universes_whole_and_in_order(pixels: int, universe: int, address: int) -> None:
    parts = stretches(pixels, universe, address)
    assert sum(part.pixels for part in parts) == pixels
    assert all(part.address + 3 * part.pixels - 1 <= 512 for part in parts)
    assert [part.universe for part in parts] == sorted({part.universe for part in parts})
    rgb = bytes(at % 251 for at in range(3 * pixels))
    slots = slots_of(rgb, parts)
    assert all(len(content) == 512 for content in slots)
    laid = b"".join(
        content[part.address - 1 : part.address - 1 + 3 * part.pixels] for part, content in zip(parts, slots, strict=True)
    )
    assert laid == rgb


def test_170_pixels_fill_a_universe_and_the_171st_is_in_the_next() -> None:
    assert [(part.universe, part.pixels) for part in stretches(171, 5, 1)] == [(5, 170), (6, 1)]


def test_leds_past_the_last_universe_are_refused_with_words() -> None:
    with pytest.raises(ValueError, match="200 LEDs run past universe 63999, the last there is"):
        stretches(200, 63_999, 1)
