"""The WLED bar's JSON side, against a model of the controller on a real HTTP server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hardware.entries import LightBarEntry
from hardware.io_thread import IoThread
from hardware.lightbars.wled import WledLightBar, trouble
from hardware.lightbars.wled_json import SAFE_PRESET, WledHealth, WledJson, contains
from hardware.seams import Device, Link

WAIT_S = 10.0
HEALTHY = WledHealth("0.15.0", 60, True, "192.0.2.2", False)


class Links:
    """What a device said of its link, and a way to wait for it."""

    def __init__(self, device: Device) -> None:
        self._news = threading.Condition()
        self.device = device
        device.on_link = self._note

    def wait_for(self, state: str, words: str = "") -> None:
        with self._news:
            came = self._news.wait_for(
                lambda: (
                    self.device.link.state == state and (words in self.device.link.why if words else not self.device.link.why)
                ),
                WAIT_S,
            )
        assert came, self.device.link

    def _note(self, device: Device, link: Link) -> None:
        with self._news:
            self._news.notify_all()


@pytest.fixture
def make_bar(fake_wled: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[WledLightBar, Links]]]:
    monkeypatch.setattr("hardware.lightbars.wled._POLL_S", 0.02)
    made: list[WledLightBar] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))

        def make(**about: Any) -> tuple[WledLightBar, Links]:
            bar = WledLightBar(
                LightBarEntry(
                    "bar", "wled", host="127.0.0.1", leds=3, port=ear.getsockname()[1], http_port=fake_wled.port, **about
                )
            )
            made.append(bar)
            return bar, Links(bar)

        yield make
        for bar in made:
            bar.close()


def test_on_connect_the_fallback_is_written_read_back_and_made_the_start_up_preset(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    assert fake_wled.state["on"] is False
    assert fake_wled.presets[str(SAFE_PRESET)]["on"] is False
    assert fake_wled.config["def"]["ps"] == SAFE_PRESET
    assert fake_wled.config["if"]["live"] == {"en": True, "maxbri": True, "no-gc": True, "timeout": 25}
    assert fake_wled.config["def"]["on"] is True, "what is not ours stays as it was"


def test_a_dim_fallback_is_steady_and_of_one_colour(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar(fallback_frac=0.02)
    bar.open()
    links.wait_for("READY")
    kept = fake_wled.presets[str(SAFE_PRESET)]
    assert (kept["on"], kept["seg"][0]["fx"], kept["seg"][0]["col"][0]) == (True, 0, [5, 3, 1])


def test_flash_memory_is_not_written_a_second_time(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    bar.close()
    fake_wled.posts.clear()
    again, links = make_bar()
    again.open()
    links.wait_for("READY")
    assert not [path for path, _ in fake_wled.posts if path == "/json/cfg"]
    assert not [body for _, body in fake_wled.posts if "psave" in body]


def test_a_controller_that_does_not_keep_it_is_ready_with_a_caution(make_bar: Any, fake_wled: Any) -> None:
    fake_wled.deaf = True
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY", "WLED did not keep its steady state and its start-up preset and live settings")


def test_safe_is_said_over_json_too(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    said = threading.Event()
    post = fake_wled.post

    def listen(path: str, body: dict[str, Any]) -> None:
        post(path, body)
        if body.get("live") is False:
            said.set()

    fake_wled.post = listen
    bar.safe()
    assert said.wait(WAIT_S)


def test_an_override_in_wleds_own_app_is_stale_until_it_is_off(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    fake_wled.state["lor"] = 1
    links.wait_for("STALE", "to ignore what the room sends")
    fake_wled.state["lor"] = 0
    links.wait_for("READY")


def test_another_sender_is_named(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    fake_wled.info.update(live=True, lip="192.0.2.99")
    links.wait_for("STALE", "192.0.2.99 streams to this bar too")


def test_a_silent_controller_is_a_fault_and_comes_back(make_bar: Any, fake_wled: Any) -> None:
    bar, links = make_bar()
    bar.open()
    links.wait_for("READY")
    fake_wled.unplug()
    links.wait_for("FAULT", "refused the connection")
    fake_wled.plug()
    links.wait_for("READY")


@pytest.mark.parametrize(
    ("garbage", "words"), [(b"<html>", "is it a WLED controller"), (b"[1]", "not WLED's"), (b"{}", "the answer has no info")]
)
def test_something_else_on_that_address_is_a_fault_in_words(make_bar: Any, fake_wled: Any, garbage: bytes, words: str) -> None:
    fake_wled.garbage = garbage
    bar, links = make_bar()
    bar.open()
    links.wait_for("FAULT", words)


def test_a_controller_that_accepts_and_says_nothing_is_not_waited_for() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(TimeoutError, match=r"did not answer in 0\.1 s; is it powered"):
            WledJson("127.0.0.1", server.getsockname()[1], timeout_s=0.05).health()


def test_what_people_should_know_of_a_controller() -> None:
    assert trouble(HEALTHY, 60, "192.0.2.2") == ""
    assert trouble(HEALTHY, 60, "") == ""
    assert trouble(HEALTHY, 50, "192.0.2.2") == "WLED has 60 LEDs set up, and the room file says 50"
    assert "192.0.2.2 streams to this bar too" in trouble(HEALTHY, 60, "192.0.2.3")


def test_the_launchers_bytes_are_a_dark_picture() -> None:
    about = {"name": "bar", "driver": "wled", "host": "192.0.2.7", "leds": 3}
    ddp = WledLightBar(LightBarEntry(**about)).safe_bytes()
    assert (ddp.address, ddp.packets[0][10:]) == ("192.0.2.7:4048", bytes(9))
    dnrgb = WledLightBar(LightBarEntry(protocol="dnrgb", **about)).safe_bytes()
    assert (dnrgb.address, dnrgb.packets[0]) == ("192.0.2.7:21324", b"\x04\x02\x00\x00" + bytes(9))


def test_40_frames_a_second_at_most_whatever_the_room_file_says() -> None:
    bar = WledLightBar(LightBarEntry("bar", "wled", host="192.0.2.7", fps=120.0))
    assert bar.capabilities.fps_max == 40.0
    assert isinstance(bar.io, IoThread)


@pytest.mark.parametrize(
    ("told", "wanted", "is_in"),
    [
        ({"a": 1, "b": {"c": [1, 2], "d": 3}}, {"b": {"c": [1]}}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": None}, {"a": {}}, False),
        (None, {}, False),
    ],
)
def test_what_is_wanted_is_looked_for_in_what_is_told(told: Any, wanted: Any, is_in: bool) -> None:
    assert contains(told, wanted) is is_in
    assert contains(json.loads(json.dumps(told)), wanted) is is_in


def test_a_name_that_is_no_host_is_said_in_words() -> None:
    with pytest.raises(OSError, match=r"there is no host called no-such-bar\.invalid; is the name right"):
        WledJson("no-such-bar.invalid").health()
