"""`python -m roomctl.engine --data DIR [--room FILE] [--speed N]`: the engine process, as the launcher starts it."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from playlists.files import PlaylistFileError
from playlists.presets import load_presets
from roomctl.calibrate import Loudness, read_calibrations, start_levels
from roomctl.clock import SessionClock
from roomctl.device_checks import load_checks, verified_names, with_checks
from roomctl.engine.devices import build_rack
from roomctl.engine.dosing_room import BOOT_VOLUME_DB, DosingRoom
from roomctl.engine.lifeline import Lifeline
from roomctl.engine.memory import keep_memory_small
from roomctl.engine.output_stage import OutputLevel, OutputStage
from roomctl.engine.parts import Parts
from roomctl.engine.realtime import PROCESS_PRIORITY, ask_realtime, collect_idle, freeze_garbage
from roomctl.engine.render_ahead import RenderAhead
from roomctl.engine.renderer import RoomRenderer
from roomctl.engine.room import Room
from roomctl.engine.session_log import recover
from roomctl.engine.sound import Sound
from roomctl.engine.sources import Sources
from roomctl.engine.view import Outlook
from roomctl.errors import Invalid, RoomError
from roomctl.journal import Journal
from roomctl.link import LinkServer
from roomctl.messages import Delta
from roomctl.room_file import RoomFile, load_room
from roomctl.sound_card import make_card

log = logging.getLogger("roomctl.engine")

TICK_S: Final = 0.05
HEARTBEAT_S: Final = 1.0
COLLECT_S: Final = 30.0
SWITCH_S: Final = 0.0005
"""How long a busy thread may hold up the card's: a tenth of Python's own default."""


def build_parts(room_file: RoomFile, data: Path, speed: float) -> Parts:
    """Everything the room commands, nothing opened yet. Raises RoomError."""
    checks = load_checks(data)
    room_file = with_checks(room_file, checks)
    clock, outlook = SessionClock(time.monotonic(), speed), Outlook()
    journal = Journal(data / "journal.db")
    readings, cap_dba = read_calibrations(data), room_file.limits.cap_dba
    levels = start_levels(readings, cap_dba)
    outputs = {name: OutputLevel(0.0, levels.caps_db.get(name, 0.0)) for name in ("room", "headphones")}
    target_lufs = room_file.music.target_lufs
    dosing = DosingRoom(
        journal,
        data,
        outputs,
        target_lufs=target_lufs,
        speed=speed,
        volume_db=BOOT_VOLUME_DB if levels.volume_db is None else levels.volume_db,
        loudness=Loudness(readings, cap_dba, target_lufs),
        limits=room_file.limits,
    )
    rack = build_rack(room_file, clock, outlook, dosing)
    sources = Sources(dosing.make_player)
    stage = OutputStage(10.0 ** (room_file.limits.peak_dbfs / 20.0), levels.stimulus_db)
    audio = room_file.audio
    renderer = RoomRenderer(outlook, room_file.limits.peak_dbfs, sources, dosing, rack.audio_tapper)
    ahead = RenderAhead(renderer, speed)
    card = make_card(audio, speed)
    try:
        presets = load_presets([data / "presets"])
    except PlaylistFileError as problem:
        raise Invalid("; ".join(problem.problems)) from problem
    return Parts(
        room_file=room_file,
        clock=clock,
        outlook=outlook,
        stage=stage,
        ahead=ahead,
        renderer=renderer,
        sources=sources,
        sound=Sound(
            card,
            clock,
            ahead,
            stage,
            audio.outputs,
            audio.onset_ms,
            room_level=outputs["room"],
            headphones_level=outputs["headphones"],
        ),
        rack=rack,
        journal=journal,
        presets=presets,
        dosing=dosing,
        speed=speed,
        demo=room_file.is_demo,
        verified=verified_names(room_file, checks),
    )


class Engine:
    """The process: opens everything, serves the link, ticks until it is told to end."""

    def __init__(self, room_file: RoomFile, data: Path, speed: float) -> None:
        self._parts = build_parts(room_file, data, speed)
        recovered = recover(data / "journal.db", time.time())
        self.room = Room(self._parts, recovered, self._publish)
        self._link = LinkServer(
            data / "run" / "engine.sock",
            self.room.answer,
            stop=self.room.stop,
            snapshot=self.room.snapshot,
            on_panels=self.room.panels_changed,
        )
        self._lifeline = Lifeline(self._parts.rack, sys.stdout)
        self._ended = threading.Event()

    def _publish(self, delta: Delta) -> None:
        self._link.publish(delta)

    def run(self) -> None:
        """Until `end` is called."""
        parts = self._parts
        self._link.start()
        parts.sound.card.on_link = self.room.link_changed
        parts.rack.open(self.room.link_changed, self.room.device_button)
        parts.sound.open()
        self._lifeline.start()
        freeze_garbage()
        sys.setswitchinterval(SWITCH_S)
        try:
            self._tick_until_ended()
        finally:
            self.close()

    def end(self) -> None:
        """End soon; safe to call from a signal handler."""
        self._ended.set()

    def _tick_until_ended(self) -> None:
        beaten_s = collected_s = time.monotonic()
        while not self._ended.wait(timeout=TICK_S):
            now_s = time.monotonic()
            self.room.tick()
            if now_s - beaten_s >= HEARTBEAT_S:
                beaten_s += HEARTBEAT_S * int((now_s - beaten_s) / HEARTBEAT_S)
                self.room.measure_timing()
                self._link.publish(self.room.heartbeat())
            if now_s - collected_s >= COLLECT_S and self.room.is_idle:
                collected_s = now_s
                collect_idle()

    def close(self) -> None:
        """Leave every device safe and the journal written."""
        self.room.close()
        self._parts.rack.close()
        self._parts.sound.close()
        self._parts.sources.close()
        self._link.close()
        self._lifeline.close()
        self._parts.journal.close()


def main() -> int:
    """The process's entry; exit 0 when ended on request, 1 when the room cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m roomctl.engine")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--room", type=Path)
    parser.add_argument("--speed", type=float, default=1.0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    keep_memory_small()
    ask_realtime(PROCESS_PRIORITY)
    data = arguments.data.resolve()
    run = data / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        engine = Engine(load_room(arguments.room), data, arguments.speed)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda number, frame: engine.end())
        (run / "engine.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
        engine.run()
    except RoomError as problem:
        log.error("%s", problem.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
