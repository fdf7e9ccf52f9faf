"""The tapper's firmware, compiled, on a simulated ATmega328P."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FIRMWARE = HERE.parents[2] / "firmware" / "tapper"


@dataclass(frozen=True)
class Motor:
    """A change at a motor's pin, in simulated time."""

    at_ms: float
    side: str
    on: bool
    duty: int


@dataclass
class Record:
    """What the simulated processor did."""

    motors: list[Motor] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take one line of the runner."""
        if not line.startswith("{"):
            return
        event = json.loads(line)
        if "crashed" in event:
            pytest.fail("the simulated processor crashed")
        if "side" in event:
            self.motors.append(Motor(event["us"] / 1000, event["side"], event["on"], event["duty"]))
        elif "tx" in event:
            self.sent.append((event["us"] / 1000, event["tx"]))

    @property
    def sent_bytes(self) -> bytes:
        return bytes(byte for _, byte in self.sent)

    def pulses(self, side: str | None = None) -> list[tuple[float, float, str]]:
        """(begins ms, lasts ms, side) of every pulse that ended, in order of their beginnings."""
        found: list[tuple[float, float, str]] = []
        begun: dict[str, float] = {}
        for motor in self.motors:
            if motor.on:
                begun.setdefault(motor.side, motor.at_ms)
            elif motor.side in begun:
                start = begun.pop(motor.side)
                found.append((start, motor.at_ms - start, motor.side))
        return sorted(pulse for pulse in found if side in (None, pulse[2]))

    def ever_both(self) -> bool:
        on = {"left": False, "right": False}
        for motor in self.motors:
            on[motor.side] = motor.on
            if all(on.values()):
                return True
        return False


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The runner and the firmware, built; skipped where Debian's gcc-avr, avr-libc or libsimavr-dev is missing."""
    if not shutil.which("avr-gcc") or not Path("/usr/include/simavr/sim_avr.h").exists() or not shutil.which("gcc"):
        pytest.skip("needs Debian's gcc, gcc-avr, avr-libc, libsimavr-dev and libelf-dev")
    folder = tmp_path_factory.mktemp("tapper")
    subprocess.run(["make", "-s", "-C", FIRMWARE, f"BUILD={folder}"], check=True, capture_output=True)
    runner = folder / "simavr_tapper"
    source = HERE / "simavr_tapper.c"
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", runner, source, "-lsimavr", "-lelf", "-lutil", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True)
    return runner, folder / "tapper.elf"


RunScript = Callable[..., Record]


@pytest.fixture
def run_firmware(simulator: tuple[Path, Path]) -> RunScript:
    """Runs (at ms, bytes or "button 0|1") events through the firmware in simulated time, and returns what it did."""

    def run(events: list[tuple[float, bytes | str]], until_ms: float) -> Record:
        runner, firmware = simulator
        lines = [
            f"{at_ms} {what if isinstance(what, str) else what.hex()}\n" for at_ms, what in sorted(events, key=lambda e: e[0])
        ]
        command = [runner, firmware, "script", str(until_ms)]
        done = subprocess.run(command, input="".join(lines), capture_output=True, text=True, check=True, timeout=100)
        record = Record()
        for line in done.stdout.splitlines():
            record.add(line)
        return record

    return run


class LiveTapper:
    """The firmware on the wall clock, behind a pty that resets it when opened."""

    def __init__(self, runner: Path, firmware: Path) -> None:
        self.record = Record()
        self.changed = threading.Condition()
        self._process = subprocess.Popen([runner, firmware, "pty"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = ""
        while '"pty"' not in line:
            line = self._process.stdout.readline()
            assert line, "the simulator ended before it had a pty"
        self.path: str = json.loads(line)["pty"]
        self._reader = threading.Thread(target=self._read, name="simavr")
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self.changed:
                self.record.add(line)
                self.changed.notify_all()

    def wait_for(self, what: Callable[[Record], bool], timeout_s: float = 20.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: what(self.record), timeout_s)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._reader.join(20)
        self._process.stdout.close()


@pytest.fixture
def live_tapper(simulator: tuple[Path, Path]) -> Iterator[LiveTapper]:
    """The firmware in `simavr`, its UART on a pty."""
    live = LiveTapper(*simulator)
    yield live
    live.close()
