"""Rigs of the tappers and of the lamps that fade by themselves, for the same contract as the bars' and the DMX lamps'."""

from __future__ import annotations

import struct
import sys
from typing import Any

from hardware.entries import RoomLightEntry, TapperEntry
from hardware.osc.packets import parse_packet
from hardware.registry import make_room_light, make_tapper
from hardware.roomlights import lifx
from hardware.seams import RoomLook, TapPulse
from hardware.tappers.tapper_frames import TO_HOST, crc8
from stimuli.lightness import l_of_luminance

rigs = sys.modules["roomctl_tests_device_rigs"]


class AnsweringFarEnd(rigs.UdpFarEnd):  # type: ignore[name-defined, misc]
    """A socket that says something back: `read` gives the number and the answers."""

    def take(self, data: bytes, answer: Any) -> None:
        value, answers = self._read(data)
        for each in answers:
            answer(each)
        if value is not None:
            self.hear(value)


class AnsweringRig(rigs.UdpRig):  # type: ignore[name-defined, misc]
    """Pulled by letting the far end's port go."""

    def make_far(self) -> Any:
        return AnsweringFarEnd(self.read)

    def read(self, data: bytes) -> tuple[int | None, list[bytes]]:
        """What a datagram says, and what is said to it."""
        raise NotImplementedError


class OscTapperRig(AnsweringRig):
    inline = True

    def read(self, data: bytes) -> tuple[int | None, list[bytes]]:
        (message,) = parse_packet(data)
        if message.address == "/roomctl/tap":
            return round(255 * message.args[2]), []  # type: ignore[operator]
        return (0 if message.address == "/roomctl/tap/still" else None), []

    def make_device(self) -> Any:
        self.patch.setattr("hardware.tappers.osc.ALIVE_S", 0.02)
        return make_tapper(TapperEntry("taps", "osc", host="127.0.0.1", port=self.far.port))

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 50.0, value / 255), rigs.due_now())


class SerialTapperRig(rigs.SerialRig):  # type: ignore[name-defined, misc]
    """The firmware's far end: says hello when asked, acknowledges, and hears pulses and stills."""

    inline = True

    def make_far(self) -> Any:
        return rigs.PtyFarEnd(self.tmp_path / "tty", read_tapper)

    def make_device(self) -> Any:
        self.patch.setattr("hardware.tappers.serial.ASK_EVERY_S", 0.02)
        return make_tapper(TapperEntry("taps", "serial", port=str(self.tmp_path / "tty")))

    def offer(self, value: int) -> None:
        self.device.offer(TapPulse("left", 50.0, value / 255), rigs.due_now())

    def replug(self) -> None:
        self.far.plug()
        self.device.io.kick()


def tapper_says(kind: str, sequence: int, payload: bytes) -> bytes:
    """A reply as the firmware frames it."""
    body = bytes([len(payload), ord(kind), sequence]) + payload
    return bytes([TO_HOST]) + body + bytes([crc8(body)])


def read_tapper(stream: bytes) -> tuple[list[int], bytes, bytes]:
    """Whole frames out of a stream; a broken one is skipped by a byte, as the firmware does by its own way."""
    values, answers = [], b""
    while len(stream) >= 5:
        size = stream[1] + 5
        if stream[0] != 0xA5 or stream[1] > 8:
            stream = stream[1:]
            continue
        if len(stream) < size:
            break
        frame, stream = stream[:size], stream[size:]
        if crc8(frame[1:-1]) != frame[-1]:
            continue
        kind, sequence = chr(frame[2]), frame[3]
        if kind == "I":
            answers += tapper_says("H", sequence, bytes([1, 1, 0, 0, 0xE8, 3, 0x84, 3]) + b"roomctl-tapper")
            continue
        answers += tapper_says("A", sequence, bytes([0, 1, 0, 0, 0]))
        if kind in "PS":
            values.append(frame[5] if kind == "P" else 0)
    return values, stream, answers


class OscLampRig(AnsweringRig):
    resends = True
    safe_value = 51

    def read(self, data: bytes) -> tuple[int | None, list[bytes]]:
        (message,) = parse_packet(data)
        if message.address == "/roomctl/alive":
            return None, []
        return round(2.55 * message.args[0]), []  # type: ignore[operator]

    def make_device(self) -> Any:
        self.patch.setattr("hardware.roomlights.slow_lamp.CHECK_S", 0.05)
        return make_room_light(RoomLightEntry("lamp", "osc", host="127.0.0.1", port=self.far.port))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(value / 2.55, 2700.0), rigs.due_now())


class LifxRig(AnsweringRig):
    """A model of one lamp: answers discovery, its name and its state, and acknowledges."""

    resends = True
    safe_value = 51
    TARGET = bytes.fromhex("d073d50000010000")

    def read(self, data: bytes) -> tuple[int | None, list[bytes]]:
        asked = lifx.decode(data)
        if asked is None:
            return None, []
        payloads = {
            lifx.GET_SERVICE: (lifx.STATE_SERVICE, struct.pack("<BI", 1, self.far.port)),
            lifx.GET_LABEL: (lifx.STATE_LABEL, b"Sofa".ljust(32, b"\0")),
            lifx.LIGHT_GET: (lifx.LIGHT_STATE, struct.pack("<HHHHHH", 0, 0, 0, 2700, 0, 0xFFFF) + bytes(40)),
        }
        kind, payload = payloads.get(asked.kind, (lifx.ACKNOWLEDGEMENT, b""))
        answer = lifx.encode(lifx.LifxMessage(kind, payload, self.TARGET, asked.sequence))
        value = round(struct.unpack_from("<H", asked.payload, 5)[0] / 257) if asked.kind == lifx.LIGHT_SET_COLOUR else None
        return value, [answer]

    def make_device(self) -> Any:
        self.patch.setattr(lifx, "ANSWER_S", 0.05)
        self.patch.setattr("hardware.roomlights.slow_lamp.CHECK_S", 0.1)
        where = ("127.0.0.1", self.far.port)
        found = lifx.discover
        self.patch.setattr(lifx, "discover", lambda *asked: found(*where, wait_s=0.1))
        return make_room_light(RoomLightEntry("lamp", "lifx", host=where[0], port=where[1], entity="Sofa"))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(value / 2.55, 2700.0), rigs.due_now())


class WledFarEnd(rigs.FarEnd):  # type: ignore[name-defined, misc]
    """The model of WLED's JSON; every brightness that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.controller = rigs.FakeWled()
        take = self.controller.post

        def post(path: str, body: dict[str, Any]) -> None:
            take(path, body)
            if "bri" in body:
                self.hear(body["bri"])

        self.controller.post = post

    def close(self) -> None:
        """End the server."""
        self.controller.unplug()


class WledLampRig(rigs.Rig):  # type: ignore[name-defined, misc]
    resends = True
    safe_value = 8  # L* 20 is 2.99 % of full light

    def make_far(self) -> Any:
        return WledFarEnd()

    def make_device(self) -> Any:
        self.patch.setattr("hardware.roomlights.slow_lamp.CHECK_S", 0.1)
        return make_room_light(RoomLightEntry("lamp", "wled", host="127.0.0.1", http_port=self.far.controller.port))

    def offer(self, value: int) -> None:
        self.device.offer(RoomLook(l_of_luminance(value / 255), 2700.0), rigs.due_now())

    def pull(self) -> None:
        self.far.controller.unplug()

    def replug(self) -> None:
        self.far.controller.plug()
        self.device.io.kick()


rigs.RIGS.update(
    {
        "tapper osc": OscTapperRig,
        "tapper serial": SerialTapperRig,
        "roomlight osc": OscLampRig,
        "roomlight lifx": LifxRig,
        "roomlight wled": WledLampRig,
    }
)
