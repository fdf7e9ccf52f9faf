"""Dosing and integration programs read from TOML files; a file's name is the program's id.

The built-in ones stand in `playlists/programs/`, a clinic's own in a folder of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from playlists.bls_patch import settings_of
from playlists.files import PlaylistFileError, read_toml, toml_files, validated
from playlists.program import Program, ProgramFile
from playlists.program_rules import problems_of
from stimuli.settings import Bls

BUILT_IN_PROGRAMS: Final = Path(__file__).parent / "programs"

_FILE: Final = TypeAdapter(ProgramFile)


def load_programs(folders: Sequence[Path] = ()) -> dict[str, Program]:
    """The built-in programs and those in `folders`, by id, dosing programs first; a later folder's stands for an earlier one's.

    Raises PlaylistFileError, with a sentence for every mistake in every file.
    """
    programs: dict[str, Program] = {}
    problems: list[str] = []
    for program_id, path in toml_files([BUILT_IN_PROGRAMS, *folders]).items():
        try:
            programs[program_id] = read_program(path)
        except PlaylistFileError as error:
            problems.extend(error.problems)
    if problems:
        raise PlaylistFileError(problems)
    return dict(sorted(programs.items(), key=lambda item: (item[1].kind != "dosing", item[0])))


def read_program(path: Path) -> Program:
    """The program in `path`, checked; raises PlaylistFileError."""
    file = validated(_FILE, ProgramFile, read_toml(path), path)
    ids = [phase.id for phase in file.phase]
    program = Program(
        id=path.stem,
        title=file.title,
        kind=file.kind,
        route=file.route,
        note=file.note,
        phases=file.phase,
        prompts=file.prompt,
        anchors=file.anchor,
        booster=file.booster,
        minimum_stay_min=file.minimum_stay_min,
        stay_by_mg=file.stay_by_mg,
        overrun=ids.index(file.overrun) if file.overrun in ids else len(ids) - 1,
        silent=file.silent,
        breath=file.breath,
        bls=file.bls,
    )
    problems = problems_of(program, file.overrun)
    if problems:
        raise PlaylistFileError([f"{path}: {problem}" for problem in problems])
    if program.bls is not None:
        settings_of(program.bls, path)
    return program


def known_pools(program: Program) -> frozenset[str]:
    """The names of pools, in small letters: those of `program` and of the built-in ones. A folder so named is that pool."""
    return _built_in_pools() | {pool.casefold() for phase in program.phases for pool in phase.pools}


@lru_cache(maxsize=1)
def _built_in_pools() -> frozenset[str]:
    files = [read_toml(path) for path in toml_files([BUILT_IN_PROGRAMS]).values()]
    return frozenset(pool.casefold() for file in files for phase in file["phase"] for pool in phase.get("pools", ()))


def program_settings(program: Program) -> Bls | None:
    """The bilateral settings that go with `program`; None where it has no light bar, tone or tap of its own."""
    return None if program.bls is None else settings_of(program.bls, Path(f"{program.id}.toml"))
