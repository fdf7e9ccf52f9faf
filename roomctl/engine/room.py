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
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import asdict
from typing import Any, Final

from hardware.seams import Device, Link
from roomctl import messages as m
from roomctl.calibrate import pink_round
from roomctl.engine.bilateral_room import BilateralRoom
from roomctl.engine.calibrating import Calibrating
from roomctl.engine.change_words import words_of
from roomctl.engine.devices import device_state
from roomctl.engine.notices import Notices
from roomctl.engine.outcome import Outcome, OutcomeMemory
from roomctl.engine.own_tappers import OwnTappers
from roomctl.engine.parts import Parts
from roomctl.engine.presence import Presence
from roomctl.engine.renderer import side_test
from roomctl.engine.session_log import Recovered, SessionLog, Why, is_journalled
from roomctl.engine.state import Changes, bilateral_state, clock_state
from roomctl.engine.stop_latch import Press, StopLatch
from roomctl.engine.timeline import Timeline
from roomctl.engine.timing import timing_state
from roomctl.errors import Away, Forbidden, Invalid, Refused, UnknownId
from roomctl.preflight import preflight

log = logging.getLogger(__name__)

COMMIT_TIMEOUT_S: Final = 2.0
PUBLISH_S: Final = 0.5
"""What changes without a command (timing, a lamp's level) is looked at this often."""

SCALES: Final = {"sud": (0.0, 10.0), "voc": (1.0, 7.0), "art": (0.0, 10.0)}
CALIBRATION_WORDS: Final = {
    "calibration-noise": "calibration noise",
    "calibration-end": "calibration noise ended",
    "calibration": "calibrated",
}
OUTPUT_OF_KIND: Final = {"lightbar": "light", "tapper": "tap"}


class Room:
    """The authority. `answer`, `stop` and `snapshot` serve the link; `tick` is called every 50 ms by the main thread."""

    def __init__(self, parts: Parts, recovered: Recovered, publish: Callable[[m.Delta], None] = lambda delta: None) -> None:
        self._parts = parts
        self._lock = threading.RLock()
        self._publish = publish
        self._changes = Changes()
        self._sessions = SessionLog(parts.journal, recovered.session)
        limits = parts.room_file.limits
        self._timeline = Timeline(parts.clock, parts.ahead, lambda: parts.rack.largest_onset_ms)
        self._sets = BilateralRoom(
            parts.journal, self._sessions, parts.outlook, parts.presets, limits, recovered, self._timeline
        )
        self._presence = Presence()
        self._tappers = OwnTappers(parts.rack, parts.journal, recovered.memory.get("tappers"))
        self._calibrating = Calibrating(parts)
        self._outcomes = OutcomeMemory()
        self._links: queue.SimpleQueue[tuple[Device, Link]] = queue.SimpleQueue()
        self._latch = StopLatch(parts.outlook, parts.stage, parts.rack, parts.clock, parts.journal)
        self._published_s = 0.0
        self._last_change: dict[str, Any] | None = None
        self._timing = timing_state(parts.clock, parts.sound, parts.rack, parts.ahead.block_seconds)
        self.notices = Notices()
        self.boot_id = secrets.token_hex(8)
        self.rev = 1
        self._take_up(recovered)

    def _take_up(self, recovered: Recovered) -> None:
        """What held before this start: a latched STOP, a program that ran."""
        parts = self._parts
        if recovered.memory.get("stopped"):
            self._latch.take_up(recovered.memory["stopped"])
        if recovered.memory.get("running"):
            self.notices.put("restart", "the room restarted; a set that was running is not resumed by itself", "info")
        levels = recovered.memory.get("music_levels")
        parts.dosing.recover(self.effect_frame(), stopped=parts.outlook.stopped, levels=levels)
        parts.journal.remember("running", True)

    # --- time ---

    def now_frame(self) -> float:
        """The session frame heard now."""
        return self._timeline.now_frame()

    def effect_frame(self) -> int:
        """The next frame that neither a device nor the sound has been told of yet."""
        return self._timeline.effect_frame()

    # --- STOP ---

    def stop(self, request: m.Request) -> m.Reply:
        """Everything placed by the score ends now. Acts before it takes any lock."""
        press = self._latch.press(request.idempotency_key)
        with self._lock:
            body = self._stopped(request.who.name, press)
        return m.Reply(id=request.id, status=200, body=body)

    def _stopped(self, by: str, press: Press) -> dict[str, Any]:
        frame = self.effect_frame()
        self._sets.stop(frame)
        self._parts.dosing.stopped(frame, at_once=press.second, by=by)
        self._calibrating.end()
        body = self._latch.note(press, by, frame)
        self._event("stop", by, {"not_confirmed": body["not_confirmed"], "second": press.second})
        self._changed(by, "STOP")
        return body

    def _resume(self, who: m.Who) -> Outcome:
        if self._latch.lift():
            self._parts.dosing.unlatched(self.effect_frame(), who.name)
            self._latch.forget()
            self._event("resume", who.name, {})
            self._changed(who.name, "RESUME")
        return Outcome({"stopped": self._parts.outlook.stopped})

    # --- commands ---

    def answer(self, message: m.Request | m.Ask) -> m.Reply:
        """The reply to a command or a question. Raises the room's errors."""
        if isinstance(message, m.Ask):
            return m.Reply(id=message.id, status=200, body=self._ask(message))
        if isinstance(message.command, m.PlayNoise) and self.is_idle:
            pink_round()
        with self._lock:
            outcome = self._outcomes.of(message) or self._outcomes.keep(message, self._apply(message))
        self._wait(outcome.waits)
        return m.Reply(id=message.id, status=200, body=outcome.body if outcome.body is not None else {"rev": self.rev})

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
                return Outcome({"kept": True}, self._sessions.noted(command.text, time.time()))
            case m.TestDevice():
                return self._test_device(command, who)
            case m.TuneTapper():
                return self._tune_tapper(command, who)
            case m.React():
                return Outcome(self._sets.react(int(self.now_frame())))
            case m.PlayNoise() | m.EndNoise() | m.KeepReading():
                return self._calibrate(command, who)
            case _:
                return self._dose(request)

    def _change_bls(self, command: m.ChangeBls, who: m.Who) -> Outcome:
        bls = self._sets.change(command.change)
        self._event("bls", who.name, dict(command.change))
        self._changed(who.name, ", ".join(command.change))
        return Outcome(bls)

    def _choose_preset(self, command: m.ChoosePreset, who: m.Who) -> Outcome:
        preset = self._sets.choose_preset(command.preset, self.now_frame())
        self._event("preset", who.name, {"preset": preset.id})
        self._changed(who.name, f"preset {preset.title}")
        return Outcome({"preset": preset.id, "bls": asdict(self._sets.now.bls)})

    def _set_start(self, request: m.Request) -> Outcome:
        self._refuse_stale(request)
        self._refuse_stopped()
        self._parts.dosing.refuse_set()
        self._calibrating.refuse_noise()
        self._sets.end_if_over(self.now_frame())
        body = self._sets.start(by_panel=request.who.panel_id is not None)
        self._changed(request.who.name, "START")
        return Outcome(body)

    def _set_finish(self, who: m.Who) -> Outcome:
        self._refuse_stopped()
        body = self._sets.finish()
        self._changed(who.name, "FINISH")
        return Outcome(body)

    def _open_session(self, command: m.OpenSession, who: m.Who) -> Outcome:
        self._sets.refuse_in_set(self.now_frame(), "a session is opened between sets")
        if command.client_code and not command.client_code.isprintable():
            raise Invalid("client_code has a line break or another control character; allowed are letters, digits and signs")
        self._sets.leave_client()
        session, committed = self._sessions.open(command.kind, command.client_code, time.time())
        if command.kind != "dosing":
            self._sets.meet_client(command.client_code)
        self._changed(who.name, "session opened")
        return Outcome({"id": session.id, "kind": session.kind, "client_code": session.client_code}, committed)

    def _close_session(self, command: m.CloseSession, who: m.Who) -> Outcome:
        session = self._sessions.session
        if session.id != command.id and is_journalled(self._parts.journal.path, command.id):
            possible = ["sessions"] if session.id is None else ["sessions", f"sessions/{session.id}/close"]
            raise Refused(f'session "{command.id}" is closed already', state="closed", open=session.id, possible=possible)
        if session.id != command.id:
            raise UnknownId(f'session "{command.id}" is not open', open=session.id)
        self._sets.refuse_in_set(self.now_frame(), "a session is closed between sets")
        self._sets.leave_client()
        committed = self._sessions.close(time.time())
        self._changed(who.name, "session closed")
        return Outcome({"id": command.id, "closed": True}, committed)

    def _rate(self, command: m.Rate, who: m.Who) -> Outcome:
        low, high = SCALES[command.scale]
        if not low <= command.value <= high:
            raise Invalid(
                f"a rating on {command.scale} is {low:g} to {high:g}, not {command.value:g}", allowed={"ge": low, "le": high}
            )
        committed = self._sessions.rated(command.scale, command.value, time.time())
        self._changed(who.name, f"{command.scale.upper()} {command.value:g}")
        return Outcome({"scale": command.scale, "value": command.value}, committed)

    def _test_device(self, command: m.TestDevice, who: m.Who) -> Outcome:
        self._sets.refuse_in_set(self.now_frame(), "devices are tested between sets")
        self._refuse_stopped()
        self._calibrating.refuse_noise()
        if command.name == self._parts.sound.card.name:
            self._parts.renderer.test_score = side_test(self.effect_frame(), command.side)
        else:
            self._tappers.refuse_off(command.name)
            self._parts.rack.test(command.name, command.side)
        self._event("device-test", who.name, {"name": command.name, "side": command.side})
        return Outcome({"tested": command.name, "side": command.side})

    def _tune_tapper(self, command: m.TuneTapper, who: m.Who) -> Outcome:
        now = self._tappers.tune(command)
        self.notices.hold(f"tapper-{command.name}", self._tappers.notice(command.name))
        self._event("tapper", who.name, {"name": command.name, **now})
        strength = "" if command.strength_frac is None else f" {command.strength_frac:.0%}"
        self._changed(who.name, f"{command.name}{strength}{'' if command.on is None else ' on' if command.on else ' off'}")
        return Outcome({"name": command.name, **now})

    def _calibrate(self, command: m.PlayNoise | m.EndNoise | m.KeepReading, who: m.Who) -> Outcome:
        self._sets.refuse_in_set(self.now_frame(), "a room is calibrated between sets")
        if isinstance(command, m.PlayNoise):
            self._refuse_stopped()
        outcome = self._calibrating.handle(command, self.effect_frame())
        self._event(command.do, who.name, dict(outcome.body))
        self._changed(who.name, CALIBRATION_WORDS[command.do])
        return outcome

    def _dose(self, request: m.Request) -> Outcome:
        command = request.command
        if isinstance(command, m.ProgramStart | m.ProgramMove):
            self._refuse_stale(request)
        if isinstance(command, m.ProgramStart):
            self._sets.refuse_in_set(self.now_frame(), "a program is started between sets")
            self._calibrating.refuse_noise()
        elif isinstance(command, m.ChangeLights):
            self._sets.refuse_in_set(self.now_frame(), "room lights are locked in a set")
        if isinstance(command, m.ProgramStart | m.MusicMove):
            self._refuse_stopped()
        body, waits = self._parts.dosing.handle(command, self.effect_frame(), self._sessions.session.id, request.who.name)
        self._parts.outlook.wake()
        self._changed(request.who.name, words_of(command))
        return Outcome(body, waits)

    def _refuse_stopped(self) -> None:
        if self._parts.outlook.stopped:
            raise Refused("STOP is latched; press RESUME first", state="stopped", possible=["resume"])

    def _refuse_stale(self, request: m.Request) -> None:
        if request.rev is not None and request.rev != self.rev:
            raise Refused(
                f"the room changed meanwhile (you saw rev {request.rev}, it is {self.rev}); look again and press once more",
                state=self._state_of(request.command),
                rev=self.rev,
                possible=["state"],
            )

    def _state_of(self, command: m.Command) -> str:
        """What the thing that `command` moves is doing, in one word: the program where one runs and is meant, else the set."""
        frame = self.now_frame()
        if isinstance(command, m.ProgramStart | m.ProgramMove) and self._parts.dosing.program is not None:
            return str(self._parts.dosing.state(frame)["program"]["state"])
        return self._sets.state_at(frame)

    def _event(self, kind: str, by: str | None, detail: dict[str, Any]) -> None:
        self._parts.journal.event(self._sessions.session.id, time.time(), int(self.now_frame()), kind, by, detail)

    def _changed(self, by: str, what: str) -> None:
        """A control changed: count it, and tell everyone."""
        self.rev += 1
        self._last_change = {"by": by, "what": what, "at_utc_s": time.time()}
        self.publish_changes()

    # --- what happens by itself ---

    def link_changed(self, device: Device, link: Link) -> None:
        """A device came or went. Called in that device's own thread, so it only notes it; `tick` acts on it."""
        gone = link.state not in ("READY", "CONNECTING")
        (log.warning if gone and link.why else log.info)('%s "%s": %s %s', device.kind, device.name, link.state, link.why)
        if device is self._parts.sound.card:
            self._parts.sound.link_changed(device, link)
            if self._parts.rack.audio_tapper is not None:
                self._parts.rack.audio_tapper.card_is(link.state == "READY", link.why)
        self._links.put((device, link))

    def device_button(self, name: str) -> None:
        """The client pressed a device's own button: called in the driver's thread, and acts before it takes any lock.

        Where others hold tappers too, it is for that one; else it is STOP.
        """
        who = m.Who(name=name, role="control")
        if not self._tappers.is_one_of_several(name):
            self.stop(m.Request(id=0, who=who, command=m.Stop()))
            return
        self._tappers.switch_off(name)
        with self._lock:
            self._tappers.pressed(name)
            self._tune_tapper(m.TuneTapper(name=name, on=False), who)

    def panels_changed(self, panels: list[dict[str, Any]]) -> None:
        """Which panels are open, as the web process says."""
        with self._lock:
            self.notices.hold("panel", self._presence.panels_are(panels))
            self.publish_changes()

    def tick(self) -> None:
        """What time brings: sets that are over, panels that stay away, timing that is new."""
        parts = self._parts
        with self._lock:
            for screen in parts.rack.screens.values():
                screen.watch()
            self._follow_links()
            self._end_if_over()
            if self._presence.panels_lost and self._sets.open_set_of_a_panel():
                self._finish_because("panel-lost", "the last panel was lost for 30 s; the open set ends softly")
            parts.dosing.tick(self.effect_frame())
            if self._calibrating.tick():
                self.publish_changes()
            self._follow_program()
            self.notices.hold("journal", parts.journal.trouble)
            if time.monotonic() - self._published_s >= PUBLISH_S:
                self.publish_changes()

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
        if self._parts.rack.tuning(device.name).get("on") is False:
            return False
        if output is None or self._parts.rack.on_loss.get(device.name) != "stop":
            return False
        return bool(getattr(self._sets.now.bls, output).on)

    def _finish_because(self, why: Why, sentence: str) -> None:
        if self._sets.finish_because(why, self.effect_frame()):
            self.notices.put(why, sentence)
            self.publish_changes()

    def _end_if_over(self) -> None:
        if self._sets.end_if_over(self.now_frame()):
            self.publish_changes()

    def _follow_program(self) -> None:
        dosing, frame = self._parts.dosing, self.effect_frame()
        wanted = dosing.wants_bilateral(frame) and not self._parts.outlook.stopped
        self._sets.follow_program(wanted, dosing.bilateral(), dosing.bilateral_score, frame)

    def measure_timing(self) -> dict[str, Any]:
        """Take the room's timing anew."""
        parts = self._parts
        timing = timing_state(parts.clock, parts.sound, parts.rack, parts.ahead.block_seconds)
        with self._lock:
            self._timing = timing
        return timing

    @property
    def is_idle(self) -> bool:
        """Whether nothing is sounding that a pause would hurt."""
        return not self._sets.is_running and not self._parts.dosing.is_playing

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
        frame, parts = self.now_frame(), self._parts
        for id, text in parts.dosing.notices.items():
            self.notices.hold(id, text)
        return {
            "boot_id": self.boot_id,
            "rev": self.rev,
            "stopped": parts.outlook.stopped,
            "stop": self._latch.said,
            **bilateral_state(self._sets.now, frame, self._sets.state_at(frame)),
            "session": self._sessions.session.state(),
            **parts.dosing.state(frame),
            "tasks": self._sets.task(frame),
            "calibration": self._calibrating.state(),
            "devices": self._devices(),
            "timing": self._timing,
            "panels": self._presence.panels,
            "notices": self.notices.listed(),
            "last_change": self._last_change,
            "room": {
                "name": parts.room_file.room.name,
                "site": parts.room_file.room.site,
                "mode": parts.dosing.mode,
                "demo": parts.demo,
                "speed": parts.speed,
                "headphones": parts.room_file.audio.outputs.headphones is not None,
                "limits": asdict(parts.room_file.limits),
            },
            "clock": clock_state(parts.clock.reading),
        }

    def _devices(self) -> list[dict[str, Any]]:
        devices: list[Device] = [self._parts.sound.card, *self._parts.rack.devices.values()]
        rack, verified = self._parts.rack, self._parts.verified
        own = ({**device_state(device, verified), **rack.tuning(device.name)} for device in devices)
        return [*own, *self._presence.inlets()]

    def _ask(self, ask: m.Ask) -> Any:
        match ask.what:
            case "state":
                return self.snapshot().state
            case "timing":
                return self.measure_timing()
            case "clock":
                return self._tell_time(ask.args)
            case "presets":
                return self._sets.listed_presets()
            case "preflight":
                return self._preflight(str(ask.args.get("program")))
        with self._lock:
            match ask.what:
                case "devices":
                    return self._devices()
                case "inlets":
                    return self._presence.inlets_are([dict(item) for item in ask.args.get("devices", [])])
                case _:
                    return self._parts.dosing.ask(ask.what, ask.args, self.effect_frame())

    def _preflight(self, program_id: str) -> dict[str, Any]:
        """What should be so before a program is begun; the disk is looked at outside the lock."""
        parts = self._parts
        with self._lock:
            program, tracks = parts.dosing.program_and_tracks(program_id)
            devices, sound = self._devices(), parts.dosing.state(self.now_frame())["music"]
        return preflight(program, tracks, parts.room_file.music.folders, devices, parts.journal.path.parent, sound)

    def _tell_time(self, args: dict[str, Any]) -> dict[str, Any]:
        """The clock; a screen window says who it is, and by that that it lives."""
        screen = self._parts.rack.screens.get(str(args.get("screen", "")))
        if screen is not None:
            screen.heard()
        return clock_state(self._parts.clock.reading)

    def close(self) -> None:
        """End what runs, and write down that the room was closed in order."""
        with self._lock:
            if self._sets.is_running:
                self._sets.stop(self.effect_frame())
            self._parts.dosing.close()
            self._parts.journal.remember("running", False)
            self._tappers.forget()
            if self._latch.said is not None:
                self._latch.forget()
