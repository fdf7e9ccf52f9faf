"""OSC out: the room's state and its beats, for a lab or an installation that follows. Nothing here waits for anybody.

Addresses: docs/protocols/osc.md.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hardware.osc.listener import parse_listen
from hardware.osc.packets import NotOscError, OscValue, encode_message
from stimuli.beats import Side

STATE: Final = "/roomctl/state/"
LEAVES: Final = (
    ("stopped", ("stopped",)),
    ("set", ("set", "state")),
    ("set/cycles", ("set", "cycles")),
    ("set/cycles_total", ("set", "cycles_total")),
    ("set/rate_hz", ("set", "rate_hz")),
    ("program", ("program", "id")),
    ("program/phase", ("program", "phase")),
    ("program/held", ("program", "held")),
    ("program/paused", ("program", "paused")),
    ("lights/level_l", ("lights", "level_l")),
    ("lights/cct_k", ("lights", "cct_k")),
    ("music/volume_db", ("music", "volume_db")),
    ("music/ducked", ("music", "ducked")),
)
"""What of the snapshot is sent, and as what. No rating, note or client code ever is."""


def _leaf(state: Mapping[str, Any], path: tuple[str, ...]) -> OscValue | None:
    value: Any = state
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str | int | float) else None


def state_messages(state: Mapping[str, Any]) -> dict[str, OscValue]:
    """Address and value of each leaf that `state`, a snapshot or a delta's changes, has; absent and null ones are left out."""
    found = {STATE + name: _leaf(state, path) for name, path in LEAVES}
    return {address: value for address, value in found.items() if value is not None}


class OscOut:
    """Sends to each of `targets` ("HOST:PORT") and never blocks: what the kernel cannot take is lost and counted."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets = [parse_listen(target) for target in targets]
        self._sockets: list[tuple[socket.socket, Any]] = []
        self._said: dict[str, OscValue] = {}
        self.lost = 0
        self.last_trouble = ""

    def open(self) -> None:
        """Resolve the targets. Raises OSError for one that has no address."""
        for host, port in self._targets:
            try:
                family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            except OSError as fault:
                self.close()
                raise OSError(f"OSC cannot send to {host}:{port}: {fault.strerror or fault}") from fault
            sending = socket.socket(family, socket.SOCK_DGRAM)
            sending.setblocking(False)
            self._sockets.append((sending, where))

    def close(self) -> None:
        """Let go of the sockets."""
        for sending, _ in self._sockets:
            sending.close()
        self._sockets.clear()
        self._said.clear()

    def state(self, state: Mapping[str, Any]) -> None:
        """Tell what changed since it was last told."""
        for address, value in state_messages(state).items():
            if self._said.get(address) != value:
                self._said[address] = value
                self.send(address, value)

    def beat(self, side: Side, cycle: int) -> None:
        """A beat, now: `/roomctl/beat side cycle`, side 0 for left and 1 for right."""
        self.send("/roomctl/beat", 0 if side == "left" else 1, cycle)

    def send(self, address: str, *args: OscValue) -> None:
        """One message to every target."""
        try:
            packet = encode_message(address, *args)
        except NotOscError as fault:
            self.lost += 1
            self.last_trouble = str(fault)
            return
        for sending, where in self._sockets:
            try:
                sending.sendto(packet, where)
            except OSError as fault:
                self.lost += 1
                self.last_trouble = str(fault)
