"""`python -m web` as a process of its own, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomctl.sign_in import SignIn
from web.__main__ import address, listen, main

WAIT_S = 20.0
Start = Any


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers; those still there at the end are ended."""
    running: list[subprocess.Popen[bytes]] = []

    def start_one(*arguments: str, fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", "web", *arguments], pass_fds=fds, stderr=subprocess.DEVNULL)
        running.append(process)
        return process

    yield start_one
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT_S)


def answered(url: str, path: str, token: str = "none") -> httpx.Response:
    """The answer, as soon as there is one."""
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.05)):
        try:
            return httpx.get(url + path, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S)
        except httpx.TransportError:
            pause.wait(0.05)
    raise AssertionError(f"{url} never answered")


def noted(path: Path, other_than: str = "") -> str:
    """The line of a small file, as soon as it stands there."""
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.05)):
        if path.exists() and (text := path.read_text().strip()) not in ("", other_than):
            return text
        pause.wait(0.05)
    raise AssertionError(f"{path.name} was never written")


def test_it_says_where_it_is_and_takes_that_back_at_the_end(tmp_path: Path, start: Start) -> None:
    process = start("--data", str(tmp_path), "--port", "0")
    url = noted(tmp_path / "run" / "address")
    assert noted(tmp_path / "run" / "web.pid") == str(process.pid)
    assert answered(url, "/api/health").json()["status"] == "engine-away"
    process.send_signal(signal.SIGTERM)
    process.wait(WAIT_S)
    assert list((tmp_path / "run").iterdir()) == []


def test_a_sign_in_survives_kill_9_and_the_launchers_socket_does_too(tmp_path: Path, start: Start) -> None:
    store = SignIn(tmp_path / "sign_in.db")
    panel, token = store.new_token("control", "script")
    store.close()
    with listen("127.0.0.1", 0) as held:
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        arguments = ("--data", str(tmp_path), "--fd", str(held.fileno()))
        first = start(*arguments, fds=(held.fileno(),))
        assert answered(url, "/api/me", token).json()["id"] == panel.id
        first.kill()
        first.wait(WAIT_S)
        start(*arguments, fds=(held.fileno(),))
        assert answered(url, "/api/me", token).json()["id"] == panel.id


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to make a parent that dies")
def test_it_ends_with_a_launcher_that_was_killed(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as held:
        script = (
            "import subprocess, sys, time\n"
            f"subprocess.Popen([sys.executable, '-m', 'web', '--data', {str(tmp_path)!r}, '--fd', '{held.fileno()}'],"
            f" pass_fds=({held.fileno()},), stderr=subprocess.DEVNULL)\n"
            "time.sleep(60)\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", script], pass_fds=(held.fileno(),))
        pid = int(noted(tmp_path / "run" / "web.pid"))
        answered(f"http://127.0.0.1:{held.getsockname()[1]}", "/api/health")
        parent.kill()
        parent.wait(WAIT_S)
        pause = threading.Event()
        for _ in range(int(WAIT_S / 0.05)):
            if not (tmp_path / "run" / "web.pid").exists():
                break
            pause.wait(0.05)
        else:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("the server outlived its launcher")


def test_a_port_that_is_taken_is_a_plain_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--data", str(tmp_path), "--port", str(port)]) == 1
    assert capsys.readouterr().err == f"port {port} on 127.0.0.1 is taken by another program; choose one with --port\n"


def test_a_certificate_without_its_key_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--tls-cert", "cert.pem"]) == 2
    assert "--tls-key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "tls", "shown"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:80"),
        ("192.0.2.7", True, "https://192.0.2.7:80"),
        ("::1", False, "http://[::1]:80"),
    ],
)
def test_the_address_is_what_a_tablet_opens(host: str, tls: bool, shown: str) -> None:
    assert address(host, 80, tls=tls) == shown


def test_a_server_on_all_addresses_shows_one_that_leads_to_it() -> None:
    assert "0.0.0.0" not in address("0.0.0.0", 80, tls=False)
