"""`roomctl run` from outside: it says where it is, there is one of it, and it leaves nothing behind."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from roomctl.cli import main

from .conftest import LaunchedRoom, free_port, run_to_end

Make = Callable[..., LaunchedRoom]
RUN_FILES = ("address", "web.pid", "engine.pid")


def one_sentence(text: str) -> str:
    """What was said, which is one line of it."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    assert text.startswith("roomctl: ")
    return text


def assert_ends_whole(room: LaunchedRoom, how: signal.Signals) -> None:
    """The launcher ends with 0 on the signal, every process of it is gone, and so are the files that say where it was."""
    children = room.children()
    assert {room.pid("engine"), room.pid("web")} <= {child.pid for child in children}
    assert room.process is not None
    process, room.process = room.process, None
    process.send_signal(how)
    assert process.wait(40.0) == 0
    assert not [child for child in children if child.is_running()]
    assert not [name for name in RUN_FILES if (room.data / "run" / name).exists()]
    assert "Traceback" not in room.said


def test_a_room_says_that_it_is_ready_where_it_is_and_how_a_tablet_gets_in(shared_room: LaunchedRoom) -> None:
    room = shared_room
    assert "Room 7 is ready (demo: nothing sounds, lights or moves outside this machine)." in room.said
    assert f"Panel:         {room.url}" in room.said
    assert "Keep a physical switch for the room as well." in room.said
    with httpx.Client(base_url=room.url, timeout=40.0) as tablet:
        assert tablet.get("/api/state").status_code == 401
        assert tablet.post("/api/pair", json={"code": room.code(), "name": "tablet"}).status_code == 200
        assert tablet.get("/api/state").json()["room"]["name"] == "Room 7"
        assert tablet.get("/api/health").json()["status"] == "ok"


def test_a_second_room_on_the_same_data_folder_is_refused_and_the_first_goes_on(shared_room: LaunchedRoom) -> None:
    room = shared_room
    files = {name: (room.data / "run" / name).read_text() for name in RUN_FILES}
    second = run_to_end("run", "--data", str(room.data), "--port", "0")
    assert second.returncode == 1
    said = one_sentence(second.stderr)
    assert f"a room already runs on the data folder {room.data}" in said
    assert "--data" in said
    assert room.answers(200)
    assert {name: (room.data / "run" / name).read_text() for name in files} == files


def test_a_port_that_is_taken_is_refused_with_its_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["run", "--data", str(tmp_path / "data"), "--port", str(port)]) == 1
    said = one_sentence(capsys.readouterr().err)
    assert f"the panel cannot listen on 127.0.0.1 port {port}" in said
    assert "Choose another with --port" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[limits]\nlight_hz = 5\n", "limits.light_hz: 5 is not allowed; allowed is 0.05 to 2"),
        ("[room\n", "is not TOML"),
        ('[[roomlight]]\nname = "l"\ndriver = "laser"\n', 'roomlight[1].driver: "laser" is not allowed'),
    ],
)
def test_a_broken_room_file_is_one_sentence_and_exit_1(
    tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    room = tmp_path / "room.toml"
    room.write_text(text)
    assert main(["run", "--room", str(room), "--data", str(tmp_path / "data"), "--port", "0"]) == 1
    said = one_sentence(capsys.readouterr().err)
    assert says in said
    assert str(room) in said


def test_a_device_that_cannot_be_built_ends_the_room_with_what_the_engine_said(tmp_path: Path) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[[roomlight]]\nname = "l"\ndriver = "artnet"\nhost = "127.0.0.1"\nfixture = "disco"\n')
    ended = run_to_end("run", "--room", str(room), "--data", str(tmp_path / "data"), "--port", "0")
    assert ended.returncode == 1
    assert 'fixture "disco" is not known' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not [name for name in RUN_FILES if (tmp_path / "data" / "run" / name).exists()]


def test_simulated_time_is_refused_with_a_real_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[audio]\ndriver = "portaudio"\ndevice = "x"\n')
    assert main(["run", "--room", str(room), "--data", str(tmp_path / "data"), "--speed", "2"]) == 2
    assert "a real sound card plays at its own speed" in one_sentence(capsys.readouterr().err)


def test_a_data_folder_that_cannot_be_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["run", "--data", str(tmp_path / "file" / "data"), "--port", "0"]) == 1
    assert "choose another with --data" in one_sentence(capsys.readouterr().err)


def test_in_simulated_time_on_a_port_of_choice_and_ended_from_the_keyboard(make_room: Make) -> None:
    port = free_port()
    room = make_room("", "--speed", "10", "--port", str(port))
    assert "Time passes 10 times as fast." in room.said
    assert room.url == f"http://127.0.0.1:{port}"
    assert room.state()["room"]["speed"] == 10.0
    assert_ends_whole(room, signal.SIGINT)


def test_systemd_is_told_when_the_room_is_ready_and_when_it_ends_with_all_its_processes(
    make_room: Make, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(40.0)
        room = make_room(env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert systemd.recv(64) == b"READY=1"
        assert_ends_whole(room, signal.SIGTERM)
        assert systemd.recv(64) == b"STOPPING=1"


def test_a_room_that_was_killed_leaves_a_data_folder_that_the_next_one_takes(make_room: Make) -> None:
    room = make_room()
    children = room.children()
    assert room.process is not None
    for process in (psutil.Process(room.process.pid), *children):
        process.kill()
    room.process.wait(40.0)
    psutil.wait_procs(children, timeout=10.0)
    room.process = None
    room.start()
    assert room.answers(200)
