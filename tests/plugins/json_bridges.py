"""A model of a bridge that speaks JSON over HTTP, with or without TLS, and whose cable can be pulled."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WAIT_S = 20.0


class Bridge:
    """Answers by `answers[(method, path)]`, (status, value) or a function of the body; 404 otherwise. Keeps what was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.changed = threading.Condition()
        self.port = 0
        self._tls = tls
        self._talking: set[socket.socket] = set()
        self._answers = threading.Event()
        self._answers.set()
        self._server: ThreadingHTTPServer | None = None
        self.plug()

    def plug(self) -> None:
        """Answer, at the port it had."""
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def setup(self) -> None:
                bridge._talking.add(self.request)
                super().setup()

            def finish(self) -> None:
                bridge._talking.discard(self.request)
                with suppress(OSError):
                    super().finish()

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                with bridge.changed:
                    bridge.asked.append((self.command, self.path, body, dict(self.headers)))
                    bridge.changed.notify_all()
                bridge._answers.wait()
                answer = bridge.answers.get((self.command, self.path), (404, {}))
                status, value = answer(body) if callable(answer) else answer
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                with suppress(OSError):  # whoever asked may have given up
                    self.end_headers()
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names http.server looks for

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A connection that was cut says nothing more."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="far end")
        self._thread.start()

    def unplug(self) -> None:
        """Answer no more, and cut every connection there is."""
        self._answers.set()
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        self._thread.join(WAIT_S)
        for talking in tuple(self._talking):
            with suppress(OSError):
                talking.shutdown(socket.SHUT_RDWR)

    close = unplug

    def hang(self, hangs: bool = True) -> None:
        """Take every connection and every request, and answer none; with False, answer them all."""
        self._answers.clear() if hangs else self._answers.set()

    def wait_for(self, method: str, path: str, count: int = 1) -> list[Any]:
        """The bodies of the first `count` calls of that path."""

        def bodies() -> list[Any]:
            return [body for asked, where, body, _ in self.asked if (asked, where) == (method, path)]

        with self.changed:
            assert self.changed.wait_for(lambda: len(bodies()) >= count, WAIT_S), self.asked
            return bodies()[:count]


def own_certificate(folder: Path) -> ssl.SSLContext:
    """TLS by a certificate that is signed with its own key, as a Hue bridge has."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "001788fffe000000")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "bridge.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "bridge.pem")
    return context


@pytest.fixture
def make_bridge(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Bridge]:
    """`make_bridge()` answers plain HTTP, `make_bridge(tls=True)` with a certificate of its own, until the test ends."""

    def made(tls: bool = False) -> Bridge:
        one = Bridge(own_certificate(tmp_path) if tls else None)
        request.addfinalizer(one.close)
        return one

    return made


@pytest.fixture
def bridge(make_bridge: Callable[..., Bridge]) -> Iterator[Bridge]:
    """Over plain HTTP."""
    yield make_bridge()
