"""The API's commands as a table: each row is an address, the command of `roomctl.messages` it gives the engine, and its rule.

The bodies are the commands' own fields, without the tag and without what the address already says; so each is described once.
"""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

from fastapi import Body, Depends, FastAPI, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, create_model

from roomctl.messages import (
    AnyCommand,
    ChangeBls,
    ChangeLights,
    ChangeMusic,
    ChoosePreset,
    CloseSession,
    Command,
    EndNoise,
    KeepReading,
    MusicMove,
    Note,
    OpenSession,
    PlayNoise,
    ProgramMove,
    ProgramStart,
    PromptAnswer,
    Rate,
    React,
    Reply,
    Resume,
    SetFinish,
    SetStart,
    Stop,
    TagTrack,
    TestDevice,
    TuneTapper,
)
from web.room import Room
from web.rules import ANY_ROLE, CONTROL, Rule, who

REV: Final = (int | None, Field(default=None, description="The revision this is based on; where it is no longer current, 409."))


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """One row. `takes` and `needs` are the command's fields that the body may and must give; `fixed` what the address says."""

    method: str
    path: str
    command: type[Command]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    fixed: dict[str, str] = field(default_factory=dict)
    rev: bool = False
    rule: Rule = CONTROL
    summary: str = ""


def _move(name: str, summary: str, takes: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> CommandRoute:
    path = f"/api/program/{name}"
    return CommandRoute("POST", path, ProgramMove, takes, needs, {"move": name}, rev=True, summary=summary)


def _music(name: str, summary: str, needs: tuple[str, ...] = ()) -> CommandRoute:
    return CommandRoute("POST", f"/api/music/{name}", MusicMove, needs=needs, fixed={"move": name}, summary=summary)


COMMANDS: Final = (
    CommandRoute("POST", "/api/stop", Stop, rule=ANY_ROLE, summary="STOP: everything placed by the score ends now"),
    CommandRoute("POST", "/api/resume", Resume, rule=ANY_ROLE, summary="Unlatch STOP; nothing starts by itself"),
    CommandRoute("POST", "/api/bls/preset", ChoosePreset, needs=("preset",), rev=True, summary="Take a preset's settings"),
    CommandRoute("POST", "/api/set/start", SetStart, rev=True, summary="START a set"),
    CommandRoute("POST", "/api/set/finish", SetFinish, rev=True, summary="End the running set as its finish says"),
    CommandRoute("POST", "/api/sessions", OpenSession, ("client_code",), ("kind",), summary="Open a session"),
    CommandRoute("POST", "/api/sessions/{id}/close", CloseSession, summary="Close a session"),
    CommandRoute("POST", "/api/rating", Rate, needs=("scale", "value"), summary="A rating the client gave"),
    CommandRoute("POST", "/api/notes", Note, needs=("text",), summary="A note of the therapist's"),
    CommandRoute("POST", "/api/react", React, summary="The client answered a reaction task"),
    CommandRoute("POST", "/api/program/start", ProgramStart, needs=("program",), rev=True, summary="Begin a program's arrival"),
    _move("dose", "The dose was given: the medicine clock starts", ("mg",)),
    _move("next", "Go on to the next phase"),
    _move("previous", "Go back to the phase before"),
    _move("skip", "Go to a named phase", needs=("phase",)),
    _move("hold", "Hold the phase"),
    _move("release", "Release the hold"),
    _move("extend", "Make the phase longer", needs=("minutes",)),
    _move("booster", "A booster was given", ("mg",)),
    _move("anchor", "Set a named anchor to now", needs=("name",)),
    _move("pause", "Music and light stand still; the medicine clock goes on"),
    _move("resume", "Go on after pause, calm or a restart"),
    _move("calm", "Calm: down to the bed, warm dim light"),
    _move("attention", "Attention: music away, light up"),
    _move("check-light", "A little light to look after the client"),
    _move("breath", "Lead the breath at another pace, from the next breath on", ("per_min", "ratio")),
    _move("end", "End the program; before the minimum stay with a reason", ("override_reason",)),
    CommandRoute(
        "POST", "/api/prompts/{id}/done", PromptAnswer, ("value",), fixed={"answer": "done"}, summary="A prompt is done"
    ),
    CommandRoute("POST", "/api/prompts/{id}/snooze", PromptAnswer, fixed={"answer": "snooze"}, summary="Two minutes later"),
    CommandRoute("PUT", "/api/music", ChangeMusic, ("volume_db", "headphones_db", "bed_db"), summary="Levels of the music"),
    _music("next", "The next track"),
    _music("duck", "Turn the music down under a voice"),
    _music("unduck", "Bring the music back"),
    _music("announce", "Play an announcement over ducked music", ("file",)),
    CommandRoute("PUT", "/api/lights", ChangeLights, ("level_l", "cct_k", "fade_s"), summary="Where the room light should go"),
    CommandRoute(
        "PUT", "/api/devices/{name}", TuneTapper, ("on", "strength_frac"), summary="One tapper's own switch and strength"
    ),
    CommandRoute("POST", "/api/calibration/noise", PlayNoise, ("gain_db",), ("output",), summary="Play the calibration noise"),
    CommandRoute("POST", "/api/calibration/end", EndNoise, summary="End the calibration noise"),
    CommandRoute(
        "PUT", "/api/calibration/{output}", KeepReading, ("gain_db",), ("dba",), summary="The dBA read at the client's head"
    ),
    CommandRoute("POST", "/api/devices/{name}/test", TestDevice, needs=("side",), summary="One device shows one side"),
)
BLS: Final = CommandRoute("PUT", "/api/bls", ChangeBls, summary="Change any part of the bilateral settings")
TAGS: Final = CommandRoute("PUT", "/api/library/{id}/tags", TagTrack, summary="What the clinic says of a track")


def add_commands(app: FastAPI) -> None:
    """Add every row, and the two whose keys the engine knows."""
    for row in COMMANDS:
        _add(app, row, _body_type(row))
    _add_change(app, BLS, {"$ref": "#/components/schemas/Bls"})
    _add_change(app, TAGS, {"type": "object"})


def _add_change(app: FastAPI, row: CommandRoute, schema: dict[str, Any]) -> None:
    """Add a row whose whole body is the command's `change`: any part of some settings."""

    async def endpoint(request: Request, body: dict[str, Any], idempotency_key: str | None, **path: str) -> JSONResponse:
        return await give(request, row, {"change": body}, path, idempotency_key)

    extra = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    _register(app, row, endpoint, Annotated[dict[str, Any], Body()], extra=extra)


async def give(
    request: Request, row: CommandRoute, values: dict[str, Any], path: dict[str, str], idempotency_key: str | None
) -> JSONResponse:
    """Hand the command to the engine and answer with its reply."""
    room: Room = request.app.state.room
    rev = values.pop("rev", None)
    command = cast(AnyCommand, row.command(**row.fixed, **path, **values))
    return replied(await room.link.request(command, who(request), rev, idempotency_key), id_in_path=bool(path))


def replied(reply: Reply, *, id_in_path: bool = False) -> JSONResponse:
    """The engine's reply as an answer. An unknown id that did not stand in the path was a value: 422."""
    status = 422 if reply.status == 404 and not id_in_path else reply.status
    return JSONResponse(reply.body, status)


def _add(app: FastAPI, row: CommandRoute, body_type: type[BaseModel]) -> None:
    may_be_empty = not row.needs

    async def endpoint(
        request: Request, idempotency_key: str | None, body: BaseModel | None = None, **path: str
    ) -> JSONResponse:
        values = {} if body is None else body.model_dump(exclude_unset=True)
        return await give(request, row, values, path, idempotency_key)

    endpoint.known_keys = tuple(body_type.model_fields)  # type: ignore[attr-defined]
    _register(app, row, endpoint, Annotated[body_type | None if may_be_empty else body_type, Body()], optional=may_be_empty)


def _register(
    app: FastAPI, row: CommandRoute, endpoint: Any, body: Any, *, optional: bool = False, extra: dict[str, Any] | None = None
) -> None:
    """Give the endpoint the signature FastAPI reads: the body, the path's names, the optional header."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    ids = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
    header = Annotated[str | None, Header(max_length=200, description="The same command sent twice is done once.")]
    parameters = [
        inspect.Parameter("request", keyword, annotation=Request),
        inspect.Parameter("body", keyword, annotation=body, **({"default": None} if optional else {})),
        inspect.Parameter("idempotency_key", keyword, annotation=header, default=None),
        *(inspect.Parameter(name, keyword, annotation=Annotated[str, Path(max_length=200)]) for name in ids),
    ]
    endpoint.__signature__ = inspect.Signature(parameters)
    app.add_api_route(
        row.path,
        endpoint,
        methods=[row.method],
        dependencies=[Depends(row.rule)],
        summary=row.summary,
        description=inspect.getdoc(row.command),
        operation_id=_operation_id(row),
        openapi_extra=extra,
        response_model=None,
    )


def _operation_id(row: CommandRoute) -> str:
    return f"{row.method.lower()}{row.path.removeprefix('/api')}".replace("/", "-").replace("{", "").replace("}", "")


def _body_type(row: CommandRoute) -> type[BaseModel]:
    """The command's fields that this address takes; strict, so that "7" is not a number and true is not 1."""
    fields: dict[str, Any] = {}
    for name in row.needs:
        info = row.command.model_fields[name]
        fields[name] = (_annotated(_without_none(info.annotation), info.metadata), ...)
    for name in row.takes:
        info = row.command.model_fields[name]
        fields[name] = (_annotated(info.annotation, info.metadata), info.default)
    if row.rev:
        fields["rev"] = REV
    title = "".join(part.title() for part in _operation_id(row).replace("-", " ").split()[1:])
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    made: type[BaseModel] = create_model(f"{title}Body", __config__=config, __doc__=inspect.getdoc(row.command), **fields)
    return made


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    return Annotated[(annotation, *metadata)] if metadata else annotation


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    left = tuple(part for part in get_args(annotation) if part is not type(None))
    return Union[left]  # noqa: UP007
