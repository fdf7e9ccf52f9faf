"""The room's sound: the card's thread takes what was rendered, under the last stage, and ties the session clock to the card."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hardware.entries import Outputs
from hardware.seams import Device, Link
from hardware.soundcards.seam import SoundCard
from roomctl.calibration_noise import Noise
from roomctl.clock import SessionClock
from roomctl.engine.output_stage import OutputLevel, OutputStage
from roomctl.engine.realtime import RENDER_PRIORITY, ask_realtime
from roomctl.engine.render_ahead import RenderAhead
from stimuli.frames import Samples

log = logging.getLogger(__name__)

FIRST_SOUND_FRAMES: Final = 2048
"""After a card came (back), sound begins this much later, when it has been rendered."""


@dataclass(frozen=True, slots=True)
class PlayedNoise:
    """The noise, and the output that it calibrates: `room` or `headphones`."""

    output: str
    noise: Noise


class Sound:
    """One card. A card that goes and comes back goes on at the session frame that is due then."""

    def __init__(
        self,
        card: SoundCard,
        clock: SessionClock,
        ahead: RenderAhead,
        stage: OutputStage,
        outputs: Outputs,
        onset_ms: float,
        *,
        room_level: OutputLevel | None = None,
        headphones_level: OutputLevel | None = None,
    ) -> None:
        self.card = card
        self._clock = clock
        self._ahead = ahead
        self._stage = stage
        self._outputs = outputs
        pairs = [pair for pair in (outputs.room, outputs.headphones, outputs.taps) if pair is not None]
        self._leaves_channels = len({channel for pair in pairs for channel in pair}) < card.channels
        self.room_level = room_level or OutputLevel()
        self.headphones_level = headphones_level or OutputLevel()
        self._onset_s = onset_ms / 1000.0
        self._next_frame: int | None = None
        self._asked_realtime = False
        self.card_frames = 0
        self.noise: PlayedNoise | None = None

    def open(self) -> None:
        """Begin to play."""
        self._ahead.start()
        self.card.open(self.fill)

    def close(self) -> None:
        """Let the card go."""
        self.card.close()
        self._ahead.close()

    def link_changed(self, device: Device, link: Link) -> None:
        """The card went or came: time goes on, and is tied to it anew."""
        if link.state != "READY":
            self._next_frame = None
            self._clock.unlock()

    @property
    def underruns(self) -> int:
        """Blocks that were not ready, and those the card itself reports."""
        return self._ahead.underruns + self.card.underruns

    def fill(self, block: npt.NDArray[np.float32], dac_mono_s: float) -> None:
        """One block for the card; its first frame is heard at `dac_mono_s`."""
        if not self._asked_realtime:
            self._asked_realtime = True
            ask_realtime(RENDER_PRIORITY)
        frames = len(block)
        heard_s = dac_mono_s + self._onset_s
        first_frame = self._next_frame
        if first_frame is None:
            first_frame = round(self._clock.frame_at(heard_s))
            self._ahead.restart(first_frame + FIRST_SOUND_FRAMES)
        self._clock.observe(first_frame, heard_s)
        self._next_frame = first_frame + frames
        self.card_frames += frames
        self._write(block, first_frame)
        self._ahead.refill()

    def _write(self, block: npt.NDArray[np.float32], first_frame: int) -> None:
        stimulus, music, taps = self._ahead.read(first_frame, len(block))
        mixed = self._stage.mix(stimulus, music)
        block.fill(0.0)
        self._lay(block, self._outputs.room, self._noised("room", self.room_level.apply(mixed)))
        if self._outputs.headphones is not None:
            self._lay(block, self._outputs.headphones, self._noised("headphones", self.headphones_level.apply(mixed)))
        if self._outputs.taps is not None:
            self._lay(block, self._outputs.taps, self._stage.gate(taps))

    def _noised(self, output: str, mixed: Samples) -> Samples:
        """`mixed` with the noise over it where this output is being calibrated; its gain lies under the cap already."""
        played = self.noise
        if played is None or played.output != output:
            return mixed
        if played.noise.done.is_set():
            self.noise = None
        return self._stage.admit(mixed, played.noise.block(len(mixed)))

    @staticmethod
    def _lay(block: npt.NDArray[np.float32], pair: tuple[int, int] | None, bus: Samples) -> None:
        if pair is not None and pair[1] == pair[0] + 1:
            block[:, pair[0] - 1 : pair[1]] = bus
        elif pair is not None:
            block[:, pair[0] - 1] = bus[:, 0]
            block[:, pair[1] - 1] = bus[:, 1]


def spread_ms(values_s: list[float]) -> float | None:
    """Standard deviation in ms; None before there are 16 values."""
    return 1000.0 * float(np.std(values_s)) if len(values_s) >= 16 else None
