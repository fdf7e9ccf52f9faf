"""Moments as people read them: the room's own local time. Programs get UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(utc_s: float | None) -> str:
    """ISO 8601 in UTC to the second; empty for None."""
    return "" if utc_s is None else datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_and_time(utc_s: float) -> str:
    """Date, time to the minute, and how far the room's clock is from UTC."""
    local = datetime.fromtimestamp(utc_s, UTC).astimezone()
    return f"{local:%Y-%m-%d %H:%M} (UTC{local:%z})"


def day(utc_s: float) -> str:
    """The local date."""
    return f"{datetime.fromtimestamp(utc_s, UTC).astimezone():%Y-%m-%d}"


def time_of_day(utc_s: float, *, seconds: bool = False) -> str:
    """The local time."""
    local = datetime.fromtimestamp(utc_s, UTC).astimezone()
    return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
