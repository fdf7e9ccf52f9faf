"""The panel's server over TLS."""

from __future__ import annotations

import json
import ssl
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from roomctl.sign_in import SignIn

Tls = tuple[Any, ssl.SSLContext]


def test_the_cookie_never_travels_without_tls(served_tls: Tls) -> None:
    served, trust = served_tls
    store = SignIn(served.data / "sign_in.db")
    code = store.new_code("view").code
    store.close()
    with httpx.Client(base_url=served.url, verify=trust) as client:
        answer = client.post("/api/pair", json={"code": code}, headers={"Origin": served.url})
        assert "secure" in answer.headers["set-cookie"].lower().split("; ")
        assert client.get("/api/me").json()["role"] == "view"


def test_a_page_that_came_without_tls_may_not_change_anything(served_tls: Tls) -> None:
    served, trust = served_tls
    with httpx.Client(base_url=served.url, verify=trust) as client:
        answer = client.post("/api/stop", headers={"Origin": served.url.replace("https", "http")})
    assert answer.status_code == 403


def test_the_socket_works_over_tls(served_tls: Tls) -> None:
    served, trust = served_tls
    url, cookie = served.ws_url, {"Cookie": f"roomctl={served.token('view')}"}
    with connect(url, ssl=trust, additional_headers=cookie, origin=served.url) as panel:
        assert json.loads(panel.recv(10))["away"] is True
    with pytest.raises(InvalidStatus):
        connect(url, ssl=trust, additional_headers=cookie, origin=served.url.replace("https", "http"))
