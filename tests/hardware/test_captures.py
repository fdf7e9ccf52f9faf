"""Our bytes against an independent encoder's: `tests/captures/*.jsonl`, made by `tests/captures/make_captures.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hardware.dmx import artnet, e131
from hardware.dmx.universes import slots_of, stretches
from hardware.lightbars import ddp, dnrgb
from hardware.lightbars.adalight import encode_picture

CAPTURES = Path(__file__).parents[1] / "captures"


def cases(name: str) -> list[Any]:
    lines = (CAPTURES / f"{name}.jsonl").read_text().splitlines()
    return [pytest.param(case, id=str(case["pixels"])) for case in map(json.loads, lines)]


def ramp(pixels: int) -> bytes:
    """What the independent encoder was given: byte n is (37 n + 11) modulo 256."""
    return bytes((37 * at + 11) % 256 for at in range(3 * pixels))


@pytest.mark.parametrize("case", cases("ddp"))
def test_ddp_equals_the_capture(case: dict[str, Any]) -> None:
    """The other encoder begins to count at 2, and sent the picture twice."""
    ours = [packet.hex() for sequence in (2, 3) for packet in ddp.frame_packets(ramp(case["pixels"]), sequence)]
    assert ours == case["packets"]


@pytest.mark.parametrize("case", cases("dnrgb"))
def test_dnrgb_equals_the_capture(case: dict[str, Any]) -> None:
    assert [packet.hex() for packet in dnrgb.frame_packets(ramp(case["pixels"]))] == case["packets"]


@pytest.mark.parametrize("case", cases("artnet"))
def test_artnet_equals_the_capture(case: dict[str, Any]) -> None:
    """The other encoder sends 510 slots of each universe, and counts from 0 over universes."""
    parts = stretches(case["pixels"], case["universe"], 1)
    slots = [content[:510] for content in slots_of(ramp(case["pixels"]), parts)]
    ours = [artnet.dmx_packet(part.universe, at, slots[at]).hex() for at, part in enumerate(parts)]
    assert ours == case["packets"]


@pytest.mark.parametrize("case", cases("e131"))
def test_e131_equals_the_capture_but_for_the_synchronisation_universe(case: dict[str, Any]) -> None:
    """The other encoder synchronises its universes by one more packet, named in octets 109 and 110; we do not."""
    source = e131.Source(UUID(case["cid"]), "roomctl", 100)
    parts = stretches(case["pixels"], case["universe"], 1)
    ours = [
        e131.data_packet(source, part.universe, 0, content)
        for part, content in zip(parts, slots_of(ramp(case["pixels"]), parts), strict=True)
    ]
    theirs = [bytes.fromhex(packet) for packet in case["packets"]]
    assert [packet[109:111] for packet in theirs] == [(63_999).to_bytes(2, "big")] * len(theirs)
    assert ours == [packet[:109] + b"\x00\x00" + packet[111:] for packet in theirs]


@pytest.mark.parametrize("case", cases("adalight"))
def test_adalight_equals_the_capture(case: dict[str, Any]) -> None:
    assert [encode_picture(ramp(case["pixels"])).hex()] == case["packets"]
