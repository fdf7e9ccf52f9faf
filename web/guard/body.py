"""What a body may be: JSON, strictly, of at most 64 KiB, and here within ten seconds.

It is read whole before any route sees the request. STOP and RESUME have no precondition: their bodies are thrown away unread.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from web.faults import RefusedRequest
from web.guard.refuse import header, refuse

BODY_MOST: Final = 64 * 1024
DRAIN_MOST: Final = 16 * 1024 * 1024
"""So much of a body that is too large is read and thrown away, so that its sender hears the answer."""
BODY_WITHIN_S: Final = 10.0
BODYLESS: Final = frozenset({"/api/stop", "/api/resume"})

_JSON_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class JsonBody:
    """Answer 413, 415, 408 or 422 for a body that cannot be taken; hand on the others as they came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in BODYLESS:
            await self._app(_without_body(scope), _replayed(b"", receive), send)
            return
        try:
            body = await _read(receive)
            if body:
                _check(body, header(scope, b"content-type"))
        except RefusedRequest as refusal:
            await refuse(scope, receive, _closing(send), refusal.status, refusal.message)
            return
        await self._app(scope if body else _without_body(scope), _replayed(body, receive), send)


async def _read(receive: Receive) -> bytes:
    """The whole body; raises RefusedRequest where it is too large or too slow."""
    body, size, more = bytearray(), 0, True
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while more and size <= DRAIN_MOST:
                message = await receive()
                if message["type"] != "http.request":
                    raise RefusedRequest(400, "the request was broken off")
                chunk, more = message.get("body", b""), message.get("more_body", False)
                size += len(chunk)
                if size <= BODY_MOST:
                    body += chunk
    except TimeoutError as slow:
        raise RefusedRequest(408, f"the body did not arrive in {BODY_WITHIN_S:g} s") from slow
    if size > BODY_MOST:
        raise RefusedRequest(413, f"a body may have at most {BODY_MOST // 1024} KiB")
    return bytes(body)


def _check(body: bytes, content_type: str) -> None:
    if not _JSON_TYPE.fullmatch(content_type):
        raise RefusedRequest(415, "this room takes JSON only: send Content-Type: application/json")
    try:
        value = json.loads(body, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as deep:
        raise RefusedRequest(422, "the body is nested too deeply") from deep
    except ValueError as broken:
        raise RefusedRequest(422, f"the body is not JSON: {_reason(broken)}") from broken


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number; send a finite one")


def _reason(broken: ValueError) -> str:
    if isinstance(broken, UnicodeError):
        return "it is not Unicode text"
    return str(broken).replace("Out of range float values are not JSON compliant", "a number is too large")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body over once, and then says what the connection says."""
    sent = False

    async def once() -> MutableMapping[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return once


def _without_body(scope: Scope) -> Scope:
    dropped = (b"content-type", b"content-length", b"transfer-encoding")
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in dropped]}


def _closing(send: Send) -> Send:
    """Close the connection after this answer: what is left of its body is not worth reading."""

    async def closing(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return closing
