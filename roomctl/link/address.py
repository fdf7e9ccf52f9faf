"""Where the engine listens: a unix socket only its owner may open, or loopback TCP with a secret where that cannot be.

TCP is used where the platform has no unix sockets, or the path is longer than a unix address may be (104 bytes on macOS, 108 on
Linux). The port and the secret then stand in a file beside the path, mode 0600, and a client's first line is the secret.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from roomctl.errors import Away, Refused

MAX_LINE_BYTES = 1024 * 1024
_UNIX_PATH_BYTES = 100


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening socket, and the secret a client must say first; empty where the file system guards the socket."""

    sock: socket.socket
    secret: bytes

    def admits(self, first_line: bytes) -> bool:
        """Whether this first line opens the link."""
        return hmac.compare_digest(first_line.strip(), self.secret)


@dataclass(frozen=True, slots=True)
class Address:
    """What a client connects to: a unix path, or a loopback port with its secret."""

    path: Path
    port: int | None = None
    secret: bytes = b""


def tcp_note(path: Path) -> Path:
    """The file that holds `port secret` where TCP stands in for the unix socket."""
    return path.with_name(path.name + ".tcp")


def unix_fits(path: Path) -> bool:
    """Whether this path can be a unix socket's address here."""
    return hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= _UNIX_PATH_BYTES


def find(path: Path) -> Address:
    """Where a client should connect just now; raises Away where nothing listens."""
    note = tcp_note(path)
    with contextlib.suppress(FileNotFoundError):
        port, _, secret = note.read_text(encoding="ascii").strip().partition(" ")
        if port.isdigit() and secret:
            return Address(path, int(port), secret.encode())
    if not path.exists():
        raise Away("the room's engine is not running on this data folder; start it with `roomctl run`", socket=str(path))
    return Address(path)


def dial(path: Path, timeout_s: float) -> socket.socket:
    """A connected blocking socket, the secret said; raises Away where nobody answers."""
    address = find(path)
    sock = _tcp_socket() if address.port is not None else socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(("127.0.0.1", address.port) if address.port is not None else str(address.path))
        if address.secret:
            sock.sendall(address.secret + b"\n")
    except OSError as fault:
        sock.close()
        raise Away(f"the room's engine does not answer ({fault.strerror or fault}); is the room running?") from fault
    sock.settimeout(None)
    return sock


def listen(path: Path) -> Listening:
    """Listen at `path`; a socket left behind is replaced, one that answers is refused."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_if_answering(path)
    return _listen_unix(path) if unix_fits(path) else _listen_tcp(path)


def forget(path: Path) -> None:
    """Remove what `listen` left in the file system."""
    path.unlink(missing_ok=True)
    tcp_note(path).unlink(missing_ok=True)


def _refuse_if_answering(path: Path) -> None:
    try:
        dial(path, 0.5).close()
    except Away:
        forget(path)
        return
    raise Refused(f"another engine already answers at {path}; close that room first, or give this one its own --data folder")


def _listen_unix(path: Path) -> Listening:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    path.chmod(0o600)  # nobody can connect before listen(), so there is no moment at which it stands open
    sock.listen(16)
    return Listening(sock, b"")


def _listen_tcp(path: Path) -> Listening:
    sock = _tcp_socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(16)
    secret = secrets.token_hex(32)
    note = tcp_note(path)
    with open(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(f"{sock.getsockname()[1]} {secret}\n")
    return Listening(sock, secret.encode())


def _tcp_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
