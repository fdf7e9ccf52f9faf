"""The bilateral half of the room: its settings, its sets, and what the journal and the outputs are told of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final

from playlists.bls_patch import END_KEYS
from playlists.presets import Preset, preset_snapshot
from roomctl import bilateral
from roomctl.bilateral import Bilateral
from roomctl.engine.running_set import RunningSet, reactions
from roomctl.engine.session_log import Recovered, SessionLog, Why, client_settings
from roomctl.engine.timeline import Timeline, soonest
from roomctl.engine.view import Outlook, View
from roomctl.errors import Invalid, Refused
from roomctl.journal import Journal
from roomctl.limits import Limits
from stimuli.frames import FRAME_RATE_HZ
from stimuli.motion import Motion, MotionState
from stimuli.score import Score
from stimuli.settings import Bls
from stimuli.tasks import task_at

log = logging.getLogger(__name__)

PACE_KEYS: Final = ("rate_hz", "finish", *END_KEYS)
"""How fast a motion goes and when it ends: of a program's own motion the program says that."""


class BilateralRoom:
    """Holds the bilateral value in force and the set that runs. Called under the room's lock."""

    def __init__(
        self,
        journal: Journal,
        sessions: SessionLog,
        outlook: Outlook,
        presets: dict[str, Preset],
        limits: Limits,
        recovered: Recovered,
        timeline: Timeline,
    ) -> None:
        self._timeline = timeline
        self._journal = journal
        self._sessions = sessions
        self._outlook = outlook
        self._presets = presets
        self._limits = limits
        self._running: RunningSet | None = None
        self.led_by_program = False
        self._led: Motion | None = None
        self._brought: Bls | None = None
        self._before: Bilateral | None = None
        self._prepared = True
        self.now = self._recovered(recovered)

    def _recovered(self, recovered: Recovered) -> Bilateral:
        """The settings of the session that was open when the engine went."""
        return Bilateral() if recovered.bls is None else self._kept(recovered.bls, recovered.preset) or Bilateral()

    def _kept(self, bls: dict[str, Any], preset_id: str | None) -> Bilateral | None:
        """Settings as they were written down; None where they are not allowed any more."""
        try:
            return Bilateral(bilateral.merged(Bls(), bls), self._presets.get(preset_id or ""))
        except Invalid:
            log.exception("settings in the journal are not allowed any more; others stay in force")
            return None

    # --- what is asked ---

    @property
    def is_running(self) -> bool:
        """Whether a set of a person's runs or finishes."""
        return self._running is not None

    def state_at(self, frame: float) -> MotionState:
        """Idle, running or finishing: a set that was told to end finishes from then on, though it slows down later."""
        state = self.now.state_at(frame)
        return "finishing" if state == "running" and self._running is not None and self._running.is_told_to_end else state

    def task(self, frame: float) -> dict[str, Any] | None:
        """The working-memory task that is asked now."""
        score = self.now.score
        if score is None or self.state_at(frame) == "idle" or not self.now.bls.tasks.on:
            return None
        task = task_at(score, frame)
        return None if task is None else {"text": task.text, "kind": task.kind}

    def listed_presets(self) -> list[dict[str, Any]]:
        """Every preset, with all of its settings."""
        return [{**preset_snapshot(preset), "bls": asdict(preset.settings)} for preset in self._presets.values()]

    def refuse_in_set(self, frame: float, sentence: str) -> None:
        """Raise Refused while a set runs; a program's own motion is no set."""
        state = self.state_at(frame)
        if state != "idle" and not self.led_by_program:
            raise Refused(f"a set is {state}; {sentence}", state=state, possible=["set/finish", "stop"])

    # --- what is done ---

    def change(self, change: dict[str, Any]) -> dict[str, Any]:
        """Any part of the settings, as soon as can be; returns all of them. Raises Invalid; Refused for a program's pace."""
        pace = [key for key in PACE_KEYS if key in change]
        if pace and self._before is not None:
            raise Refused(
                f"the program leads this motion, so {pace[0]} stays; a breath's pace is changed by program/breath",
                state="program",
                possible=["program/breath", "program/pause", "program/end"],
            )

        def changed(frame: int) -> Bilateral:
            ending = self.state_at(frame) == "finishing"
            return bilateral.change_settings(self.now, change, self._limits, frame, ending=ending)

        self._take(changed)
        return asdict(self.now.bls)

    def choose_preset(self, preset_id: str, frame: float) -> Preset:
        """Take a preset's settings. Raises Invalid for one that is not there, Refused in a set."""
        preset = self._presets.get(preset_id)
        if preset is None:
            known = list(self._presets)
            raise Invalid(f'there is no preset "{preset_id}"; allowed: {", ".join(known)}', allowed=known)
        self._put(bilateral.choose_preset(self.now, preset, self._limits, frame))
        return preset

    def start(self, *, by_panel: bool) -> dict[str, Any]:
        """A set, as soon as can be. Raises Refused while one runs."""
        frame = self._take(lambda frame: bilateral.start_set(self.now, self._limits, frame))
        self._prepared = False
        preset, bls = self.now.preset, self.now.bls
        record = self._sessions.set_started(bls, preset.id if preset else None, time.time())
        self._running = RunningSet(record, "max" if bls.open else "done", by_panel)
        self.save_client_settings()
        return {"set": record.id, "number": record.number, "start_frame": frame}

    def finish(self) -> dict[str, Any]:
        """End the running set as its settings say. Raises Refused."""
        if self.state_at(self._timeline.moment().told) == "finishing":
            raise Refused("the set is already finishing", state="finishing", possible=["stop"])
        hard = self.now.bls.finish == "hard"
        frame = self._take(lambda frame: bilateral.finish_set(self.now, frame))
        if hard:
            self._end("finish", frame)
        elif self._running is not None:
            self._running.why = "finish"
        return {"set": "idle" if hard else "finishing"}

    def stop(self, frame: int) -> None:
        """End whatever runs, at once."""
        self._put(bilateral.stop_set(self.now, frame))
        self._end("stop", frame)

    def finish_because(self, why: Why, frame: int) -> bool:
        """End a person's running set softly, for a reason that is not theirs; False where none runs."""
        if self._running is None or self.state_at(frame) != "running":
            return False
        self._put(bilateral.finish_softly(self.now, frame))
        self._running.why = why
        return True

    def end_if_over(self, frame: float) -> bool:
        """Write down a set that is over; True where one was."""
        if self._running is None or self.state_at(frame) != "idle":
            return False
        self._end(self._running.why, frame)
        return True

    def open_set_of_a_panel(self) -> bool:
        """Whether an open set runs that somebody started from a panel."""
        return self._running is not None and self._running.by_panel and self.now.bls.open

    def react(self, frame: int) -> dict[str, Any]:
        """The client answered a reaction task. Raises Refused where no set runs."""
        score = self.now.score
        if score is None or self.state_at(frame) == "idle":
            raise Refused("no set is running, so there is nothing to react to", state="idle", possible=["set/start"])
        if self._running is not None:
            self._running.presses.append(frame)
        return {"set_s": round((frame - score.motion.start_frame) / FRAME_RATE_HZ, 3)}

    def follow_program(self, wanted: bool, bls: Bls | None, score_of: Callable[[Bls, int], Score], frame: int) -> None:
        """Begin, end or take up again the slow motion that a program brings with it, and follow where it is led otherwise."""
        score = self.now.score
        if wanted and not self.led_by_program and self.state_at(frame) == "idle" and bls is not None:
            self._lead(bls, score_of, frame)
        elif wanted and self.led_by_program and bls is not None and score is not None:
            led = score_of(score.cues[0].bls, score.motion.start_frame).motion
            if led is not self._led:
                self._led = led
                self._put(replace(self.now, scores=(*self.now.scores[:-1], replace(score, motion=led))))
        elif not wanted and self.led_by_program:
            self._put(bilateral.finish_softly(self.now, frame))
            self.led_by_program = False
        elif bls is None and self._before is not None and self.state_at(frame) == "idle":
            self._put(replace(self._before, scores=self.now.scores))
            self._before = None

    def _lead(self, bls: Bls, score_of: Callable[[Bls, int], Score], frame: int) -> None:
        """Begin a program's motion, with what was changed of its settings since; what was in force is kept for after."""
        taken_up = self._before is not None and self._brought == bls and self.now.preset is None
        if self._before is None or self.now.preset is not None:
            self._before = self.now
        begun = score_of(self.now.bls if taken_up else bls, frame)
        self._put(Bilateral(begun.bls_at(frame), None, (begun,)))
        self.led_by_program, self._led, self._brought = True, begun.motion, bls

    # --- a client's own settings ---

    def save_client_settings(self) -> None:
        """Keep the settings in force for the open session's client."""
        code = self._sessions.session.client_code
        if code:
            preset = self.now.preset
            self._journal.settings_saved(code, preset.id if preset else None, asdict(self.now.bls), time.time())

    def leave_client(self) -> None:
        """The open session's client goes: their settings are kept, and the next one finds the preset's own."""
        if self._sessions.session.id is not None and self._sessions.session.kind != "dosing":
            self.save_client_settings()
            self._begin_afresh()

    def meet_client(self, client_code: str | None) -> None:
        """A client comes: their last settings; for a new one what was prepared since the last set, else the preset's own."""
        found = None if client_code is None else client_settings(self._journal.path, client_code)
        kept = None if found is None else self._kept(found[1], found[0])
        if kept is not None:
            self._put(Bilateral(kept.bls, kept.preset, self.now.scores))
        elif not self._prepared:
            self._begin_afresh()

    def _begin_afresh(self) -> None:
        """Nothing of an earlier client's colour, brightness, pitch or volume stays."""
        preset = self.now.preset
        self._put(Bilateral(Bls() if preset is None else preset.settings, preset, self.now.scores))
        self._prepared = True

    # --- inside ---

    def _take(self, move: Callable[[int], Bilateral]) -> int:
        """Put what `move` makes of the room in force as soon as can be; returns from which frame. Raises what `move` raises."""
        with self._timeline.held():
            moment = self._timeline.moment()
            now, frame = soonest(moment, self.now, move)
            if self._timeline.moment().rendered > moment.rendered:
                # It took longer than sound waits for, and some has been made of what was in force before.
                frame = self._timeline.effect_frame()
                now = move(frame)
            self._put(now)
        return frame

    def _put(self, now: Bilateral) -> None:
        """Put `now` in force, for every output at once."""
        self.now = now
        self._outlook.publish(View(now.scores))

    def _end(self, why: Why, frame: float) -> None:
        running, score = self._running, self.now.score
        if running is None or score is None:
            return
        self._running = None
        given = bilateral.delivered(score, frame) | reactions(score, running.presses, int(frame))
        self._sessions.set_ended(running.record, given, why, time.time())
