"""STOP and other commands, asked over HTTP as a panel asks: until the recording is silent, packets are sent, frames change.

A time begins when the request leaves the client, so the panel's server and the link are in it. What was heard is placed in
time by when the recording's chunks came; a virtual card's own buffer is in it, as a real one's would be.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.card import RATE_HZ, SILENT, HeardLine, heard_line, virtual_card
from benchmarks.figures import Figure, How, spread
from benchmarks.onsets_and_packets import LEDS, ROOM
from benchmarks.room import ON_THE_CARD, BenchRoom
from benchmarks.wire import Packet, Wire
from hardware.osc.packets import parse_packet

TIMES: Final = 50
COLOURS: Final = ("#ff0000", "#0000ff")
ARTNET_HEAD_BYTES: Final = 18
LOOK_S: Final = 0.6


@dataclass(slots=True)
class Asked:
    """When each thing was asked, in monotonic seconds."""

    starts_s: list[float] = field(default_factory=list)
    colours_s: list[tuple[float, str]] = field(default_factory=list)
    rates_ms: list[float] = field(default_factory=list)
    """How long after the request each new rate holds, by the room's own clock: no single packet or sound shows it."""

    stops_s: list[float] = field(default_factory=list)


def measure(how: How) -> list[Figure]:
    """Six rows from one run of sets that are each started, changed and stopped."""
    with virtual_card(how.folder / "stop") as card, Wire() as bar, Wire() as taps:
        text = ROOM.format(card=ON_THE_CARD, bar=bar.port, taps=taps.port, leds=LEDS, fps=44.0)
        with BenchRoom(how.folder / "stop", text, card.env) as room:
            room.until_ready()
            settings = {"rate_hz": 2.0, "open": True, "tone": {"ms": 400.0}, "light": {"brightness_frac": 0.5}}
            room.do("/api/bls", settings, "PUT")
            card.record()
            asked = _ask(room)
            time.sleep(0.3)
            heard = card.recording()
    line = heard_line(heard.arrivals)
    return [
        row("STOP: request to silence in the recording", 80.0, _silent_ms(heard.samples, line, asked.stops_s)),
        row("STOP: request to dark packet", 10.0, dark_ms(bar.packets, asked.stops_s)),
        row("STOP: request to still packet", 10.0, still_ms(taps.packets, asked.stops_s)),
        row("START: request to first frame of the set", 100.0, _start_ms(heard.samples, line, asked.starts_s)),
        row("colour: request to first changed picture", 100.0, _colour_ms(bar.packets, asked.colours_s)),
        row("rate: request to the frame it holds from", 100.0, asked.rates_ms),
    ]


def row(what: str, target_ms: float, took_ms: list[float]) -> Figure:
    """How long something took, of many times, beside what 99 of 100 must keep."""
    found = spread(took_ms)
    return Figure(
        what,
        f"p99 <= {target_ms:.0f} ms",
        f"p50 {found.median:.1f}, p99 {found.p99:.1f}, most {found.most:.1f} ms of {found.count}",
        found.p99 <= target_ms,
        "-",
        {"p50_ms": found.median, "p99_ms": found.p99, "most_ms": found.most, "count": found.count},
    )


def _ask(room: BenchRoom) -> Asked:
    asked, chance = Asked(), random.Random(1)
    for number in range(TIMES):
        asked.starts_s.append(time.monotonic())
        start_frame = int(room.do("/api/set/start")["start_frame"])
        time.sleep(0.15)
        colour = COLOURS[number % 2]
        asked.colours_s.append((time.monotonic(), colour))
        room.do("/api/bls", {"light": {"colour": colour}}, "PUT")
        time.sleep(chance.uniform(0.03, 0.25))
        asked.rates_ms.append(_rate_ms(room, 1.9 if number % 2 else 1.8))
        room.do("/api/bls", {"rate_hz": 2.0}, "PUT")
        _sleep_until_frame(room.state()["clock"], start_frame + 6_000 + 24_000 + round(chance.uniform(2_400, 12_000)))
        asked.stops_s.append(time.monotonic())
        room.do("/api/stop")
        time.sleep(0.15)
        room.do("/api/resume")
    return asked


def _rate_ms(room: BenchRoom, rate_hz: float) -> float:
    """From the request of a new rate to where its ramp begins in the score."""
    asked_s = time.monotonic()
    room.do("/api/bls", {"rate_hz": rate_hz}, "PUT")
    state = room.state()
    clock = state["clock"]
    begins_s = (
        clock["mono_ns"] / 1e9 + (segment["start_frame"] - clock["frame"]) / clock["frames_per_s"]
        for segment in state["score"]["segments"]
    )
    return (min(at_s for at_s in begins_s if at_s > asked_s) - asked_s) * 1e3


def _sleep_until_frame(clock: dict[str, Any], frame: int) -> None:
    """Until `frame` is heard, so that STOP always comes in the middle of a tone."""
    mono_s = clock["mono_ns"] / 1e9 + (frame - clock["frame"]) / clock["frames_per_s"]
    time.sleep(max(0.0, mono_s - time.monotonic()))


def _silent_ms(samples: npt.NDArray[np.float32], line: HeardLine, asked_s: list[float]) -> list[float]:
    """From each request to the last frame that sounds before the next set."""
    sounding_s = line.mono_s(np.flatnonzero(np.abs(samples).max(axis=1) > SILENT).astype(np.float64))
    return [
        (float(after[-1]) - at_s) * 1e3
        for at_s in asked_s
        if len(after := sounding_s[(sounding_s > at_s - 0.05) & (sounding_s < at_s + 0.2)])
    ]


def _start_ms(samples: npt.NDArray[np.float32], line: HeardLine, asked_s: list[float]) -> list[float]:
    """From each request to where its set begins: a quarter of a cycle before the first tone."""
    sounding_s = line.mono_s(np.flatnonzero(np.abs(samples).max(axis=1) > SILENT).astype(np.float64))
    quarter_s = 6_000 / RATE_HZ
    return [
        (float(after[0]) - quarter_s - at_s) * 1e3
        for at_s in asked_s
        if len(after := sounding_s[(sounding_s > at_s) & (sounding_s < at_s + LOOK_S)])
    ]


def dark_ms(packets: list[Packet], asked_s: list[float]) -> list[float]:
    """From each request to the first Art-Net packet that is dark."""
    dark_s = np.array([packet.mono_s for packet in packets if not any(packet.data[ARTNET_HEAD_BYTES:])])
    return [(float(after[0]) - at_s) * 1e3 for at_s in asked_s if len(after := dark_s[dark_s > at_s])]


def still_ms(packets: list[Packet], asked_s: list[float]) -> list[float]:
    """From each request to the first OSC message that stills the hands."""
    still_s = np.array(
        [packet.mono_s for packet in packets if any(told.address == "/roomctl/tap/still" for told in parse_packet(packet.data))]
    )
    return [(float(after[0]) - at_s) * 1e3 for at_s in asked_s if len(after := still_s[still_s > at_s])]


def _colour_ms(packets: list[Packet], asked: list[tuple[float, str]]) -> list[float]:
    """From each request to the first picture whose brightest part is of the new colour."""
    took: list[float] = []
    for at_s, colour in asked:
        wanted = 0 if colour == COLOURS[0] else 2
        after = (packet for packet in packets if at_s < packet.mono_s < at_s + LOOK_S)
        first = next((packet for packet in after if _part(packet.data) == wanted), None)
        if first is not None:
            took.append((first.mono_s - at_s) * 1e3)
    return took


def _part(data: bytes) -> int | None:
    """Which of red, green and blue (0, 1, 2) is brightest; None in the dark."""
    sums = [sum(data[ARTNET_HEAD_BYTES + part : ARTNET_HEAD_BYTES + 3 * LEDS : 3]) for part in range(3)]
    return sums.index(max(sums)) if any(sums) else None
