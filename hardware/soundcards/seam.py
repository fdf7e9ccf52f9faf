"""The seam of a sound card: it pulls blocks, and says of each when its first frame will be heard."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hardware.seams import Capabilities, Device

Block = npt.NDArray[np.float32]
"""Sound for a card: float32 of shape (frames, channels), full scale 1.0."""

Fill = Callable[[Block, float], None]
"""`fill(block, dac_mono_s)` writes the whole of `block` in place. `dac_mono_s` is the monotonic time of its first frame.

It is called on the card's own thread, which nothing else shares: it must not wait, and must not raise.
"""


def silence(block: Block, dac_mono_s: float) -> None:
    """Fill with nothing to hear."""
    block.fill(0.0)


class SoundCard(Device):
    """A card that plays what `fill` gives it, from `open` to `close`.

    Lost, it is FAULT and tries each second to come back *as the same card*. `fill` is then called again with later times;
    what the room wanted heard in between was not heard.
    """

    kind = "soundcard"

    def __init__(self, name: str, channels: int, rate_hz: int, latency_s: float) -> None:
        super().__init__(name)
        self.channels = channels
        self.rate_hz = rate_hz
        self.latency_s = latency_s
        self.underruns = 0
        self.fill_fault = ""

    @property
    def frames_per_s(self) -> float:
        """Frames the card takes in a second of monotonic time, nominally."""
        return float(self.rate_hz)

    @property
    def capabilities(self) -> Capabilities:
        """A card knows no frame rate; what it holds when the room is gone is one buffer."""
        return Capabilities(on_silence=f"silent within {1000 * self.latency_s:.0f} ms, the length of its buffer")

    @abstractmethod
    def open(self, fill: Fill = silence) -> None:
        """Begin to play what `fill` gives, without waiting for the card; the link state says how it goes."""

    def safe(self) -> None:
        """Nothing to do here: the last stage before the card silences what it is given, and music may still be fading."""

    def _pull(self, fill: Fill, block: Block, dac_mono_s: float) -> None:
        """Fill `block`; a `fill` that raises gives silence, and is recorded in `fill_fault`."""
        try:
            fill(block, dac_mono_s)
        except Exception as fault:  # noqa: BLE001 - a card's thread must go on; the fault is kept for whoever asks
            self.fill_fault = f"{type(fault).__name__}: {fault}"
            block.fill(0.0)
