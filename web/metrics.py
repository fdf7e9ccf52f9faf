"""Figures for Prometheus, in its text format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse

from roomctl import __version__
from roomctl.errors import Away
from web.room import Room
from web.rules import ANY_ROLE

_TIMING = {
    "onset_sd_ms": "Standard deviation of tone onset intervals, ms",
    "light_skew_ms": "Tone to light packet, ms",
    "tap_skew_ms": "Tone to tap packet, ms",
    "underruns": "Under-runs of the sound card since the engine began",
    "loop_p99_ms": "99th percentile of the render loop's lateness, ms",
}
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def add_metrics(app: FastAPI) -> None:
    """Add GET /metrics."""
    app.get("/metrics", dependencies=[Depends(ANY_ROLE)], summary="Figures for Prometheus", response_class=PlainTextResponse)(
        metrics
    )


async def metrics(request: Request) -> PlainTextResponse:
    """The engine's timing, the devices' links, the open panels; `roomctl_engine_up` is 0 while the engine is away."""
    room: Room = request.app.state.room
    try:
        reply = await room.link.ask("state")
        state = reply.body if reply.status == 200 and isinstance(reply.body, dict) else None
    except Away:
        state = None
    return PlainTextResponse("\n".join(lines(state, len(room.hub.seats))) + "\n", media_type=_CONTENT_TYPE)


def lines(state: dict[str, Any] | None, sockets: int) -> Iterator[str]:
    """The exposition's lines for a snapshot; without one, only that the engine is away."""
    yield from _metric("roomctl_info", "Version", 1, f'version="{__version__}"')
    yield from _metric("roomctl_engine_up", "Whether the engine answers", int(state is not None))
    yield from _metric("roomctl_sockets", "Open WebSockets", sockets)
    if state is None:
        return
    yield from _metric("roomctl_stopped", "Whether STOP is latched", int(bool(state.get("stopped"))))
    yield from _metric("roomctl_set_running", "Whether a set runs", int((state.get("set") or {}).get("state") != "idle"))
    for name, about in _TIMING.items():
        value = (state.get("timing") or {}).get(name)
        if isinstance(value, (int, float)):
            yield from _metric(f"roomctl_{name}", about, value)
    yield "# HELP roomctl_device_ready Whether the device's link is ready"
    yield "# TYPE roomctl_device_ready gauge"
    for device in state.get("devices") or []:
        labels = f'name="{_escaped(device.get("name"))}",kind="{_escaped(device.get("kind"))}"'
        yield f"roomctl_device_ready{{{labels}}} {int(device.get('link') == 'READY')}"


def _metric(name: str, about: str, value: float, labels: str = "") -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} gauge"
    yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def _escaped(text: Any) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
