"""The device's thread, on a wire that does what the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from hardware import io_thread
from hardware.io_thread import IoThread, Terminal, Wire
from hardware.seams import Capabilities, Device, Link

WAIT_S = 10.0


class Bench(Device):
    """A device that is nothing but its link."""

    kind = "tapper"
    driver = "bench"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("nothing")

    def open(self) -> None:
        """Not used."""

    def safe(self) -> None:
        """Not used."""

    def close(self) -> None:
        """Not used."""


class ScriptedWire(Wire[int]):
    """Notes what it is asked; `faults` are raised by the next calls of that name, one each."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.faults: dict[str, list[Exception]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.news = threading.Condition()

    def connect(self) -> None:
        self._do("connect")

    def send(self, item: int) -> None:
        self._do(f"send {item}")

    def safe(self) -> None:
        self._do("safe")

    def leave(self) -> None:
        self._do("leave")

    def disconnect(self) -> None:
        self._do("disconnect")

    def wait_for(self, what: str, times: int = 1) -> None:
        with self.news:
            assert self.news.wait_for(lambda: self.did.count(what) >= times, WAIT_S), self.did

    def _do(self, what: str) -> None:
        with self.news:
            self.did.append(what)
            self.news.notify_all()
        if what.startswith("send"):
            assert self.gate.wait(WAIT_S)
        waiting = self.faults.get(what.split()[0])
        if waiting:
            raise waiting.pop(0)


class Run:
    """A device, its wire and its thread, with every link state it told."""

    def __init__(self, resend: bool = False) -> None:
        self.device = Bench("bench")
        self.wire = ScriptedWire()
        self.io: IoThread[int] = IoThread(self.device, self.wire, resend)
        self.links: list[Link] = []
        self._news = threading.Condition()
        self.device.on_link = self._note

    def wait_for(self, state: str, times: int = 1) -> None:
        with self._news:
            assert self._news.wait_for(lambda: [link.state for link in self.links].count(state) >= times, WAIT_S), self.links

    def _note(self, device: Device, link: Link) -> None:
        with self._news:
            self.links.append(link)
            self._news.notify_all()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Run]]:
    monkeypatch.setattr(io_thread, "BACKOFF_FIRST_S", 0.005)
    monkeypatch.setattr(io_thread, "BACKOFF_MOST_S", 0.02)
    runs: list[Run] = []

    def make(resend: bool = False) -> Run:
        runs.append(Run(resend))
        return runs[-1]

    yield make
    for run in runs:
        run.wire.gate.set()
        run.io.close()


def test_it_connects_and_sends_and_leaves(start: Callable[..., Run]) -> None:
    run = start()
    run.io.open()
    run.wait_for("READY")
    run.io.offer(1)
    run.wire.wait_for("send 1")
    run.io.close()
    assert run.wire.did == ["connect", "send 1", "leave", "disconnect"]
    assert [link.state for link in run.links] == ["CONNECTING", "READY", "ABSENT"]


def test_a_second_open_is_a_mistake_that_says_so(start: Callable[..., Run]) -> None:
    run = start()
    run.io.open()
    with pytest.raises(AssertionError, match='"bench" was opened twice'):
        run.io.open()


def test_a_refused_connection_is_tried_again_and_told_once_with_its_words(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["connect"] = [OSError("the cable is out") for _ in range(4)]
    run.io.open()
    run.wait_for("READY")
    assert [(link.state, link.why) for link in run.links] == [
        ("CONNECTING", ""),
        ("FAULT", "the cable is out"),
        ("READY", ""),
    ]
    assert run.wire.did.count("connect") == 5


def test_what_is_not_there_at_all_is_absent(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["connect"] = [FileNotFoundError("there is no such port")]
    run.io.open()
    run.wait_for("ABSENT")
    run.wait_for("READY")


def test_a_terminal_fault_is_not_tried_again_until_a_kick(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["connect"] = [Terminal("the token is refused")]
    run.io.open()
    run.wait_for("FAULT")
    run.io.offer(1)
    run.io.safe()
    assert run.wire.did.count("connect") == 1
    run.io.kick()
    run.wait_for("READY")


def test_a_driver_that_breaks_is_a_fault_with_its_words_and_comes_back(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["send"] = [ZeroDivisionError("division by zero")]
    run.io.open()
    run.wait_for("READY")
    run.io.offer(1)
    run.wait_for("FAULT")
    assert run.links[2].why == "the driver failed: ZeroDivisionError: division by zero"
    run.wait_for("READY", times=2)
    run.io.offer(2)
    run.wire.wait_for("send 2")


def test_a_system_fault_is_told_in_the_systems_words(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["connect"] = [OSError(113, "No route to host")]
    run.io.open()
    run.wait_for("FAULT")
    assert run.links[1].why == "No route to host"


def test_only_the_newest_of_many_is_sent_while_the_wire_is_busy(start: Callable[..., Run]) -> None:
    run = start()
    run.io.open()
    run.wait_for("READY")
    run.wire.gate.clear()
    run.io.offer(1)
    run.wire.wait_for("send 1")
    for item in range(2, 100):
        run.io.offer(item)
    run.wire.gate.set()
    run.wire.wait_for("send 99")
    assert [what for what in run.wire.did if what.startswith("send")] == ["send 1", "send 99"]


def test_safe_comes_before_what_waits_and_what_comes_after_it_is_sent(start: Callable[..., Run]) -> None:
    run = start()
    run.io.open()
    run.wait_for("READY")
    run.wire.gate.clear()
    run.io.offer(1)
    run.wire.wait_for("send 1")
    run.io.offer(2)
    run.io.safe()
    run.io.offer(3)
    run.wire.gate.set()
    run.wire.wait_for("send 3")
    assert run.wire.did == ["connect", "send 1", "safe", "send 3"]


def test_safe_said_to_a_lost_device_is_the_first_thing_it_hears_when_back(start: Callable[..., Run]) -> None:
    run = start(resend=True)
    run.wire.faults["send"] = [OSError("gone")]
    run.io.open()
    run.wait_for("READY")
    run.io.offer(1)
    run.wait_for("FAULT")
    run.io.safe()
    run.wait_for("READY", times=2)
    run.wire.wait_for("safe")
    assert "send 1" not in run.wire.did[run.wire.did.index("disconnect") :]


def test_a_safe_that_failed_is_said_again_after_the_reconnect(start: Callable[..., Run]) -> None:
    run = start()
    run.wire.faults["safe"] = [OSError("gone"), OSError("gone")]
    run.io.open()
    run.wait_for("READY")
    run.io.safe()
    run.wire.wait_for("safe", times=3)


def test_an_old_value_is_sent_again_only_where_that_was_asked_for(start: Callable[..., Run]) -> None:
    for resend in (True, False):
        run = start(resend)
        run.wire.faults["send"] = [OSError("gone")]
        run.io.open()
        run.wait_for("READY")
        run.io.offer(5)
        run.wait_for("READY", times=2)
        run.io.offer(6) if not resend else None
        run.wire.wait_for("send 5", times=2) if resend else run.wire.wait_for("send 6")
        assert run.wire.did.count("send 5") == (2 if resend else 1)


def test_a_hung_wire_is_stale_once_somebody_offers_and_ready_when_it_moves_again(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io_thread, "STALE_S", 0.0)
    run = start()
    run.io.open()
    run.wait_for("READY")
    run.wire.gate.clear()
    run.io.offer(1)
    run.wire.wait_for("send 1")
    run.io.offer(2)
    run.wait_for("STALE")
    assert run.device.link.why == "has taken nothing for more than 0 s"
    run.wire.gate.set()
    run.wait_for("READY", times=2)


def test_a_device_that_will_not_let_go_is_a_fault_and_does_not_hold_up_the_close(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io_thread, "_JOIN_S", 0.01)
    run = start()
    run.io.open()
    run.wait_for("READY")
    run.wire.gate.clear()
    run.io.offer(1)
    run.wire.wait_for("send 1")
    run.io.close()
    assert run.device.link.state == "FAULT"
    assert "did not let go" in run.device.link.why
    run.wire.gate.set()
    run.wire.wait_for("disconnect")
    assert run.io._thread is not None
    run.io._thread.join(WAIT_S)
