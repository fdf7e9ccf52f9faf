"""Signing a tablet in and out, and who is signed in."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from roomctl.messages import Message, Role
from roomctl.sign_in import UNUSED_LIVES_S, Panel
from web.room import Room
from web.rules import ADMIN, ANY_ROLE, COOKIE, OPEN

_CODE_TEXT_MOST: Final = 40


class PairBody(Message):
    """A code as `roomctl pair` shows it, and a name for this tablet that others will see beside its changes."""

    code: Annotated[str, Field(min_length=1, max_length=_CODE_TEXT_MOST, examples=["1234 5678"])]
    name: Annotated[str, Field(max_length=200)] = "tablet"


class CodeBody(Message):
    """The role that the new panel will have."""

    role: Role = "control"


def add_pairing(app: FastAPI) -> None:
    """Add pairing, sign-out, and the list of panels."""
    app.post("/api/pair", dependencies=[Depends(OPEN)], summary="Pair this tablet", response_model=None)(pair)
    app.post("/api/sign-out", dependencies=[Depends(ANY_ROLE)], summary="Sign this panel out", response_model=None)(sign_out)
    app.get("/api/me", dependencies=[Depends(ANY_ROLE)], summary="Who this is", response_model=None)(me)
    app.post("/api/codes", dependencies=[Depends(ADMIN)], summary="A code for another tablet", response_model=None)(new_code)
    app.get("/api/panels", dependencies=[Depends(ADMIN)], summary="Who is signed in", response_model=None)(panels)
    app.delete("/api/panels/{id}", dependencies=[Depends(ADMIN)], summary="Sign a panel out", response_model=None)(revoke)


async def pair(request: Request, body: PairBody) -> JSONResponse:
    """Exchange a one-time code for the tablet's cookie. 429 after too many wrong codes."""
    room: Room = request.app.state.room
    address = request.client.host if request.client else "local"
    panel, token = await asyncio.to_thread(room.sign_in.pair, body.code, body.name, address)
    answer = JSONResponse(_shown(panel))
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(UNUSED_LIVES_S),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


async def sign_out(request: Request) -> JSONResponse:
    """End this panel's sign-in for good, and take its cookie back."""
    room: Room = request.app.state.room
    panel: Panel = request.state.panel
    await asyncio.to_thread(room.sign_in.revoke, panel.id)
    answer = JSONResponse({"id": panel.id})
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


async def me(request: Request) -> JSONResponse:
    """The caller's id, role and name."""
    return JSONResponse(_shown(request.state.panel))


async def new_code(request: Request, body: CodeBody) -> JSONResponse:
    """A code good for ten minutes and one use, and the address to open on the tablet."""
    room: Room = request.app.state.room
    made = await asyncio.to_thread(room.sign_in.new_code, body.role)
    url = str(request.url_for("pair-page").include_query_params(code=made.code))
    return JSONResponse({"code": made.code, "role": made.role, "expires_utc_s": made.expires_utc_s, "url": url})


async def panels(request: Request) -> JSONResponse:
    """Tablets and scripts, newest first."""
    room: Room = request.app.state.room
    return JSONResponse([asdict(panel) for panel in await asyncio.to_thread(room.sign_in.panels)])


async def revoke(request: Request, id: Annotated[str, Path(max_length=60)]) -> JSONResponse:
    """Its open socket is closed within two seconds."""
    room: Room = request.app.state.room
    await asyncio.to_thread(room.sign_in.revoke, id)
    return JSONResponse({"id": id})


def _shown(panel: Panel) -> dict[str, Any]:
    return {"id": panel.id, "role": panel.role, "name": panel.name}
