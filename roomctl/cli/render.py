"""`roomctl render`: a session as it would sound, offline, with every light frame, tap and prompt."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from playlists.files import PlaylistFileError
from playlists.presets import Preset, load_presets
from roomctl.cli.places import DataOption, RoomOption
from roomctl.errors import Invalid
from roomctl.offline import OfflineRoom, Rendered, render_set, score_of, set_frames
from roomctl.room_file import RoomFile, load_room
from stimuli.frames import FRAME_RATE_HZ


def render(
    out: Annotated[Path, typer.Option("--out", help="The WAV file to write: stereo, 24-bit, 48 kHz.")],
    preset: Annotated[str | None, typer.Option(help="A protocol preset: one set of it.")] = None,
    program: Annotated[str | None, typer.Option(help="A dosing program: the whole of it.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long, instead of the set's own end.")] = None,
    minutes: Annotated[float | None, typer.Option(help="The same, in minutes.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Also write every beat, tone, tap, light frame and prompt: JSON lines.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="What is random (random tones, the pad) follows from it.", min=0, max=2**32 - 1)
    ] = 1,
    room: RoomOption = None,
    data: DataOption = None,
) -> None:
    """Write a session as it would sound to a WAV file, faster than real time and every time the same."""
    if (preset is None) == (program is None):
        raise Invalid("render takes one of --preset and --program")
    if seconds is not None and minutes is not None:
        raise Invalid("render takes one of --seconds and --minutes")
    length_s = seconds if minutes is None else 60.0 * minutes
    room_file = load_room(room)
    began_s = time.monotonic()
    if preset is not None:
        rendered = render_preset(find_preset(preset, data), room_file, length_s, out, events, seed)
    else:
        rendered = _render_program(str(program), room_file, length_s, out, events, seed, data)
    typer.echo(summary(rendered, out, events, time.monotonic() - began_s))


def _render_program(
    program_id: str, room_file: RoomFile, length_s: float | None, out: Path, events: Path | None, seed: int, data: Path | None
) -> Rendered:
    """Write a program over the room's music; what it takes in is imported here, so that a preset needs none of it."""
    from roomctl.cli.library import room_tracks
    from roomctl.cli.program import find_program
    from roomctl.offline_program import render_program

    program = find_program(program_id, data)
    tracks = room_tracks(room_file.music.folders, data)
    minutes = None if length_s is None else length_s / 60.0
    target_lufs = room_file.music.target_lufs
    return render_program(
        program, tracks, minutes, out, events, seed, room=offline_room(room_file, seed), target_lufs=target_lufs
    )


def find_preset(preset_id: str, data: Path | None) -> Preset:
    """The preset called `preset_id`, a clinic's own before a built-in one. Raises Invalid, naming what there is."""
    try:
        presets = load_presets([] if data is None else [data / "presets"])
    except PlaylistFileError as problem:
        raise Invalid("; ".join(problem.problems)) from problem
    if preset_id not in presets:
        raise Invalid(f'there is no preset "{preset_id}"; allowed: {", ".join(presets)}', allowed=list(presets))
    return presets[preset_id]


def render_preset(
    preset: Preset, room_file: RoomFile, length_s: float | None, out: Path, events: Path | None, seed: int
) -> Rendered:
    """Write one set of `preset` as this room would give it."""
    score = score_of(replace(preset.settings, seed=seed), room_file.limits, length_s)
    return render_set(score, set_frames(score), out, events, offline_room(room_file, seed))


def offline_room(room_file: RoomFile, seed: int) -> OfflineRoom:
    """What a render takes from the room file: its limits and its first light bar."""
    if not room_file.lightbar:
        return OfflineRoom(room_file.limits, pad_seed=seed)
    bar = room_file.lightbar[0]
    return OfflineRoom(room_file.limits, bar.leds, bar.fps, pad_seed=seed)


def summary(rendered: Rendered, out: Path, events: Path | None, took_s: float) -> str:
    """What was written, in a line or two."""
    length_s = rendered.frames / FRAME_RATE_HZ
    lines = [
        f"{out}: {length_s:.2f} s, largest sample {rendered.peak:.3f}, made {length_s / max(took_s, 1e-6):.0f} times as fast"
    ]
    if events is not None:
        lines.append(f"{events}: {rendered.events} events")
    return "\n".join(lines)
