"""Calibrating a room that runs: the noise through one output, and the reading that is in force from then on."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from roomctl import messages as m
from roomctl.calibrate import (
    Calibration,
    Loudness,
    calibrated,
    cap_gain_db,
    keep_calibration,
    read_calibrations,
    start_levels,
    usual_gain_db,
)
from roomctl.calibration_noise import MOST_S, NOISE_GAIN_DB, Noise, noise_gain_db
from roomctl.engine.outcome import Outcome
from roomctl.engine.parts import Parts
from roomctl.engine.sound import PlayedNoise
from roomctl.errors import Away, Refused, UnknownId
from stimuli.frames import frames_of_s

END: Final = "calibration/end"


@dataclass(frozen=True, slots=True)
class Sounding:
    """The noise that plays, and the session frames it lasts from and to."""

    output: str
    gain_db: float
    begin_frame: int
    end_frame: int


class Calibrating:
    """Holds the outputs' readings and the noise that plays. Called under the room's lock."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._data = parts.journal.path.parent
        self._cap_dba = parts.room_file.limits.cap_dba
        self._readings = read_calibrations(self._data)
        self._played_db: dict[str, float] = {}
        self._sounding: Sounding | None = None
        self._noise: Noise | None = None

    @property
    def outputs(self) -> list[str]:
        """The outputs that can be calibrated: those the room file has."""
        return self._parts.room_file.audio.outputs.heard

    def refuse_noise(self) -> None:
        """Raise Refused while the noise plays: nothing else begins under it."""
        if self._sounding is not None:
            raise Refused(
                f"the calibration noise plays on {self._sounding.output}; end it first",
                state="calibrating",
                possible=[END, "stop"],
            )

    def handle(self, command: m.PlayNoise | m.EndNoise | m.KeepReading, frame: int) -> Outcome:
        """Answer a command. Raises the room's errors."""
        match command:
            case m.PlayNoise():
                return self._play(command, frame)
            case m.EndNoise():
                self.end()
                return Outcome({"noise": None})
            case m.KeepReading():
                return self._keep(command, frame)

    def _play(self, command: m.PlayNoise, frame: int) -> Outcome:
        self._refuse_unknown(command.output)
        self._refuse_program()
        self.refuse_noise()
        card, limits = self._parts.sound.card, self._parts.room_file.limits
        if card.link.state != "READY":
            raise Away(f'the sound card "{card.name}" is away ({card.link.why or card.link.state}); see that it is plugged in')
        asked_db = NOISE_GAIN_DB if command.gain_db is None else command.gain_db
        gain_db = noise_gain_db(asked_db, limits.peak_dbfs, limits.cap_dba, self._readings.get(command.output))
        self._noise = Noise(gain_db)
        self._sounding = Sounding(command.output, gain_db, frame, frame + frames_of_s(MOST_S))
        self._played_db[command.output] = gain_db
        self._parts.sound.noise = PlayedNoise(command.output, self._noise)
        return Outcome({"output": command.output, "gain_db": gain_db, "ends_in_s": MOST_S})

    def _keep(self, command: m.KeepReading, frame: int) -> Outcome:
        self._refuse_unknown(command.output)
        self._refuse_program()
        gain_db = self._played_db.get(command.output) if command.gain_db is None else command.gain_db
        if gain_db is None:
            raise Refused(
                f"no noise was played on {command.output} yet, so nobody knows at which gain this was read; play it first",
                state="uncalibrated" if command.output not in self._readings else "calibrated",
                possible=["calibration/noise"],
            )
        reading = calibrated(command.output, command.dba, gain_db, time.time())
        self.end()
        self._readings = {**self._readings, command.output: reading}
        self._put_in_force(command.output, frame)
        return Outcome({"output": command.output, **self._described(reading)}, self._saved(reading))

    def _saved(self, reading: Calibration) -> Future[None]:
        """Write the reading beside the others', away from the room's lock."""
        writer = ThreadPoolExecutor(1, "calibration")
        saved = writer.submit(keep_calibration, self._data, reading)
        writer.shutdown(wait=False)
        return saved

    def _put_in_force(self, output: str, frame: int) -> None:
        """The caps, the level of tones, and the volume that the music begins with, as at a start with these readings."""
        parts, levels = self._parts, start_levels(self._readings, self._cap_dba)
        for name, level in (("room", parts.sound.room_level), ("headphones", parts.sound.headphones_level)):
            level.cap(levels.caps_db.get(name, 0.0))
        parts.stage.bring_stimulus_to(levels.stimulus_db)
        parts.dosing.loudness = Loudness(self._readings, self._cap_dba, parts.room_file.music.target_lufs)
        if output == "room" and levels.volume_db is not None:
            parts.dosing.handle(m.ChangeMusic(volume_db=levels.volume_db), frame, None, "calibration")

    def _refuse_unknown(self, output: str) -> None:
        if output not in self.outputs:
            known = ", ".join(self.outputs)
            raise UnknownId(f'there is no output "{output}" to calibrate; allowed: {known}', allowed=self.outputs)

    def _refuse_program(self) -> None:
        dosing = self._parts.dosing
        if dosing.program is not None:
            title = dosing.program.title
            raise Refused(
                f'the program "{title}" is running; a room is calibrated before or after it',
                state="program",
                possible=["program/end"],
            )
        if dosing.is_playing:
            raise Refused("the music is still fading; wait until it is silent", state="music", possible=["stop"])

    def end(self) -> None:
        """Let the noise fade, where one plays."""
        if self._noise is not None:
            self._noise.finish.set()
        if self._parts.sound.card.link.state != "READY":
            self._parts.sound.noise = None
        self._noise = self._sounding = None

    def tick(self) -> bool:
        """Whether the noise ended by itself: after its time, or with the card."""
        over = self._noise is not None and (self._noise.done.is_set() or self._parts.sound.card.link.state != "READY")
        if over:
            self.end()
        return over

    def state(self) -> dict[str, Any]:
        """{outputs: each one's reading or None, noise: what plays or None}, as the state shows it."""
        readings = {name: self._readings.get(name) for name in self.outputs}
        sounding = self._sounding
        return {
            "outputs": {name: None if each is None else self._described(each) for name, each in readings.items()},
            "noise": None
            if sounding is None
            else {
                "output": sounding.output,
                "gain_db": sounding.gain_db,
                "begin_frame": sounding.begin_frame,
                "end_frame": sounding.end_frame,
            },
        }

    def _described(self, reading: Calibration) -> dict[str, float]:
        return {
            "dba": reading.dba,
            "gain_db": reading.gain_db,
            "at_utc_s": reading.at_utc_s,
            "usual_db": usual_gain_db(reading, self._cap_dba),
            "cap_db": round(cap_gain_db(reading, self._cap_dba), 1),
            "tone_db": round(self._tone_db(reading), 1),
        }

    def _tone_db(self, reading: Calibration) -> float:
        """The gain at which a tone that is turned up to 0 dB leaves on the reading's output."""
        levels = start_levels(self._readings, self._cap_dba)
        return levels.caps_db[reading.output] + levels.stimulus_db
