"""What is plugged in and what answers on the network: every look at once, each bounded, and what failed is said."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LOOK_S: Final = 3.0
MOST_S: Final = 8.0
SERVICES: Final = {
    "_wled._tcp.local.": "WLED",
    "_hue._tcp.local.": "Hue bridge",
    "_home-assistant._tcp.local.": "Home Assistant",
    "_mqtt._tcp.local.": "MQTT broker",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing: what it is, its name, where it is (as a room file says it), and a remark."""

    kind: str
    name: str
    where: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The outcome of one look: what was found, or why it could not be looked."""

    what: str
    found: tuple[Found, ...] = ()
    trouble: str = ""


Looker = Callable[[], Sequence[Found]]


def sound_cards() -> list[Found]:
    """Outputs that PortAudio sees."""
    from hardware.soundcards.portaudio import list_cards

    return [
        Found("sound card", card.name, f'device = "{card.name}"', f"{card.channels} channels, {card.host}")
        for card in list_cards()
    ]


def serial_ports(wait_s: float = LOOK_S) -> list[Found]:
    """Serial ports, and which of them is a tapper. Opening one resets most boards, so a port in use is left alone."""
    from serial.tools import list_ports

    ports = sorted(list_ports.comports(), key=lambda port: port.device)
    answers: dict[str, str] = {}

    def ask(path: str) -> None:
        answers[path] = who_answers(path, wait_s)

    threads = [threading.Thread(target=ask, args=(port.device,), daemon=True) for port in ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(wait_s + 2.0)
    return [
        Found(
            "serial port",
            port.device if port.description in (None, "", "n/a") else port.description,
            f'port = "{port.device}"',
            answers.get(port.device, "does not answer"),
        )
        for port in ports
    ]


def who_answers(path: str, wait_s: float = LOOK_S) -> str:
    """What is on a serial port, in words: a tapper with its firmware's version, or why that is not known."""
    import serial

    from hardware.tappers.tapper_frames import Hello, ReplyReader, encode_ask

    reader = ReplyReader()
    try:
        with serial.Serial(path, 115_200, timeout=0.1, write_timeout=0.5, exclusive=True) as line:
            until_s, asked_s = time.monotonic() + wait_s, time.monotonic()
            while time.monotonic() < until_s:
                for reply in reader.feed(line.read(64)):
                    if isinstance(reply, Hello):
                        return f'tapper, firmware {reply.version}: driver = "serial"'
                if time.monotonic() - asked_s > 0.8:
                    asked_s = time.monotonic()
                    line.write(encode_ask(1))
    except (OSError, ValueError) as fault:
        return f"cannot be asked ({fault})"
    return "says something at 115200 baud, but is no tapper" if reader.skipped else "says nothing at 115200 baud"


def game_pads() -> list[Found]:
    """Pads that SDL sees."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    from hardware.tappers.gamepad import PADS

    PADS.enter()
    try:
        return [Found("game pad", pad.name, f'device = "{pad.name}"', 'driver = "gamepad"') for pad in PADS.found()]
    finally:
        PADS.leave()


def key_devices() -> list[Found]:
    """Pedals, clickers, keyboards: whatever has keys and may be read."""
    from hardware.inputs.evdev_input import EvdevKernel

    found = EvdevKernel().found()
    return [Found("keys", each.name, f'usb = "{each.usb}"', f"{len(each.keys)} keys: {some_of(each.keys)}") for each in found]


def some_of(names: Sequence[str], most: int = 4) -> str:
    """The first few of many names."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")


def lifx_lamps() -> list[Found]:
    """LIFX lamps that answer a broadcast."""
    from hardware.roomlights.lifx import discover

    return [Found("LIFX lamp", lamp.label, f'host = "{lamp.host}", entity = "{lamp.serial}"') for lamp in discover()]


def network_services(wait_s: float = LOOK_S, interfaces: Any = None) -> list[Found]:
    """WLED, Hue, Home Assistant and brokers that announce themselves (mDNS)."""
    from zeroconf import InterfaceChoice, ServiceBrowser, Zeroconf

    names: set[tuple[str, str]] = set()
    lock = threading.Lock()

    class Listener:
        """Collects names; nothing is asked in the library's own thread."""

        def add_service(self, zc: Any, kind: str, name: str) -> None:
            with lock:
                names.add((kind, name))

        def update_service(self, zc: Any, kind: str, name: str) -> None:
            self.add_service(zc, kind, name)

        def remove_service(self, zc: Any, kind: str, name: str) -> None:
            with lock:
                names.discard((kind, name))

    zeroconf = Zeroconf(interfaces=interfaces or InterfaceChoice.Default)
    try:
        browser = ServiceBrowser(zeroconf, list(SERVICES), listener=Listener())  # type: ignore[arg-type]
        threading.Event().wait(wait_s)
        browser.cancel()
        with lock:
            found = sorted(names)
        return [_service(zeroconf, kind, name) for kind, name in found]
    finally:
        zeroconf.close()


def _service(zeroconf: Any, kind: str, name: str) -> Found:
    info = zeroconf.get_service_info(kind, name, timeout=1000)
    addresses = info.parsed_addresses() if info else []
    where = f'host = "{addresses[0]}", port = {info.port}' if addresses else "has no address"
    return Found(SERVICES[kind], name.removesuffix("." + kind), where)


LOCAL: Final[Mapping[str, Looker]] = {
    "sound cards": sound_cards,
    "serial ports": serial_ports,
    "game pads": game_pads,
    "pedals and clickers": key_devices,
}
NETWORK: Final[Mapping[str, Looker]] = {"LIFX lamps": lifx_lamps, "network services": network_services}


def look_around(lookers: Mapping[str, Looker], most_s: float = MOST_S) -> list[Look]:
    """Every look at once, in the order given. One that fails or hangs is said, and delays no other."""
    looks: dict[str, Look] = {}

    def look(what: str, looker: Looker) -> None:
        try:
            looks[what] = Look(what, tuple(looker()))
        except Exception as fault:  # noqa: BLE001 - a library that fails is reported as such
            looks[what] = Look(what, trouble=str(fault) or type(fault).__name__)

    threads = [threading.Thread(target=look, args=pair, daemon=True, name=f"look {pair[0]}") for pair in lookers.items()]
    for thread in threads:
        thread.start()
    until_s = time.monotonic() + most_s
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    return [looks.get(what, Look(what, trouble=f"did not finish in {most_s:.0f} s")) for what in lookers]
