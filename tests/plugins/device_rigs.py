"""A device of each kind, with the far end of its wire, so that one contract can be asked of all of them.

A rig offers numbers from 1 to 255 and reads the same numbers at the far end; 0 is a dark bar or a still hand. The far end is a
real socket, a real pseudo-terminal or a stub's own record, never the driver's memory. To add one: a class, and a line in RIGS,
here or in a plugin beside this one.
"""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from hardware.dmx import enttec
from hardware.entries import LightBarEntry, RoomLightEntry, TapperEntry
from hardware.faults import Fault, FaultPlan
from hardware.registry import make_light_bar, make_room_light, make_tapper
from hardware.seams import Device, Due, LightFrame, Link, RoomLook, TapPulse
from stimuli.lightness import code16, l_of_luminance, luminance_of_l

WAIT_S = 10.0
LEDS = 3
SAFE_L = 20.0


class FarEnd:
    """What came, in order, and a way to wait for it."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self._news = threading.Condition()

    def hear(self, value: int) -> None:
        """Something came."""
        with self._news:
            self.heard.append(value)
            self._news.notify_all()

    def wait_for(self, value: int, after: int = 0) -> None:
        """Until `value` has come, not counting the first `after`; fails when it does not."""
        with self._news:
            came = self._news.wait_for(lambda: value in self.heard[after:], WAIT_S)
        assert came, f"{value} never came; there came {self.heard[after:][-20:]}"

    def close(self) -> None:
        """End what listens."""


class UdpFarEnd(FarEnd):
    """A socket; `read` makes a number of a datagram, or None of one that says nothing.

    It can be let go and taken again: the system then tells whoever sends to it that nobody listens.
    """

    def __init__(self, read: Callable[[bytes], int | None]) -> None:
        super().__init__()
        self._read = read
        self.port = 0
        self._socket: socket.socket | None = None
        self.plug()

    def plug(self) -> None:
        """Listen, at the port it had."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._socket.settimeout(0.02)
        self.port = self._socket.getsockname()[1]
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(self._socket, self._leaving), name="far end")
        self._thread.start()

    def unplug(self) -> None:
        """Be gone."""
        if self._socket is not None:
            self._leaving.set()
            self._thread.join(WAIT_S)
            self._socket.close()
            self._socket = None

    close = unplug

    def take(self, data: bytes, answer: Callable[[bytes], object]) -> None:
        """One datagram; `answer` sends one back."""
        value = self._read(data)
        if value is not None:
            self.hear(value)

    def _listen(self, listening: socket.socket, leaving: threading.Event) -> None:
        while not leaving.is_set():
            try:
                data, peer = listening.recvfrom(4096)
            except TimeoutError:
                continue
            self.take(data, lambda back, peer=peer: listening.sendto(back, peer))


class PtyFarEnd(FarEnd):
    """A pseudo-terminal under a name that stays; `read` takes messages out of a stream, `answer` says something back."""

    def __init__(self, path: Path, read: Callable[[bytes], tuple[list[int], bytes, bytes]]) -> None:
        super().__init__()
        self.path = path
        self._read = read
        self._hangs = False
        self._thread: threading.Thread | None = None
        self._stop_r, self._stop_w = -1, -1
        self.plug()

    def plug(self) -> None:
        """A new terminal, as a USB adapter gets one each time."""
        master, slave = os.openpty()
        tty.setraw(slave)
        os.fchmod(slave, 0o666)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(master, slave, self._stop_r), name="far end")
        self._thread.start()

    def unplug(self) -> None:
        """The terminal goes, and its name."""
        self.path.unlink(missing_ok=True)
        if self._thread is not None:
            os.write(self._stop_w, b"x")
            self._thread.join(WAIT_S)
            os.close(self._stop_w)
            os.close(self._stop_r)
            self._thread = None

    close = unplug

    def hang(self, hangs: bool = True) -> None:
        """Read no more, so that the line fills up; with False, read on."""
        self._hangs = hangs

    def _listen(self, master: int, slave: int, stop: int) -> None:
        left = b""
        while True:
            ready, _, _ = select.select([stop] if self._hangs else [master, stop], [], [], 0.02)
            if stop in ready:
                break
            if master not in ready:
                continue
            with suppress(OSError):
                left += os.read(master, 4096)
            values, left, answer = self._read(left)
            if answer:
                os.write(master, answer)
            for value in values:
                self.hear(value)
        os.close(slave)
        os.close(master)


class RecordFarEnd(FarEnd):
    """A stub's record: the file that it writes."""

    def __init__(self, path: Path, read: Callable[[dict[str, Any]], int | None]) -> None:
        super().__init__()
        self.path = path
        self._read = read
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="far end")
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._closing.set()
        self._thread.join(WAIT_S)

    def _follow(self) -> None:
        at = 0
        while not self._closing.wait(0.005):
            if not self.path.exists():
                continue
            lines = self.path.read_text().split("\n")
            for line in lines[at:-1]:
                value = self._read(json.loads(line))
                if value is not None:
                    self.hear(value)
            at = len(lines) - 1


class Rig:
    """A device and its far end. `inline` devices send on the caller's thread and never queue."""

    driver = ""
    inline = False
    own_wire = True
    """Whether the device has a wire and a thread of its own, which a test can hold up."""
    resends = False
    goes_dark = False
    safe_value = 0

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
        self.tmp_path = tmp_path
        self.patch = patch
        self.links: list[Link] = []
        self._changed = threading.Condition()
        self.far = self.make_far()
        self.device: Any = self.make_device()
        self.device.on_link = self._note

    def make_far(self) -> FarEnd:
        """The far end, before the device."""
        raise NotImplementedError

    def make_device(self) -> Any:
        """The device, not open."""
        raise NotImplementedError

    def offer(self, value: int) -> None:
        """Offer a number."""
        raise NotImplementedError

    def pull(self) -> None:
        """Pull the cable."""
        raise NotImplementedError

    def replug(self) -> None:
        """Put it back."""
        raise NotImplementedError

    def wait_for_link(self, *states: str) -> Link:
        """Until the link is in one of these states."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.device.link.state in states, WAIT_S)
        assert came, f"the link was never {states}, it is {self.device.link}"
        return self.device.link  # type: ignore[no-any-return]

    def opened(self) -> None:
        """Open, and wait until it is ready."""
        self.device.open()
        self.wait_for_link("READY")

    def close(self) -> None:
        """End both."""
        self.device.close()
        self.far.close()

    def _note(self, device: Device, link: Link) -> None:
        with self._changed:
            self.links.append(link)
            self._changed.notify_all()


def light_frame(value: int, leds: int = LEDS) -> LightFrame:
    """Every LED at `value` of 255, white."""
    return LightFrame(0.0, value / 255, (1.0, 1.0, 1.0), np.full((leds, 3), value / 255, dtype=np.float32))


def due_now() -> Due:
    """A frame that is due now."""
    return Due(480, time.monotonic())


class StubRig(Rig):
    """Faults by a clock of our own."""

    def make_device(self) -> Any:
        self.at_s = 0.0
        device = self.make_stub()
        device.wire._plan = FaultPlan([Fault(100.0, "unplug", 100.0)], now=lambda: self.at_s)
        return device

    def make_stub(self) -> Any:
        raise NotImplementedError

    def pull(self) -> None:
        self.at_s = 150.0
        self.device.io.kick()

    def replug(self) -> None:
        self.at_s = 250.0
        self.device.io.kick()


class StubBarRig(StubRig):
    inline = True

    def make_far(self) -> FarEnd:
        return RecordFarEnd(
            self.tmp_path / "bar.jsonl",
            lambda event: round(255 * event["level"]) if event["kind"] == "light" else 0 if event["kind"] == "safe" else None,
        )

    def make_stub(self) -> Any:
        return make_light_bar(LightBarEntry("bar", leds=LEDS, record=self.tmp_path / "bar.jsonl"))

    def offer(self, value: int) -> None:
        self.device.offer(light_frame(value), due_now())


class StubTapperRig(StubRig):
    inline = True

    def make_far(self) -> FarEnd:
        return RecordFarEnd(
            self.tmp_path / "taps.jsonl",
            lambda event: round(255 * event["strength"]) if event["kind"] == "tap" else 0 if event["kind"] == "safe" else None,
        )

    def make_stub(self) -> Any:
        return make_tapper(TapperEntry("taps", record=self.tmp_path / "taps.jsonl"))

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 50.0, value / 255), due_now())


class StubLampRig(StubRig):
    inline = True
    resends = True
    safe_value = 100

    def make_far(self) -> FarEnd:
        return RecordFarEnd(
            self.tmp_path / "lamp.jsonl",
            lambda event: (
                round(255 * luminance_of_l(event["level_l"]))
                if event["kind"] == "roomlight"
                else self.safe_value
                if event["kind"] == "safe"
                else None
            ),
        )

    def make_stub(self) -> Any:
        return make_room_light(RoomLightEntry("lamp", record=self.tmp_path / "lamp.jsonl"))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(l_of_luminance(value / 255), 2700.0), due_now())


class UdpRig(Rig):
    """Pulled by letting the far end's port go."""

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("hardware.transports.udp.AGAIN_S", 0.05)
        super().__init__(tmp_path, patch)

    def pull(self) -> None:
        assert isinstance(self.far, UdpFarEnd)
        self.far.unplug()

    def replug(self) -> None:
        assert isinstance(self.far, UdpFarEnd)
        self.far.plug()
        self.device.io.kick()


class BarRig(UdpRig):
    """Light bars over UDP."""

    inline = True
    goes_dark = True
    first_byte = 0

    def make_far(self) -> FarEnd:
        return UdpFarEnd(self.read)

    def read(self, data: bytes) -> int | None:
        return data[self.first_byte] if len(data) >= self.first_byte + 3 * LEDS else None

    def make_device(self) -> Any:
        assert isinstance(self.far, UdpFarEnd)
        return make_light_bar(LightBarEntry("bar", self.driver, leds=LEDS, host="127.0.0.1", port=self.far.port, universe=1))

    def offer(self, value: int) -> None:
        self.device.offer(light_frame(value), due_now())


class SacnBarRig(BarRig):
    driver = "sacn"
    first_byte = 126


class ArtnetBarRig(BarRig):
    driver = "artnet"
    first_byte = 18


class OscBarRig(BarRig):
    driver = "osc"

    def read(self, data: bytes) -> int | None:
        message = OscMessage(data)
        return message.params[0][0] if message.address.endswith("pixels") else None


class WledBarRig(BarRig):
    """With a model of WLED's JSON on a real HTTP server."""

    driver = "wled"
    protocol = "ddp"
    first_byte = 10

    def make_device(self) -> Any:
        assert isinstance(self.far, UdpFarEnd)
        self.patch.setattr("hardware.lightbars.wled._POLL_S", 0.02)
        self.controller = FakeWled()
        return make_light_bar(
            LightBarEntry(
                "bar",
                "wled",
                leds=LEDS,
                host="127.0.0.1",
                port=self.far.port,
                http_port=self.controller.port,
                protocol="dnrgb" if self.protocol == "dnrgb" else "ddp",
            )
        )

    def pull(self) -> None:
        self.controller.unplug()

    def replug(self) -> None:
        self.controller.plug()
        self.device.io.kick()

    def close(self) -> None:
        super().close()
        self.controller.unplug()


class WledDnrgbRig(WledBarRig):
    protocol = "dnrgb"
    first_byte = 4


class SerialRig(Rig):
    """A pseudo-terminal, unplugged for real."""

    def pull(self) -> None:
        assert isinstance(self.far, PtyFarEnd)
        self.far.unplug()

    def replug(self) -> None:
        assert isinstance(self.far, PtyFarEnd)
        self.far.plug()
        self.device.io.kick()


class AdalightRig(SerialRig):
    driver = "adalight"
    goes_dark = True

    def make_far(self) -> FarEnd:
        return PtyFarEnd(self.tmp_path / "tty", read_adalight)

    def make_device(self) -> Any:
        return make_light_bar(LightBarEntry("bar", "adalight", leds=LEDS, port=str(self.tmp_path / "tty"), baud=1_000_000))

    def offer(self, value: int) -> None:
        self.device.offer(light_frame(value), due_now())


def read_adalight(stream: bytes) -> tuple[list[int], bytes, bytes]:
    """An Adalight receiver: waits for the three letters, checks the count, takes that many pixels."""
    values = []
    while True:
        at = stream.find(b"Ada")
        if at < 0:
            return values, stream[-2:], b""
        if len(stream) < at + 6:
            return values, stream[at:], b""
        high, low, check = stream[at + 3 : at + 6]
        size = 3 * (256 * high + low + 1)
        if high ^ low ^ 0x55 != check:
            stream = stream[at + 3 :]
            continue
        if len(stream) < at + 6 + size:
            return values, stream[at:], b""
        values.append(stream[at + 6])
        stream = stream[at + 6 + size :]


class LampRig(UdpRig):
    """DMX lamps over UDP, at slot 5, of 16 bits."""

    resends = True
    safe_value = code16(luminance_of_l(SAFE_L)) // 257
    first_byte = 0

    def make_far(self) -> FarEnd:
        return UdpFarEnd(self.read)

    def read(self, data: bytes) -> int | None:
        """The lamp's two slots; what asks who is there is shorter."""
        return code_of(data[self.first_byte + 4], data[self.first_byte + 5]) if len(data) >= 500 else None

    def make_device(self) -> Any:
        assert isinstance(self.far, UdpFarEnd)
        return make_room_light(
            RoomLightEntry("lamp", self.driver, host="127.0.0.1", port=self.far.port, address=5, fixture="dimmer16")
        )

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(l_of_luminance(value / 255), 2700.0), due_now())


def code_of(high: int, low: int) -> int:
    """The number of a 16-bit level."""
    return (256 * high + low) // 257


class SacnLampRig(LampRig):
    driver = "sacn"
    first_byte = 126


class ArtnetLampRig(LampRig):
    driver = "artnet"
    first_byte = 18


class EnttecRig(SerialRig):
    driver = "enttec"
    resends = True
    safe_value = LampRig.safe_value

    def make_far(self) -> FarEnd:
        return PtyFarEnd(self.tmp_path / "tty", read_enttec)

    def make_device(self) -> Any:
        return make_room_light(RoomLightEntry("lamp", "enttec", port=str(self.tmp_path / "tty"), address=5, fixture="dimmer16"))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(l_of_luminance(value / 255), 2700.0), due_now())


def read_enttec(stream: bytes) -> tuple[list[int], bytes, bytes]:
    """A widget: says its serial number when asked, and takes universes."""
    messages, left = enttec.messages_in(stream)
    answer = b"".join(enttec.message(10, b"\x78\x56\x34\x12") for message in messages if message.label == 10)
    values = [code_of(message.data[5], message.data[6]) for message in messages if message.label == 6]
    return values, left, answer


class EnttecWidget(PtyFarEnd):
    """A stub of a DMX USB Pro, complete enough for OLA's own driver; keeps whole universes. Its serial number is 12345678."""

    ANSWERS = {
        enttec.GET_SERIAL: b"\x78\x56\x34\x12",
        enttec.GET_MANUFACTURER: b"\x54\x45ENTTEC",
        enttec.GET_DEVICE: b"\x01\x00DMX USB Pro",
        enttec.GET_PARAMETERS: b"\x44\x01\x09\x01\x28",
    }

    def __init__(self, path: Path) -> None:
        self.universes: list[bytes] = []
        super().__init__(path, self._take)

    def wait_for_universe(self, slots: bytes) -> None:
        """Until these slots came in one message; fails with what came last."""
        end_s = time.monotonic() + 2 * WAIT_S
        while slots not in self.universes:
            assert time.monotonic() < end_s, f"never came; last of {len(self.universes)}: {self.universes[-1:]}"
            time.sleep(0.005)

    def _take(self, stream: bytes) -> tuple[list[int], bytes, bytes]:
        messages, left = enttec.messages_in(stream)
        self.universes += [message.data[1:] for message in messages if message.label == enttec.SEND_DMX]
        answers = (enttec.message(label, self.ANSWERS[label]) for label in (m.label for m in messages) if label in self.ANSWERS)
        return [], left, b"".join(answers)


class FakeWled:
    """A model of WLED's JSON: state, presets and configuration that keep what they are told. Not the firmware, and says so."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            "on": True,
            "bri": 128,
            "lor": 0,
            "seg": [{"fx": 9, "col": [[255, 160, 0], [0, 0, 0], [0, 0, 0]]}],
        }
        self.config: dict[str, Any] = {
            "def": {"ps": 0, "on": True},
            "if": {"live": {"en": True, "maxbri": False, "no-gc": False}},
        }
        self.presets: dict[str, Any] = {"0": {}}
        self.info: dict[str, Any] = {"ver": "0.15.0", "leds": {"count": LEDS}, "live": False, "lip": ""}
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.deaf = False
        self.garbage = b""
        self._answers = threading.Event()
        self._answers.set()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.plug()

    def plug(self) -> None:
        """Answer, on the port it had."""
        wled = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(wled.get(self.path))

            def do_POST(self) -> None:
                wled.post(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._say({"success": True})

            def _say(self, told: dict[str, Any] | None) -> None:
                wled._answers.wait()
                body = wled.garbage or json.dumps(told).encode()
                self.send_response(404 if told is None else 200)
                self.send_header("Content-Length", str(len(body)))
                with suppress(OSError):  # whoever asked may have given up
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Answers)
        self._server.daemon_threads = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="fake wled")
        self._thread.start()

    def unplug(self) -> None:
        """Answer no more."""
        self._answers.set()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self._thread.join(WAIT_S)

    def hang(self, hangs: bool = True) -> None:
        """Take every connection and every request, and answer none; with False, answer them all."""
        self._answers.clear() if hangs else self._answers.set()

    def get(self, path: str) -> dict[str, Any] | None:
        """What WLED serves there."""
        known = {"/json/si": {"state": self.state, "info": self.info}, "/json/state": self.state, "/json/info": self.info}
        return {**known, "/json/cfg": self.config, "/presets.json": self.presets}.get(path)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Take what is told, unless deaf to it."""
        self.posts.append((path, body))
        if self.deaf:
            return
        if path == "/json/cfg":
            merge(self.config, body)
            return
        told = dict(body)
        number, name = told.pop("psave", None), told.pop("n", "")
        merge(self.state, told)
        if number is not None:
            self.presets[str(number)] = {"n": name, **json.loads(json.dumps(self.state))}


def merge(into: dict[str, Any], told: dict[str, Any]) -> None:
    """Keys told replace keys known, in nested objects and in objects of lists too."""
    for key, value in told.items():
        known = into.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            merge(known, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict) and isinstance(known, list):
            for ours, theirs in zip(known, value, strict=False):
                merge(ours, theirs)
        else:
            into[key] = value


RIGS: dict[str, type[Rig]] = {
    "lightbar stub": StubBarRig,
    "lightbar wled ddp": WledBarRig,
    "lightbar wled dnrgb": WledDnrgbRig,
    "lightbar sacn": SacnBarRig,
    "lightbar artnet": ArtnetBarRig,
    "lightbar adalight": AdalightRig,
    "lightbar osc": OscBarRig,
    "tapper stub": StubTapperRig,
    "roomlight stub": StubLampRig,
    "roomlight sacn": SacnLampRig,
    "roomlight artnet": ArtnetLampRig,
    "roomlight enttec": EnttecRig,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every driver for a test that takes `rig`; those with a wire of their own for one that takes `wired_rig`."""
    for fixture, names in (("rig", RIGS), ("wired_rig", [name for name, each in RIGS.items() if each.own_wire])):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, sorted(names), indirect=True)


def made_rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The rig that was asked for, not open; closed after the test."""
    made = RIGS[request.param](tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """One of each driver."""
    yield from made_rig(request, tmp_path, monkeypatch)


@pytest.fixture
def wired_rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """One of each driver with a wire of its own."""
    yield from made_rig(request, tmp_path, monkeypatch)


@pytest.fixture
def fake_wled() -> Iterator[FakeWled]:
    """A controller that answers."""
    wled = FakeWled()
    yield wled
    wled.unplug()


@pytest.fixture
def make_udp_far_end() -> Iterator[Callable[[Callable[[bytes], int | None]], UdpFarEnd]]:
    """`make_udp_far_end(read)` listens, until the test ends."""
    made: list[UdpFarEnd] = []

    def make(read: Callable[[bytes], int | None]) -> UdpFarEnd:
        made.append(UdpFarEnd(read))
        return made[-1]

    yield make
    for far in made:
        far.close()
