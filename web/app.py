"""The application: every route with its rule, and what stands before them all."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI

from roomctl import __version__
from web import faults
from web.commands import add_commands
from web.files import add_files
from web.guard.body import JsonBody
from web.guard.headers import SecurityHeaders
from web.guard.hosts import HostAndOrigin, Hosts, hosts_for
from web.metrics import add_metrics
from web.openapi import add_openapi
from web.pages import STATIC
from web.pairing import add_pairing
from web.questions import add_questions
from web.room import Room
from web.rules import check_every_route
from web.socket import panel_socket


def create_app(data: Path, *, hosts: Hosts | None = None, static: Path = STATIC) -> FastAPI:
    """The panel's server for one data folder; `hosts` are the names it answers to, loopback's where none are given.

    Raises RouteWithoutRule where a route says nothing about who may call it.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        check_every_route(app.routes)
        app.state.room = room = Room(data)
        room.open()
        try:
            yield
        finally:
            await room.close()

    app = FastAPI(
        title="roomctl",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_pairing(app)
    add_questions(app)
    add_commands(app)
    add_metrics(app)
    add_openapi(app)
    add_files(app, static)
    app.router.add_websocket_route("/ws", panel_socket)
    check_every_route(app.routes)
    faults.install(app)
    app.add_middleware(JsonBody)
    app.add_middleware(HostAndOrigin, hosts=hosts or hosts_for("127.0.0.1"))
    app.add_middleware(SecurityHeaders)
    return app
