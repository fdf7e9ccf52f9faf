"""Which names this server answers to, and which pages may ask it to change something.

A page elsewhere that lets its own name point here (DNS rebinding) comes with its own name as Host; a page elsewhere that posts
here comes with its own Origin. Both are refused.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from web.guard.refuse import header, refuse

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names and addresses in a Host header that are this room's. `any_address` where it listens on all of them."""

    names: frozenset[str]
    any_address: bool = False

    def admits(self, host: str) -> bool:
        """Whether a Host header (`name` or `name:port`) is this room's. An address cannot be rebound, so any may do."""
        name = _name(host)
        return name is not None and (name in self.names or (self.any_address and _is_address(name)))


def hosts_for(bound: str, also: tuple[str, ...] = ()) -> Hosts:
    """The names of a server bound to `bound`: loopback, the address itself, this machine's name, and `also`."""
    wildcard = bound in ("0.0.0.0", "::", "")
    own = socket.gethostname().lower()
    names = {*LOOPBACK_NAMES, *(name.lower().rstrip(".") for name in also)}
    if wildcard or bound not in LOOPBACK_NAMES:
        names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    if not wildcard:
        names.add(bound.lower())
    return Hosts(frozenset(names), wildcard)


class HostAndOrigin:
    """Refuse with 403 a Host that is not this room's, and an Origin that is not this Host on whatever may change something."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem:
            await refuse(scope, receive, send, 403, problem)
        else:
            await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> str | None:
        host = header(scope, b"host")
        if not self._hosts.admits(host):
            return f'this room does not go by the name "{host[:80]}"; use its address, or add the name to the room file'
        if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
            return None
        origin = header(scope, b"origin")
        if origin:
            return (
                None
                if _same(origin, host, tls=scope["scheme"] in ("https", "wss"))
                else f'a page at "{origin[:80]}" may not control this room'
            )
        by_browser = bool(header(scope, b"cookie")) and not header(scope, b"authorization")
        if by_browser and header(scope, b"sec-fetch-site") != "same-origin":
            return "a browser's request must say its Origin; scripts sign in with a bearer token"
        return None


def _same(origin: str, host: str, *, tls: bool) -> bool:
    """Whether a page of this origin came from this host; behind TLS one that came without it did not."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in (("https",) if tls else ("http", "https")) and parts.netloc.lower() == host.lower()


def _name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and brackets; None where it is no such thing."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  raises where the port is none
    except ValueError:
        return None
    if parts.netloc != host or "@" in host or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
