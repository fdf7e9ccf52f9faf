"""The files that the guide shows are read as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playlists.presets import read_preset
from playlists.programs import read_program

GUIDE = Path(__file__).parents[2] / "docs" / "own-programs.md"


@pytest.fixture
def shown(tmp_path: Path) -> list[Path]:
    blocks = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    paths = [tmp_path / f"shown-{number}.toml" for number in range(len(blocks))]
    for path, block in zip(paths, blocks, strict=True):
        path.write_text(block, encoding="utf-8")
    return paths


def test_the_guides_program_is_in_order(shown: list[Path]) -> None:
    program = read_program(shown[0])
    assert [phase.id for phase in program.phases] == ["arrival", "ascent", "peak", "landing"]
    assert program.phases[program.overrun].id == "landing"


def test_the_guides_preset_is_in_order(shown: list[Path]) -> None:
    assert read_preset(shown[1]).settings.tap.strength_frac == 0.3
