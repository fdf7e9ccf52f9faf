"""sACN, Art-Net and Enttec, read back value for value by OLA, which nobody here wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardware.entries import LightBarEntry, RoomLightEntry
from hardware.registry import make_light_bar, make_room_light
from hardware.safe_send import send_release, send_safe
from hardware.seams import Due, LightFrame, RoomLook
from stimuli.lightness import bytes16, cold_share, luminance_of_l

pytestmark = [pytest.mark.xdist_group("olad"), pytest.mark.slow]

ROOT = Path(__file__).parents[3]
NOW = Due(0, 0.0)


def ramp_frame(leds: int) -> tuple[LightFrame, list[int]]:
    """A picture whose every byte differs from its neighbours, and those bytes."""
    values = (np.arange(3 * leds) * 37 + 11) % 256
    pixels = (values / 255.0).astype(np.float32).reshape(leds, 3)
    return LightFrame(0.0, 1.0, (1.0, 1.0, 1.0), pixels), values.tolist()


@pytest.fixture
def opened() -> Iterator[Any]:
    """`opened(device)` opens it; it is closed after the test."""
    devices: list[Any] = []

    def open_(device: Any) -> Any:
        devices.append(device)
        device.open()
        return device

    yield open_
    for device in devices:
        device.close()


@pytest.mark.parametrize(("driver", "universe"), [("sacn", 1), ("artnet", 3)])
def test_a_bar_of_300_leds_lies_over_two_universes_value_for_value(olad: Any, opened: Any, driver: Any, universe: int) -> None:
    bar = opened(make_light_bar(LightBarEntry("bar", driver, leds=300, host="127.0.0.1", universe=universe, address=4)))
    frame, values = ramp_frame(300)
    first = [0, 0, 0, *values[:507], 0, 0]

    def arrived(slots: list[int]) -> bool:
        bar.offer(frame, NOW)
        return slots == first

    olad.wait_for_dmx(universe, arrived)
    assert olad.dmx(universe + 1)[: 900 - 507] == values[507:]
    bar.safe()
    olad.wait_for_dmx(universe, lambda slots: not any(slots))
    olad.wait_for_dmx(universe + 1, lambda slots: not any(slots))


@pytest.mark.parametrize(("driver", "universe"), [("sacn", 7), ("artnet", 5)])
def test_a_lamp_goes_where_it_is_told_and_its_neighbour_keeps_its_slots(
    olad: Any, opened: Any, driver: Any, universe: int
) -> None:
    about = {"driver": driver, "host": "127.0.0.1", "universe": universe}
    side = opened(make_room_light(RoomLightEntry("side", address=10, fixture="dimmer16", **about)))
    white = opened(make_room_light(RoomLightEntry("white", address=20, fixture="cct16", **about)))
    for level_l in (3.0, 20.0, 55.5, 100.0):
        side.offer(RoomLook(level_l, 2700.0), NOW)
        white.offer(RoomLook(100.0 - level_l / 2, 3000.0), NOW)
        light = luminance_of_l(100.0 - level_l / 2)
        cold = cold_share(3000.0, 2700.0, 6500.0)
        wanted = [*bytes16(light * (1 - cold)), *bytes16(light * cold)]
        slots = olad.wait_for_dmx(
            universe,
            lambda slots, wanted=wanted, level_l=level_l: (
                slots[9:11] == list(bytes16(luminance_of_l(level_l))) and slots[19:23] == wanted
            ),
        )
        assert not any(slots[:9]), "slots of nobody stay 0"


def test_a_fade_passes_through_the_levels_between(olad: Any, opened: Any) -> None:
    lamp = opened(make_room_light(RoomLightEntry("lamp", "sacn", host="127.0.0.1", universe=7, address=40, fixture="dimmer16")))
    lamp.offer(RoomLook(10.0, 2700.0), NOW)
    low = bytes16(luminance_of_l(10.0))
    olad.wait_for_dmx(7, lambda slots: tuple(slots[39:41]) == low)
    lamp.offer(RoomLook(60.0, 2700.0, fade_s=0.5), NOW)
    seen: list[int] = []

    def top(slots: list[int]) -> bool:
        seen.append(256 * slots[39] + slots[40])
        return tuple(slots[39:41]) == bytes16(luminance_of_l(60.0))

    olad.wait_for_dmx(7, top)
    assert seen == sorted(seen), "a fade up never steps down"
    assert len(set(seen)) > 4, "there are levels between"


def test_a_closed_sacn_bar_ends_its_stream_dark_so_that_a_lower_source_is_heard_at_once(olad: Any, opened: Any) -> None:
    lamp = opened(
        make_room_light(RoomLightEntry("low", "sacn", host="127.0.0.1", universe=1, address=1, fixture="dimmer8", priority=50))
    )
    bar = make_light_bar(LightBarEntry("bar", "sacn", leds=3, host="127.0.0.1", universe=1))
    bar.open()
    frame, values = ramp_frame(3)

    def lit(slots: list[int]) -> bool:
        bar.offer(frame, NOW)
        return slots[:9] == values

    olad.wait_for_dmx(1, lit)
    lamp.offer(RoomLook(100.0, 2700.0), NOW)
    bar.close()
    olad.wait_for_dmx(1, lambda slots: slots[0] == 255 and not any(slots[1:]))


BAR_PROGRAM = """
import sys, time, numpy as np
from hardware.entries import LightBarEntry
from hardware.registry import make_light_bar
from hardware.seams import Due, LightFrame
bar = make_light_bar(LightBarEntry("bar", sys.argv[1], leds=3, host="127.0.0.1", universe=int(sys.argv[2])))
bar.open()
lit = LightFrame(0.0, 1.0, (1.0, 1.0, 1.0), np.ones((3, 3), dtype=np.float32))
print("open", flush=True)
while True:
    bar.offer(lit, Due(0, 0.0))
    time.sleep(0.02)
"""


@pytest.mark.parametrize(("driver", "universe"), [("sacn", 2), ("artnet", 4)])
def test_safe_bytes_darken_a_bar_whose_engine_was_killed_and_let_go_of_it_after(
    olad: Any, opened: Any, driver: Any, universe: int
) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", BAR_PROGRAM, driver, str(universe)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        olad.wait_for_dmx(universe, lambda slots: slots[:9] == [255] * 9)
    finally:
        engine.send_signal(signal.SIGKILL)
        engine.communicate(timeout=10.0)
    bar = make_light_bar(LightBarEntry("bar", driver, leds=3, host="127.0.0.1", universe=universe))
    assert olad.dmx(universe)[:9] == [255] * 9, "nobody has darkened it yet"
    safe = bar.safe_bytes()
    send_safe(safe)
    olad.wait_for_dmx(universe, lambda slots: not any(slots))
    send_release(safe)
    opened(bar)
    frame, values = ramp_frame(3)

    def lit(slots: list[int]) -> bool:
        bar.offer(frame, NOW)
        return slots[:9] == values

    olad.wait_for_dmx(universe, lit)


def test_a_lamp_whose_engine_is_gone_is_held_by_the_launcher_at_its_last_look(olad: Any) -> None:
    lamp = make_room_light(RoomLightEntry("lamp", "sacn", host="127.0.0.1", universe=7, address=60, fixture="dimmer16"))
    lamp.open()
    lamp.offer(RoomLook(42.0, 2700.0), NOW)
    level = bytes16(luminance_of_l(42.0))
    olad.wait_for_dmx(7, lambda slots: tuple(slots[59:61]) == level)
    held = lamp.safe_bytes()
    lamp.close()
    assert held.repeat_s > 0.0
    # Well past the 2.5 s after which OLA forgets a source that says nothing more.
    forgotten = os.times().elapsed + 4.0
    while os.times().elapsed < forgotten:
        send_safe(held)
        assert tuple(olad.dmx(7)[59:61]) == level
    send_release(held)


@pytest.fixture
def widget(olad_devices: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A stub of a DMX USB Pro on a pseudo-terminal, where olad and our driver both can find it."""
    rigs = request.config.pluginmanager.get_plugin("roomctl_tests_device_rigs")
    assert rigs is not None
    far = rigs.EnttecWidget(olad_devices / "ttyRoom0")
    yield far
    far.close()


def test_olas_own_driver_takes_our_stub_for_a_widget_and_drives_it(olad: Any, widget: Any) -> None:
    number = olad.device("12345678")
    olad.patch(20, f"{number}-O-0")
    values = [(7 * slot + 3) % 256 for slot in range(512)]
    olad.set_dmx(20, values)
    widget.wait_for_universe(bytes(values))


def test_our_driver_drives_the_stub_that_ola_drove(widget: Any, opened: Any) -> None:
    lamp = opened(make_room_light(RoomLightEntry("lamp", "enttec", port=str(widget.path), address=500, fixture="cct16")))
    lamp.offer(RoomLook(70.0, 6500.0), NOW)
    light = luminance_of_l(70.0)
    widget.wait_for_universe(bytes(499) + bytes((0, 0, *bytes16(light))) + bytes(9))
