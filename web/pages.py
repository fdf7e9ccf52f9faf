"""What a browser sees: the panel, and the pages for what is not there. Dark from the first byte, and STOP on every one."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

STATIC = Path(__file__).parent / "static"

_POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_DARK = "html,body{background:#06080b;color:#cbd6df}"
_TITLES = {401: "Not signed in", 403: "Not allowed", 404: "Not here", 405: "Not this way", 503: "The room does not answer"}


def policy(page: str = "") -> str:
    """The content security policy of a page; its inline styles are named by their hashes."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in _INLINE_STYLE.findall(page)
    ]
    return f"{_POLICY}; style-src 'self' {' '.join(hashes)}" if hashes else _POLICY


def page(text: str, status: int = 200) -> HTMLResponse:
    """A page with the policy that fits it, never kept by a cache."""
    return HTMLResponse(text, status, {"Content-Security-Policy": policy(text), "Cache-Control": "no-cache"})


def error_page(status: int, words: str) -> HTMLResponse:
    """A page that says what is wrong and where to go, with STOP at its foot."""
    title = _TITLES.get(status, "Something went wrong")
    text = f"""<!doctype html>
<html lang="en" bgcolor="#06080b">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark">
<style>{_DARK}</style>
<title>{title}</title>
<link rel="icon" href="/static/icons/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/error/page.css">
<script type="module" src="/static/error/stop.js"></script>
</head>
<body bgcolor="#06080b" text="#cbd6df">
<main>
<h1>{title}</h1>
<p>{html.escape(words[:1].upper() + words[1:])}.</p>
<p><a href="/">To the panel</a></p>
</main>
<div class="stop-place"><button type="button" class="stop" id="stop" aria-describedby="stop-says">
<span class="stop-word">STOP</span>
<span class="stop-says" id="stop-says" role="status">light, sound and touch end at once</span></button></div>
</body>
</html>
"""
    return page(text, status)


def wants_page(connection: HTTPConnection) -> bool:
    """Whether a person's browser asks, rather than a program."""
    path = connection.url.path
    if connection.scope["type"] != "http" or connection.scope["method"] != "GET" or path.startswith(("/api/", "/metrics")):
        return False
    return "text/html" in connection.headers.get("accept", "")
