"""Has an independent encoder send known pictures over loopback, and keeps what arrived. Run by hand, not by the tests:

    python -m venv oracle && oracle/bin/pip install ledfx-senders==0.4.0 && oracle/bin/python tests/captures/make_captures.py

ledfx-senders is GPL-3: a tool of our own desk, never a part of the program. What it sends is kept here as data.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from ledfx_senders import ArtNetSender, DDPSender, E131Sender, UDPRealtimeSender
from ledfx_senders.e131_buffer import ChannelLayout
from ledfx_senders.encoders import encode_adalight

HERE = Path(__file__).parent
CID = UUID("5c0ff1ce-0000-4000-8000-00000000beef")


def ramp(pixels: int) -> np.ndarray:
    """Pixels whose every byte differs from its neighbours: byte n is (37 n + 11) modulo 256."""
    return ((np.arange(3 * pixels) * 37 + 11) % 256).astype(np.uint8).reshape(pixels, 3)


def heard(port: int, say: Callable[[int], Any]) -> list[str]:
    """The datagrams that `say` sends to the port it is given, before the sender it returns is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", port))
        sender = say(ear.getsockname()[1])
        ear.settimeout(0.3)
        packets = []
        try:
            while True:
                packets.append(ear.recv(2048).hex())
        except TimeoutError:
            sender.close()
            return packets


def ddp(pixels: int) -> list[str]:
    def say(port: int) -> Any:
        sender = DDPSender(3 * pixels, destination="127.0.0.1", port=port)
        sender.send(ramp(pixels))
        sender.send(ramp(pixels))
        return sender

    return heard(0, say)


def dnrgb(pixels: int) -> list[str]:
    def say(port: int) -> Any:
        sender = UDPRealtimeSender(
            destination="127.0.0.1", pixel_count=pixels, packet_type="DNRGB", timeout=2, minimise_traffic=False, port=port
        )
        sender.send(ramp(pixels), now=0.0)
        return sender

    return heard(0, say)


def artnet(pixels: int, universe: int, per_universe: int) -> list[str]:
    def say(port: int) -> Any:
        sender = ArtNetSender(
            destination="127.0.0.1",
            port=port,
            universe=universe,
            packet_size=per_universe * 3,
            even_packet_size=True,
            dmx_start_address=1,
            pixel_count=pixels,
            pixels_per_device=pixels,
            pre_amble=b"",
            post_amble=b"",
            rgb_order="RGB",
            white_mode="None",
            broadcast=False,
        )
        sender.send(ramp(pixels))
        return sender

    return heard(0, say)


def e131(pixels: int, universe: int) -> list[str]:
    """Data packets only: this encoder adds a synchronisation packet to each picture, and names it in octets 109-110."""

    def say(port: int) -> Any:
        layout = ChannelLayout(universe=universe, channel_count=3 * pixels, universe_size=510, channel_offset=0)
        sender = E131Sender(layout, destination="127.0.0.1", source_name="roomctl", priority=100, cid=CID)
        sender.send(ramp(pixels))
        return sender

    return [packet for packet in heard(5568, say) if len(packet) == 2 * 638]


def keep(name: str, cases: list[dict[str, Any]]) -> None:
    """Write one file of captures."""
    lines = [json.dumps(case) for case in cases]
    (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    keep("ddp", [{"pixels": n, "packets": ddp(n)} for n in (1, 3, 60, 480, 600)])
    keep("dnrgb", [{"pixels": n, "packets": dnrgb(n)} for n in (2, 60, 489, 600)])
    keep(
        "artnet",
        [{"pixels": n, "universe": u, "packets": artnet(n, u, 170)} for n, u in ((1, 0), (60, 5), (171, 255), (400, 300))],
    )
    keep(
        "e131", [{"pixels": n, "universe": u, "cid": str(CID), "packets": e131(n, u)} for n, u in ((1, 1), (60, 7), (400, 513))]
    )
    keep("adalight", [{"pixels": n, "packets": [encode_adalight(ramp(n), "RGB").hex()]} for n in (1, 60, 256, 600)])
