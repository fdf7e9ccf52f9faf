"""The WebSocket of a panel: state out, STOP in.

Out: `snapshot`, then `delta`, `heartbeat` each second, `engine` when the engine goes or comes, `error`, `stopped`.
In: `{"type": "stop", "idempotency_key": "..."}` from any role and at once, the key optional; `{"type": "snapshot"}` asks for
the whole again; `{"type": "here"}` after each heartbeat says that the panel's script lives, and is not answered. Anything else
is answered by an `error`, and a few of these close the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from roomctl.errors import RoomError
from roomctl.messages import Stop
from web.hub import SOCKETS_MOST, Seat
from web.room import Room
from web.rules import ANY_ROLE, token_of, who

GARBAGE_ALLOWED: Final = 5
MESSAGE_MOST: Final = 4096
KEY_MOST: Final = 200
CLOSE_GARBAGE: Final = 1008
CLOSE_ENDED: Final = 1013
_CLOSE_WITHIN_S: Final = 1.0


async def panel_socket(socket: WebSocket) -> None:
    """Serve one panel until it goes, is dropped, or is signed out."""
    room: Room = socket.app.state.room
    try:
        await ANY_ROLE(socket)
    except RoomError as error:
        await socket.send_denial_response(JSONResponse(error.body(), error.status))
        return
    if len(room.hub.seats) >= SOCKETS_MOST:
        await socket.send_denial_response(JSONResponse({"error": f"{SOCKETS_MOST} panels are open already"}, 503))
        return
    await socket.accept()
    token, by_cookie = token_of(socket)
    seat = Seat(socket.state.panel, token, is_panel=by_cookie)
    room.hub.join(seat)
    try:
        await _serve(socket, seat, room)
    finally:
        room.hub.leave(seat)


panel_socket.rule = ANY_ROLE  # type: ignore[attr-defined]


async def _serve(socket: WebSocket, seat: Seat, room: Room) -> None:
    """Read, write, and wait for the end, whichever comes first; then close within a second, whatever the other end does."""
    tasks = [
        asyncio.create_task(_write(socket, seat)),
        asyncio.create_task(_read(socket, seat, room)),
        asyncio.create_task(seat.over.wait()),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    if socket.application_state is WebSocketState.CONNECTED and socket.client_state is WebSocketState.CONNECTED:
        code = CLOSE_GARBAGE if tasks[1] in done else CLOSE_ENDED
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await socket.close(code, seat.why)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _write(socket: WebSocket, seat: Seat) -> None:
    while True:
        await socket.send_text(await seat.queue.get())


async def _read(socket: WebSocket, seat: Seat, room: Room) -> None:
    """Take messages until the panel goes, or has sent garbage a few times."""
    garbage = 0
    while garbage < GARBAGE_ALLOWED:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        kind, key = _kind(message.get("text"))
        seat.heard()
        if kind == "stop":
            room.in_background(_stop(socket, seat, room, key))
        elif kind == "snapshot":
            room.hub.fresh_snapshot(seat)
        elif kind is None:
            garbage += 1
            seat.put(_error('send {"type": "stop"} or {"type": "snapshot"}; everything else is a POST'))
    seat.why = "too much that is no message"


async def _stop(socket: WebSocket, seat: Seat, room: Room, key: str | None) -> None:
    try:
        reply = await room.link.request(Stop(), who(socket), idempotency_key=key)
    except RoomError as error:
        seat.put(_error(error.message, status=error.status, what="stop"))
        return
    seat.put(json.dumps({"type": "stopped", "status": reply.status}))


def _kind(text: str | None) -> tuple[str | None, str | None]:
    """What a message asks for, None where it is none, and its `idempotency_key`: one press sent on two ways is one STOP.

    `{"do": "stop"}`, the command as the engine knows it, is taken too.
    """
    if text is None or len(text) > MESSAGE_MOST:
        return None, None
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(value, dict):
        return None, None
    kind, key = value.get("type", value.get("do")), value.get("idempotency_key")
    return kind if kind in ("stop", "snapshot", "here") else None, key if isinstance(key, str) and 0 < len(
        key
    ) <= KEY_MOST else None


def _error(words: str, **more: Any) -> str:
    return json.dumps({"type": "error", "error": words, **more})
