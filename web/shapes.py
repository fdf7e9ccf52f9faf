"""The shapes of the API's answers, for the OpenAPI document. The engine fills them; nothing is checked against them here."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """An answer: at least these keys."""

    model_config = ConfigDict(extra="allow")


class Error(Shape):
    """What was refused or failed, in one plain sentence; beside it, where it helps, the state or what is allowed."""

    error: str


class Health(Shape):
    """Whether the room answers."""

    status: Literal["ok", "engine-away"]
    boot_id: str | None
    version: str


class Clock(Shape):
    """At monotonic time `mono_ns` the client hears `frame`."""

    frame: float
    mono_ns: int
    frames_per_s: float


class SetNow(Shape):
    """The set that runs, or the last one."""

    state: Literal["idle", "running", "finishing"]
    cycles: float
    cycles_total: float | None
    elapsed_s: float
    rate_hz: float
    preset: str | None
    outputs: dict[str, bool]


class Rating(Shape):
    """One rating; `after_set` is the number of the set before it."""

    scale: Literal["sud", "voc", "art"]
    value: float
    at_utc_s: float
    after_set: int | None


class SetDone(Shape):
    """A set as asked and as delivered."""

    id: str
    number: int
    preset: str | None
    started_utc_s: float
    asked: dict[str, Any]
    delivered: dict[str, Any] | None
    why_stopped: Literal["done", "finish", "stop", "device", "max", "panel-lost", "engine"] | None


class SessionNow(Shape):
    """The open session."""

    id: str
    kind: Literal["emdr", "art", "dosing"]
    client_code: str | None
    ratings: list[Rating]
    sets: list[SetDone]


class ProgramNow(Shape):
    """The running program."""

    id: str
    phase: str
    phases: list[Any]
    medicine_s: float | None
    phase_elapsed_s: float
    phase_left_s: float | None
    held: bool
    paused: bool
    prompts: list[Any]


class Music(Shape):
    """The music's level, and what plays and comes."""

    volume_db: float
    now: Any
    next: Any
    ducked: bool


class Lights(Shape):
    """The room light."""

    level_l: float
    cct_k: float
    target_l: float


class DeviceNow(Shape):
    """A device and how it is reached; `on` and `strength_frac` are a tapper's own, and no other device's."""

    name: str
    kind: str
    driver: str
    link: Literal["ABSENT", "CONNECTING", "READY", "STALE", "FAULT"]
    since: Any
    why: str
    verified: bool
    on: bool | None = None
    strength_frac: float | None = None


class Timing(Shape):
    """The room's own timing; None where it was not measured."""

    onset_sd_ms: float | None
    light_skew_ms: float | None
    tap_skew_ms: float | None
    underruns: int
    loop_p99_ms: float | None


class PanelNow(Shape):
    """A panel that is open."""

    id: str
    role: Literal["view", "control", "admin"]
    seen_s: float


class OutputReading(Shape):
    """What was read of an output: `dba` while noise of -20 LUFS played at `gain_db`; as gains, where it starts, its cap, and
    where a tone of 0 dB leaves."""

    dba: float
    gain_db: float
    at_utc_s: float
    usual_db: float
    cap_db: float
    tone_db: float


class CalibrationNoise(Shape):
    """The noise that plays, from and to a session frame."""

    output: str
    gain_db: float
    begin_frame: int
    end_frame: int


class CalibrationNow(Shape):
    """Each output's reading, None where it has none; and the noise that plays."""

    outputs: dict[str, OutputReading | None]
    noise: CalibrationNoise | None


class State(Shape):
    """The snapshot: one flat object, the same here and on the WebSocket."""

    boot_id: str
    rev: int
    stopped: bool
    set: SetNow
    session: SessionNow | None
    program: ProgramNow | None
    music: Music
    lights: Lights
    calibration: CalibrationNow
    devices: list[DeviceNow]
    timing: Timing
    panels: list[PanelNow]
    bls: dict[str, Any]
    score: Any
    clock: Clock


class SessionListed(Shape):
    """A session in the list."""

    id: str
    kind: Literal["emdr", "art", "dosing"]
    client_code: str | None
    opened_utc_s: float
    closed_utc_s: float | None
    sets: int
    ratings: int


class SessionWhole(Shape):
    """A session with everything in it, in the order of time."""

    id: str
    kind: Literal["emdr", "art", "dosing"]
    client_code: str | None
    opened_utc_s: float
    closed_utc_s: float | None
    sets: list[SetDone]
    ratings: list[Rating]
    notes: list[Any]
    events: list[Any]


class PreflightCheck(Shape):
    """One line of a look before a session."""

    name: str
    ok: bool
    text: str


class PhaseMusic(Shape):
    """Minutes of music for a phase before anything comes again (0: the pad plays), and minutes it lasts."""

    phase: str
    title: str
    needs_min: float | None
    music_min: float
    tracks: int


class Preflight(Shape):
    """What should be so before a program is begun."""

    program: str
    ok: bool
    checks: list[PreflightCheck]
    phases: list[PhaseMusic]


class Preview(Shape):
    """The program as it would be after a move: as the state shows it, and its picture."""

    program: ProgramNow
    picture: dict[str, Any]


Responses = dict[int | str, dict[str, Any]]

SHAPES: Final[dict[str, Responses]] = {
    "health": {200: {"model": Health}, 503: {"model": Health}},
    "state": {200: {"model": State}},
    "timing": {200: {"model": Timing}},
    "devices": {200: {"model": list[DeviceNow]}},
    "preflight": {200: {"model": Preflight}},
    "preview": {200: {"model": Preview}},
    "sessions": {200: {"model": list[SessionListed]}},
    "session": {200: {"model": SessionWhole}},
    "export": {200: {"content": {kind: {} for kind in ("application/json", "text/csv", "application/pdf")}}},
}
