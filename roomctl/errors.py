"""Everything that roomctl refuses or fails at, as one tree.

    RoomError
    |- Refused           not possible in this state                      409
    |- Invalid           a value that is not allowed                     422
    |   |- RoomFileError     in a room file, a preset or a program
    |   '- UnknownId         nothing of that name (in a path: 404)
    |- Forbidden         this role may not                               403
    |- Away              a device or the engine cannot be reached        503
    '- JournalError      the journal cannot be read or written           503

A message names the thing, what was asked, what is allowed with units, and what to do. It is shown to people as it is.
"""

from __future__ import annotations

from typing import Any


class RoomError(Exception):
    """The root. `details` is what a program may want beside the sentence: the state, the allowed values."""

    status = 500

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def body(self) -> dict[str, Any]:
        """The answer's JSON body."""
        return {"error": self.message, **self.details}


class Refused(RoomError):
    """Not possible in this state; details say `state` and `possible`."""

    status = 409


class Invalid(RoomError):
    """A value that is not allowed; details may name `allowed`."""

    status = 422


class RoomFileError(Invalid):
    """A file that people write has a mistake; the message names file, key, what is wrong and what is allowed."""


class UnknownId(Invalid):
    """Nothing has that name. In a path it answers 404, in a body 422."""

    status = 404


class Forbidden(RoomError):
    """Signed in, but not for this."""

    status = 403


class Away(RoomError):
    """A device or the engine cannot be reached just now."""

    status = 503


class JournalError(RoomError):
    """The journal cannot be read or written."""

    status = 503
