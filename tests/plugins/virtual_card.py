"""A sound card without hardware that is recorded: a private PulseAudio with a null sink, listened to by parec.

The fixture `virtual_card` gives a running one. What is to play on it must be a process of its own, started with `card.env`, as
PortAudio reads that environment when it is loaded; it then lists a device called `room`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

RATE_HZ = 48_000
NEEDED = ("pulseaudio", "parec")
WAIT_S = 15.0
PLACES = ("front-left", "front-right", "rear-left", "rear-right", "front-center", "lfe")

ROOM_PA = """.fail
load-module module-native-protocol-unix auth-anonymous=1 socket={native}
load-module module-null-sink sink_name=room rate=48000 format=float32le channels={channels} \
 channel_map={channel_map} norewinds=1
set-default-sink room
set-default-source room.monitor
"""

ASOUND_CONF = """pcm.!default {{ type pulse server "unix:{native}" device "room" hint {{ show on description "room" }} }}
pcm.room {{ type pulse server "unix:{native}" device "room" hint {{ show on description "room" }} }}
ctl.!default {{ type pulse server "unix:{native}" }}
"""


@dataclass(frozen=True)
class Heard:
    """What the card played: float32 (frames, channels), and when chunks of it came, as (frames so far, monotonic seconds)."""

    samples: npt.NDArray[np.float32]
    arrivals: npt.NDArray[np.float64]

    @property
    def first_mono_s(self) -> float:
        """When the first frame was heard, but for a constant of some 10 ms: no chunk can come before it was played."""
        return float((self.arrivals[:, 1] - self.arrivals[:, 0] / RATE_HZ).min())


class VirtualCard:
    """One PulseAudio in a folder of its own. Everything it starts ends with `close`."""

    def __init__(self, folder: Path, channels: int = 2) -> None:
        self.channels = channels
        self._folder = folder
        self._native = folder / "native"
        self._map = ",".join(PLACES[:channels])
        for name in ("run", "home"):
            (folder / name).mkdir(mode=0o700, parents=True)
        self.env = {
            **os.environ,
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": str(folder / "home"),
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "PULSE_SERVER": f"unix:{self._native}",
        }
        self._pulse: subprocess.Popen[bytes] | None = None
        self._parec: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._chunks: list[bytes] = []
        self._arrivals: list[tuple[float, float]] = []
        self._began = threading.Event()

    def plug(self) -> None:
        """Start the card. Returns when it takes connections."""
        text = ROOM_PA.format(native=self._native, channels=self.channels, channel_map=self._map)
        (self._folder / "room.pa").write_text(text)
        (self._folder / "asound.conf").write_text(ASOUND_CONF.format(native=self._native))
        self._native.unlink(missing_ok=True)
        command = ["pulseaudio", "-n", "-F", str(self._folder / "room.pa"), "--daemonize=no", "--exit-idle-time=-1"]
        log = self._folder / "log"
        self._pulse = subprocess.Popen(
            [*real_time(15), *command, "--disable-shm=yes", f"--log-target=file:{log}"],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._native.exists, f"PulseAudio did not start; its log is {log}")

    def unplug(self) -> None:
        """Pull the card out: whoever plays on it is cut off."""
        end(self._pulse, signal.SIGTERM)
        self._pulse = None

    def record(self) -> None:
        """Begin to listen. Returns when the first sound, silence too, has come."""
        assert self._parec is None, "this card is being recorded already"
        self._chunks, self._arrivals = [], []
        self._began.clear()
        about = [f"--rate={RATE_HZ}", f"--channels={self.channels}", f"--channel-map={self._map}", "--format=float32le"]
        self._parec = subprocess.Popen(
            [*real_time(14), "parec", "-d", "room.monitor", "--latency-msec=10", *about],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._listen, name="parec", daemon=True)
        self._reader.start()
        assert self._began.wait(WAIT_S), "parec heard nothing"

    def recording(self) -> Heard:
        """Stop listening; what was heard."""
        end(self._parec, signal.SIGINT)
        if self._reader is not None:
            self._reader.join(WAIT_S)
        if self._parec is not None and self._parec.stdout is not None:
            self._parec.stdout.close()
        self._parec = self._reader = None
        raw = b"".join(self._chunks)
        whole = len(raw) // (4 * self.channels)
        samples = np.frombuffer(raw, dtype="<f4", count=whole * self.channels).reshape(whole, self.channels)
        return Heard(samples.astype(np.float32), np.array(self._arrivals, dtype=np.float64).reshape(-1, 2))

    def close(self) -> None:
        """End the recorder and the card."""
        self.recording()
        self.unplug()

    def _listen(self) -> None:
        assert self._parec is not None
        assert self._parec.stdout is not None
        frames = 0.0
        while chunk := os.read(self._parec.stdout.fileno(), 1 << 16):
            now_s = time.monotonic()
            frames += len(chunk) / (4 * self.channels)
            self._chunks.append(chunk)
            self._arrivals.append((frames, now_s))
            self._began.set()


def real_time(priority: int) -> list[str]:
    """What to put before a command so that it runs under SCHED_FIFO, as rtkit grants; nothing where it may not."""
    if shutil.which("chrt") is None:
        return []
    asked = ["chrt", "--fifo", str(priority)]
    return asked if subprocess.run([*asked, "true"], capture_output=True, check=False).returncode == 0 else []


def wait_until(true: Callable[[], bool], otherwise: str, timeout_s: float = WAIT_S) -> None:
    """Poll until `true`; fail with `otherwise` when it never is."""
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, otherwise
        time.sleep(0.01)


def end(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    """End a process that we started, gently, then for good."""
    if process is None:
        return
    process.send_signal(how)
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5.0)


@pytest.fixture
def make_virtual_card(tmp_path: Path) -> Iterator[Callable[[int], VirtualCard]]:
    """`make_virtual_card(channels)` starts a card, which ends with the test."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)} (Debian: pulseaudio pulseaudio-utils libasound2-plugins)")
    cards: list[VirtualCard] = []

    def make(channels: int) -> VirtualCard:
        card = VirtualCard(tmp_path / f"card{len(cards)}", channels)
        cards.append(card)
        card.plug()
        return card

    yield make
    for card in cards:
        card.close()


@pytest.fixture
def virtual_card(make_virtual_card: Callable[[int], VirtualCard]) -> VirtualCard:
    """A stereo card that runs and is not yet recorded."""
    return make_virtual_card(2)
