"""A model of a bridge that speaks JSON over HTTP."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Bridge:
    """Answers by `answers[(method, path)]`, (status, value) or a function of the body; 404 otherwise. Keeps what was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.changed = threading.Condition()
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                with bridge.changed:
                    bridge.asked.append((self.command, self.path, body, dict(self.headers)))
                    bridge.changed.notify_all()
                answer = bridge.answers.get((self.command, self.path), (404, {}))
                status, value = answer(body) if callable(answer) else answer
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names http.server looks for

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def wait_for(self, method: str, path: str, count: int = 1) -> list[Any]:
        """The bodies of the first `count` calls of that path."""

        def bodies() -> list[Any]:
            return [body for asked, where, body, _ in self.asked if (asked, where) == (method, path)]

        with self.changed:
            assert self.changed.wait_for(lambda: len(bodies()) >= count, 20), self.asked
            return bodies()[:count]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(20)


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    """Over plain HTTP."""
    one = Bridge()
    yield one
    one.close()


@pytest.fixture
def open_lamp(request: pytest.FixtureRequest, links_of: Any) -> Callable[[Any], Any]:
    """Opens a lamp, to be closed at the end; returns its links."""

    def opened(lamp: Any) -> Any:
        request.addfinalizer(lamp.close)
        links = links_of(lamp)
        lamp.open()
        return links

    return opened


@pytest.fixture
def make_bridge(request: pytest.FixtureRequest) -> Callable[[ssl.SSLContext | None], Bridge]:
    """Makes one with TLS."""

    def made(tls: ssl.SSLContext | None) -> Bridge:
        one = Bridge(tls)
        request.addfinalizer(one.close)
        return one

    return made
