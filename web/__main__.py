"""`python -m web`: the panel's server as a process of its own, as the launcher starts it.

Writes `run/web.pid` and `run/address` in the data folder once it listens, and takes them away when it ends in order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from web.app import create_app
from web.guard.hosts import hosts_for

GRACE_S = 2
PARENT_EACH_S = 1.0
WS_MESSAGE_MOST = 64 * 1024


def main(argv: list[str] | None = None) -> int:
    """Serve until told to end; 0 done, 1 failed, 2 wrong use."""
    given = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if (given.tls_cert is None) != (given.tls_key is None):
        print("--tls-cert and --tls-key are given together, or not at all", file=sys.stderr)  # noqa: T201
        return 2
    try:
        listening = socket.socket(fileno=given.fd) if given.fd is not None else listen(given.host, given.port)
    except OSError as fault:
        print(_why_not(given.host, given.port, fault), file=sys.stderr)  # noqa: T201
        return 1
    run = given.data / "run"
    run.mkdir(parents=True, exist_ok=True)
    url = address(given.host, listening.getsockname()[1], tls=given.tls_cert is not None)
    server = uvicorn.Server(config(given))
    for number in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # uvicorn raises them again when it has ended; what comes after must still run
        signal.signal(number, server.handle_exit)
    with listening, _noted(run / "web.pid", str(os.getpid())), _noted(run / "address", url):
        asyncio.run(_serve(server, listening, with_parent=given.fd is not None))
    return 0 if server.started else 1


async def _serve(server: uvicorn.Server, listening: socket.socket, *, with_parent: bool) -> None:
    """Serve; a server that was given its socket ends with who gave it, and does not keep the port from the next room."""
    watching = asyncio.create_task(_end_with(server, os.getppid())) if with_parent else None
    await server.serve([listening])
    if watching is not None:
        watching.cancel()


async def _end_with(server: uvicorn.Server, parent: int) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_EACH_S)
    server.should_exit = True


def config(given: argparse.Namespace) -> uvicorn.Config:
    """How uvicorn serves: quick to notice a dead tablet, silent in the log, nothing compressed."""
    return uvicorn.Config(
        create_app(given.data, hosts=hosts_for(given.host, tuple(given.allow_host))),
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=2.0,
        ws_ping_timeout=3.0,
        ws_max_size=WS_MESSAGE_MOST,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=given.tls_cert,
        ssl_keyfile=given.tls_key,
    )


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that its port is known before anything is served; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def address(host: str, port: int, *, tls: bool) -> str:
    """The address a tablet would open."""
    shown = _own_address(host) if host in ("0.0.0.0", "::", "") else host
    return f"{'https' if tls else 'http'}://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _own_address(host: str) -> str:
    """This machine's address on its network: the one it would send from. No packet is sent."""
    family, far = (socket.AF_INET6, "2001:db8::1") if host == "::" else (socket.AF_INET, "192.0.2.1")
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        return str(probe.getsockname()[0])
    return "::1" if host == "::" else "127.0.0.1"


@contextlib.contextmanager
def _noted(path: Path, text: str) -> Iterator[None]:
    """Keep a line in a file while this runs; whole at any moment."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if path.read_text(encoding="utf-8").strip() == text:
                path.unlink()


def _why_not(host: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program; choose one with --port"
    if fault.errno == errno.EACCES:
        return f"port {port} needs rights this user does not have; choose one above 1023 with --port"
    return f"cannot listen on {host} port {port}: {fault.strerror or fault}"


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m web", description="The panel's server of a therapy room.")
    parser.add_argument("--data", type=Path, required=True, help="the room's data folder")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on; 0.0.0.0 for all")
    parser.add_argument("--port", type=int, default=8080, help="0 for any free one")
    parser.add_argument("--fd", type=int, help="a socket that listens already, held by the launcher across restarts")
    parser.add_argument("--tls-cert", type=Path, help="certificate, PEM")
    parser.add_argument("--tls-key", type=Path, help="its key, PEM")
    parser.add_argument("--allow-host", action="append", default=[], help="another name this room goes by; may be repeated")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
