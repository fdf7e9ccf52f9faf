"""What a browser gets: the panel, its files, and the pages for what is not there."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from web.app import create_app
from web.pages import error_page, policy

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize("path", ["/", "/pair", "/pair?code=12345678"])
def test_the_panel_is_dark_from_its_first_byte(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert "#06080b" in answer.text[:400]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/js/app.js", "text/javascript"),
        ("/static/manifest.webmanifest", "application/manifest+json"),
        ("/static/icons/icon.svg", "image/svg+xml"),
        ("/static/error/page.css", "text/css"),
        ("/static/error/stop.js", "text/javascript"),
    ],
)
def test_files_have_their_type_and_an_etag_that_saves_them(stranger: httpx.Client, path: str, kind: str) -> None:
    answer = stranger.get(path)
    assert answer.headers["content-type"].startswith(kind)
    again = stranger.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["..%2f..%2fpyproject.toml", "%2e%2e/app.py", "js", "js/none.js", "a%00b", "%2fetc%2fpasswd", "x" * 500]
)
def test_only_files_inside_the_folder_are_served(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(f"/static/{path}").status_code == 404


async def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "secret").write_text("no")
    (static / "out").symlink_to(tmp_path / "secret")
    async with opened(create_app(tmp_path, static=static)) as client:
        assert (await client.get("/static/out")).status_code == 404


async def test_an_inline_style_of_the_panel_is_named_by_its_hash(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (static / "index.html").write_text("<!doctype html><style>body{background:#06080b}</style>")
    async with opened(create_app(tmp_path, static=static)) as client:
        sent = (await client.get("/")).headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(b"body{background:#06080b}").digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in sent


async def test_a_panel_that_is_missing_is_said_so(tmp_path: Path) -> None:
    async with opened(create_app(tmp_path, static=tmp_path / "none")) as client:
        answer = await client.get("/")
    assert (answer.status_code, "missing from this installation" in answer.text) == (503, True)


@pytest.mark.parametrize("path", ["/nothing", "/static/js/none.js", "/deep/er/<script>"])
def test_a_browser_at_a_wrong_address_gets_a_dark_page_with_stop(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "#06080b" in answer.text[:300]
    assert 'id="stop"' in answer.text
    assert "<script>" not in answer.text
    style = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert policy(answer.text) == answer.headers["content-security-policy"]
    assert len(style) == 1


def test_a_browser_at_an_api_address_still_gets_json(stranger: httpx.Client) -> None:
    assert stranger.get("/api/state", headers=BROWSER).json()["error"].startswith("not signed in")


def test_words_on_a_page_are_words_and_never_markup() -> None:
    body = bytes(error_page(404, 'no "<img src=x onerror=y>"').body)
    assert b"<img" not in body
    assert b"&lt;img" in body


def opened(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
