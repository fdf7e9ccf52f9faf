"""Errors as answers: one place maps them to a status and a plain sentence."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from roomctl.errors import RoomError, UnknownId
from web.pages import error_page, wants_page

log = logging.getLogger(__name__)

_SENTENCES = {
    400: "the request could not be read",
    404: "there is nothing at this address",
    405: "this address does not take that method",
}
_NOUNS = {
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "a list",
    "finite_number": "a finite number",
    "string_unicode": "text in Unicode",
    "none_required": "null",
}


class NotSignedIn(RoomError):
    """No token, or one that is unknown, revoked or too long unused."""

    status = 401

    def __init__(self) -> None:
        super().__init__("not signed in; pair this device with a code from `roomctl pair`")


class RefusedRequest(RoomError):
    """A request that is refused before anything looks at what it asks; `status` says why."""

    def __init__(self, status: int, message: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = status


def answer(error: RoomError, *, id_in_path: bool = True) -> JSONResponse:
    """The error's answer. An unknown id that did not stand in the path was a value: 422."""
    status = 422 if isinstance(error, UnknownId) and not id_in_path else error.status
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retry_after_s" in error.details:
        headers["Retry-After"] = str(error.details["retry_after_s"])
    return JSONResponse(error.body(), status, headers)


def sentence(problems: Sequence[Any], allowed_keys: Sequence[str] = ()) -> dict[str, Any]:
    """The body for a value that does not fit: a sentence for each mistake, and what is allowed where that is a list."""
    body: dict[str, Any] = {"error": "; ".join(dict.fromkeys(_one_sentence(problem, allowed_keys) for problem in problems))}
    allowed = [choices for problem in problems if (choices := _choices(problem, allowed_keys))]
    return {**body, "allowed": allowed[0]} if len(allowed) == 1 else body


def _one_sentence(problem: dict[str, Any], allowed_keys: Sequence[str]) -> str:
    place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path", "header")]
    key, kind, ctx = ".".join(place) or "the body", problem["type"], problem.get("ctx") or {}
    choices = _choices(problem, allowed_keys)
    if kind == "missing":
        return f"{key} is missing" if place else "a JSON object is needed as the body"
    if kind == "extra_forbidden":
        return f"{key} is not known here" + (f"; known are {', '.join(choices)}" if choices else "; nothing is taken here")
    if kind == "literal_error":
        return f"{key} is {_shown(problem)}; allowed are {', '.join(choices)}"
    if kind == "json_invalid":
        return f"the body is not JSON: {ctx.get('error', 'it cannot be read')}"
    if kind in _NOUNS:
        return f"{key} must be {_NOUNS[kind]}, not {_shown(problem)}"
    return f"{key}: {problem['msg'][:1].lower()}{problem['msg'][1:]}, not {_shown(problem)}"


def _choices(problem: dict[str, Any], allowed_keys: Sequence[str]) -> list[str]:
    if problem["type"] == "literal_error":
        return re.findall(r"'([^']*)'", str((problem.get("ctx") or {}).get("expected", "")))
    return list(allowed_keys) if problem["type"] == "extra_forbidden" else []


def _shown(problem: dict[str, Any]) -> str:
    text = json.dumps(problem.get("input"), ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def install(app: FastAPI) -> None:
    """Answer every error of this application in the house's way."""
    app.add_exception_handler(RoomError, _room_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


async def _room_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RoomError)
    if wants_page(request):
        return error_page(error.status, error.message)
    return answer(error, id_in_path=bool(request.path_params))


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, (RequestValidationError, ValidationError))
    return JSONResponse(sentence(error.errors(), _known_keys(request)), 422)


def _known_keys(request: HTTPConnection) -> Sequence[str]:
    return tuple(getattr(getattr(request.scope.get("route"), "endpoint", None), "known_keys", ()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = _SENTENCES.get(error.status_code, str(error.detail))
    if wants_page(request):
        return error_page(error.status_code, words)
    return JSONResponse({"error": words}, error.status_code, error.headers)


async def _fault(request: Request, error: Exception) -> Response:
    log.error("a request failed: %s %s", request.method, request.url.path, exc_info=error)
    words = "the panel's server failed at this; its log says where"
    return error_page(500, words) if wants_page(request) else JSONResponse({"error": words}, 500)
