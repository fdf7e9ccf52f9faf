"""The OpenAPI document: generated from the routes, with who may call them and how each can be refused."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from roomctl import __version__
from roomctl.messages import bls_schema
from web.rules import ANY_ROLE, COOKIE, rule_of
from web.shapes import Error

PATH: Final = "/api/openapi.json"

_ABOUT: Final = """\
One therapy room. Every answer that refuses or fails is `{"error": "a plain sentence", ...}`.

Sign in with the tablet's cookie (`POST /api/pair`) or with `Authorization: Bearer` and a token of `roomctl pair --token`.
`POST /api/stop` and `POST /api/resume` take any role and have no precondition.

`WS /ws` (any role): first `{"type": "snapshot", ...the keys of GET /api/state}`, then
`{"type": "delta", boot_id, rev, changed}`, `{"type": "heartbeat", clock}` each second, and
`{"type": "engine", "away": true|false}`. It takes `{"type": "stop"}` and `{"type": "snapshot"}`.
"""
_REFUSALS: Final = {
    "401": "Not signed in",
    "403": "Not with this role, or a Host or Origin that is not this room's",
    "404": "No such id",
    "409": "Not possible in this state; the body says which state and what would be possible",
    "413": "The body is larger than 64 KiB",
    "415": "Not JSON",
    "422": "A value that is not allowed; the body names what is",
    "429": "Too many wrong codes",
    "503": "A device or the engine is away",
}


def add_openapi(app: FastAPI) -> None:
    """Serve the document, signed in; there is no page for it, for such pages load scripts from elsewhere."""

    async def openapi(request: Request) -> JSONResponse:
        return JSONResponse(document(app))

    app.get(PATH, dependencies=[Depends(ANY_ROLE)], summary="This document", response_model=None)(openapi)


def document(app: FastAPI) -> dict[str, Any]:
    """The document of this application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title="roomctl", version=__version__, description=_ABOUT, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["Error"] = Error.model_json_schema()
        schemas.update(bls_schema())
        made["components"]["securitySchemes"] = {
            "panel": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            "script": {"type": "http", "scheme": "bearer"},
        }
        for route in app.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods or ():
                    _complete(made["paths"][route.path_format][method.lower()], route, method)
        app.openapi_schema = made
    return app.openapi_schema


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    rule = rule_of(route)
    assert rule is not None
    operation["security"] = [] if rule.role is None else [{"panel": []}, {"script": []}]
    operation["x-role"] = rule.role or "open"
    for status in _statuses(route, method, signed_in=rule.role is not None):
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        operation["responses"].setdefault(status, {"description": _REFUSALS[status], "content": content})
    if "422" in operation["responses"]:
        operation["responses"]["422"] = {
            "description": _REFUSALS["422"],
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }


def _statuses(route: APIRoute, method: str, *, signed_in: bool) -> list[str]:
    found = ["403"]
    if signed_in:
        found.append("401")
    if "{" in route.path_format:
        found.append("404")
    if method != "GET":
        found += ["409", "413", "415", "422"]
    if route.path_format == "/api/pair":
        found.append("429")
    if signed_in:
        found.append("503")
    return sorted(found)
