"""A small room behind the panel's own API, for looking at the panel and for trouble that a real room does not make on demand.

It serves the panel's files, the snapshot, deltas and heartbeats in the shapes of the contract; the motion is the real one
(`stimuli.motion`). It knows no devices, sound or journal. `python tests/panel/scripted_room.py 8090` serves it for a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from playlists.arc import Arc, ArcInvalid, ArcRefused, Move
from playlists.arc_picture import arc_picture
from playlists.arc_snapshot import snapshot_of
from playlists.moves import moved
from playlists.presets import load_presets, preset_snapshot
from playlists.programs import load_programs
from playlists.retiming import start_arc
from stimuli import motion
from stimuli.frames import FRAME_RATE_HZ
from stimuli.settings import Bls

STATIC = Path(__file__).parents[2] / "web" / "static"
CODE = "12345678"
CSP = "default-src 'self'; frame-ancestors 'none'"


def merged(into: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`into` with `change` laid over it, part by part."""
    result = copy.deepcopy(into)
    for key, value in change.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


class ScriptedRoom:
    """The state, and what each command does to it. `presses` counts what arrived at /api/stop and on the socket."""

    def __init__(self) -> None:
        self.presets = load_presets()
        self.programs = load_programs()
        self.arc: Arc | None = None
        self.presses: list[str] = []
        self.keys: list[str] = []
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.frozen = False
        self.unanswered_stops = 0
        self.asked_again = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self.paired = False
        self.began = time.monotonic()
        self.motion: motion.Motion | None = None
        self.sockets: set[asyncio.Queue[str]] = set()
        self.state = self._first_state()

    def _first_state(self) -> dict[str, Any]:
        limits = {"light_hz": 2.0, "saccade_hz": 1.5, "peak_dbfs": -1.0, "cap_dba": 75, "bar_level": 0.6, "set_max_s": 600}
        return {
            "boot_id": f"scripted-{time.monotonic_ns()}",
            "rev": 1,
            "stopped": False,
            "stop": None,
            "set": {
                "state": "idle",
                "cycles": 0,
                "cycles_total": None,
                "elapsed_s": 0.0,
                "rate_hz": 0.0,
                "preset": None,
                "outputs": {},
            },
            "session": None,
            "program": None,
            "preset": None,
            "tasks": None,
            "music": {"volume_db": -12.0, "now": None, "next": None, "ducked": False},
            "lights": {"level_l": 55.0, "cct_k": 2700.0, "target_l": 55.0},
            "calibration": {"outputs": {"room": None, "headphones": None}, "noise": None},
            "devices": [self._device("card", "soundcard"), self._device("bar", "lightbar"), self._device("taps", "tapper")],
            "timing": {"onset_sd_ms": 0.04, "light_skew_ms": 0.11, "tap_skew_ms": 0.09, "underruns": 0, "loop_p99_ms": 0.12},
            "panels": [{"id": "p1", "role": "control", "seen_s": 0.0}],
            "bls": asdict(Bls()),
            "score": None,
            "clock": self.clock(),
            "room": {"name": "Room 1", "site": "clinic", "mode": "emdr", "demo": True, "speed": 1.0, "limits": limits},
            "notices": [],
            "last_change": None,
        }

    @staticmethod
    def _device(name: str, kind: str) -> dict[str, Any]:
        return {
            "name": name,
            "kind": kind,
            "driver": "stub",
            "link": "READY",
            "since": time.time() - 300,
            "why": "",
            "verified": True,
        }

    def clock(self) -> dict[str, Any]:
        """The session clock: frame 0 at the room's beginning."""
        now = time.monotonic()
        return {"frame": (now - self.began) * FRAME_RATE_HZ, "mono_ns": int(now * 1e9), "frames_per_s": float(FRAME_RATE_HZ)}

    @property
    def frame(self) -> int:
        return int(self.clock()["frame"])

    def snapshot(self) -> dict[str, Any]:
        """The whole flat state, with what runs worked out now."""
        self.settle()
        return {**self.state, "clock": self.clock()}

    def settle(self) -> bool:
        """Let the set be what its motion says; whether that changed anything."""
        if self.motion is None:
            return False
        now = self.motion.state_at(max(self.frame, self.motion.start_frame))
        if now == self.state["set"]["state"]:
            return False
        why = "finish" if self.state["set"].get("finished") else "done"
        self.change(set={**self.state["set"], "state": now})
        if now == "idle":
            self._set_over(why)
        return True

    def _set_over(self, why: str) -> None:
        assert self.motion is not None
        session = self.state["session"]
        end = self.motion.end_frame or self.frame
        delivered = {
            "cycles": int(self.motion.phase_at(end) + 1e-6),
            "elapsed_s": (end - self.motion.start_frame) / FRAME_RATE_HZ,
        }
        self.state["set"] = {**self.state["set"], **delivered, "finished": False}
        if session is not None:
            last = {**session["sets"][-1], "delivered": delivered, "why_stopped": why}
            self.change(session={**session, "sets": [*session["sets"][:-1], last]})

    def change(self, *, by: str | None = None, what: str = "", **changed: Any) -> None:
        """Put keys of the state, with the next revision, and tell every socket."""
        if by:
            changed["last_change"] = {"by": by, "what": what, "at_utc_s": time.time()}
        self.state = {**self.state, **changed, "rev": self.state["rev"] + 1}
        delta = {
            "type": "delta",
            "boot_id": self.state["boot_id"],
            "rev": self.state["rev"],
            "changed": {**changed, "clock": self.clock()},
        }
        self.tell(delta)

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message to every socket, from whichever thread."""
        text = json.dumps(message)
        for queue in list(self.sockets):
            if self.loop is not None and not self.frozen:
                self.loop.call_soon_threadsafe(queue.put_nowait, text)

    def score(self) -> dict[str, Any] | None:
        """The motion in the snapshot's shape."""
        if self.motion is None:
            return None
        lit = [[None, None]] if self.state["bls"]["light"]["on"] else []
        return {**asdict(self.motion), "segments": [asdict(segment) for segment in self.motion.segments], "lit": lit}

    def command(self, do: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Carry out one command; (status, body)."""
        self.commands.append((do, body))
        handler: Callable[[dict[str, Any]], tuple[int, Any]] = getattr(self, f"do_{do.replace('-', '_').replace('/', '_')}")
        return handler(body)

    def do_stop(self, _body: dict[str, Any]) -> tuple[int, Any]:
        if self.motion is not None and self.state["set"]["state"] != "idle":
            self.motion = motion.cut(self.motion, self.frame)
            self._set_over("stop")
        stop = {"by": "Tablet", "at_utc_s": time.time(), "not_confirmed": []}
        self.change(
            stopped=True, stop=stop, set={**self.state["set"], "state": "idle"}, score=self.score(), by="Tablet", what="STOP"
        )
        return 200, {"stopped": True}

    def do_resume(self, _body: dict[str, Any]) -> tuple[int, Any]:
        self.change(stopped=False, stop=None, by="Tablet", what="resume")
        return 200, {"stopped": False}

    def do_bls(self, body: dict[str, Any]) -> tuple[int, Any]:
        if not 0.05 <= body.get("rate_hz", 1.0) <= 2.0:
            return 422, {"error": f"settings: rate_hz: {body['rate_hz']} is not allowed; 0.05 to 2.0 Hz"}
        if any(body.get(key) for key in ("set_cycles", "set_s", "open")):
            body = {"set_cycles": None, "set_s": None, "open": False, **body}
        bls = merged(self.state["bls"], body)
        if self.motion is not None and self.state["set"]["state"] == "running" and "rate_hz" in body:
            self.motion = motion.change_rate(self.motion, self.frame, bls["rate_hz"], soft=bls["finish"] == "soft")
        self.change(bls=bls, score=self.score(), by="Tablet", what=", ".join(body))
        return 200, {"bls": bls}

    def do_preset(self, body: dict[str, Any]) -> tuple[int, Any]:
        preset = self.presets[body["preset"]]
        self.change(preset=preset_snapshot(preset), bls=asdict(preset.settings), by="Tablet", what=f"preset {preset.title}")
        return 200, {}

    def do_set_start(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.state["set"]["state"] != "idle" or self.state["stopped"]:
            return 409, {"error": "a set is already running", "state": self.state["set"]["state"]}
        if body.get("rev") not in (None, self.state["rev"]):
            return 409, {"error": "somebody changed the room since; look again"}
        bls, session = self.state["bls"], self.state["session"]
        total = bls["set_cycles"] or (round(bls["set_s"] * bls["rate_hz"]) if bls["set_s"] else None)
        self.motion = motion.start(self.frame + 2400, bls["rate_hz"], total, soft=bls["finish"] == "soft")
        preset = self.state["preset"]["id"] if self.state["preset"] else None
        changed: dict[str, Any] = {
            "set": {
                "state": "running",
                "cycles": 0,
                "cycles_total": total,
                "elapsed_s": 0.0,
                "rate_hz": bls["rate_hz"],
                "preset": preset,
                "outputs": {},
            }
        }
        if session is not None:
            number = len(session["sets"]) + 1
            entry = {
                "id": f"s{number}",
                "number": number,
                "preset": preset,
                "started_utc_s": time.time(),
                "asked": bls,
                "delivered": None,
                "why_stopped": None,
            }
            changed["session"] = {**session, "sets": [*session["sets"], entry]}
        if bls["tasks"]["on"]:
            changed["tasks"] = {"text": "Count down from 100 in sevens.", "kind": "prompts"}
        self.change(**changed, score=self.score(), by="Tablet", what="START")
        return 200, {}

    def do_set_finish(self, _body: dict[str, Any]) -> tuple[int, Any]:
        if self.motion is None or self.state["set"]["state"] != "running":
            return 409, {"error": "no set is running", "state": self.state["set"]["state"]}
        self.motion = motion.finish(self.motion, self.frame)
        self.change(
            set={**self.state["set"], "state": "finishing", "finished": True}, score=self.score(), by="Tablet", what="FINISH"
        )
        return 200, {}

    def do_session_open(self, body: dict[str, Any]) -> tuple[int, Any]:
        session = {
            "id": "one",
            "kind": body["kind"],
            "client_code": body.get("client_code"),
            "opened_utc_s": time.time(),
            "ratings": [],
            "sets": [],
        }
        self.change(session=session, by="Tablet", what="session opened")
        return 200, session

    def do_session_close(self, _body: dict[str, Any]) -> tuple[int, Any]:
        self.change(session=None, by="Tablet", what="session closed")
        return 200, {}

    def do_rating(self, body: dict[str, Any]) -> tuple[int, Any]:
        session = self.state["session"]
        if session is None:
            return 409, {"error": "no session is open"}
        rating = {"scale": body["scale"], "value": body["value"], "at_utc_s": time.time(), "after_set": len(session["sets"])}
        self.change(
            session={**session, "ratings": [*session["ratings"], rating]}, by="Tablet", what=f"{body['scale']} {body['value']}"
        )
        return 200, rating

    @property
    def session_s(self) -> float:
        """Session time, seconds."""
        return self.frame / FRAME_RATE_HZ

    def show_program(self, what: str) -> None:
        """Put the arc into the state."""
        program = None if self.arc is None else snapshot_of(self.arc, self.session_s)
        room = {**self.state["room"], "mode": "emdr" if program is None else "dosing"}
        self.change(program=program, room=room, by="Tablet", what=what)

    def do_program_start(self, body: dict[str, Any]) -> tuple[int, Any]:
        program = self.programs.get(body["program"])
        if program is None:
            return 422, {"error": f"there is no program {body['program']}"}
        self.arc = start_arc(program, self.session_s, time.time(), light_l=55.0, cct_k=2700.0)
        self.show_program(program.title)
        return 200, {}

    def move(self, do: str, body: dict[str, Any], at_s: float | None = None) -> tuple[int, Any]:
        """One move of the program, now or at session time `at_s`."""
        if self.arc is None:
            return 409, {"error": "no program is running", "state": "idle"}
        args = {key: value for key, value in body.items() if key != "rev"}
        self.commands.append((f"program/{do}", args))
        try:
            self.arc = moved(self.arc, Move(do, self.session_s if at_s is None else at_s, time.time(), args))
        except ArcRefused as refused:
            return 409, {"error": refused.message, "state": refused.state, "possible": list(refused.possible)}
        except ArcInvalid as invalid:
            return 422, {"error": invalid.message}
        self.show_program(do)
        return 200, {}

    def do_music(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.change(music={**self.state["music"], **body}, by="Tablet", what="music")
        return 200, {}

    def do_lights(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.change(lights={**self.state["lights"], "target_l": body["level_l"]}, by="Tablet", what="light")
        return 200, {}

    def add_tappers(self, *names: str) -> None:
        """Put tappers of these names in the place of the room's one."""
        own = {"on": True, "strength_frac": 1.0}
        others = [device for device in self.state["devices"] if device["kind"] != "tapper"]
        self.change(devices=[*others, *({**self._device(name, "tapper"), **own} for name in names)])

    def do_tapper_tune(self, body: dict[str, Any]) -> tuple[int, Any]:
        name, change = body["name"], {key: value for key, value in body.items() if key != "name"}
        devices = [{**device, **change} if device["name"] == name else device for device in self.state["devices"]]
        self.change(devices=devices, by="Tablet", what=name)
        return 200, {}

    def do_note(self, _body: dict[str, Any]) -> tuple[int, Any]:
        return 200, {}

    def do_react(self, _body: dict[str, Any]) -> tuple[int, Any]:
        return 200, {}


POSTS = {
    "/api/resume": "resume",
    "/api/bls/preset": "preset",
    "/api/set/start": "set-start",
    "/api/set/finish": "set-finish",
    "/api/sessions": "session-open",
    "/api/rating": "rating",
    "/api/notes": "note",
    "/api/react": "react",
    "/api/program/start": "program-start",
}


def scripted_app(room: ScriptedRoom) -> FastAPI:
    """The API over `room`."""
    app = FastAPI(lifespan=_heartbeats(room))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.middleware("http")
    async def rules(request: Request, call_next: Any) -> Any:
        while room.frozen and request.url.path.startswith("/api/"):
            await asyncio.sleep(0.02)
        if request.url.path.startswith("/api/") and not room.paired and request.url.path != "/api/pair":
            return JSONResponse({"error": "not signed in"}, 401)
        answer = await call_next(request)
        answer.headers["Content-Security-Policy"] = CSP
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    for path, do in POSTS.items():
        app.add_api_route(path, _answering(room, do), methods=["POST"])

    @app.get("/")
    async def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/sw.js")
    async def worker() -> FileResponse:
        return FileResponse(STATIC / "sw.js")

    @app.post("/api/pair")
    async def pair(request: Request) -> JSONResponse:
        if (await request.json())["code"] != CODE:
            return JSONResponse({"error": "that code is not known, or was used already"}, 422)
        room.paired = True
        return JSONResponse({})

    @app.get("/api/state")
    async def state() -> JSONResponse:
        return JSONResponse(room.snapshot())

    @app.get("/api/presets")
    async def presets() -> JSONResponse:
        return JSONResponse([preset_snapshot(preset) for preset in room.presets.values()])

    @app.post("/api/stop")
    async def stop(request: Request) -> JSONResponse:
        room.presses.append("http")
        room.keys.append(request.headers["idempotency-key"])
        if room.unanswered_stops > 0:
            room.unanswered_stops -= 1
            return JSONResponse({"error": "the room's engine is away"}, 503)
        status, body = room.command("stop", {})
        return JSONResponse(body, status)

    @app.put("/api/bls")
    async def bls(request: Request) -> JSONResponse:
        status, body = room.command("bls", await request.json())
        return JSONResponse(body, status)

    @app.get("/api/programs")
    async def programs() -> JSONResponse:
        return JSONResponse([{"id": each.id, "title": each.title, "kind": each.kind} for each in room.programs.values()])

    @app.get("/api/programs/{program_id}")
    async def program(program_id: str) -> JSONResponse:
        known = room.programs[program_id]
        running = arc_picture(room.arc, room.session_s) if room.arc is not None and room.arc.program.id == program_id else None
        body = {"id": known.id, "title": known.title, "note": known.note, "picture": arc_picture(known), "running": running}
        return JSONResponse(body)

    @app.post("/api/program/{verb}")
    async def program_move(verb: str, request: Request) -> JSONResponse:
        status, body = room.move(verb, await request.json())
        return JSONResponse(body, status)

    @app.post("/api/prompts/{prompt}/{answer}")
    async def prompt_answer(prompt: str, answer: str, request: Request) -> JSONResponse:
        status, body = room.move(answer, {**await request.json(), "prompt": prompt})
        return JSONResponse(body, status)

    @app.put("/api/music")
    async def music(request: Request) -> JSONResponse:
        status, body = room.command("music", await request.json())
        return JSONResponse(body, status)

    @app.put("/api/lights")
    async def lights(request: Request) -> JSONResponse:
        status, body = room.command("lights", await request.json())
        return JSONResponse(body, status)

    @app.put("/api/devices/{name}")
    async def tapper(name: str, request: Request) -> JSONResponse:
        status, body = room.command("tapper-tune", {"name": name, **await request.json()})
        return JSONResponse(body, status)

    @app.post("/api/sessions/{session_id}/close")
    async def close(session_id: str) -> JSONResponse:
        status, body = room.command("session-close", {"id": session_id})
        return JSONResponse(body, status)

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await _serve_socket(room, websocket)

    return app


def _answering(room: ScriptedRoom, do: str) -> Any:
    async def answer(request: Request) -> JSONResponse:
        status, body = room.command(do, await request.json())
        return JSONResponse(body, status)

    return answer


async def _serve_socket(room: ScriptedRoom, websocket: WebSocket) -> None:
    if not room.paired:
        await websocket.close(4401)
        return
    await websocket.accept()
    queue: asyncio.Queue[str] = asyncio.Queue()
    room.sockets.add(queue)

    async def send() -> None:
        while room.frozen:
            await asyncio.sleep(0.02)
        await websocket.send_text(json.dumps({"type": "snapshot", **room.snapshot()}))
        while True:
            await websocket.send_text(await queue.get())

    sender = asyncio.create_task(send())
    try:
        while True:
            message = json.loads(await websocket.receive_text())
            if message["type"] == "stop":
                room.presses.append("socket")
                room.keys.append(message["idempotency_key"])
            if message["type"] == "snapshot":
                room.asked_again += 1
                queue.put_nowait(json.dumps({"type": "snapshot", **room.snapshot()}))
    except WebSocketDisconnect:
        pass
    finally:
        room.sockets.discard(queue)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, RuntimeError, WebSocketDisconnect):
            await sender


def _heartbeats(room: ScriptedRoom) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async def beat() -> None:
            ticks = 0
            while True:
                await asyncio.sleep(0.05)
                ticks += 1
                room.settle()
                if ticks % 20 == 0:
                    room.tell({"type": "heartbeat", "clock": room.clock()})

        room.loop = asyncio.get_running_loop()
        beating = asyncio.create_task(beat())
        yield
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating

    return lifespan


class Served:
    """The scripted room on a free port of loopback, until closed."""

    def __init__(self, room: ScriptedRoom, port: int = 0) -> None:
        self.room = room
        config = uvicorn.Config(
            scripted_app(room),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, name="scripted-room", daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.address = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=10)


if __name__ == "__main__":
    served = Served(ScriptedRoom(), int(sys.argv[1]) if len(sys.argv) > 1 else 8090)
    sys.stdout.write(f"{served.address}/?code={CODE}\n")
    served.thread.join()
