"""How long the panel's server takes to answer, in a room that runs a set."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from websockets.sync.client import connect

from benchmarks.figures import Figure, How, spread
from benchmarks.room import PATIENCE_S, BenchRoom


def measure(how: How) -> list[Figure]:
    """A question, a command, and a command as another panel sees it on its socket."""
    times = round(how.pick(200, 2000))
    with BenchRoom(how.folder / "web") as room:
        room.do("/api/bls", {"open": True}, "PUT")
        room.do("/api/set/start")
        return [
            _row("GET /api/state", _timed(times, lambda number: room.state())),
            _row("PUT /api/bls", _timed(times, lambda number: _change(room, number))),
            _row("PUT /api/bls to another panel's delta", _seen(room, times)),
        ]


def _change(room: BenchRoom, number: int) -> float:
    """A rate that differs from the one before."""
    rate_hz = 0.8 + 0.01 * (number % 50)
    room.do("/api/bls", {"rate_hz": rate_hz}, "PUT")
    return round(rate_hz, 2)


def _timed(times: int, ask: Callable[[int], object]) -> list[float]:
    took_ms = []
    for number in range(times):
        began_s = time.perf_counter()
        ask(number)
        took_ms.append((time.perf_counter() - began_s) * 1e3)
    return took_ms


def _seen(room: BenchRoom, times: int) -> list[float]:
    """From the request until a socket says the new rate."""
    took_ms: list[float] = []
    where = str(room.client.base_url).rstrip("/").replace("http", "ws", 1) + "/ws"
    with connect(where, additional_headers={"Authorization": room.client.headers["Authorization"]}) as panel:
        for number in range(times):
            began_s = time.perf_counter()
            wanted = _change(room, number)
            while True:
                told = json.loads(panel.recv(PATIENCE_S))
                if told.get("changed", {}).get("bls", {}).get("rate_hz") == wanted:
                    break
            took_ms.append((time.perf_counter() - began_s) * 1e3)
    return took_ms


def _row(what: str, took_ms: list[float]) -> Figure:
    found = spread(took_ms)
    reached = f"p50 {found.median:.1f}, p99 {found.p99:.1f}, most {found.most:.1f} ms of {found.count}"
    return Figure(what, "-", reached, None, "-", {"p50_ms": found.median, "p99_ms": found.p99, "most_ms": found.most})
