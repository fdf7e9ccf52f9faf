"""Replies as errors and errors as replies: the one table between an HTTP status and the error tree."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from roomctl.errors import Away, Forbidden, Invalid, Refused, RoomError, UnknownId
from roomctl.messages import Reply

_ERRORS: dict[int, type[RoomError]] = {403: Forbidden, 404: UnknownId, 409: Refused, 422: Invalid, 503: Away}


def result(reply: Reply) -> Any:
    """The body of a good reply; raises the error a bad one stands for."""
    if reply.status < 400:
        return reply.body
    details = dict(reply.body) if isinstance(reply.body, dict) else {}
    sentence = str(details.pop("error", f"the engine answered {reply.status}"))
    raise _ERRORS.get(reply.status, RoomError)(sentence, **details)


def refusal(request_id: int, error: RoomError) -> Reply:
    """The reply that carries this error."""
    return Reply(id=request_id, status=error.status, body=error.body())


def garbage_reply(line: bytes, fault: ValidationError) -> Reply:
    """What a line that is no message is answered with: 422, with its own `id` where one can be read, else 0."""
    first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return Reply(id=_id_of(line), status=422, body={"error": f"not a message: {where or 'the line'}: {first['msg']}"})


def _id_of(line: bytes) -> int:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return 0
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
