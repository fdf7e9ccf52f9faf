"""What the panel's server holds: the link to the engine, the sign-ins, the records, the sockets. Nothing of the room itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from roomctl.link import AsyncEngineLink
from roomctl.records import Records
from roomctl.sign_in import SignIn
from web.hub import Hub

log = logging.getLogger(__name__)


class Room:
    """The things every route needs. Made for a data folder, opened and closed with the application."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.sign_in = SignIn(data / "sign_in.db")
        self.records = Records(data / "journal.db")
        self.hub = Hub()
        self.link = AsyncEngineLink(data / "run" / "engine.sock", on_push=self.hub.take, on_away=self.hub.engine_away)
        self.hub.ask_snapshot = self.link.subscribe
        self.hub.tell_panels = self.link.panels
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Begin to connect to the engine, and to look after the sockets."""
        self.link.start()
        self.in_background(self.hub.look_after(self.sign_in))

    async def close(self) -> None:
        """End every socket, task and file."""
        self.hub.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.link.close()
        self.sign_in.close()

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it beside the answer; a fault is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work in the background failed", exc_info=task.exception())
