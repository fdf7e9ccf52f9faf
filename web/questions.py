"""What may be asked without changing anything: the engine's answers, the records, and how the panel's server is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Body, Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from roomctl import __version__, records
from roomctl.records import FORMATS
from web.commands import replied
from web.room import Room
from web.rules import ANY_ROLE, CONTROL, OPEN
from web.shapes import SHAPES


class PreviewBody(BaseModel):
    """A program verb, and what it takes."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    move: Annotated[str, Field(max_length=40)]
    mg: float | None = None
    phase: Annotated[str, Field(max_length=200)] | None = None
    minutes: float | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    override_reason: Annotated[str, Field(max_length=400)] | None = None


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
    app.get(
        "/api/preflight",
        dependencies=signed_in,
        summary="What should be so before a program is begun",
        response_model=None,
        responses=SHAPES["preflight"],
    )(preflight)
    app.post(
        "/api/program/preview",
        dependencies=[Depends(CONTROL)],
        summary="What a move would do to the running program, without doing it",
        response_model=None,
        responses=SHAPES["preview"],
    )(preview)
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


async def preflight(request: Request, program: Annotated[str, Query(max_length=200)]) -> JSONResponse:
    """Music for each phase, whether its files are there, devices, disk and sound level, each a line. Nothing is refused."""
    room: Room = request.app.state.room
    return replied(await room.link.ask("preflight", program=program))


async def preview(request: Request, body: Annotated[PreviewBody, Body()]) -> JSONResponse:
    """The picture and the program as they would be after the move. 409 where it is not possible now, as for the move itself."""
    room: Room = request.app.state.room
    return replied(await room.link.ask("preview", **body.model_dump(exclude_none=True)))


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
