"""Which of a session's events people want to read, and what of them. The JSON export has them all, whole."""

from __future__ import annotations

from typing import Any, Final

_NOT_LISTED: Final = frozenset({"beat", "tap", "light", "tone", "program-alive"})
_NOT_TOLD: Final = frozenset({"definition", "args", "utc_s", "by"})
"""A program's whole text, and what stands elsewhere in the same row."""


def worth_listing(session: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that somebody made or that went wrong, in the order of time."""
    return [event for event in session["events"] if event["kind"] not in _NOT_LISTED]


def told(event: dict[str, Any]) -> Any:
    """An event's detail without what only the program itself needs."""
    detail = event["detail"]
    return {key: value for key, value in detail.items() if key not in _NOT_TOLD} if isinstance(detail, dict) else detail
