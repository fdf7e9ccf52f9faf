"""The window as a process of its own, at the end of a real link."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roomctl.screen.__main__ import main

Wait = Callable[[Callable[[], bool], str], None]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_a_process_shows_the_set_goes_dark_with_the_engine_and_ends_on_request(
    room: Any, tmp_path: Path, wait_until: Wait
) -> None:
    record = tmp_path / "tv.jsonl"
    room.state["clock"] = {"frame": 70_000.0, "mono_ns": 0, "frames_per_s": 0.0}
    command = [sys.executable, "-m", "roomctl.screen", "--data", str(tmp_path), "--name", "tv", "--windowed", "640x360"]
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy"}
    with subprocess.Popen([*command, "--record", str(record)], env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: any(line["level"] == 0.2 for line in lines_of(record)), "the dot in the record")
            room.server.close()
            wait_until(lambda: lines_of(record)[-1]["level"] == 0.0, "the dark in the record")
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
        finally:
            if process.poll() is None:
                process.kill()
    assert process.returncode == 0
    assert "no engine" in said
    assert {line["frame"] for line in lines_of(record)[:-1]} == {70_000}


@pytest.mark.parametrize("size", ["big", "640", "640x", "1x1", "-640x360"])
def test_a_size_that_is_none_is_wrong_use(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--data", ".", "--name", "tv", f"--windowed={size}"])
    assert ended.value.code == 2
    assert "is not a size such as 1280x720" in capsys.readouterr().err


def test_a_display_that_is_not_there_is_told_and_fails(
    display: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path), "--name", "tv", "--display", "9"]) == 1
    assert "display 9 is not there" in capsys.readouterr().err
