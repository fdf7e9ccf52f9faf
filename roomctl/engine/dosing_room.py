"""The dosing half of the room: the program that runs, its music and the room light, and the commands that move them."""

from __future__ import annotations

import json
import logging
import re
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from hardware.seams import RoomLook
from playlists.files import PlaylistFileError
from playlists.levels import END_FADE_S
from playlists.library import Library, LibraryError
from playlists.library.tracks import Track
from playlists.moves import VERBS
from playlists.player import Player
from playlists.program import Program
from playlists.programs import load_programs, program_settings
from roomctl import messages as m
from roomctl.calibrate import Loudness
from roomctl.conductor import Conductor
from roomctl.dosing import KINDS, Dosing
from roomctl.engine.lamps import SAFE_CCT_K, SAFE_LEVEL_L, STEADY, LampFade, operator_fade
from roomctl.engine.output_stage import OutputLevel
from roomctl.errors import Invalid, Refused, RoomError, UnknownId
from roomctl.journal import Journal, open_database
from roomctl.limits import Limits, check_own_motion
from stimuli.frames import FRAME_RATE_HZ, Samples
from stimuli.score import Score
from stimuli.settings import Bls

log = logging.getLogger(__name__)

BOOT_VOLUME_DB: Final = -12.0
LEAST_DB: Final = -60.0
ALIVE_S: Final = 5.0
ANNOUNCEMENT_NAME: Final = re.compile(r"[^/\\\x00]{1,120}")
PAD_SEED: Final = 1
Handled = tuple[dict[str, Any], Future[None] | None]


class DosingRoom:
    """Holds the running program and what follows it. Called under the room's lock, but for what other threads look at."""

    def __init__(
        self,
        journal: Journal,
        data: Path,
        levels: dict[str, OutputLevel],
        *,
        target_lufs: float = -20.0,
        speed: float = 1.0,
        volume_db: float = BOOT_VOLUME_DB,
        loudness: Loudness | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`levels` are the outputs' own. Raises Invalid where a program file of the clinic's has a mistake."""
        self._levels = levels
        self.loudness = loudness or Loudness()
        self._limits = limits or Limits()
        self._journal = journal
        self._data = data
        self._target_lufs = target_lufs
        try:
            self._dosing = Dosing(load_programs([data / "programs"]), speed)
            self._library = Library(data)
        except PlaylistFileError as problem:
            raise Invalid("; ".join(problem.problems)) from problem
        except LibraryError as problem:
            raise Invalid(str(problem)) from problem
        self._player: Player | None = None
        self._conductor: Conductor | None = None
        self._fade: LampFade = STEADY
        self._session_id: str | None = None
        self._alive_s = 0.0
        self._music_log: list[dict[str, Any]] = []
        self._volume_db, self._bed_db = volume_db, -34.0
        self.notices: dict[str, str | None] = {}

    # --- what others look at ---

    @property
    def mode(self) -> Literal["emdr", "dosing"]:
        """What the room is doing: a program, or bilateral work."""
        return "dosing" if self._dosing.arc is not None and self._dosing.arc.ended_s is None else "emdr"

    @property
    def program(self) -> Program | None:
        """The program that runs."""
        arc = self._dosing.arc
        return arc.program if arc is not None and arc.ended_s is None else None

    @property
    def is_playing(self) -> bool:
        """Whether music is under way."""
        return self._conductor is not None and not self._conductor.is_silent

    def music_block(self, first_frame: int, frames: int) -> Samples | None:
        """The music's samples; None where no player is there. Called by the render thread."""
        player = self._player
        if player is None:
            return None
        music = player.block(first_frame, frames)
        gains = self._dosing.swell_gains(first_frame, frames)
        return music if gains is None else music * gains[:, np.newaxis]

    def room_light_at(self, frame: float) -> RoomLook:
        """Where the room light is at `frame`. Called by the lamps' threads."""
        if self.program is not None and (look := self._dosing.room_light_at(frame)) is not None:
            return look
        return self._fade.look_at(frame)

    def refuse_set(self) -> None:
        """Raise Refused while a program runs: a set and a program are separate modes."""
        program = self.program
        if program is not None:
            raise Refused(
                f'the program "{program.title}" is running; end it before a bilateral set',
                state="program",
                possible=["program/end"],
            )

    def bilateral(self) -> Bls | None:
        """The bilateral settings that the running program brings with it; None where it has none."""
        program = self.program
        return None if program is None else program_settings(program)

    def bilateral_score(self, bls: Bls, frame: int) -> Score:
        """The program's own slow bilateral motion from `frame` on: led by the breath, or at the settings' rate."""
        return self._dosing.own_score(bls, frame)

    def wants_bilateral(self, frame: float) -> bool:
        """Whether the program's own bilateral motion should be there now: not while it is paused or waits."""
        return self._dosing.wants_motion_at(max(frame, self._dosing.last_frame))

    # --- commands ---

    def handle(self, command: m.Command, frame: int, session_id: str | None, by: str) -> Handled:
        """Answer a command. Raises the room's errors."""
        match command:
            case m.ProgramStart():
                return self._start(command, frame, session_id, by)
            case m.ProgramMove() | m.PromptAnswer():
                return self._move(command, frame, by)
            case m.ChangeLights():
                return self._change_lights(command, frame, by)
            case m.ChangeMusic():
                return self._change_music(command, frame), None
            case m.MusicMove():
                return self._move_music(command, frame), None
            case m.TagTrack():
                return self._tag(command), None
            case _:
                raise Refused("no program is running", state="idle", possible=["program/start"])

    def _start(self, command: m.ProgramStart, frame: int, session_id: str | None, by: str) -> Handled:
        if command.program not in self._dosing.programs:
            known = list(self._dosing.programs)
            raise Invalid(f'there is no program "{command.program}"; allowed: {", ".join(known)}', allowed=known)
        check_own_motion(self._dosing.programs[command.program], self._limits)
        body = self._dosing.handle(command, frame, time.time(), self.room_light_at(frame), by)
        self._session_id = session_id
        self._remember_levels()
        self._reload_library()
        self._follow(frame)
        return body, self._write()

    def _move(self, command: m.ProgramMove | m.PromptAnswer, frame: int, by: str) -> Handled:
        before, ran = self.room_light_at(frame), self.program
        body = self._dosing.handle(command, frame, time.time(), before, by)
        if ran is not None and self.program is None:
            last = ran.phases[-1]
            self._fade = operator_fade(before, frame, last.light_l, last.light_k, END_FADE_S)
        self._follow(frame)
        return body, self._write()

    def _change_lights(self, command: m.ChangeLights, frame: int, by: str) -> Handled:
        level_l, cct_k = command.level_l, command.cct_k
        if level_l is not None and not 0.0 <= level_l <= 100.0:
            raise Invalid(f"level_l is {level_l:g}; allowed is 0 to 100 (CIE L*)", allowed={"ge": 0, "le": 100})
        if cct_k is not None and not 1800.0 <= cct_k <= 6500.0:
            raise Invalid(f"cct_k is {cct_k:g}; allowed is 1800 to 6500 kelvin", allowed={"ge": 1800, "le": 6500})
        if command.fade_s is not None and not 0.0 <= command.fade_s <= 3600.0:
            raise Invalid(f"fade_s is {command.fade_s:g}; allowed is 0 to 3600 s", allowed={"ge": 0, "le": 3600})
        if self.program is not None:
            return self._dosing.change_lights(command, frame, time.time(), by), self._write()
        now = self._fade.look_at(frame)
        wanted = (now.level_l if level_l is None else level_l, now.cct_k if cct_k is None else cct_k)
        self._fade = operator_fade(now, frame, *wanted, command.fade_s)
        return {"level_l": wanted[0], "cct_k": wanted[1], "fade_s": self._fade.level_frames / FRAME_RATE_HZ}, None

    def _change_music(self, command: m.ChangeMusic, frame: int) -> dict[str, Any]:
        for name, value, most in (
            ("volume_db", command.volume_db, 0.0),
            ("headphones_db", command.headphones_db, 0.0),
            ("bed_db", command.bed_db, -28.0),
        ):
            if value is not None and not LEAST_DB <= value <= most:
                raise Invalid(
                    f"{name} is {value:g}; allowed is {LEAST_DB:g} to {most:g} dB", allowed={"ge": LEAST_DB, "le": most}
                )
        if command.volume_db is not None:
            self._volume_db = float(round(command.volume_db))
            if self._player is not None:
                self._player.volume(self._volume_db, frame)
        if command.bed_db is not None:
            self._bed_db = command.bed_db
            if self._player is not None:
                self._player.bed(self._bed_db if self._bed_db > LEAST_DB else None, frame)
        if command.headphones_db is not None:
            self._levels["headphones"].to(command.headphones_db)
        self._remember_levels()
        return self._chosen_levels()

    def _chosen_levels(self) -> dict[str, float]:
        return {"volume_db": self._volume_db, "headphones_db": self._levels["headphones"].level_db, "bed_db": self._bed_db}

    def _remember_levels(self) -> None:
        """A session that is taken up after a death must not come back louder than it was."""
        self._journal.remember("music_levels", self._chosen_levels())

    def _move_music(self, command: m.MusicMove, frame: int) -> dict[str, Any]:
        player = self._player
        if player is None or not self.is_playing:
            raise Refused("no music is playing", state="idle", possible=["program/start"])
        if command.move == "announce":
            player.announce(self._announcement(command.file), frame)
        else:
            {"next": player.next, "duck": player.duck, "unduck": player.unduck}[command.move](frame)
        return {"done": command.move}

    def _announcement(self, name: str | None) -> Path:
        """The file of that name in the clinic's own folder; nothing outside of it. Raises Invalid."""
        folder = self._data / "announcements"
        known = sorted(path.name for path in folder.glob("*") if path.is_file())
        if name is None or not ANNOUNCEMENT_NAME.fullmatch(name) or name not in known:
            there = ", ".join(known) or f"none; put sound files into {folder}"
            raise Invalid(f'there is no announcement "{name}"; allowed: {there}', allowed=known)
        return folder / name

    def _tag(self, command: m.TagTrack) -> dict[str, Any]:
        allowed = ("phases", "intensity", "voice", "percussion")
        unknown = [key for key in command.change if key not in allowed]
        if unknown:
            raise Invalid(f"{unknown[0]} is not known here; allowed: {', '.join(allowed)}", allowed=list(allowed))
        try:
            return track_state(self._library.set_tags(command.id, **command.change))
        except LibraryError as problem:
            raise (UnknownId if problem.unknown else Invalid)(str(problem)) from problem

    # --- what follows ---

    def tick(self, frame: int) -> None:
        """What time brings: the music goes where the arc is, and the journal learns that the room lives."""
        if self._dosing.arc is None:
            return
        frame = max(frame, self._dosing.last_frame)
        self._follow(frame)
        self._hear_player(frame)
        if time.monotonic() - self._alive_s >= ALIVE_S:
            self._alive_s = time.monotonic()
            self._dosing.alive(frame, time.time())
        self._write()

    def stopped(self, frame: int, *, at_once: bool, by: str) -> None:
        """STOP was pressed: the program pauses, the room goes dim and warm, never dark and never full."""
        if self.program is not None:
            self._dosing.stopped(frame, time.time(), by)
            self._follow(frame)
            self._write()
        else:
            self._fade = operator_fade(self._fade.look_at(frame), frame, SAFE_LEVEL_L, SAFE_CCT_K, None)

    def unlatched(self, frame: int, by: str) -> None:
        """RESUME was pressed: the program stays paused."""
        if self.program is not None:
            self._dosing.room_resumed(frame, time.time(), by)
            self._write()

    def recover(self, frame: int, *, stopped: bool, levels: dict[str, Any] | None = None) -> None:
        """Take up a program that the journal left running, at the `levels` that were chosen for it.

        Unless STOP was latched, the bed comes back by itself.
        """
        rows = _journalled(self._journal.path)
        try:
            found = self._dosing.resume_from(rows, frame, time.time())
        except RoomError as problem:
            log.error("%s", problem.message)
            self.notices["program"] = problem.message
            return
        if found:
            self._agree_on_stop(frame, stopped=stopped)
            if levels is not None:
                self._change_music(m.ChangeMusic(**levels), frame)
            self.notices["program"] = "the room restarted; the program waits for you to resume it"
            if not stopped:
                self._follow(frame)
            self._write()

    def _agree_on_stop(self, frame: int, *, stopped: bool) -> None:
        """Room and program are written down one after the other, and closing a room unlatches it: what the room says counts."""
        arc = self._dosing.arc
        if arc is None or arc.latched == stopped:
            return
        (self._dosing.stopped if stopped else self._dosing.room_resumed)(frame, time.time(), "engine")

    def _follow(self, frame: int) -> None:
        arc, point = self._dosing.arc, self._dosing.point_at(frame)
        if arc is None or point is None:
            return
        self._music(frame).follow(arc, point, frame)
        if point.state != "awaiting-resume":
            self.notices["program"] = None

    def _music(self, frame: int) -> Conductor:
        """The conductor, with a player made when it is first wanted."""
        if self._conductor is None or self._player is None:
            player = self.make_player(frame)
            player.volume(self._volume_db, frame)
            self._player, self._conductor = player, Conductor(player)
        return self._conductor

    def make_player(self, next_frame: int) -> Player:
        """A player of the clinic's music, silent until it is told to start."""
        return Player(self._library, PAD_SEED, target_lufs=self._target_lufs, next_frame=next_frame)

    def _reload_library(self) -> None:
        try:
            self._library.reload()
            self.notices["library"] = None
        except LibraryError as problem:
            self.notices["library"] = str(problem)

    def _hear_player(self, frame: int) -> None:
        """Write down what the player did, and say which file failed."""
        if self._player is None:
            return
        for event in self._player.events():
            if event.action in ("play", "pad", "failed"):
                self._dosing.note_track(event.track or None, event.action, max(frame, event.frame), time.time())
            if event.action == "failed":
                self.notices["music"] = f"{event.why or event.track}; other music or the pad plays on"
            elif event.action == "play":
                self.notices["music"] = None

    def _write(self) -> Future[None] | None:
        """Journal what the arc noted; the last one's future says when all of it is on the disk."""
        last: Future[None] | None = None
        for row in self._dosing.take_journal():
            last = self._journal.event(self._session_id, row.at_utc_s, row.frame, row.kind, row.detail.get("by"), row.detail)
        return last

    # --- what is seen from outside ---

    def state(self, frame: float) -> dict[str, Any]:
        """The parts of the state that are this half's: program, music, lights."""
        frame = max(frame, self._dosing.last_frame)
        look = self.room_light_at(frame)
        program = self._dosing.snapshot(frame)
        target_l = self._fade.to_level_l if self.program is None or program is None else program["light"]["target_l"]
        return {
            "program": program,
            "music": self._music_state(),
            "lights": {"level_l": round(look.level_l, 2), "cct_k": round(look.cct_k), "target_l": target_l},
        }

    def _music_state(self) -> dict[str, Any]:
        player = self._player
        now = player.now_playing() if player is not None else None
        following = player.next_up() if player is not None else None
        return {
            "volume_db": self._volume_db,
            "headphones_db": self._levels["headphones"].level_db,
            "bed_db": self._bed_db,
            "dba": self.loudness.at(self._volume_db, self._levels["headphones"].level_db),
            "now": None
            if now is None or now.source == "none"
            else {
                "source": now.source,
                "id": now.id,
                "title": now.title,
                "artist": now.artist,
                "gain_db": now.gain_db,
                "seconds": now.seconds,
            },
            "next": None
            if following is None
            else {"id": following.id, "title": following.names.title, "artist": following.names.artist},
            "ducked": player.ducked if player is not None else False,
            "announcements": sorted(path.name for path in (self._data / "announcements").glob("*") if path.is_file()),
        }

    def ask(self, what: str, args: dict[str, Any], frame: int) -> Any:
        """Questions about programs and music. Raises UnknownId, and what the move itself would raise for `preview`."""
        match what:
            case "programs":
                return self._dosing.listing()
            case "program":
                known = self._dosing.described(str(args.get("id")))
                running = self._dosing.arc is not None and self._dosing.arc.program.id == known["id"]
                return {**known, "running": self._dosing.picture(frame) if running else None}
            case "picture":
                return self._dosing.picture(frame)
            case "preview":
                return self._dosing.preview(_move_of(args), frame, time.time())
            case "library":
                self._reload_library()
                return {
                    "tracks": [track_state(track) for track in self._library.tracks()],
                    "problems": [{"path": str(item.path), "reason": item.reason} for item in self._library.problems()],
                }
            case _:
                raise UnknownId(f'nothing answers to "{what}"')

    def program_and_tracks(self, program_id: str) -> tuple[Program, tuple[Track, ...]]:
        """A program and the library as it is now, for a look before a session. Raises UnknownId."""
        program = self._dosing.programs.get(program_id)
        if program is None:
            known = list(self._dosing.programs)
            raise UnknownId(f'there is no program "{program_id}"; allowed: {", ".join(known)}', allowed=known)
        self._reload_library()
        return program, self._library.tracks()

    def close(self) -> None:
        """End the player's threads."""
        if self._player is not None:
            self._player.close()


def _move_of(args: dict[str, Any]) -> m.ProgramMove:
    if args.get("move") not in VERBS:
        raise Invalid(f'there is no move "{args.get("move")}"; allowed: {", ".join(VERBS)}', allowed=list(VERBS))
    return m.ProgramMove(**args)


def track_state(track: Track) -> dict[str, Any]:
    """One track as the API shows it."""
    measure, tags = track.measure, track.tags
    return {
        "id": track.id,
        "title": track.names.title,
        "artist": track.names.artist,
        "album": track.names.album,
        "path": str(track.path),
        "seconds": round(measure.seconds, 1),
        "integrated_lufs": measure.integrated_lufs,
        "true_peak_dbtp": measure.true_peak_dbtp,
        "intensity": round(track.intensity, 2),
        "tags": {
            "phases": list(tags.phases),
            "intensity": tags.intensity,
            "voice": tags.voice,
            "percussion": tags.percussion,
        },
    }


def _journalled(path: Path) -> list[dict[str, Any]]:
    """What the journal holds of programs, from the last start of one on."""
    marks = ", ".join("?" for _ in KINDS)
    database = open_database(path)
    try:
        begun = database.execute("SELECT MAX(id) FROM event WHERE kind = 'program-start'").fetchone()[0]
        if begun is None:
            return []
        found = database.execute(
            f"SELECT kind, detail_json FROM event WHERE id >= ? AND kind IN ({marks}) ORDER BY id", (begun, *KINDS)
        )
        return [{"kind": row["kind"], "detail": json.loads(row["detail_json"])} for row in found]
    finally:
        database.close()
