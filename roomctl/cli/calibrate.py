"""`roomctl calibrate`: pink noise at -20 LUFS, the dBA read at the client's head, and from then on levels in dBA."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from hardware.soundcards.seam import Block
from roomctl import messages as m
from roomctl.calibrate import (
    Calibration,
    calibrated,
    cap_gain_db,
    keep_calibration,
    pink_round,
    read_calibrations,
    usual_gain_db,
)
from roomctl.calibration_noise import NOISE_GAIN_DB, Noise, noise_gain_db
from roomctl.cli.places import DataOption, RoomOption, data_folder, running_room, this_person
from roomctl.errors import Away, Invalid
from roomctl.link import EngineLink, result
from roomctl.room_file import RoomFile, load_room
from roomctl.sound_card import make_card

OPEN_S: Final = 5.0


def calibrate(
    output: Annotated[
        str | None, typer.Option(help="Which output, as the room file names it; without it, each in turn.")
    ] = None,
    dba: Annotated[float | None, typer.Option(help="The reading, where it was taken already; nothing is played.")] = None,
    gain_db: Annotated[float, typer.Option(help="The gain the noise is played at, in dB.", min=-60.0, max=0.0)] = NOISE_GAIN_DB,
    show: Annotated[bool, typer.Option("--show", help="What was calibrated, and when.")] = False,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Play pink noise through an output, take the dBA that a meter (A, slow) shows at the client's head, and keep it.

    A room that runs on this data folder plays the noise itself, and takes the reading up at once.
    """
    room_file, folder = load_room(room), data_folder(data)
    if show:
        _show(folder, room_file.limits.cap_dba)
    elif room_runs(folder):
        with running_room(folder) as link:
            _calibrate_running(link, output, dba, gain_db)
    else:
        for name in outputs_wanted(room_file.audio.outputs.heard, output):
            found = _reading(room_file, folder, name, dba, gain_db)
            keep_calibration(folder, found)
            typer.echo(described(found, room_file.limits.cap_dba))


def _show(data: Path, cap_dba: float) -> None:
    kept = read_calibrations(data)
    for each in kept.values():
        typer.echo(described(each, cap_dba))
    if not kept:
        typer.echo("No output is calibrated yet; `roomctl calibrate` does it with a sound level meter.")


def outputs_wanted(there: list[str], output: str | None) -> list[str]:
    """The outputs to calibrate of those that are `there`. Raises Invalid, naming what there is."""
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


def _calibrate_running(link: EngineLink, output: str | None, dba: float | None, gain_db: float) -> None:
    """Through the room that runs, under its STOP and its limits."""
    state = result(link.ask("state"))
    cap_dba = float(state["room"]["limits"]["cap_dba"])
    for name in outputs_wanted(list(state["calibration"]["outputs"]), output):
        if dba is not None:
            command = m.KeepReading(output=name, dba=dba, gain_db=gain_db)
        else:
            command = m.KeepReading(output=name, dba=_read_running(link, name, gain_db))
        kept = result(link.request(command, this_person()))
        typer.echo(described(Calibration(name, kept["dba"], kept["gain_db"], kept["at_utc_s"]), cap_dba))


def _read_running(link: EngineLink, output: str, gain_db: float) -> float:
    played = result(link.request(m.PlayNoise(output=output, gain_db=gain_db), this_person()))
    try:
        return _asked(output, float(played["gain_db"]))
    except BaseException:
        link.request(m.EndNoise(), this_person())
        raise


def _reading(room_file: RoomFile, data: Path, output: str, dba: float | None, gain_db: float) -> Calibration:
    """What was read of an output while no room runs."""
    if dba is not None:
        return calibrated(output, dba, gain_db, time.time())
    limits = room_file.limits
    gain_db = noise_gain_db(gain_db, limits.peak_dbfs, limits.cap_dba, read_calibrations(data).get(output))
    return calibrated(output, _read(room_file, output, gain_db), gain_db, time.time())


def _read(room_file: RoomFile, output: str, gain_db: float) -> float:
    """Play the noise on the room's card until a number is entered."""
    noise = CardNoise(tuple(getattr(room_file.audio.outputs, output)), Noise(gain_db))
    card = make_card(room_file.audio, 1.0)
    pink_round()
    try:
        card.open(noise.fill)
        if not noise.noise.begun.wait(OPEN_S):
            raise Away(f"the sound card does not play: {card.link.why or 'no answer'}")
        return _asked(output, gain_db)
    finally:
        noise.noise.finish.set()
        noise.noise.done.wait(1.0)
        card.close()


def _asked(output: str, gain_db: float) -> float:
    typer.echo(f"{output}: pink noise plays at {gain_db:g} dB; hold the meter (A, slow) where the client's head will be.")
    return float(typer.prompt("dBA", type=float))


def room_runs(data: Path) -> bool:
    """Whether a room holds this data folder."""
    try:
        pid = int((data / "run" / "engine.pid").read_text("ascii"))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return True


class CardNoise:
    """What the card is filled with while no room runs: the noise on two of its channels, counted from 1."""

    def __init__(self, channels: tuple[int, ...], noise: Noise) -> None:
        self._channels = [channel - 1 for channel in channels]
        self.noise = noise

    def fill(self, block: Block, dac_mono_s: float) -> None:
        """The card's own call."""
        sound = self.noise.block(len(block))
        block.fill(0.0)
        for side, channel in enumerate(self._channels):
            block[:, channel] = sound[:, side % 2]
