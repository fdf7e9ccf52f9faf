"""JSON over HTTP for lamps behind a bridge: one connection, kept, each call with its timeout, and faults as sentences."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TIMEOUT_S: Final = 3.0
MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON value (None where the body is none)."""

    status: int
    value: Any


@dataclass(slots=True)
class JsonHttp:
    """A bridge. `what` names it in sentences; `tls` is None for plain HTTP."""

    what: str
    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S
    _connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """One exchange; a kept connection that the bridge has dropped is opened once more. Raises OSError in words."""
        kept = self._connection is not None
        try:
            return self._exchange(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as fault:
            self.close()
            if not kept:
                raise OSError(f"{self.what} at {self.host} hung up; is it the right address and port ({self.port})?") from fault
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            raise self._in_words(fault) from fault
        try:
            return self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            raise self._in_words(fault) from fault

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, method: str, path: str, body: Any) -> Answer:
        if self._connection is None:
            if self.tls is None:
                self._connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
            else:
                self._connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=self.tls)
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        headers = {**self.headers, "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        text = response.read(MOST_BYTES)
        try:
            return Answer(response.status, json.loads(text) if text else None)
        except ValueError:
            return Answer(response.status, None)

    def _in_words(self, fault: Exception) -> OSError:
        where = f"{self.what} at {self.host}"
        if isinstance(fault, TimeoutError):
            return TimeoutError(f"{where} did not answer in {self.timeout_s:.1f} s; is it powered and on the room's network?")
        if isinstance(fault, ConnectionRefusedError):
            return OSError(f"{where} refused the connection at port {self.port}; is it the right address and port?")
        if isinstance(fault, socket.gaierror):
            return OSError(f"there is no host called {self.host} for {self.what}; is the name right, and the network up?")
        if isinstance(fault, ssl.SSLError):
            return OSError(f"{where} has no secure connection to offer that can be trusted ({fault.reason or fault})")
        if isinstance(fault, OSError):
            return OSError(f"{where} cannot be reached ({fault.strerror or fault}); is it on the room's network?")
        return OSError(f"{where} answered with something that is not HTTP ({type(fault).__name__})")


def read_token(token: str | None, file: Any, what: str) -> str:
    """The token of a room file's entry, from the file where it names one. Raises ValueError in words."""
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as fault:
            raise ValueError(f"{what}: its token_file {file} cannot be read ({fault})") from fault
    if not token or not token.isprintable():
        raise ValueError(f"{what} needs token, or token_file with the token in it")
    return token
