"""Transducers on two channels of the room's own sound card: taps as bursts, on the tone's clock to the sample.

Verified against: nothing but its own samples; the card and its clock are the sound card's driver's. The engine's render thread
asks for `block` and mixes it into the tap channels, so a tap of the score is not offered here: `offer` is a test of one side.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from hardware.entries import TapperEntry
from hardware.seams import Capabilities, Due, Tapper, TapPulse
from hardware.tappers.clamp import felt_pulse
from stimuli.frames import Samples, frames_of_ms
from stimuli.score import Score
from stimuli.taps import Pulse, TapChannels, TapLimits, add_pulse, burst, tap_block

__all__ = ["AudioTapper", "AudioTapperConfig", "build", "burst"]

TUNE_FRAMES: Final = frames_of_ms(10.0)
"""How long the gain takes from nothing to full strength."""


@dataclass(frozen=True, slots=True)
class AudioTapperConfig:
    """How the transducers are driven, and what they take to be felt."""

    channels: TapChannels = field(default_factory=TapChannels)
    min_pulse_ms: float = 30.0
    onset_ms: float = 0.0


class AudioTapper(Tapper):
    """Two transducers on the card. Its link is the card's: whoever owns the card says so with `card_is`."""

    driver = "audio"

    def __init__(self, name: str, config: AudioTapperConfig | None = None) -> None:
        super().__init__(name)
        config = config or AudioTapperConfig()
        limits = TapLimits(min_ms=max(30.0, config.min_pulse_ms))
        self._config = replace(config, channels=replace(config.channels, limits=limits))
        self._lock = threading.Lock()
        self._asked: TapPulse | None = None
        self._test: Pulse | None = None
        self._gain_frac = 1.0
        self.on = True
        self.strength_frac = 1.0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            on_silence="still when the card's buffer has run out, 0.1 s at most",
            min_pulse_ms=self._config.channels.limits.min_ms,
            onset_ms=self._config.onset_ms,
        )

    def open(self) -> None:
        if self.link.state == "ABSENT":
            self.set_link("CONNECTING", "waits for the sound card")

    def card_is(self, running: bool, why: str = "") -> None:
        """The card plays, or does not and why; what was to be tested while it did not is forgotten."""
        if self.link.state != "READY":
            self.safe()
        self.set_link("READY" if running else "FAULT", why)

    def offer(self, pulse: TapPulse, due: Due) -> None:
        felt = felt_pulse(self, pulse)
        if felt is not None:
            with self._lock:
                self._asked = felt

    def safe(self) -> None:
        with self._lock:
            self._asked = self._test = None

    def close(self) -> None:
        self.safe()
        self.set_link("ABSENT")

    def tune(self, *, on: bool | None = None, strength_frac: float | None = None) -> None:
        """This tapper's own switch and strength; the next block that is rendered goes there in 10 ms, without a click."""
        if strength_frac is not None:
            self.strength_frac = strength_frac
        if on is not None:
            self.on = on
            if not on:
                self.safe()

    def block(self, score: Score | None, first_frame: int, frames: int) -> Samples:
        """The tap channels from `first_frame`: the score's taps, or while there is no score what was offered.

        Returns float32 of shape (frames, 2), left hand then right; never both at once.
        """
        if score is not None:
            self.safe()
            return self._tuned(tap_block(score, first_frame, frames, self._config.channels))
        return self._tuned(self._test_block(first_frame, frames))

    def _tuned(self, block: Samples) -> Samples:
        """`block` at this tapper's own strength, on a straight line from the strength before."""
        wanted_frac, held_frac = (self.strength_frac if self.on else 0.0), self._gain_frac
        if held_frac == wanted_frac:
            return block if held_frac == 1.0 else block * np.float32(held_frac)
        reach = np.arange(1, len(block) + 1, dtype=np.float64) / TUNE_FRAMES
        gain = held_frac + np.clip(wanted_frac - held_frac, -reach, reach)
        self._gain_frac = wanted_frac if reach[-1] >= abs(wanted_frac - held_frac) else float(gain[-1])
        tuned: Samples = block * gain.astype(np.float32)[:, np.newaxis]
        return tuned

    def _test_block(self, first_frame: int, frames: int) -> Samples:
        block = np.zeros((frames, 2), dtype=np.float32)
        test = self._test_pulse(first_frame)
        if test is not None:
            add_pulse(block, first_frame, test, self._config.channels)
        return block

    def _test_pulse(self, first_frame: int) -> Pulse | None:
        """The pulse under test, begun at this block where it is new; a second one waits until the first is over."""
        with self._lock:
            if self._test is not None and self._test.end_frame <= first_frame:
                self._test = None
            if self._test is None and self._asked is not None:
                asked, self._asked = self._asked, None
                self._test = Pulse(first_frame, frames_of_ms(asked.ms), asked.side, asked.strength_frac)
            return self._test


def build(entry: TapperEntry) -> AudioTapper:
    """The tapper of a room file's entry."""
    channels = TapChannels(level_frac=entry.strength_frac)
    return AudioTapper(entry.name, AudioTapperConfig(channels, entry.min_pulse_ms, entry.onset_ms))
