"""Protocol presets: what one touch sets for a phase of EMDR, ART or another protocol, read from TOML files.

A file's name is the preset's id. The built-in ones stand in `playlists/presets/`, a clinic's own in a folder of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from annotated_types import Len
from pydantic import TypeAdapter

from playlists.bls_patch import settings_of
from playlists.files import PlaylistFileError, read_toml, toml_files, validated
from stimuli.settings import STRICT, Bls

BUILT_IN_PRESETS: Final = Path(__file__).parent / "presets"

ORDER: Final = (
    "emdr-test",
    "safe-place",
    "desensitise",
    "desensitise-long",
    "desensitise-fast",
    "emdr-2",
    "installation",
    "body-scan",
    "closure",
    "art-scene",
    "art-sensation",
    "art-replace",
    "flash",
    "child",
    "low-load",
    "seizure-safe",
    "group",
)
"""As a session goes; a clinic's own come after, by name."""

Group = Literal["preparation", "desensitise", "install-close", "art", "other"]
Scale = Literal["sud", "voc", "art"]
ScaleWhen = Literal["every", "on-request", "never"]
Text = Annotated[str, Len(1, 400)]


@dataclass(frozen=True, slots=True)
class PresetFile:
    """A preset's file: every key it may have, but for those inside `bls`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    title: Text
    group: Group
    note: str = ""
    scales: tuple[Scale, ...] = ()
    scale_when: ScaleWhen = "never"
    picture_scale: bool = False
    fixed: bool = False
    labels: tuple[Text, ...] = ()
    light_locked: bool = False
    cue: Text | None = None
    bls: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preset:
    """One protocol preset.

    `bls` holds the settings that differ from the defaults, nested as in `Bls`, and is not to be changed; `settings` is all of
    them. `fixed`: the set's length may not be changed. `light_locked`: light on is refused. `cue` is spoken or shown at each
    crossing of the centre inside the set, None where there is none.
    """

    id: str
    title: str
    group: Group
    note: str
    bls: Mapping[str, Any]
    settings: Bls
    scales: tuple[Scale, ...]
    scale_when: ScaleWhen
    picture_scale: bool
    fixed: bool
    labels: tuple[str, ...]
    light_locked: bool
    cue: str | None

    @property
    def scale(self) -> Scale | Literal["none"]:
        """The scale asked first, or none where none is asked unless wanted."""
        return self.scales[0] if self.scales and self.scale_when != "never" else "none"


_FILE: Final = TypeAdapter(PresetFile)


def load_presets(folders: Sequence[Path] = ()) -> dict[str, Preset]:
    """The built-in presets and those in `folders`, by id; a later folder's preset stands for an earlier one of its id.

    Raises PlaylistFileError, with a sentence for every mistake in every file.
    """
    presets: dict[str, Preset] = {}
    problems: list[str] = []
    for preset_id, path in toml_files([BUILT_IN_PRESETS, *folders]).items():
        try:
            presets[preset_id] = read_preset(path)
        except PlaylistFileError as error:
            problems.extend(error.problems)
    if problems:
        raise PlaylistFileError(problems)
    own = sorted(set(presets).difference(ORDER))
    return {preset_id: presets[preset_id] for preset_id in (*ORDER, *own)}


def read_preset(path: Path) -> Preset:
    """The preset in `path`; raises PlaylistFileError."""
    file = validated(_FILE, PresetFile, read_toml(path), path)
    settings = settings_of(file.bls, path)
    problems = _contradictions(file, settings)
    if problems:
        raise PlaylistFileError([f"{path}: {problem}" for problem in problems])
    return Preset(
        id=path.stem,
        title=file.title,
        group=file.group,
        note=file.note,
        bls=file.bls,
        settings=settings,
        scales=file.scales,
        scale_when=file.scale_when,
        picture_scale=file.picture_scale,
        fixed=file.fixed,
        labels=file.labels,
        light_locked=file.light_locked,
        cue=file.cue,
    )


def _contradictions(file: PresetFile, settings: Bls) -> list[str]:
    """What is allowed key by key but makes no sense together."""
    problems = []
    if file.light_locked and settings.light.on:
        problems.append("light_locked: the light is locked off but bls.light.on is true; set bls.light.on = false")
    if file.scale_when != "never" and not file.scales:
        problems.append(
            f'scale_when: "{file.scale_when}" asks for a scale but scales is empty; name sud, voc or art, or set "never"'
        )
    if file.picture_scale and "sud" not in file.scales:
        problems.append('picture_scale: pictures are drawn for SUD only, and scales has no "sud"')
    if file.fixed and settings.set_cycles is None:
        problems.append("fixed: a fixed set counts cycles; give bls.set_cycles")
    if settings.light.on and settings.light.saccade and settings.rate_hz > 1.5:
        problems.append(
            f"bls.rate_hz: {settings.rate_hz:g} Hz is too fast for light from edge to edge; allowed is at most 1.5 Hz"
        )
    return problems


def preset_snapshot(preset: Preset) -> dict[str, Any]:
    """The `preset` object of the state, as JSON."""
    return {
        "id": preset.id,
        "title": preset.title,
        "group": preset.group,
        "note": preset.note,
        "scale": preset.scale,
        "scales": list(preset.scales),
        "scale_when": preset.scale_when,
        "picture_scale": preset.picture_scale,
        "fixed": preset.fixed,
        "labels": list(preset.labels),
        "light_locked": preset.light_locked,
        "cue": None if preset.cue is None else {"text": preset.cue},
    }
