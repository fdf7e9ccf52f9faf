"""What stands before every route: Host, Origin, bodies, headers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from web.guard.body import BODY_MOST
from web.guard.hosts import Hosts, hosts_for


@pytest.fixture
def cookie(served: Any) -> dict[str, str]:
    return {"Cookie": f"roomctl={served.token('admin')}"}


class TestHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "a@127.0.0.1", "[", "127.0.0.1:x"]
    )
    @pytest.mark.parametrize("path", ["/", "/api/health", "/static/js/app.js"])
    def test_a_name_that_is_not_the_rooms_is_403_even_where_all_is_open(
        self, stranger: httpx.Client, host: str, path: str
    ) -> None:
        answer = stranger.get(path, headers={"Host": host})
        assert (answer.status_code, "name" in answer.json()["error"]) == (403, True)

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:80", "room.test", "Room.Test:8080"])
    def test_loopback_and_the_rooms_own_names_are_served(self, stranger: httpx.Client, host: str) -> None:
        assert stranger.get("/api/health", headers={"Host": host}).status_code == 200

    def test_a_server_on_all_addresses_answers_to_any_address_but_not_to_any_name(self) -> None:
        hosts = hosts_for("0.0.0.0")
        assert hosts.admits("192.0.2.7:8080")
        assert hosts.admits("[2001:db8::1]:8080")
        assert hosts.admits(f"{socket.gethostname()}:8080")
        assert not hosts.admits("evil.example")

    def test_a_server_on_one_address_answers_to_that_and_loopback(self) -> None:
        hosts = hosts_for("192.0.2.7", ("room-1.clinic.example.",))
        assert [hosts.admits(name) for name in ("192.0.2.7", "127.0.0.1", "room-1.clinic.example", "192.0.2.8")] == [
            True,
            True,
            True,
            False,
        ]

    @given(st.text(max_size=60))
    def test_no_host_header_makes_it_fail(self, host: str) -> None:
        assert Hosts(frozenset({"room"})).admits(host) in (True, False)


class TestOrigin:
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://", "http://127.0.0.1:{port}.evil", "["]
    )
    def test_another_page_may_not_change_anything(
        self, stranger: httpx.Client, served: Any, engine: Any, cookie: dict[str, str], origin: str
    ) -> None:
        port = served.url.rpartition(":")[2]
        for method, path in (
            ("POST", "/api/stop"),
            ("POST", "/api/set/start"),
            ("PUT", "/api/bls"),
            ("DELETE", "/api/panels/x"),
            ("POST", "/api/pair"),
        ):
            answer = stranger.request(method, path, headers={**cookie, "Origin": origin.replace("{port}", port)})
            assert answer.status_code == 403, path
        assert engine.requests == engine.stops == []

    def test_a_cookie_without_an_origin_may_not_change_anything(
        self, stranger: httpx.Client, engine: Any, cookie: dict[str, str]
    ) -> None:
        assert stranger.post("/api/stop", headers=cookie).status_code == 403
        assert stranger.post("/api/stop", headers={**cookie, "Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert engine.stops == []

    def test_the_rooms_own_page_may(self, stranger: httpx.Client, served: Any, cookie: dict[str, str]) -> None:
        assert stranger.post("/api/stop", headers={**cookie, "Origin": served.url}).status_code == 200

    def test_a_script_needs_no_origin(self, control: httpx.Client) -> None:
        assert control.post("/api/stop").status_code == 200

    def test_no_page_elsewhere_is_ever_invited(self, control: httpx.Client) -> None:
        answer = control.request(
            "OPTIONS", "/api/stop", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        )
        assert answer.status_code == 405
        assert not [name for name in answer.headers if name.startswith("access-control")]

    @pytest.mark.parametrize("origin", ["http://evil.example", None])
    def test_a_socket_of_another_page_is_refused(self, served: Any, cookie: dict[str, str], origin: str | None) -> None:
        with pytest.raises(InvalidStatus) as caught:
            connect(served.ws_url, additional_headers=cookie, origin=origin)  # type: ignore[arg-type]
        assert caught.value.response.status_code == 403

    def test_a_socket_under_another_name_is_refused(self, served: Any, cookie: dict[str, str]) -> None:
        port = int(served.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5) as sock, pytest.raises(InvalidStatus) as caught:
            connect(f"ws://evil.example:{port}/ws", sock=sock, additional_headers=cookie, origin=f"http://evil.example:{port}")  # type: ignore[arg-type]
        assert caught.value.response.status_code == 403


class TestBody:
    def test_ten_megabytes_of_json_are_413_and_the_room_goes_on(self, control: httpx.Client, engine: Any) -> None:
        body = b'{"text": "' + b"x" * 10_000_000 + b'"}'
        answer = control.post("/api/notes", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()) == (413, {"error": "a body may have at most 64 KiB"})
        assert engine.requests == []
        assert control.get("/api/state").status_code == 200

    def test_so_are_they_when_they_come_in_chunks_without_a_length(self, control: httpx.Client, engine: Any) -> None:
        def chunks() -> Iterator[bytes]:
            yield b'{"text": "'
            for _ in range(100):
                yield b"x" * 100_000

        answer = control.post("/api/notes", content=chunks(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert engine.requests == []

    def test_the_largest_body_is_taken_and_one_byte_more_is_not(self, control: httpx.Client) -> None:
        def of(size: int) -> httpx.Response:
            body = b'{"preset": "x"}'.ljust(size)
            return control.post("/api/bls/preset", content=body, headers={"Content-Type": "application/json"})

        assert of(BODY_MOST).status_code == 200
        assert of(BODY_MOST + 1).status_code == 413

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonp"]
    )
    def test_what_is_not_json_is_415(self, control: httpx.Client, engine: Any, kind: str) -> None:
        answer = control.post("/api/bls/preset", content=b'{"preset": "x"}', headers={"Content-Type": kind})
        assert (answer.status_code, "JSON only" in answer.json()["error"]) == (415, True)
        assert engine.requests == []

    @pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"])
    def test_json_by_any_of_its_names_is_taken(self, control: httpx.Client, kind: str) -> None:
        assert control.post("/api/bls/preset", content=b'{"preset": "x"}', headers={"Content-Type": kind}).status_code == 200

    @pytest.mark.parametrize("body", [b"", b"{", b"garbage", b"x" * 200_000])
    def test_stop_has_no_precondition_not_even_a_readable_body(self, view: httpx.Client, engine: Any, body: bytes) -> None:
        assert view.post("/api/stop", content=body, headers={"Content-Type": "text/nonsense"}).status_code == 200
        assert len(engine.stops) == 1


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/nothing", "/api/health", "/api/state", "/static/js/app.js", "/static/error/stop.js"]
    )
    def test_no_answer_may_be_framed_or_guessed(self, stranger: httpx.Client, path: str) -> None:
        headers = stranger.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers

    def test_what_the_room_says_is_kept_by_no_cache(self, control: httpx.Client) -> None:
        for path in ("/api/state", "/api/sessions", "/api/nothing", "/metrics"):
            assert control.get(path).headers["cache-control"] == "no-store", path
