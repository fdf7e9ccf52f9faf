"""The running dosing program of a room: commands in, a new arc out, and what to write down. No thread, no clock, no device.

Called under the room's lock. An arc counts seconds; here they become session frames, also after a restart, when frames begin
anew and the arc goes on at the minute that UTC says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hardware.seams import RoomLook
from playlists.arc import Arc, ArcInvalid, ArcPoint, ArcRefused, Move, MusicAim, arc_at, has_ended, light_at, music_at, state_at
from playlists.arc_events import turns_in
from playlists.arc_json import arc_of_moves, program_from_json, program_to_json
from playlists.arc_picture import arc_picture
from playlists.arc_snapshot import snapshot_of
from playlists.breath import Course, swell_gains
from playlists.moves import moved
from playlists.own_motion import own_motion, wants_motion
from playlists.plan import stretch_at
from playlists.program import Program, ends_at_min, starts_at_min
from playlists.prompts import prompts_of
from playlists.retiming import start_arc
from roomctl.errors import Invalid, Refused, RoomError, UnknownId
from roomctl.messages import ChangeLights, ProgramMove, ProgramStart, PromptAnswer
from stimuli.frames import FRAME_RATE_HZ, frames_of_s
from stimuli.score import Cue, Score
from stimuli.settings import Bls

KIND_START: Final = "program-start"
KIND_MOVE: Final = "program-move"
KIND_PROMPT: Final = "prompt"
KIND_ALIVE: Final = "program-alive"
KINDS: Final = (KIND_START, KIND_MOVE, KIND_PROMPT, KIND_ALIVE)
"""The journal's kinds that `resume_from` reads; it passes over others."""

IDLE_POSSIBLE: Final = ["program/start"]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What is to be written down: `kind`, when, and `detail` as JSON."""

    kind: str
    frame: int
    at_utc_s: float
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seated:
    """An arc, and the session frame of its second 0: put in force together, for those who look on without the lock."""

    arc: Arc
    zero_frame: int

    def seconds(self, frame: float) -> float:
        """The arc's time at `frame`."""
        return (frame - self.zero_frame) / FRAME_RATE_HZ


class Dosing:
    """Holds the running arc, None while there is none. `speed` is how fast session time passes beside UTC.

    Moves are made under the room's lock; what only looks at the arc may be called from any thread.
    """

    def __init__(self, programs: Mapping[str, Program], speed: float = 1.0) -> None:
        self.programs = dict(programs)
        self._speed = speed
        self._seated: Seated | None = None
        self._rows: list[JournalRow] = []
        self._own: tuple[tuple[Course, Bls, int, int], Score] | None = None

    @property
    def arc(self) -> Arc | None:
        """The running arc, or the ended one, until the next."""
        seated = self._seated
        return None if seated is None else seated.arc

    # --- what the engine asks ---

    def is_active_at(self, frame: float) -> bool:
        """Whether a program runs: started and not ended, paused ones and those that wait for a resume included."""
        seated = self._seated
        return seated is not None and not has_ended(seated.arc, seated.seconds(frame))

    @property
    def last_frame(self) -> int:
        """The frame of the arc's last move: from here on it can be asked; 0 while there is none."""
        seated = self._seated
        return 0 if seated is None else seated.zero_frame + frames_of_s(seated.arc.last_s)

    def point_at(self, frame: float) -> ArcPoint | None:
        """The whole arc at `frame`."""
        seated = self._seated
        return None if seated is None else arc_at(seated.arc, seated.seconds(frame))

    def snapshot(self, frame: float) -> dict[str, Any] | None:
        """The state's `program` object; of an ended program too, until the next."""
        seated = self._seated
        return None if seated is None else snapshot_of(seated.arc, seated.seconds(frame), seated.zero_frame)

    def room_light_at(self, frame: float) -> RoomLook | None:
        """Where the program wants the room light at `frame`; None while there is none."""
        seated = self._seated
        if seated is None:
            return None
        aim = light_at(seated.arc, seated.seconds(frame))
        return RoomLook(aim.level_l, aim.cct_k)

    def music_targets_at(self, frame: float) -> MusicAim | None:
        """What the program wants of the music at `frame`; None while there is none."""
        seated = self._seated
        return None if seated is None else music_at(seated.arc, seated.seconds(frame))

    def swell_gains(self, first_frame: int, frames: int) -> npt.NDArray[np.float32] | None:
        """The breath's swell as an amplitude for each of `frames` frames of music; None where no breath is led."""
        seated = self._seated
        if seated is None or not seated.arc.breath:
            return None
        return swell_gains(
            seated.arc.breath, (np.arange(first_frame, first_frame + frames) - seated.zero_frame) / FRAME_RATE_HZ
        )

    def wants_motion_at(self, frame: float) -> bool:
        """Whether the program's own bilateral motion should be there at `frame`."""
        seated = self._seated
        return seated is not None and wants_motion(seated.arc, seated.seconds(frame))

    def own_score(self, bls: Bls, start_frame: int) -> Score:
        """The program's own bilateral motion from `start_frame` on; the same object until the breath is led otherwise.

        Raises Refused while no program is there.
        """
        seated = self._seated
        if seated is None:
            raise _nothing_runs()
        key = (seated.arc.breath, bls, start_frame, seated.zero_frame)
        if self._own is None or self._own[0] != key:
            self._own = (key, Score(own_motion(seated.arc, *key[1:]), (Cue(start_frame, bls),)))
        return self._own[1]

    def picture(self, frame: float) -> dict[str, Any] | None:
        """The running arc as `playlists.arc_picture` draws it, with the now-line."""
        seated = self._seated
        return None if seated is None else arc_picture(seated.arc, seated.seconds(frame))

    def turns_between(self, first_frame: float, until_frame: float) -> list[dict[str, Any]]:
        """What time brought in [`first_frame`, `until_frame`): the contract's `phase` and `prompt` events, by session frame."""
        seated = self._seated
        if seated is None:
            return []
        found = turns_in(seated.arc, seated.seconds(first_frame), seated.seconds(until_frame))
        return [{**each, "frame": each["frame"] + seated.zero_frame} for each in found]

    def listing(self) -> list[dict[str, Any]]:
        """Every program in a line."""
        return [_line(program) for program in self.programs.values()]

    def described(self, program_id: str) -> dict[str, Any]:
        """One program with its picture, phases and prompts; raises UnknownId."""
        program = self._program(program_id)
        return {
            **_line(program),
            "definition": program_to_json(program),
            "picture": arc_picture(program),
            "prompts": [
                {"id": prompt.id, "text": prompt.rule.text, "anchor": prompt.rule.anchor}
                for prompt in prompts_of(program, {}, (), 0.0)
            ],
        }

    # --- what happens to it ---

    def handle(
        self, command: ProgramStart | ProgramMove | PromptAnswer, at_frame: int, utc_s: float, look: RoomLook, by: str
    ) -> dict[str, Any]:
        """Do what `command` asks from `at_frame` on; `look` is the room light then. Raises Refused, Invalid or UnknownId."""
        if isinstance(command, ProgramStart):
            return self._start(command.program, at_frame, utc_s, look, by)
        if isinstance(command, ProgramMove):
            args = command.model_dump(exclude={"do", "move"}, exclude_none=True)
            return self._make(command.move, args, at_frame, utc_s, by)
        return self._answer(command, at_frame, utc_s, by)

    def preview(self, command: ProgramMove, at_frame: int, utc_s: float) -> dict[str, Any]:
        """What `command` would do, without doing it: {picture, program}. Raises as `handle`."""
        args = command.model_dump(exclude={"do", "move"}, exclude_none=True)
        after = self._after(command.move, args, at_frame, utc_s)
        at_s = after.arc.last_s
        return {"picture": arc_picture(after.arc, at_s), "program": snapshot_of(after.arc, at_s, after.zero_frame)}

    def change_lights(self, command: ChangeLights, at_frame: int, utc_s: float, by: str) -> dict[str, Any]:
        """The operator's own light, until the next phase brings another."""
        args = command.model_dump(exclude={"do"}, exclude_none=True)
        return self._make("light", args, at_frame, utc_s, by)

    def stopped(self, at_frame: int, utc_s: float, by: str) -> None:
        """STOP was pressed: the program is paused and stays so; the medicine clock goes on."""
        if self.is_active_at(at_frame):
            self._make("stop", {}, at_frame, utc_s, by)

    def room_resumed(self, at_frame: int, utc_s: float, by: str) -> None:
        """STOP was unlatched. The program stays paused."""
        if self.is_active_at(at_frame):
            self._make("resume-room", {}, at_frame, utc_s, by)

    def note_track(self, track: str | None, action: str, at_frame: int, utc_s: float) -> None:
        """What the player did, which no arc can know: a track chosen, a file failed."""
        if self._seated is not None:
            self._make("note_track", {"track": track, "action": action}, at_frame, utc_s, "player")

    def alive(self, at_frame: int, utc_s: float) -> None:
        """Note that the room lives, each few seconds: what the lamps were at when it no longer does follows from it."""
        if self._seated is not None and self.is_active_at(at_frame):
            self._row(KIND_ALIVE, at_frame, utc_s, {"at_s": self._seated.seconds(at_frame)})

    def take_journal(self) -> list[JournalRow]:
        """What is to be written down since the last call, in order."""
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> None:
        """Let go of a program that has ended."""
        self._seated = None

    # --- after a death ---

    def resume_from(self, rows: Sequence[Mapping[str, Any]], at_frame: int, utc_s: float) -> bool:
        """Take up the program that `rows` of the journal ({kind, detail}, in order) left running; False where none was.

        The bed comes back by itself; all else waits for the move `resume`, at the minute that T0 in UTC says. Frame `at_frame`
        is now. Raises Invalid where the rows are not what was written.
        """
        begun = [index for index, row in enumerate(rows) if row["kind"] == KIND_START]
        if not begun:
            return False
        arc, alive_s = _arc_of_rows(rows[begun[-1] :])
        if arc.ended_s is not None:
            return False
        zero_s, zero_utc_s = (arc.started_s, arc.started_utc_s) if arc.t0_s is None else (arc.t0_s, arc.t0_utc_s or 0.0)
        now_s = max(arc.last_s, alive_s, zero_s + (utc_s - zero_utc_s) * self._speed)
        left = light_at(arc, max(alive_s, arc.last_s))
        self._seated = Seated(arc, at_frame - frames_of_s(now_s))
        self._make("restart", {"light_l": left.level_l, "cct_k": left.cct_k}, at_frame, utc_s, "engine")
        return True

    # --- inside ---

    def _program(self, program_id: str) -> Program:
        program = self.programs.get(program_id)
        if program is None:
            raise UnknownId(
                f'there is no program "{program_id}"; allowed: {", ".join(self.programs)}', allowed=list(self.programs)
            )
        return program

    def _start(self, program_id: str, at_frame: int, utc_s: float, look: RoomLook, by: str) -> dict[str, Any]:
        program = self._program(program_id)
        seated = self._seated
        if seated is not None and self.is_active_at(at_frame):
            sentence = f'"{seated.arc.program.title}" is running; end it before another is started'
            raise Refused(sentence, state=state_at(seated.arc, seated.seconds(at_frame)), possible=["program/end"])
        self._seated = Seated(start_arc(program, 0.0, utc_s, light_l=look.level_l, cct_k=look.cct_k), at_frame)
        detail = {"program": program.id, "by": by, "at_s": 0.0, "definition": program_to_json(program)}
        self._row(KIND_START, at_frame, utc_s, {**detail, "light_l": look.level_l, "cct_k": look.cct_k})
        return self._reply("start", at_frame, [])

    def _answer(self, command: PromptAnswer, at_frame: int, utc_s: float, by: str) -> dict[str, Any]:
        point = self.point_at(at_frame)
        if point is None:
            raise _nothing_runs()
        known = [prompt.id for prompt in point.prompts]
        if command.id not in known:
            raise UnknownId(f'there is no prompt "{command.id}"; allowed: {", ".join(known)}', allowed=known)
        args: dict[str, Any] = {"prompt": command.id}
        if command.value is not None:
            args["value"] = command.value
        return self._make(command.answer, args, at_frame, utc_s, by)

    def _after(self, do: str, args: dict[str, Any], at_frame: int, utc_s: float) -> Seated:
        seated = self._seated
        if seated is None:
            raise _nothing_runs()
        try:
            after = moved(seated.arc, Move(do, seated.seconds(at_frame), utc_s, args))
        except ArcRefused as refusal:
            raise Refused(refusal.message, state=refusal.state, possible=_addresses(refusal)) from refusal
        except ArcInvalid as invalid:
            raise Invalid(invalid.message, **({"allowed": list(invalid.allowed)} if invalid.allowed else {})) from invalid
        return Seated(after, seated.zero_frame)

    def _make(self, do: str, args: dict[str, Any], at_frame: int, utc_s: float, by: str) -> dict[str, Any]:
        before, self._seated = self.arc, self._after(do, args, at_frame, utc_s)
        after = self._seated.arc
        at_s, move = after.last_s, after.moves[-1]
        base = {"at_s": at_s, "args": move.args, "by": by}
        if do in ("done", "snooze"):
            prompt = next(each for each in arc_at(after, at_s).prompts if each.id == args["prompt"])
            told = {"id": prompt.id, "text": prompt.text, "answer": do, "value": prompt.value}
            self._row(KIND_PROMPT, at_frame, utc_s, {**base, **told})
        else:
            self._row(KIND_MOVE, at_frame, utc_s, {**base, "move": do, **move.args})
        return self._reply(do, at_frame, [] if before is None else _warnings(before, after, do, at_s))

    def _row(self, kind: str, at_frame: int, utc_s: float, detail: dict[str, Any]) -> None:
        self._rows.append(JournalRow(kind, at_frame, utc_s, {**detail, "utc_s": utc_s}))

    def _reply(self, do: str, at_frame: int, warnings: list[str]) -> dict[str, Any]:
        point = self.point_at(max(at_frame, self.last_frame))
        assert point is not None
        return {
            "done": do,
            "state": point.state,
            "phase": point.phase,
            "phase_left_s": point.phase_left_s,
            "medicine_s": point.medicine_s,
            "stay_left_s": point.stay_left_s,
            "warnings": warnings,
        }


def _addresses(refusal: ArcRefused) -> list[str]:
    """What is possible, as addresses of the API: after the end another program too, and under STOP the room's RESUME."""
    again = {"ended": ["program/start"], "stopped": ["resume"]}.get(refusal.state, [])
    return again + [f"program/{verb}" for verb in refusal.possible]


def _nothing_runs() -> RoomError:
    return Refused("no program is running", state="idle", possible=IDLE_POSSIBLE)


def _line(program: Program) -> dict[str, Any]:
    return {
        "id": program.id,
        "title": program.title,
        "kind": program.kind,
        "route": program.route,
        "note": program.note,
        "minutes": ends_at_min(program),
        "minimum_stay_min": program.minimum_stay_min,
        "phases": [
            {"id": phase.id, "title": phase.title, "start_min": starts_at_min(program, phase), "hold": phase.hold}
            for phase in program.phases
        ],
        "has_bls": program.bls is not None,
    }


def _warnings(before: Arc, after: Arc, do: str, at_s: float) -> list[str]:
    """What is allowed but worth a word: a phase left before its minimum, or prolonged beyond its maximum."""
    if do in ("next", "skip"):
        left = stretch_at(before.plan, at_s)
        phase, lasted_min = before.program.phases[left.phase], left.elapsed_at(at_s) / 60.0
        if lasted_min < phase.min_min:
            return [f"{phase.title} lasted {lasted_min:.0f} min; its minimum is {phase.min_min:g} min"]
    if do == "extend":
        here = stretch_at(after.plan, at_s)
        phase = after.program.phases[here.phase]
        if (here.elapsed_at(at_s) + here.left_at(at_s)) / 60.0 > phase.max_min:
            return [f"{phase.title} goes on beyond its maximum of {phase.max_min:g} min"]
    return []


def _arc_of_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Arc, float]:
    """The arc that `rows` tell, the first of them its start, and the session time at which it was last known to run."""
    try:
        begun = rows[0]["detail"]
        moves = [Move("start", begun["at_s"], begun["utc_s"], {"light_l": begun["light_l"], "cct_k": begun["cct_k"]})]
        alive_s = begun["at_s"]
        for row in rows[1:]:
            detail = row["detail"]
            if row["kind"] == KIND_ALIVE:
                alive_s = detail["at_s"]
            elif row["kind"] in (KIND_MOVE, KIND_PROMPT):
                do = detail["move"] if row["kind"] == KIND_MOVE else detail["answer"]
                moves.append(Move(do, detail["at_s"], detail["utc_s"], detail["args"]))
        return arc_of_moves(program_from_json(begun["definition"]), moves), alive_s
    except (KeyError, TypeError, ValueError, ArcRefused) as error:
        raise Invalid(f"the journal's program cannot be read back ({error}); it is not resumed, start it again") from error
