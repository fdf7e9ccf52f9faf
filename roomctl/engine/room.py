"""The room: takes commands, one at a time, and answers questions. The one place where its state is held.

A command makes a new frozen state and puts it in force; STOP acts first and is written down after. Whoever waits for the disk
does so outside the lock.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any, Final

from hardware.seams import Device, Link
from playlists.presets import Preset, preset_snapshot
from roomctl import bilateral
from roomctl import messages as m
from roomctl.bilateral import Bilateral
from roomctl.clock import SessionClock
from roomctl.engine.devices import Rack, device_state
from roomctl.engine.dosing_room import DosingRoom
from roomctl.engine.output_stage import OutputStage
from roomctl.engine.render_ahead import RenderAhead
from roomctl.engine.renderer import RoomRenderer, side_test
from roomctl.engine.session_log import Recovered, SessionLog, SetRecord, Why, client_settings
from roomctl.engine.sound import Sound
from roomctl.engine.sources import Sources
from roomctl.engine.state import Changes, bilateral_state, clock_state
from roomctl.engine.timing import timing_state
from roomctl.engine.view import Outlook, View
from roomctl.errors import Away, Forbidden, Invalid, Refused, UnknownId
from roomctl.journal import Journal
from roomctl.room_file import RoomFile
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms
from stimuli.limiter import LIMITER_DELAY_FRAMES
from stimuli.score import Score
from stimuli.tasks import match_reactions, reaction_events, task_at

log = logging.getLogger(__name__)

SECOND_STOP_S: Final = 2.0
START_INTERVAL_S: Final = 0.5
PANEL_LOST_S: Final = 30.0
COMMIT_TIMEOUT_S: Final = 2.0
MARGIN_FRAMES: Final = 512
KEPT_REPLIES: Final = 256
PUBLISH_S: Final = 0.5
"""What changes without a command (timing, a lamp's level) is looked at this often."""
INLETS_S: Final = 3.0
SCALES: Final = {"sud": (0.0, 10.0), "voc": (1.0, 7.0), "art": (0.0, 10.0)}
OUTPUT_OF_KIND: Final = {"lightbar": "light", "tapper": "tap"}


@dataclass(slots=True)
class Parts:
    """What the room commands."""

    room_file: RoomFile
    clock: SessionClock
    outlook: Outlook
    stage: OutputStage
    ahead: RenderAhead
    renderer: RoomRenderer
    sources: Sources
    sound: Sound
    rack: Rack
    journal: Journal
    presets: dict[str, Preset]
    dosing: DosingRoom
    speed: float = 1.0
    demo: bool = True
    verified: frozenset[str] = frozenset()


@dataclass(slots=True)
class RunningSet:
    """The set that is journalled as not yet ended; `why` it will have ended, unless something else comes first."""

    record: SetRecord
    why: Why
    by_panel: bool
    presses: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command answers, and what must be on the disk before it does."""

    body: Any = None
    waits: Future[None] | None = None


@dataclass(slots=True)
class Notices:
    """Sentences for everyone in the room's panels, newest last, one for each subject."""

    items: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)

    def put(self, id: str, text: str, level: str = "warn") -> None:
        """Say something, or say it anew."""
        if self.items.get(id, {}).get("text") != text:
            self.items[id] = {"id": id, "text": text, "level": level, "since_utc_s": time.time()}

    def drop(self, id: str) -> None:
        """It is over."""
        self.items.pop(id, None)


def reactions(score: Score, presses: list[int], until_frame: int) -> dict[str, Any]:
    """What came of a reaction task in a set: each time in ms (None: missed), and presses that answered nothing."""
    events = reaction_events(score, score.motion.start_frame, until_frame)
    if not events:
        return {}
    found = match_reactions(events, presses)
    times = [None if item.reaction_ms is None else round(item.reaction_ms) for item in found.reactions]
    return {
        "reactions": {"kind": events[0].kind, "ms": times, "median_ms": found.median_ms, "false_presses": found.false_presses}
    }


class Room:
    """The authority. `answer`, `stop` and `snapshot` serve the link; `tick` is called every 50 ms by the main thread."""

    def __init__(self, parts: Parts, recovered: Recovered, publish: Callable[[m.Delta], None] = lambda delta: None) -> None:
        self._parts = parts
        self._lock = threading.RLock()
        self._publish = publish
        self._changes = Changes()
        self._bilateral = self._recovered_bilateral(recovered)
        self._log = SessionLog(parts.journal, recovered.session)
        self._running: RunningSet | None = None
        self._program_bls = False
        self._inlets: list[dict[str, Any]] = []
        self._inlets_s = 0.0
        self._replies: OrderedDict[str, m.Reply] = OrderedDict()
        self._panels: list[dict[str, Any]] = []
        self._panels_gone_s: float | None = None
        self._stop: dict[str, Any] | None = None
        self._stopped_s = 0.0
        self._stop_key: str | None = None
        self._second = False
        self._started_s = 0.0
        self._published_s = 0.0
        self._last_change: dict[str, Any] | None = None
        self._timing: dict[str, Any] = {}
        self._links: queue.SimpleQueue[tuple[Device, Link]] = queue.SimpleQueue()
        self.notices = Notices()
        self.boot_id = secrets.token_hex(8)
        self.rev = 1
        if recovered.memory.get("stopped"):
            self._latch(recovered.memory["stopped"])
        if recovered.memory.get("running"):
            self.notices.put("restart", "the room restarted; a set that was running is not resumed by itself", "info")
        parts.dosing.recover(self.effect_frame(), stopped=parts.outlook.stopped)
        parts.journal.remember("running", True)

    def _recovered_bilateral(self, recovered: Recovered) -> Bilateral:
        if recovered.bls is None:
            return Bilateral()
        try:
            bls = bilateral.merged(Bilateral().bls, recovered.bls)
        except Invalid:
            log.exception("settings in the journal are not allowed any more; the defaults hold")
            return Bilateral()
        return Bilateral(bls, self._parts.presets.get(recovered.preset or ""))

    # --- time ---

    def now_frame(self) -> float:
        """The session frame heard now."""
        return self._parts.clock.frame_at(time.monotonic())

    def effect_frame(self) -> int:
        """The next frame that neither a device nor the sound has been told of yet."""
        lead_frames = frames_of_ms(self._parts.rack.largest_onset_ms) + MARGIN_FRAMES
        heard = self._parts.clock.frame_at(time.monotonic()) + lead_frames
        rendered = self._parts.ahead.written_frame + LIMITER_DELAY_FRAMES + MARGIN_FRAMES
        return int(max(heard, rendered))

    # --- STOP ---

    def stop(self, request: m.Request) -> m.Reply:
        """Everything placed by the score ends now. Acts before it takes any lock."""
        parts, now_s = self._parts, time.monotonic()
        parts.stage.stop_stimulus()
        same_press = request.idempotency_key is not None and request.idempotency_key == self._stop_key
        self._stop_key = request.idempotency_key
        if not same_press:
            self._second = parts.outlook.stopped and now_s - self._stopped_s < SECOND_STOP_S
        second = self._second
        parts.stage.stop_music(at_once=second)
        parts.outlook.latch()
        unheard = parts.rack.safe()
        with self._lock:
            self._stopped_s = now_s
            body = self._stopped(request.who.name, unheard, second)
        return m.Reply(id=request.id, status=200, body=body)

    def _stopped(self, by: str, unheard: list[str], second: bool) -> dict[str, Any]:
        frame = self.effect_frame()
        was_running = self._bilateral.state_at(frame) != "idle"
        self._put(bilateral.stop_set(self._bilateral, frame))
        if was_running:
            self._end_set("stop", frame)
        self._parts.dosing.stopped(frame, at_once=second, by=by)
        self._stop = {"by": by, "at_utc_s": time.time(), "not_confirmed": unheard, "second": second}
        self._parts.journal.remember("stopped", self._stop)
        self._event("stop", by, {"not_confirmed": unheard, "second": second})
        self._changed(by, "STOP")
        return {"stopped": True, "not_confirmed": unheard, "everything_off": second}

    def _latch(self, stop: dict[str, Any]) -> None:
        self._stop = stop
        self._parts.stage.stop_stimulus()
        self._parts.stage.stop_music(at_once=True)
        self._parts.outlook.latch()

    def _resume(self, who: m.Who) -> Outcome:
        stops = self._parts.outlook.stops
        if self._stop is not None and self._parts.outlook.unlatch(stops):
            self._parts.stage.unlatch()
            if self._parts.outlook.stops != stops:
                self._parts.stage.stop_stimulus()
                return Outcome({"stopped": True})
            self._stop = None
            self._parts.dosing.unlatched(self.effect_frame(), who.name)
            self._parts.journal.remember("stopped", None)
            self._event("resume", who.name, {})
            self._changed(who.name, "RESUME")
        return Outcome({"stopped": self._parts.outlook.stopped})

    # --- commands ---

    def answer(self, message: m.Request | m.Ask) -> m.Reply:
        """The reply to a command or a question. Raises the room's errors."""
        if isinstance(message, m.Ask):
            return m.Reply(id=message.id, status=200, body=self._ask(message))
        key = message.idempotency_key
        with self._lock:
            if key is not None and key in self._replies:
                return self._replies[key].model_copy(update={"id": message.id})
            outcome = self._apply(message)
        self._wait(outcome.waits)
        reply = m.Reply(id=message.id, status=200, body=outcome.body if outcome.body is not None else {"rev": self.rev})
        if key is not None:
            with self._lock:
                self._replies[key] = reply
                while len(self._replies) > KEPT_REPLIES:
                    self._replies.popitem(last=False)
        return reply

    def _wait(self, committed: Future[None] | None) -> None:
        if committed is None:
            return
        try:
            committed.result(timeout=COMMIT_TIMEOUT_S)
        except FutureTimeoutError:
            trouble = self._parts.journal.trouble or "the journal is slow"
            raise Away(f"{trouble}; it is kept in memory and will be written as soon as it can be") from None

    def _apply(self, request: m.Request) -> Outcome:
        command, who = request.command, request.who
        if who.role == "view" and not isinstance(command, m.Resume):
            raise Forbidden("this panel may look, and press STOP; pair it as control to do more", role=who.role)
        match command:
            case m.Stop():
                return Outcome(self.stop(request).body)
            case m.Resume():
                return self._resume(who)
            case m.ChangeBls():
                return self._change_bls(command, who)
            case m.ChoosePreset():
                return self._choose_preset(command, who)
            case m.SetStart():
                return self._set_start(request)
            case m.SetFinish():
                return self._set_finish(who)
            case m.OpenSession():
                return self._open_session(command, who)
            case m.CloseSession():
                return self._close_session(command, who)
            case m.Rate():
                return self._rate(command, who)
            case m.Note():
                return Outcome({"kept": True}, self._log.noted(command.text, time.time()))
            case m.TestDevice():
                return self._test_device(command, who)
            case m.React():
                return self._react()
            case _:
                return self._dose(request)

    def _change_bls(self, command: m.ChangeBls, who: m.Who) -> Outcome:
        frame = self.effect_frame()
        self._put(bilateral.change_settings(self._bilateral, command.change, self._parts.room_file.limits, frame))
        what = ", ".join(command.change)
        self._event("bls", who.name, dict(command.change))
        self._changed(who.name, what)
        return Outcome(bilateral_state(self._bilateral, self.now_frame())["bls"])

    def _choose_preset(self, command: m.ChoosePreset, who: m.Who) -> Outcome:
        preset = self._parts.presets.get(command.preset)
        if preset is None:
            known = list(self._parts.presets)
            raise Invalid(f'there is no preset "{command.preset}"; allowed: {", ".join(known)}', allowed=known)
        self._put(bilateral.choose_preset(self._bilateral, preset, self._parts.room_file.limits, self.now_frame()))
        self._event("preset", who.name, {"preset": preset.id})
        self._changed(who.name, f"preset {preset.title}")
        return Outcome({"preset": preset.id, "bls": bilateral_state(self._bilateral, self.now_frame())["bls"]})

    def _set_start(self, request: m.Request) -> Outcome:
        self._refuse_stale(request)
        if self._parts.outlook.stopped:
            raise Refused("STOP is latched; press RESUME first", state="stopped", possible=["resume"])
        self._parts.dosing.refuse_set()
        now_s = time.monotonic()
        if now_s - self._started_s < START_INTERVAL_S:
            raise Refused(
                "a set was started a moment ago; wait half a second", state="running", possible=["set/finish", "stop"]
            )
        self._end_if_over()
        frame = self.effect_frame()
        self._put(bilateral.start_set(self._bilateral, self._parts.room_file.limits, frame))
        self._started_s = now_s
        preset, bls = self._bilateral.preset, self._bilateral.bls
        record = self._log.set_started(bls, preset.id if preset else None, time.time())
        self._running = RunningSet(record, "max" if bls.open else "done", request.who.panel_id is not None)
        self._save_client_settings()
        self._changed(request.who.name, "START")
        return Outcome({"set": record.id, "number": record.number, "start_frame": frame})

    def _set_finish(self, who: m.Who) -> Outcome:
        frame = self.effect_frame()
        hard = self._bilateral.bls.finish == "hard"
        self._put(bilateral.finish_set(self._bilateral, frame))
        if hard:
            self._end_set("finish", frame)
        elif self._running is not None:
            self._running.why = "finish"
        self._changed(who.name, "FINISH")
        return Outcome({"set": "finishing" if not hard else "idle"})

    def _open_session(self, command: m.OpenSession, who: m.Who) -> Outcome:
        self._refuse_in_set("a session is opened between sets")
        session, committed = self._log.open(command.kind, command.client_code, time.time())
        if command.client_code and command.kind != "dosing":
            self._restore_client(command.client_code)
        self._changed(who.name, "session opened")
        return Outcome({"id": session.id, "kind": session.kind, "client_code": session.client_code}, committed)

    def _close_session(self, command: m.CloseSession, who: m.Who) -> Outcome:
        session = self._log.session
        if session.id != command.id:
            raise UnknownId(f'session "{command.id}" is not open', open=session.id)
        self._refuse_in_set("a session is closed between sets")
        self._save_client_settings()
        committed = self._log.close(time.time())
        self._changed(who.name, "session closed")
        return Outcome({"id": command.id, "closed": True}, committed)

    def _rate(self, command: m.Rate, who: m.Who) -> Outcome:
        low, high = SCALES[command.scale]
        if not low <= command.value <= high:
            raise Invalid(
                f"a rating on {command.scale} is {low:g} to {high:g}, not {command.value:g}", allowed={"ge": low, "le": high}
            )
        committed = self._log.rated(command.scale, command.value, time.time())
        self._changed(who.name, f"{command.scale.upper()} {command.value:g}")
        return Outcome({"scale": command.scale, "value": command.value}, committed)

    def _test_device(self, command: m.TestDevice, who: m.Who) -> Outcome:
        self._refuse_in_set("devices are tested between sets")
        if self._parts.outlook.stopped:
            raise Refused("STOP is latched; press RESUME first", state="stopped", possible=["resume"])
        if command.name == self._parts.sound.card.name:
            self._parts.renderer.test_score = side_test(self.effect_frame(), command.side)
        else:
            self._parts.rack.test(command.name, command.side)
        self._event("device-test", who.name, {"name": command.name, "side": command.side})
        return Outcome({"tested": command.name, "side": command.side})

    def _react(self) -> Outcome:
        score = self._bilateral.score
        if score is None or self._bilateral.state_at(self.now_frame()) == "idle":
            raise Refused("no set is running, so there is nothing to react to", state="idle", possible=["set/start"])
        frame = int(self.now_frame())
        if self._running is not None:
            self._running.presses.append(frame)
        set_s = round((frame - score.motion.start_frame) / FRAME_RATE_HZ, 3)
        return Outcome({"set_s": set_s})

    def _dose(self, request: m.Request) -> Outcome:
        if isinstance(request.command, m.ProgramStart | m.ProgramMove):
            self._refuse_stale(request)
        if isinstance(request.command, m.ProgramStart):
            self._refuse_in_set("a program is started between sets")
        elif isinstance(request.command, m.ChangeLights):
            self._refuse_in_set("room lights are locked in a set")
        if self._parts.outlook.stopped and isinstance(request.command, m.ProgramStart | m.MusicMove):
            raise Refused("STOP is latched; press RESUME first", state="stopped", possible=["resume"])
        body, waits = self._parts.dosing.handle(request.command, self.effect_frame(), self._log.session.id, request.who.name)
        self._changed(request.who.name, request.command.do)
        return Outcome(body, waits)

    def _follow_program(self) -> None:
        """Begin, end or take up again the slow bilateral motion that a program brings with it."""
        dosing, frame = self._parts.dosing, self.effect_frame()
        wanted = dosing.wants_bilateral(frame) and not self._parts.outlook.stopped
        state = self._bilateral.state_at(frame)
        if wanted and not self._program_bls and state == "idle":
            bls = dosing.bilateral()
            assert bls is not None
            self._put(Bilateral(bls, None, (dosing.bilateral_score(bls, frame),)))
            self._program_bls = True
        elif not wanted and self._program_bls:
            self._put(bilateral.finish_softly(self._bilateral, frame))
            self._program_bls = False

    # --- refusals ---

    def _refuse_stale(self, request: m.Request) -> None:
        if request.rev is not None and request.rev != self.rev:
            raise Refused(
                f"the room changed meanwhile (you saw rev {request.rev}, it is {self.rev}); look again and press once more",
                state=self._bilateral.state_at(self.now_frame()),
                rev=self.rev,
                possible=["state"],
            )

    def _refuse_in_set(self, sentence: str) -> None:
        state = self._bilateral.state_at(self.now_frame())
        if state != "idle" and not self._program_bls:
            raise Refused(f"a set is {state}; {sentence}", state=state, possible=["set/finish", "stop"])

    # --- what is written down ---

    def _put(self, room: Bilateral) -> None:
        """Put the bilateral half in force, for every output at once."""
        self._bilateral = room
        self._parts.outlook.publish(View(room.scores))

    def _event(self, kind: str, by: str | None, detail: dict[str, Any]) -> None:
        self._parts.journal.event(self._log.session.id, time.time(), int(self.now_frame()), kind, by, detail)

    def _changed(self, by: str, what: str) -> None:
        """A control changed: count it, and tell everyone."""
        self.rev += 1
        self._last_change = {"by": by, "what": what, "at_utc_s": time.time()}
        self.publish_changes()

    def _end_set(self, why: Why, frame: float) -> None:
        running, score = self._running, self._bilateral.score
        if running is None or score is None:
            return
        self._running = None
        given = bilateral.delivered(score, frame) | reactions(score, running.presses, int(frame))
        self._log.set_ended(running.record, given, why, time.time())

    def _end_if_over(self) -> None:
        if self._running is not None and self._bilateral.state_at(self.now_frame()) == "idle":
            self._end_set(self._running.why, self.now_frame())
            self.publish_changes()

    def _save_client_settings(self) -> None:
        code = self._log.session.client_code
        if code:
            preset = self._bilateral.preset
            bls = bilateral_state(self._bilateral, 0.0)["bls"]
            self._parts.journal.settings_saved(code, preset.id if preset else None, bls, time.time())

    def _restore_client(self, client_code: str) -> None:
        found = client_settings(self._parts.journal.path, client_code)
        if found is None:
            return
        preset_id, bls = found
        try:
            kept = bilateral.merged(Bilateral().bls, bls)
        except Invalid:
            log.exception("the settings kept for this client are not allowed any more; those in force stay")
            return
        self._put(Bilateral(kept, self._parts.presets.get(preset_id or ""), self._bilateral.scores))

    # --- what happens by itself ---

    def link_changed(self, device: Device, link: Link) -> None:
        """A device came or went. Called in that device's own thread, so it only notes it; `tick` acts on it."""
        gone = link.state not in ("READY", "CONNECTING")
        (log.warning if gone else log.info)('%s "%s": %s %s', device.kind, device.name, link.state, link.why)
        if device is self._parts.sound.card:
            self._parts.sound.link_changed(device, link)
            if self._parts.rack.audio_tapper is not None:
                self._parts.rack.audio_tapper.card_is(link.state == "READY", link.why)
        self._links.put((device, link))

    def _follow_links(self) -> None:
        """Journal what came and went, and end a set that needs what went."""
        while not self._links.empty():
            device, link = self._links.get()
            self._event("link", None, {"device": device.name, "state": link.state, "why": link.why})
            if link.state not in ("READY", "CONNECTING") and self._is_needed(device):
                self._finish_because("device", f'"{device.name}" was lost ({link.why or link.state}); the set ends softly')
            self.publish_changes()

    def _is_needed(self, device: Device) -> bool:
        """Whether the running set uses the device, and the room file says to stop without it."""
        output = OUTPUT_OF_KIND.get(device.kind)
        if output is None or self._parts.rack.on_loss.get(device.name) != "stop":
            return False
        return bool(getattr(self._bilateral.bls, output).on)

    def _finish_because(self, why: Why, sentence: str) -> None:
        if self._running is None or self._bilateral.state_at(self.now_frame()) != "running":
            return
        self._put(bilateral.finish_softly(self._bilateral, self.effect_frame()))
        self._running.why = why
        self.notices.put(why, sentence)
        self.publish_changes()

    def panels_changed(self, panels: list[dict[str, Any]]) -> None:
        """Which panels are open, as the web process says."""
        with self._lock:
            self._panels = panels
            self._panels_gone_s = None if panels else (self._panels_gone_s or time.monotonic())
            self.publish_changes()

    def tick(self) -> None:
        """What time brings: sets that are over, panels that stay away, timing that is new."""
        with self._lock:
            for screen in self._parts.rack.screens.values():
                screen.watch()
            self._follow_links()
            self._end_if_over()
            self._watch_panels()
            self._parts.dosing.tick(self.effect_frame())
            self._follow_program()
            self._tell_journal_trouble()
            if time.monotonic() - self._published_s >= PUBLISH_S:
                self.publish_changes()

    def _tell_journal_trouble(self) -> None:
        trouble = self._parts.journal.trouble
        if trouble:
            self.notices.put("journal", trouble)
        else:
            self.notices.drop("journal")

    def measure_timing(self) -> None:
        """Take the room's timing anew."""
        parts = self._parts
        timing = timing_state(parts.clock, parts.sound, parts.rack, parts.ahead.block_seconds)
        with self._lock:
            self._timing = timing

    def _watch_panels(self) -> None:
        gone_s = self._panels_gone_s
        running = self._running
        lost = gone_s is not None and time.monotonic() - gone_s > PANEL_LOST_S
        if lost and running is not None and running.by_panel and self._bilateral.bls.open:
            self._finish_because("panel-lost", "the last panel was lost for 30 s; the open set ends softly")

    @property
    def is_idle(self) -> bool:
        """Whether nothing is sounding that a pause would hurt."""
        return self._running is None and not self._parts.dosing.is_playing

    # --- what is seen from outside ---

    def publish_changes(self) -> None:
        """Tell everyone who subscribed which keys changed. Called under the lock."""
        self._published_s = time.monotonic()
        changed = self._changes.since_last(self._state())
        if changed:
            self._publish(m.Delta(boot_id=self.boot_id, rev=self.rev, changed=changed))

    def snapshot(self) -> m.Snapshot:
        """The whole state now."""
        with self._lock:
            self._end_if_over()
            return m.Snapshot(state=self._state())

    def heartbeat(self) -> m.Heartbeat:
        """The clock now."""
        return m.Heartbeat(clock=clock_state(self._parts.clock.reading))

    def _state(self) -> dict[str, Any]:
        frame = self.now_frame()
        parts = self._parts
        limits = parts.room_file.limits
        return {
            "boot_id": self.boot_id,
            "rev": self.rev,
            "stopped": parts.outlook.stopped,
            "stop": self._stop,
            **bilateral_state(self._bilateral, frame),
            "session": self._log.session.state(),
            **parts.dosing.state(frame),
            "tasks": self._task(frame),
            "devices": self._devices(),
            "timing": self._timing,
            "panels": self._panels,
            "notices": self._all_notices(),
            "last_change": self._last_change,
            "room": {
                "name": parts.room_file.room.name,
                "site": parts.room_file.room.site,
                "mode": parts.dosing.mode,
                "demo": parts.demo,
                "speed": parts.speed,
                "limits": {name: getattr(limits, name) for name in type(limits).__dataclass_fields__},
            },
            "clock": clock_state(parts.clock.reading),
        }

    def _all_notices(self) -> list[dict[str, Any]]:
        for id, text in self._parts.dosing.notices.items():
            self.notices.put(id, text)
        for id in ("program", "library", "music"):
            if id not in self._parts.dosing.notices:
                self.notices.drop(id)
        return list(self.notices.items.values())

    def _devices(self) -> list[dict[str, Any]]:
        devices: list[Device] = [self._parts.sound.card, *self._parts.rack.devices.values()]
        return [*(device_state(device, self._parts.verified) for device in devices), *self._inlet_states()]

    def _task(self, frame: float) -> dict[str, Any] | None:
        score = self._bilateral.score
        if score is None or self._bilateral.state_at(frame) == "idle" or not self._bilateral.bls.tasks.on:
            return None
        task = task_at(score, frame)
        return None if task is None else {"text": task.text, "kind": task.kind}

    def _ask(self, ask: m.Ask) -> Any:
        match ask.what:
            case "state":
                return self.snapshot().state
            case "inlets":
                return self._hear_inlets(ask.args)
            case "clock":
                return self._tell_time(ask.args)
            case "devices":
                with self._lock:
                    return self._devices()
            case "timing":
                self.measure_timing()
                return self._timing
            case "presets":
                return [self._preset(preset) for preset in self._parts.presets.values()]
            case _:
                with self._lock:
                    return self._parts.dosing.ask(ask.what, ask.args, self.effect_frame())

    def _hear_inlets(self, args: dict[str, Any]) -> dict[str, Any]:
        """The io process says how keys and OSC are."""
        with self._lock:
            self._inlets = [dict(item) for item in args.get("devices", [])]
            self._inlets_s = time.monotonic()
        return {}

    def _inlet_states(self) -> list[dict[str, Any]]:
        if time.monotonic() - self._inlets_s < INLETS_S:
            return self._inlets
        why = "the io process is away; it is started again by itself"
        return [{**item, "link": "STALE", "why": why} for item in self._inlets]

    def _tell_time(self, args: dict[str, Any]) -> dict[str, Any]:
        """The clock; a screen window says who it is, and by that that it lives."""
        screen = self._parts.rack.screens.get(str(args.get("screen", "")))
        if screen is not None:
            screen.heard()
        return clock_state(self._parts.clock.reading)

    def _preset(self, preset: Preset) -> dict[str, Any]:
        return {**preset_snapshot(preset), "bls": bilateral_state(Bilateral(preset.settings), 0.0)["bls"]}

    def close(self) -> None:
        """End what runs, softly for the ear: the journal says that the room was closed."""
        with self._lock:
            if self._running is not None:
                frame = self.effect_frame()
                self._put(bilateral.stop_set(self._bilateral, frame))
                self._end_set("stop", frame)
            self._parts.dosing.close()
            self._parts.journal.remember("running", False)
            if self._stop is not None:
                self._parts.journal.remember("stopped", None)
