"""The engine's end of the link."""

from __future__ import annotations

import json
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from roomctl.errors import Away, Refused
from roomctl.link import EngineLink, LinkServer, address, outbox, result
from roomctl.link.server import GARBAGE_LINES_ALLOWED
from roomctl.messages import Delta, Heartbeat, Resume, SetFinish, SetStart, Snapshot, Stop, Who

WHO = Who(name="test", role="control")


def raw(engine: Any) -> socket.socket:
    return address.dial(engine.server.path, 2.0)


def say(sock: socket.socket, line: bytes) -> dict[str, Any]:
    sock.settimeout(5)
    sock.sendall(line)
    reply: dict[str, Any] = json.loads(sock.makefile("rb").readline())
    return reply


def test_the_socket_is_its_owners_alone(engine: Any) -> None:
    assert stat.S_IMODE(engine.server.path.stat().st_mode) == 0o600


def test_a_command_is_answered_with_its_own_body(link: EngineLink) -> None:
    assert result(link.request(Resume(), WHO)) == {"done": "resume"}


def test_rev_and_idempotency_key_arrive_with_the_command(engine: Any, link: EngineLink) -> None:
    link.request(Resume(), WHO, rev=3, idempotency_key="k")
    assert (engine.requests[0].rev, engine.requests[0].idempotency_key) == (3, "k")


def test_an_error_of_the_room_becomes_its_status_and_sentence(link: EngineLink) -> None:
    with pytest.raises(Refused) as caught:
        result(link.request(SetStart(), WHO))
    assert caught.value.details == {"state": "running", "possible": ["set/finish"]}


def test_a_fault_of_the_engine_is_logged_and_answered_500(engine: Any, caplog: pytest.LogCaptureFixture) -> None:
    with raw(engine) as sock:
        reply = say(sock, b'{"type":"request","id":4,"who":{"name":"t","role":"control"},"command":{"do":"react"}}\n')
    assert (reply["status"], reply["id"]) == (500, 4)
    assert "ZeroDivisionError" in caplog.text


def test_stop_waits_for_no_other_request_of_the_same_client(engine: Any, link: EngineLink) -> None:
    slow = threading.Thread(target=link.request, args=(SetFinish(), WHO))
    slow.start()
    assert engine.hanging.wait(5)
    assert result(link.request(Stop(), WHO)) == {"stopped": True}
    assert slow.is_alive()
    engine.go_on.set()
    slow.join(5)


def test_a_hanging_question_delays_no_command(engine: Any, link: EngineLink) -> None:
    slow = threading.Thread(target=link.ask, args=("hang",))
    slow.start()
    assert engine.hanging.wait(5)
    assert result(link.request(Resume(), WHO)) == {"done": "resume"}
    engine.go_on.set()
    slow.join(5)


def test_an_engine_that_does_not_answer_is_away(engine: Any) -> None:
    with EngineLink(engine.server.path, reply_s=0.05) as link, pytest.raises(Away, match=r"0\.05 s"):
        link.ask("hang")


def test_a_subscriber_gets_the_snapshot_then_what_is_published(engine: Any, link: EngineLink) -> None:
    link.subscribe()
    pushes = link.messages(5)
    assert next(pushes) == Snapshot(state={"boot_id": "b", "rev": 7})
    delta, beat = Delta(boot_id="b", rev=8, changed={"stopped": True}), Heartbeat(clock={"frame": 1})
    engine.server.publish(delta)
    engine.server.publish(beat)
    assert [next(pushes), next(pushes)] == [delta, beat]


def test_a_change_published_while_the_snapshot_is_taken_comes_after_it(engine: Any, link: EngineLink) -> None:
    delta = Delta(boot_id="b", rev=8, changed={"stopped": True})

    def snapshot() -> Snapshot:
        engine.server.publish(delta)
        return Snapshot(state={"rev": 7})

    engine.server._snapshot = snapshot
    link.subscribe()
    pushes = link.messages(5)
    assert [next(pushes), next(pushes)] == [Snapshot(state={"rev": 7}), delta]


def test_an_engine_that_cannot_give_its_snapshot_drops_who_asked_and_says_so(
    engine: Any, link: EngineLink, caplog: pytest.LogCaptureFixture
) -> None:
    def snapshot() -> Snapshot:
        raise ZeroDivisionError("a fault of the engine's own")

    engine.server._snapshot = snapshot
    link.subscribe()
    with pytest.raises(Away):
        next(link.messages(5))
    assert "ZeroDivisionError" in caplog.text
    with EngineLink(engine.server.path) as other:
        assert result(other.ask("echo", a=1)) == {"a": 1}


def test_who_did_not_subscribe_hears_nothing(engine: Any, link: EngineLink) -> None:
    engine.server.publish(Heartbeat(clock={}))
    link.ask("echo")
    assert link.receive(0) is None


def test_panels_of_all_clients_are_told_together_and_forgotten_with_their_client(engine: Any, link: EngineLink) -> None:
    with EngineLink(engine.server.path) as other:
        link.panels([{"id": "a"}])
        assert engine.wait_panels([{"id": "a"}])
        other.panels([{"id": "b"}])
        with engine.panels_came:
            assert engine.panels_came.wait_for(lambda: len(engine.panels[-1]) == 2, 5)
    assert engine.wait_panels([{"id": "a"}])


@pytest.mark.parametrize(
    "line", [b"\x00\xff\n", b"[]\n", b'{"type":"request","id":9}\n', b"[" * 5000 + b"\n", b'{"type":"reply"}\n']
)
def test_a_garbage_line_is_answered_and_the_connection_goes_on(engine: Any, line: bytes) -> None:
    with raw(engine) as sock:
        reply = say(sock, line)
        assert reply["status"] == 422
        assert reply["id"] == (9 if b'"id":9' in line else 0)
        assert say(sock, b'{"type":"ask","id":1,"what":"echo","args":{"a":1}}\n')["body"] == {"a": 1}


def test_a_few_garbage_lines_close_the_connection(engine: Any) -> None:
    with raw(engine) as sock:
        sock.settimeout(5)
        sock.sendall(b"garbage\n" * GARBAGE_LINES_ALLOWED)
        assert len(sock.makefile("rb").readlines()) == GARBAGE_LINES_ALLOWED


def test_a_line_over_a_mebibyte_is_refused_and_ends_the_connection(engine: Any) -> None:
    with raw(engine) as sock:
        sock.settimeout(5)
        sock.sendall(b" " * (address.MAX_LINE_BYTES + 1))
        lines = sock.makefile("rb").readlines()
    assert [json.loads(line)["status"] for line in lines] == [413]


def test_a_client_that_does_not_read_is_dropped_and_delays_nobody(engine: Any, link: EngineLink) -> None:
    with raw(engine) as deaf:
        deaf.sendall(b'{"type":"subscribe"}\n')
        deaf.settimeout(5)
        deaf.recv(1)
        line = b'{"type":"heartbeat","clock":{"pad":"' + b"x" * 500_000 + b'"}}\n'
        for _ in range(4 * outbox.MAX_QUEUED_BYTES // len(line)):
            engine.server.publish_line(line)
        heard = 0
        while got := deaf.recv(1 << 20):
            heard += len(got)
    assert heard < 2 * outbox.MAX_QUEUED_BYTES
    assert result(link.ask("echo", a=1)) == {"a": 1}


def test_a_second_engine_at_the_same_path_is_refused(engine: Any) -> None:
    second = LinkServer(
        engine.server.path, engine.answer, stop=engine.stop, snapshot=engine.snapshot, on_panels=engine.on_panels
    )
    with pytest.raises(Refused, match="another engine"):
        second.start()


def test_a_socket_left_by_a_dead_engine_is_replaced(engine: Any, tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    server = LinkServer(path, engine.answer, stop=engine.stop, snapshot=engine.snapshot, on_panels=engine.on_panels)
    server.start()
    with EngineLink(path) as link:
        assert result(link.ask("echo", a=2)) == {"a": 2}
    server.close()
    assert not path.exists()


def test_a_link_to_no_engine_is_away(tmp_path: Path) -> None:
    with pytest.raises(Away, match="roomctl run"):
        EngineLink(tmp_path / "nothing.sock").connect(0.5)


def test_closing_the_server_tells_a_waiting_client(engine: Any, link: EngineLink) -> None:
    link.subscribe()
    pushes = link.messages(5)
    next(pushes)
    engine.server.close()
    with pytest.raises(Away):
        next(pushes)
    with pytest.raises(Away):
        link.ask("echo")


class TestWhereThereAreNoUnixSockets:
    @pytest.fixture(autouse=True)
    def _no_unix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("roomctl.link.address.unix_fits", lambda path: False)

    def test_the_link_works_over_loopback_with_a_secret_only_its_owner_reads(self, engine: Any, link: EngineLink) -> None:
        note = address.tcp_note(engine.server.path)
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert result(link.ask("echo", a=1)) == {"a": 1}

    def test_who_does_not_say_the_secret_is_shut_out(self, engine: Any) -> None:
        port = address.find(engine.server.path).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.sendall(b"guess\n" + b'{"type":"ask","id":1,"what":"echo"}\n')
            assert _all_of(sock) == b""

    def test_a_path_too_long_for_a_unix_socket_is_served_too(self, engine: Any, tmp_path: Path) -> None:
        path = tmp_path / ("d" * 120) / "engine.sock"
        server = LinkServer(path, engine.answer, stop=engine.stop, snapshot=engine.snapshot, on_panels=engine.on_panels)
        server.start()
        with EngineLink(path) as link:
            assert result(link.ask("echo", a=3)) == {"a": 3}
        server.close()
        assert not address.tcp_note(path).exists()


def _all_of(sock: socket.socket) -> bytes:
    try:
        return sock.recv(4096)
    except ConnectionResetError:
        return b""
