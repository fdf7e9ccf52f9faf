"""The last stage of the sound, after the render-ahead: two gains and a ceiling that nothing passes.

Runs in the sound card's own thread. STOP reaches it by one assignment, so no lock or queue can delay it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from stimuli.frames import Samples, frames_of_ms, frames_of_s

STIMULUS_STOP_FRAMES: Final = frames_of_ms(10)
MUSIC_STOP_FRAMES: Final = frames_of_s(2)
UNLATCH_FRAMES: Final = frames_of_ms(20)


@dataclass(frozen=True, slots=True)
class Fade:
    """Go to `target` at `per_frame` a frame."""

    target: float
    per_frame: float


class FadingGain:
    """A gain that fades linearly. `to` may be called from any thread; `ramp` belongs to the card's thread alone."""

    def __init__(self, gain: float = 1.0) -> None:
        self._gain = self._from_gain = gain
        self._fade = self._followed = Fade(gain, 1.0)
        self._elapsed_frames = 0

    @property
    def gain(self) -> float:
        """Where the gain stands after the last block."""
        return self._gain

    def to(self, target: float, frames: int) -> None:
        """Go to `target`, a whole step of 1.0 taking `frames`."""
        self._fade = Fade(target, 1.0 / frames)

    def ramp(self, frames: int) -> float | npt.NDArray[np.float32]:
        """The gain of the next `frames` frames: a number where it is constant, else an array of shape (frames, 1).

        Worked out from where the fade began, so it does not depend on how the sound is split into blocks.
        """
        fade = self._fade
        if fade is not self._followed:
            self._followed, self._from_gain, self._elapsed_frames = fade, self._gain, 0
        if self._gain == fade.target:
            return self._gain
        steps = np.arange(self._elapsed_frames + 1, self._elapsed_frames + frames + 1) * fade.per_frame
        if fade.target < self._from_gain:
            gains = np.maximum(self._from_gain - steps, fade.target)
        else:
            gains = np.minimum(self._from_gain + steps, fade.target)
        self._elapsed_frames += frames
        self._gain = float(gains[-1])
        column: npt.NDArray[np.float32] = gains.astype(np.float32)[:, np.newaxis]
        return column


VOLUME_DB_PER_S: Final = 6.0


class OutputLevel:
    """One output's own level under its cap: louder at 6 dB a second at most, softer just as calmly."""

    def __init__(self, level_db: float = 0.0, cap_db: float = 0.0) -> None:
        """`level_db` is 0 at most and counts from the cap, itself a gain of 0 dB at most."""
        self._cap_db = cap_db
        self.level_db = level_db
        self._gain_db = FadingGain(level_db + cap_db)

    def to(self, level_db: float) -> None:
        """Go to `level_db`, evenly in dB from wherever the level is."""
        self._gain_db.to(level_db + self._cap_db, frames_of_s(1.0 / VOLUME_DB_PER_S))
        self.level_db = level_db

    def cap(self, cap_db: float) -> None:
        """Put another cap in force, as evenly as a level; the level under it stays what it is."""
        self._cap_db = cap_db
        self.to(self.level_db)

    def apply(self, sound: Samples) -> Samples:
        """`sound` at this level."""
        gain_db = self._gain_db.ramp(len(sound))
        if isinstance(gain_db, float):
            return sound if gain_db == 0.0 else sound * np.float32(_factor(gain_db))
        moving: Samples = sound * np.power(np.float32(10.0), gain_db / np.float32(20.0))
        return moving


def _factor(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


class OutputStage:
    """Mixes the stimulus and the music under STOP's two gains."""

    def __init__(self, ceiling_frac: float, stimulus_db: float = 0.0) -> None:
        """`stimulus_db`, 0 at most, brings what the score places to the room's usual level once its outputs are calibrated."""
        self._ceiling = np.float32(ceiling_frac)
        self.bring_stimulus_to(stimulus_db)
        self.stimulus = FadingGain()
        self.music = FadingGain()
        self._stimulus_ramp: float | npt.NDArray[np.float32] = 1.0

    def bring_stimulus_to(self, stimulus_db: float) -> None:
        """Another level for what the score places, 0 dB at most; between sets, since it is taken up at once."""
        self._stimulus_frac = np.float32(_factor(min(stimulus_db, 0.0)))

    def stop_stimulus(self) -> None:
        """Everything placed by the score is silent in 10 ms."""
        self.stimulus.to(0.0, STIMULUS_STOP_FRAMES)

    def stop_music(self, *, at_once: bool) -> None:
        """The music is silent in 2 s, or in 10 ms."""
        self.music.to(0.0, STIMULUS_STOP_FRAMES if at_once else MUSIC_STOP_FRAMES)

    def unlatch(self) -> None:
        """Let sound through again; what is stopped or paused stays silent by itself."""
        self.stimulus.to(1.0, UNLATCH_FRAMES)
        self.music.to(1.0, MUSIC_STOP_FRAMES)

    def mix(self, stimulus: Samples, music: Samples) -> Samples:
        """Both under their gains, clipped at the ceiling (the limiter has kept them below it already). A new array."""
        self._stimulus_ramp = self.stimulus.ramp(len(stimulus))
        mixed = stimulus * (self._stimulus_ramp * self._stimulus_frac)
        mixed += _under(music, self.music.ramp(len(music)))
        np.minimum(mixed, self._ceiling, out=mixed)
        return np.maximum(mixed, -self._ceiling, out=mixed)

    def admit(self, mixed: Samples, noise: Samples) -> Samples:
        """Sound that no score placed laid over the last `mix`, under the same stimulus gain and the same ceiling."""
        whole: Samples = mixed + self.gate(noise)
        return np.clip(whole, -self._ceiling, self._ceiling, out=whole)

    def gate(self, taps: Samples) -> Samples:
        """Sound that moves hands, of the same frames as the last `mix` and under the same stimulus gain."""
        return _under(taps, self._stimulus_ramp)


def _under(sound: Samples, gain: float | npt.NDArray[np.float32]) -> Samples:
    return sound if isinstance(gain, float) and gain == 1.0 else sound * gain
