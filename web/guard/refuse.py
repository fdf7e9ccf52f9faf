"""A refusal before any route is reached, for a request as for a WebSocket's handshake."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    """Answer with one sentence, and no more."""
    await deny(scope, receive, send, JSONResponse({"error": words}, status))


async def deny(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    """Send `response`; a WebSocket's handshake gets it in place of the upgrade."""
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)


def header(scope: Scope, name: bytes) -> str:
    """One header of the request, empty where it is missing. Two of a kind are one that fits nothing."""
    found = [value for key, value in scope["headers"] if key == name]
    return b", ".join(found).decode("latin-1").strip() if found else ""
