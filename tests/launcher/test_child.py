"""One process of the room: watched, started again after a wait that grows, and ended whether it likes it or not."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roomctl.errors import Refused
from roomctl.launcher import child as child_module
from roomctl.launcher.child import FIRST_WAIT_S, HEALTHY_S, LONGEST_WAIT_S, Child
from roomctl.launcher.launcher import listen
from roomctl.launcher.one_room import OneRoom
from roomctl.launcher.systemd import notify
from roomctl.room_file import PanelServer

from .conftest import until

WAIT_S = 40.0


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr(child_module, "time", made)
    return made


@pytest.fixture
def make_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Child]]:
    """A child that runs `code`, as a module in a folder of its own."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made: list[Child] = []

    def make(code: str, *, pipe: bool = False) -> Child:
        (tmp_path / "played.py").write_text(code)
        made.append(Child("played", ["played"], pipe=pipe))
        return made[-1]

    yield make
    for child in made:
        if child.process is not None:
            child.process.kill()
            child.process.wait(WAIT_S)
            if child.process.stdout is not None:
                child.process.stdout.close()


def live_and_die(child: Child) -> None:
    child.start()
    assert child.process is not None
    child.process.wait(WAIT_S)


def test_a_child_is_due_until_it_is_started(make_child: Callable[..., Child]) -> None:
    child = make_child("import sys; sys.stdin.read()")
    assert child.is_due
    assert not child.died()
    live_and_die(child)
    assert not child.is_due


def test_a_death_is_told_once_with_its_code(make_child: Callable[..., Child], caplog: pytest.LogCaptureFixture) -> None:
    child = make_child("raise SystemExit(3)")
    live_and_die(child)
    assert not child.alive
    assert child.died()
    assert not child.died()
    assert (child.last_code, child.restarts) == (3, 1)
    assert "the played process ended (3); it is started again in 0.1 s" in caplog.text


def test_one_that_dies_young_waits_twice_as_long_each_time_and_never_longer_than_five_seconds(
    make_child: Callable[..., Child], watch: Watch
) -> None:
    child, waits = make_child(""), []
    for _ in range(8):
        live_and_die(child)
        child.died()
        died_s = watch.now_s
        while not child.is_due:
            watch.now_s += 0.05
        waits.append(watch.now_s - died_s)
    # The watch is looked at each 50 ms, so a wait is seen that much late at most.
    assert waits == pytest.approx([FIRST_WAIT_S, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_WAIT_S, LONGEST_WAIT_S], abs=0.051)


def test_one_that_was_healthy_is_started_again_at_once(make_child: Callable[..., Child], watch: Watch) -> None:
    child = make_child("")
    for _ in range(4):
        live_and_die(child)
        child.died()
        watch.now_s += 10.0
    child.start()
    watch.now_s += HEALTHY_S + 1.0
    assert child.process is not None
    child.process.wait(WAIT_S)
    child.died()
    watch.now_s += FIRST_WAIT_S
    assert child.is_due


def test_what_it_says_is_read_where_it_is_piped(make_child: Callable[..., Child]) -> None:
    child = make_child("print('here')", pipe=True)
    stream = child.start()
    assert stream is not None
    assert stream.readline() == "here\n"
    child.end()


def test_a_child_that_listens_is_ended_gently(make_child: Callable[..., Child]) -> None:
    child = make_child("import signal; print('up', flush=True); signal.pause()", pipe=True)
    stream = child.start()
    assert stream is not None
    stream.readline()
    assert child.alive
    child.end()
    assert child.last_code == -signal.SIGTERM
    assert child.process is None
    child.end()


def test_a_child_that_does_not_listen_is_killed(
    make_child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child_module, "END_S", 0.05)
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
    child = make_child(code, pipe=True)
    stream = child.start()
    assert stream is not None
    stream.readline()
    child.end()
    assert child.last_code == -signal.SIGKILL
    assert "did not end" in caplog.text


def test_a_child_that_hangs_is_killed_and_its_death_noticed(make_child: Callable[..., Child]) -> None:
    child = make_child("import signal; signal.pause()")
    child.kill()
    child.start()
    child.kill()
    until(child.died, "the death")
    assert child.last_code == -signal.SIGKILL


# --- the lock, the socket and systemd ---


def test_a_data_folder_has_one_room_and_is_free_again_after_it(tmp_path: Path) -> None:
    with OneRoom(tmp_path):
        with pytest.raises(Refused, match="a room already runs on the data folder"), OneRoom(tmp_path):
            pass
        with OneRoom(tmp_path / "other"):
            pass
    with OneRoom(tmp_path):
        pass


def test_the_small_files_are_for_the_owner_alone_and_are_taken_away(tmp_path: Path) -> None:
    with OneRoom(tmp_path / "data") as one:
        run = tmp_path / "data" / "run"
        assert run.stat().st_mode & 0o777 == 0o700
        (run / "address").write_text("x")
        one.forget("address", "never-there")
        assert not (run / "address").exists()


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written"), OneRoom(tmp_path / "file"):
        pass


def test_the_panels_socket_listens_where_it_is_asked_to() -> None:
    with listen(PanelServer(port=0)) as sock:
        host, port = sock.getsockname()
        assert host == "127.0.0.1"
        with socket.create_connection((host, port), timeout=WAIT_S):
            pass
        with pytest.raises(Refused, match=f"cannot listen on 127.0.0.1 port {port} .*is another room running there"):
            listen(PanelServer(port=port))


def test_an_address_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(Refused, match=r"the panel cannot listen on 192\.0\.2\.1 port 8080"):
        listen(PanelServer(host="192.0.2.1"))


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    assert caplog.text == ""


def test_a_systemd_that_does_not_listen_is_logged_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
    assert "systemd could not be told READY=1" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's own")
def test_systemds_abstract_socket_is_spoken_to_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"roomctl-test-{os.getpid()}-{threading.get_ident()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name)
        systemd.settimeout(WAIT_S)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        notify("STOPPING=1")
        assert systemd.recv(64) == b"STOPPING=1"
