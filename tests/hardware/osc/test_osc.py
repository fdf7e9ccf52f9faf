"""OSC in and out, against liblo's own tools."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.osc.commands import PRESSES, VALUES, Wanted, command_of
from hardware.osc.listener import AllowList, OscListener, TokenBucket, parse_listen
from hardware.osc.out import OscOut, state_messages
from hardware.osc.packets import NotOscError, encode_message, parse_packet

HERE = ("127.0.0.1", 5000)


def bundle(*elements: bytes, tag: int = 1) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">I", len(e)) + e for e in elements)


def ntp(utc_s: float) -> int:
    return int((utc_s + 2_208_988_800) * 2**32)


class Heard:
    """Every command the listener called back with."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.changed = threading.Condition()

    def __call__(self, name: str, args: Mapping[str, Any]) -> None:
        with self.changed:
            self.commands.append((name, dict(args)))
            self.changed.notify_all()

    def wait_for(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.commands) >= count, 20), self.commands
            return self.commands


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def listener(heard: Heard) -> Iterator[OscListener]:
    listening = OscListener("127.0.0.1:0", heard)
    listening.open()
    yield listening
    listening.close()


@pytest.fixture
def oscsend(listener: OscListener) -> Callable[..., None]:
    tool = shutil.which("oscsend")
    if tool is None:
        pytest.skip("needs oscsend of Debian's liblo-tools")

    def send(*words: str) -> None:
        subprocess.run([tool, "127.0.0.1", str(listener.port), *words], check=True, timeout=20)

    return send


def test_liblos_oscsend_starts_stops_and_sets(oscsend: Any, heard: Heard) -> None:
    oscsend("/roomctl/stop")
    oscsend("/roomctl/set/start", "f", "1.0")
    oscsend("/roomctl/set/start", "f", "0.0")
    oscsend("/roomctl/bls/rate", "f", "1.25")
    oscsend("/roomctl/light/level", "f", "0.5")
    oscsend("/roomctl/bls/preset", "s", "desensitise")
    oscsend("/roomctl/program/next", "i", "1")
    assert heard.wait_for(6) == [
        ("stop", {}),
        ("set-start", {}),
        ("bls", {"change": {"rate_hz": 1.25}}),
        ("bls", {"change": {"light": {"brightness_frac": 0.5}}}),
        ("preset", {"preset": "desensitise"}),
        ("program-move", {"move": "next"}),
    ]


def test_a_ping_is_answered_with_its_number(listener: OscListener) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(encode_message("/roomctl/ping", 42), ("127.0.0.1", listener.port))
        assert asking.recv(1000) == encode_message("/roomctl/pong", 42)


def test_stop_gets_through_a_flood_of_garbage(listener: OscListener, heard: Heard) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        for number in range(10_000):
            flood.sendto(
                os.urandom(64) if number % 2 else encode_message("/roomctl/bls/rate", 1.0), ("127.0.0.1", listener.port)
            )
            if number % 1000 == 500:
                flood.sendto(encode_message("/roomctl/stop", 1.0), ("127.0.0.1", listener.port))
        # a receive buffer that ran over has lost datagrams: a stop is sent again by the hand that saw no effect
        deadline_s = time.monotonic() + 20
        while not any(name == "stop" for name, _ in heard.commands) and time.monotonic() < deadline_s:
            flood.sendto(encode_message("/roomctl/stop", 1.0), ("127.0.0.1", listener.port))
            with heard.changed:
                heard.changed.wait(0.05)
    assert ("stop", {}) in heard.commands
    assert listener.counts.too_many > 0
    assert listener.counts.failed == 0


def test_more_than_the_limit_is_dropped_but_never_a_stop(heard: Heard) -> None:
    listener = OscListener("127.0.0.1:9000", heard)
    for _ in range(500):
        listener.take(encode_message("/roomctl/set/finish"), HERE)
    for _ in range(500):
        listener.take(encode_message("/roomctl/stop"), HERE)
    stops = [name for name, _ in heard.commands if name == "stop"]
    assert len(stops) == 500
    assert len(heard.commands) - 500 < 100


def test_a_bundle_dated_next_year_is_not_waited_for(heard: Heard) -> None:
    listener = OscListener("127.0.0.1:9000", heard)
    next_year = ntp(time.time() + 365 * 86_400)
    packet = bundle(encode_message("/roomctl/set/start"), encode_message("/roomctl/stop"), tag=next_year)
    listener.take(packet, HERE)
    assert heard.commands == [("stop", {})]
    assert listener.counts.dated_ahead == 1


def test_a_bundle_for_now_is_obeyed_stop_first(heard: Heard) -> None:
    listener = OscListener("127.0.0.1:9000", heard)
    listener.take(bundle(encode_message("/roomctl/set/start"), bundle(encode_message("/roomctl/stop"))), HERE)
    listener.take(bundle(encode_message("/roomctl/set/finish"), tag=ntp(time.time() - 1)), HERE)
    assert [name for name, _ in heard.commands] == ["stop", "set-start", "set-finish"]


def test_strangers_are_not_heard_and_named_peers_are(heard: Heard) -> None:
    listener = OscListener("127.0.0.1:9000", heard, peers=["192.0.2.0/24"])
    listener.take(encode_message("/roomctl/stop"), ("198.51.100.7", 1))
    assert listener.counts.strangers == 1
    listener.take(encode_message("/roomctl/stop"), ("192.0.2.9", 1))
    assert heard.commands == [("stop", {})]


def test_a_command_that_fails_does_not_close_the_way_for_stop() -> None:
    calls: list[str] = []

    def failing(name: str, args: Mapping[str, Any]) -> None:
        calls.append(name)
        raise RuntimeError("the engine is away")

    listener = OscListener("127.0.0.1:9000", failing)
    listener.take(encode_message("/roomctl/set/start"), HERE)
    listener.take(encode_message("/roomctl/stop"), HERE)
    assert calls == ["set-start", "stop"]
    assert listener.counts.last_trouble == "stop failed: RuntimeError: the engine is away"


@given(data=st.binary(max_size=300))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_a_packet_or_refused(data: bytes) -> None:
    heard = Heard()
    listener = OscListener("127.0.0.1:9000", heard)
    for packet in (data, b"/roomctl/stop\0\0\0," + data, b"#bundle\0" + data, bundle(data) if data else b""):
        listener.take(packet, HERE)
    assert all(name in {"stop"} for name, _ in heard.commands)


@given(value=st.one_of(st.none(), st.text(max_size=5), st.floats(), st.integers(), st.booleans(), st.binary(max_size=4)))
def test_any_value_is_a_command_or_refused_in_words(value: Any) -> None:
    for address in [*PRESSES, *VALUES]:
        try:
            wanted = command_of(address, (value,))
        except ValueError as fault:
            assert address in str(fault)
        else:
            assert wanted is None or isinstance(wanted, Wanted)


@pytest.mark.parametrize(
    ("address", "args"),
    [
        ("/roomctl/set/start", (0.0,)),
        ("/roomctl/stop", (0,)),
        ("/roomctl/stop", (False,)),
        ("/roomctl/set/start", (float("nan"),)),
        ("/other/thing", (1,)),
    ],
)
def test_a_release_and_a_stranger_address_ask_for_nothing(address: str, args: tuple[object, ...]) -> None:
    assert command_of(address, args) is None


@pytest.mark.parametrize("args", [(), (1.0,), ("now",), (None,), (float("nan"),)])
def test_a_stop_is_a_stop_whatever_comes_with_it_but_a_zero(args: tuple[object, ...]) -> None:
    assert command_of("/roomctl/stop", args) == Wanted("stop")


@pytest.mark.parametrize("args", [(), ("fast",), (float("nan"),), (True,), (1.0, 2.0)])
def test_a_rate_that_is_no_number_is_refused_in_words(args: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="/roomctl/bls/rate"):
        command_of("/roomctl/bls/rate", args)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + b"\0\0\0\x05abcde",
        b"/a" * 3000,
        bundle(bundle(bundle(bundle(bundle(encode_message("/a")))))),
        bundle(*[encode_message("/a")] * 40),
    ],
)
def test_what_is_no_packet_for_a_room_is_refused(data: bytes) -> None:
    with pytest.raises(NotOscError):
        parse_packet(data)


def test_a_message_is_its_bytes() -> None:
    assert encode_message("/roomctl/beat", 1, 24) == b"/roomctl/beat\0\0\0,ii\0" + bytes([0, 0, 0, 1, 0, 0, 0, 24])


def test_the_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = TokenBucket(per_second=10, burst=5)
    start_s = time.monotonic() + 1
    assert sum(bucket.take(start_s) for _ in range(20)) == 5
    assert sum(bucket.take(start_s + 0.1 * i) for i in range(1, 21)) in (19, 20)  # floating-point dust at the tenths


def test_the_allow_list_knows_this_machine_and_refuses_nonsense() -> None:
    allowed = AllowList(["192.0.2.7", "2001:db8::/32"])
    assert (
        allowed.allows("127.0.0.1") and allowed.allows("::1") and allowed.allows("192.0.2.7") and allowed.allows("2001:db8::5")
    )
    assert not allowed.allows("192.0.2.8")
    with pytest.raises(ValueError, match="livingroom"):
        AllowList(["livingroom"])


@pytest.mark.parametrize("text", ["9000", "host:", "host:x", "h:70000"])
def test_an_address_to_listen_at_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        parse_listen(text)


def test_a_port_in_use_is_said(listener: OscListener, heard: Heard) -> None:
    second = OscListener(f"127.0.0.1:{listener.port}", heard)
    with pytest.raises(OSError, match=f"OSC cannot listen at 127.0.0.1:{listener.port}"):
        second.open()


STATE = {
    "stopped": False,
    "set": {"state": "running", "rate_hz": 1.0, "cycles": 3},
    "program": None,
    "session": {"client_code": "AB"},
}


def test_the_state_is_flat_and_carries_nobodys_code() -> None:
    assert state_messages(STATE) == {
        "/roomctl/state/stopped": 0,
        "/roomctl/state/set": "running",
        "/roomctl/state/set/cycles": 3,
        "/roomctl/state/set/rate_hz": 1.0,
    }


def test_liblos_oscdump_hears_state_once_and_every_beat() -> None:
    tool = shutil.which("oscdump")
    if tool is None:
        pytest.skip("needs oscdump of Debian's liblo-tools")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dump = subprocess.Popen([tool, "-L", str(port)], stdout=subprocess.PIPE, text=True)
    assert dump.stdout is not None
    out = OscOut([f"127.0.0.1:{port}"])
    out.open()
    try:
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.extend(line for line in dump.stdout or []))
        reader.start()
        deadline_s = time.monotonic() + 20
        while not any("/ready" in line for line in heard) and time.monotonic() < deadline_s:
            out.send("/ready", 1)
            reader.join(0.05)
        out.state(STATE)
        out.state(STATE)
        out.beat("left", 1)
        out.beat("right", 1)
        out.send("/over", 1)
        while not any("/over" in line for line in heard) and time.monotonic() < deadline_s:
            reader.join(0.02)
    finally:
        out.close()
        dump.terminate()
        dump.wait(20)
        reader.join(20)
        dump.stdout.close()
    said = [line.split(" ", 1)[1].strip() for line in heard if "/roomctl/" in line]
    assert said == [
        "/roomctl/state/stopped i 0",
        '/roomctl/state/set s "running"',
        "/roomctl/state/set/cycles i 3",
        "/roomctl/state/set/rate_hz f 1.000000",
        "/roomctl/beat ii 0 1",
        "/roomctl/beat ii 1 1",
    ]


def test_a_target_that_does_not_resolve_is_said() -> None:
    out = OscOut(["nowhere.invalid:9001"])
    with pytest.raises(OSError, match=r"OSC cannot send to nowhere\.invalid:9001"):
        out.open()
