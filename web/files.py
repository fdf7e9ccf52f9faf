"""The panel's own files, open to all: there is nothing of the room in them."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import NotModifiedResponse

from web.pages import STATIC, error_page, page
from web.rules import OPEN

_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def add_files(app: FastAPI, static: Path = STATIC) -> None:
    """Add the panel's page at `/` and `/pair`, and its files below `/static`; `/sw.js` is one of them at the root."""
    open_to_all = [Depends(OPEN)]

    async def panel(request: Request) -> Response:
        index = static / "index.html"
        if not index.is_file():
            return error_page(503, "the panel's files are missing from this installation")
        return page(index.read_text(encoding="utf-8"))

    async def static_file(request: Request, path: str) -> Response:
        return _file(request, static, path)

    async def service_worker(request: Request) -> Response:
        return _file(request, static, "sw.js")

    def add(path: str, endpoint: Callable[..., Awaitable[Response]], name: str | None = None) -> None:
        app.get(path, dependencies=open_to_all, include_in_schema=False, response_model=None, name=name)(endpoint)

    add("/", panel)
    add("/pair", panel, "pair-page")
    add("/sw.js", service_worker)
    add("/static/{path:path}", static_file)


def _file(request: Request, folder: Path, path: str) -> Response:
    """One file with its type and etag, or 304; 404 for what is not a file inside the folder."""
    try:
        target = (folder / path).resolve()
        found = target.is_relative_to(folder.resolve()) and target.is_file()
    except (OSError, ValueError) as no_path:  # a name too long, or with a zero in it
        raise HTTPException(404) from no_path
    if not found:
        raise HTTPException(404)
    kind = _TYPES.get(target.suffix) or mimetypes.guess_type(target.name)[0] or "application/octet-stream"
    answer = FileResponse(target, media_type=kind, stat_result=target.stat(), headers={"Cache-Control": "no-cache"})
    if request.headers.get("if-none-match") == answer.headers.get("etag"):
        return NotModifiedResponse(answer.headers)
    return answer
