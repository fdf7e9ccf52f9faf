"""What may be asked without changing anything: the engine's answers, the records, and how the panel's server is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from roomctl import __version__, records
from roomctl.records import FORMATS
from web.commands import replied
from web.room import Room
from web.rules import ANY_ROLE, OPEN
from web.shapes import SHAPES


@dataclass(frozen=True, slots=True)
class Question:
    """One address that asks the engine `what`."""

    path: str
    what: str
    summary: str


QUESTIONS: Final = (
    Question("/api/state", "state", "The whole snapshot"),
    Question("/api/presets", "presets", "The protocol presets"),
    Question("/api/devices", "devices", "The devices, with their links"),
    Question("/api/timing", "timing", "The room's own timing"),
    Question("/api/programs", "programs", "The programs for dosing sessions"),
    Question("/api/library", "library", "The music library"),
)


def add_questions(app: FastAPI) -> None:
    """Add every GET of the API."""
    for question in QUESTIONS:
        _add_question(app, question)
    signed_in = [Depends(ANY_ROLE)]
    app.get("/api/health", dependencies=[Depends(OPEN)], summary="Whether the room answers", responses=SHAPES["health"])(health)
    app.get("/api/programs/{id}", dependencies=signed_in, summary="One program whole", response_model=None)(program)
    app.get("/api/sessions", dependencies=signed_in, summary="Sessions, newest first", responses=SHAPES["sessions"])(sessions)
    app.get("/api/sessions/{id}", dependencies=signed_in, summary="One session whole", responses=SHAPES["session"])(session)
    app.get(
        "/api/sessions/{id}/export",
        dependencies=signed_in,
        summary="One session as a file",
        response_class=Response,
        responses=SHAPES["export"],
    )(export)


def _add_question(app: FastAPI, question: Question) -> None:
    async def ask(request: Request) -> JSONResponse:
        room: Room = request.app.state.room
        return replied(await room.link.ask(question.what), id_in_path=True)

    app.get(
        question.path,
        dependencies=[Depends(ANY_ROLE)],
        summary=question.summary,
        operation_id=f"get-{question.what}",
        response_model=None,
        responses=SHAPES.get(question.what, {}),
    )(ask)


async def health(request: Request) -> JSONResponse:
    """200 and `ok` while the engine is there; 503 and `engine-away` while it is not. Open to all, and says no more."""
    room: Room = request.app.state.room
    body: dict[str, Any] = {"status": "ok", "boot_id": room.hub.boot_id, "version": __version__}
    if not room.link.connected:
        words = "the room's engine is away; it is usually back within 5 s"
        return JSONResponse({**body, "status": "engine-away", "boot_id": None, "error": words}, 503)
    return JSONResponse(body)


async def program(request: Request, id: Annotated[str, Path(max_length=200)]) -> JSONResponse:
    """The program with its phases, light, music and prompts."""
    room: Room = request.app.state.room
    return replied(await room.link.ask("program", id=id), id_in_path=True)


async def sessions(request: Request) -> JSONResponse:
    """From the journal; answered while the engine is away, too."""
    room: Room = request.app.state.room
    return JSONResponse(await asyncio.to_thread(room.records.sessions))


async def session(request: Request, id: Annotated[str, Path(max_length=200)]) -> JSONResponse:
    """With its sets as asked and as delivered, ratings, notes and events."""
    room: Room = request.app.state.room
    return JSONResponse(await asyncio.to_thread(room.records.session, id))


async def export(
    request: Request,
    id: Annotated[str, Path(max_length=200)],
    format: Annotated[str, Query(max_length=20, json_schema_extra={"enum": list(FORMATS)})] = "json",
) -> Response:
    """CSV for a spreadsheet, JSON for a program, PDF for the chart."""
    room: Room = request.app.state.room
    made = await asyncio.to_thread(lambda: records.export(room.records.session(id), format))
    return Response(
        made.content, media_type=made.media_type, headers={"Content-Disposition": f'attachment; filename="{made.name}"'}
    )
