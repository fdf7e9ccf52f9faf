"""A sound card that is not there, as a model: a real clock, a buffer that can run dry, and a recording of what was heard.

Nothing is heard, but everything is as with a card: blocks are pulled one buffer ahead of the moment they are heard at, a block
that comes too late is an under-run, and `faults` unplug or stall it. With `speed` N it takes N seconds of sound a second.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from hardware.faults import Fault, FaultPlan
from hardware.soundcards.seam import Fill, SoundCard, silence
from hardware.soundcards.tape import Tape

_LONGEST_NAP_S: Final = 0.05
_SIMULATED_BLOCKS: Final = 8
"""Nothing is heard of simulated time, so it may be a tenth of a second behind, and no stall of the machine is an under-run."""


class StubSoundCard(SoundCard):
    """The demo room's card. `delay`, `slow` and `drop` stall it: it pulls nothing, and its buffer runs dry."""

    driver = "stub"
    verified = True

    def __init__(
        self,
        name: str = "sound card",
        channels: int = 2,
        rate_hz: int = 48_000,
        latency_s: float = 0.048,
        block_frames: int = 256,
        speed: float = 1.0,
        record: Path | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(name, channels, rate_hz, latency_s)
        self.speed = speed
        self._record = record
        self._plan = FaultPlan(faults, speed)
        # Simulated time pulls longer blocks, so that a block lasts as long as a real card's, and holds more of them.
        self._block = np.zeros((block_frames * math.ceil(speed), channels), dtype=np.float32)
        held = 2 if speed == 1.0 else _SIMULATED_BLOCKS
        self._lead_s = max(latency_s, held * self._block.shape[0] / self.frames_per_s)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._tape: Tape | None = None
        self._heard_until_s = 0.0
        self._fill: Fill = silence

    @property
    def frames_per_s(self) -> float:
        """Frames taken in a second of monotonic time: `speed` times the card's rate."""
        return self.rate_hz * self.speed

    @property
    def record_fault(self) -> str:
        """Why the recording ended early; empty where it did not."""
        return self._tape.fault if self._tape else ""

    def open(self, fill: Fill = silence) -> None:
        """Begin to pull blocks from `fill`."""
        if self._thread is not None:
            raise AssertionError(f'sound card "{self.name}" was opened twice')
        self._fill = fill
        self._plan.begin()
        self.set_link("CONNECTING")
        self._thread = threading.Thread(target=self._run, name=f"stub card {self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop pulling, and end the recording."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._tape is not None:
            self._tape.close()
        self.set_link("ABSENT")

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._plan.raise_if_away()
            except OSError as fault:
                self.set_link("FAULT", str(fault))
                self._closing.wait(_LONGEST_NAP_S)
                continue
            self._play()

    def _play(self) -> None:
        """Pull blocks until the card is closed or unplugged; the recording has silence up to the first of them."""
        block_s = self._block.shape[0] / self.frames_per_s
        dac_s = self._begin_again(time.monotonic() + self._lead_s)
        self.set_link("READY")
        pulled = 0
        while not self._closing.is_set() and not (self._plan.on("unplug") or self._plan.on("refuse")):
            self._nap_until(dac_s + pulled * block_s - self._lead_s)
            stalled_s = max(self._plan.left_s("delay"), self._plan.left_s("slow"), self._plan.left_s("drop"))
            if stalled_s > 0.0:
                self._closing.wait(min(stalled_s, _LONGEST_NAP_S))
                continue
            if time.monotonic() > dac_s + pulled * block_s:
                self.underruns += 1
                dac_s, pulled = self._begin_again(time.monotonic() + self._lead_s), 0
            self._pull(self._fill, self._block, dac_s + pulled * block_s)
            if self._tape is not None:
                self._tape.put(self._block)
            pulled += 1
            self._heard_until_s = dac_s + pulled * block_s

    def _begin_again(self, dac_s: float) -> float:
        """Record silence from what was last heard to about `dac_s`; returns the exact time of the next frame."""
        if self._record is not None and self._tape is None:
            self._tape = Tape(self._record, self.channels, self.rate_hz, dac_s, self.frames_per_s)
            return dac_s
        if self._heard_until_s == 0.0:
            return dac_s
        frames = math.ceil((dac_s - self._heard_until_s) * self.frames_per_s)
        if self._tape is not None:
            self._tape.put_silence(frames)
        return self._heard_until_s + frames / self.frames_per_s

    def _nap_until(self, mono_s: float) -> None:
        """Sleep to an absolute time."""
        left_s = mono_s - time.monotonic()
        if left_s > 0.0:
            time.sleep(left_s)
