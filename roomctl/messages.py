"""What passes between the engine and those who talk to it: commands in; replies, snapshots, deltas and heartbeats out.

One line of JSON a message, over a local stream socket. The commands are also the bodies of the HTTP API, so each is described
once. Values are checked by the engine, which is the authority; the shapes are checked here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stimuli.settings import Bls

Role = Literal["view", "control", "admin"]


class Message(BaseModel):
    """Frozen, with no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Command(Message):
    """Something a person or a device asks of the room."""


class Stop(Command):
    """Everything placed by the score ends now; a second one within 2 s ends the music at once too."""

    do: Literal["stop"] = "stop"


class Resume(Command):
    """Unlatch STOP. Nothing starts by itself."""

    do: Literal["resume"] = "resume"


class ChangeBls(Command):
    """Any part of the bilateral settings."""

    do: Literal["bls"] = "bls"
    change: dict[str, Any]


class ChoosePreset(Command):
    """Take a protocol preset's settings."""

    do: Literal["preset"] = "preset"
    preset: str


class SetStart(Command):
    """Start a set."""

    do: Literal["set-start"] = "set-start"


class SetFinish(Command):
    """End the running set as its `finish` says."""

    do: Literal["set-finish"] = "set-finish"


class OpenSession(Command):
    """Open a session; `client_code` recalls that client's last settings."""

    do: Literal["session-open"] = "session-open"
    kind: Literal["emdr", "art", "dosing"]
    client_code: Annotated[str, Field(max_length=40)] | None = None


class CloseSession(Command):
    """Close a session by its id."""

    do: Literal["session-close"] = "session-close"
    id: str


class Rate(Command):
    """A rating the client gave: SUD 0-10, VoC 1-7, ART 0-10."""

    do: Literal["rating"] = "rating"
    scale: Literal["sud", "voc", "art"]
    value: float


class Note(Command):
    """The therapist's own words, kept with the session."""

    do: Literal["note"] = "note"
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class TestDevice(Command):
    """Let one device show one side, while no set runs."""

    do: Literal["device-test"] = "device-test"
    name: str
    side: Literal["left", "right"]


class TuneTapper(Command):
    """One tapper's own switch and strength, in a set too. Off is at once; `strength_frac` is a share of its full strength."""

    do: Literal["tapper-tune"] = "tapper-tune"
    name: str
    on: bool | None = None
    strength_frac: Annotated[float, Field(ge=0.0, le=1.0)] | None = None


class React(Command):
    """The client answered a reaction task; `at_mono_s` is when, on the engine's clock."""

    do: Literal["react"] = "react"


class PlayNoise(Command):
    """Pink noise at -20 LUFS through one output, to read its dBA; `gain_db` makes it softer. It ends by itself after 2 min."""

    do: Literal["calibration-noise"] = "calibration-noise"
    output: str
    gain_db: Annotated[float, Field(ge=-60.0, le=0.0)] | None = None


class EndNoise(Command):
    """End the calibration noise."""

    do: Literal["calibration-end"] = "calibration-end"


class KeepReading(Command):
    """The dBA read at the client's head while the noise played; `gain_db` where it was played by other means."""

    do: Literal["calibration"] = "calibration"
    output: str
    dba: float
    gain_db: Annotated[float, Field(ge=-60.0, le=0.0)] | None = None


class ProgramStart(Command):
    """Begin a program with its arrival."""

    do: Literal["program-start"] = "program-start"
    program: str


class ProgramMove(Command):
    """A move in the running program. Which of the optional values count depends on `move`."""

    do: Literal["program-move"] = "program-move"
    move: Literal[
        "dose",
        "next",
        "previous",
        "skip",
        "hold",
        "release",
        "extend",
        "booster",
        "anchor",
        "pause",
        "resume",
        "calm",
        "attention",
        "check-light",
        "breath",
        "end",
    ]
    mg: float | None = None
    phase: str | None = None
    minutes: float | None = None
    name: str | None = None
    per_min: float | None = None
    ratio: list[float] | None = None
    override_reason: str | None = None


class PromptAnswer(Command):
    """A prompt done, with a value where it asks for one, or put off by two minutes."""

    do: Literal["prompt"] = "prompt"
    id: str
    answer: Literal["done", "snooze"]
    value: dict[str, Any] | str | float | None = None


class ChangeMusic(Command):
    """Levels of the music: dB."""

    do: Literal["music"] = "music"
    volume_db: float | None = None
    headphones_db: float | None = None
    bed_db: float | None = None


class MusicMove(Command):
    """The next track, ducking, or an announcement over ducked music."""

    do: Literal["music-move"] = "music-move"
    move: Literal["next", "duck", "unduck", "announce"]
    file: str | None = None


class ChangeLights(Command):
    """Where the room light should go: CIE L*, kelvin, and over how many seconds."""

    do: Literal["lights"] = "lights"
    level_l: float | None = None
    cct_k: float | None = None
    fade_s: float | None = None


class TagTrack(Command):
    """What the clinic says of a track, any part of it: kept in the library's sidecar, never in the file."""

    do: Literal["library-tags"] = "library-tags"
    id: str
    change: dict[str, Any]


AnyCommand = Annotated[
    Stop
    | Resume
    | ChangeBls
    | ChoosePreset
    | SetStart
    | SetFinish
    | OpenSession
    | CloseSession
    | Rate
    | Note
    | TestDevice
    | TuneTapper
    | React
    | PlayNoise
    | EndNoise
    | KeepReading
    | ProgramStart
    | ProgramMove
    | PromptAnswer
    | ChangeMusic
    | MusicMove
    | ChangeLights
    | TagTrack,
    Field(discriminator="do"),
]


class Who(Message):
    """Whose command it is: shown to everyone, and in the journal. `panel_id` is the tablet's, None for scripts and inputs."""

    name: str
    role: Role
    panel_id: str | None = None


class Request(Message):
    """A command on its way in; the reply carries the same `id`. `rev` and `idempotency_key` are as in the HTTP API."""

    type: Literal["request"] = "request"
    id: int
    who: Who
    command: AnyCommand
    rev: int | None = None
    idempotency_key: str | None = None


class Ask(Message):
    """A question that changes nothing: `what` is `state`, `timing`, `devices`, `presets`, `programs`, `library` ..."""

    type: Literal["ask"] = "ask"
    id: int
    what: str
    args: dict[str, Any] = {}


class Subscribe(Message):
    """Send the snapshot, and from then on deltas and heartbeats."""

    type: Literal["subscribe"] = "subscribe"


class Panels(Message):
    """Which panels are open, each last heard `seen_s` ago; the web process says so whenever it changes, and each 2 s."""

    type: Literal["panels"] = "panels"
    panels: list[dict[str, Any]]


class Reply(Message):
    """The answer to a request or a question; `status` is the HTTP status it deserves."""

    type: Literal["reply"] = "reply"
    id: int
    status: int
    body: Any = None


class Snapshot(Message):
    """The whole state, the contract's flat object."""

    type: Literal["snapshot"] = "snapshot"
    state: dict[str, Any]


class Delta(Message):
    """The top-level keys of the state that changed."""

    type: Literal["delta"] = "delta"
    boot_id: str
    rev: int
    changed: dict[str, Any]


class Heartbeat(Message):
    """The engine lives; `clock` is {frame, mono_ns, frames_per_s}."""

    type: Literal["heartbeat"] = "heartbeat"
    clock: dict[str, Any]


AnyMessage = Annotated[Request | Ask | Subscribe | Panels | Reply | Snapshot | Delta | Heartbeat, Field(discriminator="type")]

_ADAPTER: TypeAdapter[AnyMessage] = TypeAdapter(AnyMessage)


def encode(message: Message) -> bytes:
    """One line, newline included."""
    return message.model_dump_json().encode() + b"\n"


def decode(line: bytes) -> AnyMessage:
    """The message of one line; raises pydantic.ValidationError where it is not one."""
    return _ADAPTER.validate_json(line)


def bls_schema() -> dict[str, Any]:
    """The JSON schemas of the bilateral settings, `Bls` and its parts by name, for documents; no key is required."""
    made = TypeAdapter(Bls).json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = made.pop("$defs", {})
    return {**parts, "Bls": made}
