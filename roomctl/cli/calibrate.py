"""`roomctl calibrate`: pink noise at -20 LUFS, the dBA read at the client's head, and from then on levels in dBA."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from hardware.soundcards.seam import Block
from roomctl.calibrate import (
    Calibration,
    calibrated,
    cap_gain_db,
    keep_calibration,
    pink_block,
    pink_round,
    read_calibrations,
    usual_gain_db,
)
from roomctl.cli.places import DataOption, RoomOption, data_folder
from roomctl.errors import Away, Invalid, Refused
from roomctl.room_file import RoomFile, load_room
from roomctl.sound_card import make_card
from stimuli.frames import FRAME_RATE_HZ

START_DB: Final = -30.0
RISE_DB_PER_S: Final = 6.0
FADE_S: Final = 0.05
OPEN_S: Final = 5.0


def calibrate(
    output: Annotated[
        str | None, typer.Option(help="Which output, as the room file names it; without it, each in turn.")
    ] = None,
    dba: Annotated[float | None, typer.Option(help="The reading, where it was taken already; nothing is played.")] = None,
    gain_db: Annotated[float, typer.Option(help="The gain the noise is played at, in dB.", min=-60.0, max=0.0)] = -12.0,
    show: Annotated[bool, typer.Option("--show", help="What was calibrated, and when.")] = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Play pink noise through an output, take the dBA that a meter (A, slow) shows at the client's head, and keep it."""
    room_file, folder = load_room(room), data_folder(data)
    if show:
        kept = read_calibrations(folder)
        for each in kept.values():
            typer.echo(described(each, room_file.limits.cap_dba))
        if not kept:
            typer.echo("No output is calibrated yet; `roomctl calibrate` does it with a sound level meter.")
        return
    for name in outputs_wanted(room_file, output):
        reading = dba if dba is not None else _read(room_file, folder, name, gain_db)
        found = calibrated(name, reading, gain_db, time.time())
        keep_calibration(folder, found)
        typer.echo(described(found, room_file.limits.cap_dba))


def outputs_wanted(room_file: RoomFile, output: str | None) -> list[str]:
    """The outputs to calibrate. Raises Invalid, naming what there is."""
    outputs = room_file.audio.outputs
    there = [name for name in ("room", "headphones") if getattr(outputs, name, None)]
    if output is None:
        return there
    if output not in there:
        raise Invalid(f'there is no output "{output}" to calibrate; allowed: {", ".join(there)}', allowed=there)
    return [output]


def described(calibration: Calibration, cap_dba: float) -> str:
    """What a reading means for the room, in a line."""
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(calibration.at_utc_s))
    return (
        f"{calibration.output}: {calibration.dba:g} dBA at {calibration.gain_db:g} dB ({day});"
        f" starts at {usual_gain_db(calibration, cap_dba):g} dB, never above {cap_gain_db(calibration, cap_dba):.1f} dB"
        f" ({cap_dba:g} dBA)"
    )


def _read(room_file: RoomFile, data: Path, output: str, gain_db: float) -> float:
    """Play the noise until a number is entered."""
    if room_runs(data):
        raise Refused("the room is running and holds the sound card; stop it, or calibrate on its panel", state="running")
    channels = getattr(room_file.audio.outputs, output)
    noise = Noise(tuple(channels), gain_db)
    card = make_card(room_file.audio, 1.0)
    pink_round()
    try:
        card.open(noise.fill)
        if not noise.begun.wait(OPEN_S):
            raise Away(f"the sound card does not play: {card.link.why or 'no answer'}")
        typer.echo(f"{output}: pink noise plays at {gain_db:g} dB; hold the meter (A, slow) where the client's head will be.")
        return float(typer.prompt("dBA", type=float))
    finally:
        noise.finish.set()
        noise.done.wait(1.0)
        card.close()


def room_runs(data: Path) -> bool:
    """Whether a room holds this data folder."""
    try:
        pid = int((data / "run" / "engine.pid").read_text("ascii"))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return True


class Noise:
    """What the card is filled with: the noise on two channels, rising gently to its gain, gone within 50 ms when told."""

    def __init__(self, channels: tuple[int, ...], gain_db: float) -> None:
        self._channels = [channel - 1 for channel in channels]
        self._gain_db = gain_db
        self._frame = 0
        self._end: int | None = None
        self.begun, self.finish, self.done = threading.Event(), threading.Event(), threading.Event()

    def fill(self, block: Block, dac_mono_s: float) -> None:
        """The card's own call."""
        frames = len(block)
        if self.finish.is_set() and self._end is None:
            self._end = self._frame
        sound = pink_block(self._frame, frames) * self._gains(frames)[:, None]
        block.fill(0.0)
        for side, channel in enumerate(self._channels):
            block[:, channel] = sound[:, side % 2]
        self._frame += frames
        self.begun.set()
        if self._end is not None and self._frame > self._end + FADE_S * FRAME_RATE_HZ:
            self.done.set()

    def _gains(self, frames: int) -> Block:
        at_s = np.arange(self._frame, self._frame + frames) / FRAME_RATE_HZ
        rising_db = np.minimum(self._gain_db, START_DB + RISE_DB_PER_S * at_s)
        gains = 10.0 ** (rising_db / 20.0) * np.minimum(1.0, at_s / FADE_S)
        if self._end is not None:
            gains = gains * np.clip(1.0 - (at_s - self._end / FRAME_RATE_HZ) / FADE_S, 0.0, 1.0)
        result: Block = gains.astype(np.float32)
        return result
