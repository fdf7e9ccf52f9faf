"""The OSC bar, heard by liblo's `oscdump`, which nobody here wrote."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from hardware.entries import LightBarEntry
from hardware.lightbars.osc import OscLightBar
from hardware.seams import Due, LightFrame


@pytest.fixture
def oscdump() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    if shutil.which("oscdump") is None:
        pytest.skip("needs oscdump (Debian: liblo-tools)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(["stdbuf", "-oL", "oscdump", str(port)], stdout=subprocess.PIPE, text=True)
    yield port, process
    process.terminate()
    process.communicate(timeout=10.0)


def test_the_dot_and_the_pixels_are_read_as_they_were_sent(oscdump: tuple[int, subprocess.Popen[str]]) -> None:
    port, process = oscdump
    bar = OscLightBar(LightBarEntry("bar", "osc", leds=2, port=port))
    bar.open()
    pixels = np.array([[1.0, 0.0, 0.2], [0.0, 0.4, 0.0]], dtype=np.float32)
    closing = threading.Event()

    def offer() -> None:
        while not closing.wait(0.02):
            bar.offer(LightFrame(-0.5, 0.25, (1.0, 0.5, 0.0), pixels), Due(0, 0.0))

    offering = threading.Thread(target=offer)
    offering.start()
    try:
        assert process.stdout is not None
        found = set()
        while len(found) < 2:
            line = process.stdout.readline()
            assert line, "oscdump ended"
            if "/roomctl/bar/dot fffff -0.500000 0.250000 1.000000 0.500000 0.000000" in line:
                found.add("dot")
            if "/roomctl/bar/pixels b" in line and "ff 00 33 00 66 00" in line.lower().replace("0x", ""):
                found.add("pixels")
    finally:
        closing.set()
        offering.join(10.0)
        bar.close()
