"""The bilateral settings: what `PUT /api/bls` takes and `GET /api/state` shows, with their ranges and defaults.

Plain frozen values. The ranges stand in the annotations, so one reader of them (pydantic, in `roomctl`) refuses what is out
of range with a sentence, and nothing here depends on it. Ranges and defaults: the domain's table of bilateral stimulation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from annotated_types import Ge, Interval, Le

Path = Literal["horizontal", "vertical", "diagonal-up", "diagonal-down", "circle", "eight"]
Travel = Literal["sine", "linear", "eased"]
DotShape = Literal["disc", "ring", "square", "star", "butterfly"]
Timbre = Literal["sine", "triangle", "soft-drum", "woodblock", "chime", "click", "tick", "heartbeat", "noise"]
ToneAlign = Literal["edge", "centre", "tap", "random", "own"]
TapAlign = Literal["edge", "centre", "own"]
Source = Literal["pad", "music"]
Finish = Literal["soft", "hard"]
TaskKind = Literal["prompts", "colour-change", "random-beep"]

PATHS: Final = get_args(Path)
TIMBRES: Final = get_args(Timbre)
DOT_SHAPES: Final = get_args(DotShape)

Frac = Annotated[float, Interval(ge=0.0, le=1.0)]
OffsetMs = Annotated[float, Interval(ge=-300.0, le=300.0)]
RateHz = Annotated[float, Interval(ge=0.05, le=2.0)]
VolumeDb = Annotated[float, Interval(ge=-60.0, le=0.0)]

STRICT: Final[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}
"""Read by whoever validates these values: unknown keys are errors, and so are NaN and infinity."""


@dataclass(frozen=True, slots=True)
class Light:
    """The moving dot. `size` 1-15 is LEDs on a bar (16 screen pixels each); 16-160 is screen pixels."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    on: bool = True
    path: Path = "horizontal"
    travel: Travel = "sine"
    saccade: bool = False
    dot: DotShape = "disc"
    size: Annotated[float, Interval(ge=1.0, le=160.0)] = 3.0
    colour: str = "blue-green"
    brightness_frac: Annotated[float, Interval(ge=0.01, le=1.0)] = 0.20
    width_frac: Annotated[float, Interval(ge=0.2, le=1.0)] = 1.0
    offset_ms: OffsetMs = 0.0


@dataclass(frozen=True, slots=True)
class Tone:
    """The bilateral tone. `own_rate_hz` counts only where `align` is `own`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    on: bool = True
    timbre: Timbre = "sine"
    hz: Annotated[float, Interval(ge=150.0, le=900.0)] = 250.0
    ms: Annotated[float, Interval(ge=20.0, le=400.0)] = 100.0
    pan_frac: Frac = 1.0
    volume_db: VolumeDb = -18.0
    align: ToneAlign = "edge"
    own_rate_hz: RateHz = 1.0
    offset_ms: OffsetMs = 0.0


@dataclass(frozen=True, slots=True)
class Tap:
    """The pulse in the hands, never both at once. `own_rate_hz` counts only where `align` is `own`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    on: bool = True
    ms: Annotated[float, Interval(ge=30.0, le=1000.0)] = 150.0
    strength_frac: Frac = 0.5
    align: TapAlign = "edge"
    own_rate_hz: RateHz = 1.0
    offset_ms: OffsetMs = 0.0


@dataclass(frozen=True, slots=True)
class Continuous:
    """A sound that never stops in the set, panned along the dot's path."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    on: bool = False
    source: Source = "pad"
    volume_db: VolumeDb = -24.0


@dataclass(frozen=True, slots=True)
class Tasks:
    """Working-memory load between and during sets."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    on: bool = False
    kind: TaskKind = "prompts"


@dataclass(frozen=True, slots=True)
class Bls:
    """All bilateral settings. Exactly one of `set_cycles`, `set_s` and `open` says how a set ends."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    rate_hz: RateHz = 1.0
    set_cycles: Annotated[int, Ge(1), Le(200)] | None = 24
    set_s: Annotated[float, Interval(ge=5.0, le=300.0)] | None = None
    open: bool = False
    finish: Finish = "soft"
    light: Light = field(default_factory=Light)
    tone: Tone = field(default_factory=Tone)
    tap: Tap = field(default_factory=Tap)
    continuous: Continuous = field(default_factory=Continuous)
    tasks: Tasks = field(default_factory=Tasks)
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 1
