"""A scripted engine behind the real link, the real server on a free port, and people who are signed in."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import ClientConnection, connect

from roomctl.errors import UnknownId
from roomctl.link import LinkServer
from roomctl.messages import Ask, Delta, Heartbeat, Reply, Request, Role, Snapshot
from roomctl.sign_in import SignIn
from web.__main__ import config, listen

WAIT_S = 10.0


class ScriptedEngine:
    """Answers by script: every command is done, but for those that `refuse` names; its state is a small snapshot."""

    def __init__(self, data: Path) -> None:
        self.changed = threading.Condition()
        self.panels: list[dict[str, Any]] = []
        self.hold = threading.Event()
        self.reset()
        self.server = LinkServer(
            data / "run" / "engine.sock", self.answer, stop=self.stop, snapshot=self.snapshot, on_panels=self.on_panels
        )

    def reset(self) -> None:
        """As new: nothing asked of it yet."""
        self.requests: list[Request] = []
        self.stops: list[Request] = []
        self.refuse: dict[str, Exception] = {}
        self.hold.set()
        self.state: dict[str, Any] = {
            "boot_id": "boot-1",
            "rev": 3,
            "stopped": False,
            "set": {"state": "idle"},
            "timing": {"onset_sd_ms": 0.02, "light_skew_ms": None, "underruns": 0},
            "devices": [{"name": 'bar "sofa"', "kind": "lightbar", "link": "READY"}],
            "clock": {"frame": 0, "mono_ns": 1, "frames_per_s": 48_000.0},
        }

    def answer(self, message: Request | Ask) -> Reply:
        assert self.hold.wait(WAIT_S)
        if isinstance(message, Ask):
            return self.answer_ask(message)
        self.note(self.requests, message)
        if message.command.do in self.refuse:
            raise self.refuse[message.command.do]
        body = {"id": "s-1"} if message.command.do == "session-open" else {"rev": self.state["rev"]}
        return Reply(id=message.id, status=200, body=body)

    def answer_ask(self, message: Ask) -> Reply:
        if message.what == "program" and message.args["id"] != "ketamine-im":
            raise UnknownId(f"no program {message.args['id']}", allowed=["ketamine-im"])
        answers: dict[str, Any] = {"state": self.state, "timing": self.state["timing"], "devices": self.state["devices"]}
        return Reply(id=message.id, status=200, body=answers.get(message.what, {"asked": message.what, **message.args}))

    def stop(self, request: Request) -> Reply:
        self.note(self.stops, request)
        return Reply(id=request.id, status=200, body={"stopped": True})

    def snapshot(self) -> Snapshot:
        return Snapshot(state=self.state)

    def on_panels(self, panels: list[dict[str, Any]]) -> None:
        with self.changed:
            self.panels = panels
            self.changed.notify_all()

    def note(self, notes: list[Request], request: Request) -> None:
        with self.changed:
            notes.append(request)
            self.changed.notify_all()

    def wait(self, happened: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(happened, WAIT_S)

    def change(self, **changed: Any) -> None:
        self.state = {**self.state, **changed, "rev": self.state["rev"] + 1}
        self.server.publish(Delta(boot_id=self.state["boot_id"], rev=self.state["rev"], changed=changed))

    def beat(self) -> None:
        self.server.publish(Heartbeat(clock={"frame": 48_000, "mono_ns": 2, "frames_per_s": 48_000.0}))


@dataclass(frozen=True)
class Served:
    """The running server: where it is, and its data folder."""

    url: str
    data: Path
    server: uvicorn.Server

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    def token(self, role: Role) -> str:
        store = SignIn(self.data / "sign_in.db")
        with contextlib.closing(store):
            return store.new_token(role, f"a {role}")[1]

    def client(self, role: Role | None) -> httpx.Client:
        headers = {} if role is None else {"Authorization": f"Bearer {self.token(role)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=WAIT_S)

    def socket(self, role: Role = "control") -> ClientConnection:
        headers = {"Cookie": f"roomctl={self.token(role)}"}
        return connect(self.ws_url, additional_headers=headers, origin=self.url, open_timeout=WAIT_S, compression=None)  # type: ignore[arg-type]


def trust(cert: Path | None) -> ssl.SSLContext | bool:
    """What a client trusts: this certificate alone, or what everybody trusts."""
    return ssl.create_default_context(cafile=str(cert)) if cert else True


@contextlib.contextmanager
def serving(data: Path, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Served]:
    """The panel's server, as `python -m web` sets it up, in a thread; over TLS with a certificate and its key."""
    listening = listen("127.0.0.1", 0)
    cert, key = certificate or (None, None)
    given = argparse.Namespace(data=data, host="127.0.0.1", allow_host=["room.test"], tls_cert=cert, tls_key=key)
    server = uvicorn.Server(config(given))
    thread = threading.Thread(target=server.run, args=([listening],), name="web")
    with listening:
        thread.start()
        try:
            scheme = "https" if certificate else "http"
            served = Served(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}", data, server)
            with httpx.Client(verify=trust(cert)) as client:
                client.get(f"{served.url}/api/health", timeout=WAIT_S)
            yield served
        finally:
            server.should_exit = True
            thread.join(WAIT_S)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ScriptedEngine, Served]]:
    """One engine and one server for a whole file; each test finds them as new by `engine` and `served`."""
    data = tmp_path_factory.mktemp("room")
    engine = ScriptedEngine(data)
    engine.server.start()
    try:
        with serving(data) as served:
            wait_for_health(served, 200)
            yield engine, served
    finally:
        engine.hold.set()
        engine.server.close()


@pytest.fixture
def engine(stand: tuple[ScriptedEngine, Served]) -> Iterator[ScriptedEngine]:
    engine = stand[0]
    engine.reset()
    yield engine
    engine.hold.set()


@pytest.fixture
def served(stand: tuple[ScriptedEngine, Served], engine: ScriptedEngine) -> Iterator[Served]:
    """The server with the engine there, nobody signed in and no panel open."""
    served = stand[1]
    with contextlib.closing(sqlite3.connect(served.data / "sign_in.db")) as database, database:
        database.execute("DELETE FROM panel")
        database.execute("DELETE FROM wrong_code")
    engine.beat()  # an engine that says nothing for some seconds counts as away
    wait_for_health(served, 200)
    yield served
    assert engine.wait(lambda: engine.panels == [])


@pytest.fixture
def served_tls(tmp_path: Path) -> Iterator[tuple[Served, ssl.SSLContext]]:
    """The server over TLS with a certificate of its own making, and a client's trust in it."""
    certificate = self_signed(tmp_path)
    context = trust(certificate[0])
    assert isinstance(context, ssl.SSLContext)
    with serving(tmp_path, certificate=certificate) as served:
        yield served, context


@pytest.fixture
def served_alone(tmp_path: Path) -> Iterator[Served]:
    """The server without an engine."""
    with serving(tmp_path) as served:
        yield served


@pytest.fixture
def engine_later(served_alone: Served) -> Iterator[ScriptedEngine]:
    """An engine that is not there yet, for the server that is alone."""
    later = ScriptedEngine(served_alone.data)
    yield later
    later.server.close()


@pytest.fixture
def control(served: Served) -> Iterator[httpx.Client]:
    with served.client("control") as client:
        yield client


@pytest.fixture
def view(served: Served) -> Iterator[httpx.Client]:
    with served.client("view") as client:
        yield client


@pytest.fixture
def admin(served: Served) -> Iterator[httpx.Client]:
    with served.client("admin") as client:
        yield client


@pytest.fixture
def stranger(served: Served) -> Iterator[httpx.Client]:
    with served.client(None) as client:
        yield client


def wait_for_health(served: Served, status: int) -> None:
    """Ask until the server says so; it looks for the engine every 50 ms to 1 s."""
    pause = threading.Event()
    with httpx.Client(base_url=served.url, timeout=WAIT_S) as client:
        for _ in range(200):
            if client.get("/api/health").status_code == status:
                return
            pause.wait(0.05)
    raise AssertionError(f"health never answered {status}")


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "room")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return cert_path, key_path
