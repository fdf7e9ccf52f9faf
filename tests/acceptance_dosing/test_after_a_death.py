"""The engine killed in the peak: the bed by itself, the program at the right minute once resumed, and nothing due lost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roomctl import messages as m

S = 48_000
BED_WITHIN_S = 5.0
"""Counted in the recording's own frames, from the first that the new engine gave the card."""

BED_RMS_AT_BOOT = 10 ** ((-34.0 - 12.0 - 6.0) / 20.0)
"""The bed lies at -34 LUFS under a volume of -12 dB; 6 dB for what K-weighting leaves out of the sea."""


def move(name: str, **args: Any) -> m.ProgramMove:
    return m.ProgramMove(move=name, **args)  # type: ignore[arg-type]


def in_the_peak(engine: Any) -> dict[str, Any]:
    """A held peak with music, one prompt answered with values; the program as it was then."""
    engine.do(m.ProgramStart(program="ketamine-im"))
    engine.do(m.PromptAnswer(id="vitals-baseline", answer="done", value={"bp": "124/78", "hr": 71}))
    engine.do(move("dose", mg=70.0))
    engine.do(move("skip", phase="peak"))
    engine.do(move("hold"))
    found: dict[str, Any] = engine.until(
        lambda state: state["program"]["medicine_s"] > 2.0 and state["music"]["now"] is not None
    )
    return dict(found["program"])


def kill(engine: Any) -> None:
    """-9, once the journal has what was done: STOP and levels act before they are written, a note is answered after."""
    engine.do(m.Note(text="before the kill"))
    engine.kill()


def rms_each_100_ms(engine: Any) -> np.ndarray[Any, Any]:
    heard = engine.heard()[:, 0].astype(np.float64)
    return np.sqrt(np.square(heard[: len(heard) // 4800 * 4800]).reshape(-1, 4800).mean(axis=1))


def as_if_dead_for(data: Path, gone_s: float) -> None:
    """Move what the journal holds of the program back in UTC, as if the machine had been off for that long."""
    with sqlite3.connect(data / "journal.db") as database:
        rows = database.execute("SELECT id, detail_json FROM event WHERE kind LIKE 'program-%' OR kind = 'prompt'").fetchall()
        for id, text in rows:
            detail = json.loads(text)
            detail["utc_s"] -= gone_s
            database.execute("UPDATE event SET detail_json = ? WHERE id = ?", (json.dumps(detail), id))
    database.close()


def test_the_bed_is_back_within_5_s_and_the_program_waits_at_the_right_minute(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    before = in_the_peak(engine)
    kill(engine)
    engine.start()
    after = engine.until(lambda state: state["program"]["medicine_s"] >= before["medicine_s"] + 7.0)
    assert after["program"]["state"] == "awaiting-resume"
    assert after["program"]["phase"] == "peak"
    assert after["program"]["held"], "the hold stands"
    assert any("waits for you to resume" in notice["text"] for notice in after["notices"])
    engine.end()
    loud = rms_each_100_ms(engine)
    assert loud[: round(BED_WITHIN_S * 10)].max() > BED_RMS_AT_BOOT
    assert loud.max() < 10 * loud[-1], "the bed alone: no burst of music before it"


def test_prompts_and_their_values_are_intact(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    before = in_the_peak(engine)
    kill(engine)
    engine.start()
    after = engine.state()["program"]
    kept = {prompt["id"]: (prompt["due_min"], prompt["value"]) for prompt in after["prompts"]}
    assert {prompt["id"]: (prompt["due_min"], prompt["value"]) for prompt in before["prompts"]} == kept
    assert kept["vitals-baseline"][1] == {"bp": {"sys": 124, "dia": 78}, "hr": 71}
    assert after["total_mg"] == 70.0


def test_resume_brings_the_music_back_in_ten_seconds_and_the_light_does_not_jump(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    in_the_peak(engine)
    light_l = engine.state()["lights"]["level_l"]
    kill(engine)
    engine.start()
    # The lamps were last known 5 s before the kill at most; an operator's light moves at most 5 L* in each of those.
    assert engine.state()["lights"]["level_l"] == pytest.approx(light_l, abs=25.0)
    waiting_l = engine.state()["lights"]["level_l"]
    engine.do(move("resume"))
    state = engine.until(lambda state: state["program"]["state"] in ("running", "held") and state["music"]["now"] is not None)
    assert abs(state["lights"]["level_l"] - waiting_l) < 5.0


def test_after_a_reboot_of_half_an_hour_the_minute_comes_from_utc_and_what_fell_due_is_due(
    make_engine: Callable[..., Any],
) -> None:
    engine = make_engine()
    before = in_the_peak(engine)
    kill(engine)
    as_if_dead_for(engine.data, 1800.0)
    engine.start()
    after = engine.state()["program"]
    assert 1800.0 <= after["medicine_s"] - before["medicine_s"] <= 1800.0 + 60.0
    states = {prompt["id"]: prompt["state"] for prompt in after["prompts"]}
    assert [states[f"vitals-{minute}"] for minute in (5, 15)] == ["overdue", "overdue"]
    assert states["vitals-30"] == "due"
    assert states["vitals-45"] == "waiting"
    assert states["vitals-baseline"] == "done"


def test_where_stop_stood_the_bed_does_not_come_back_not_even_with_resume(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    in_the_peak(engine)
    engine.do(m.Stop())
    kill(engine)
    engine.start()
    assert engine.state()["stopped"]
    engine.do(m.Resume())
    from_s = engine.state()["program"]["medicine_s"]
    waiting = engine.until(lambda state: state["program"]["medicine_s"] > from_s + 6.0)
    assert waiting["program"]["state"] == "awaiting-resume"
    engine.do(move("resume"))
    engine.until(lambda state: state["program"]["medicine_s"] > waiting["program"]["medicine_s"] + 12.0)
    engine.end()
    loud = rms_each_100_ms(engine)
    # The last 13 s are after the program's resume; until 1 s before it, nothing was heard.
    assert loud[:-140].max() < 1e-5
    assert loud[-10:].max() > BED_RMS_AT_BOOT


def test_the_session_comes_back_no_louder_than_it_was(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    in_the_peak(engine)
    engine.do(m.ChangeMusic(volume_db=-30.0, bed_db=-40.0))
    kill(engine)
    engine.start()
    music = engine.state()["music"]
    assert (music["volume_db"], music["bed_db"]) == (-30.0, -40.0)


def test_a_session_without_a_program_begins_at_the_boot_volume(make_engine: Callable[..., Any]) -> None:
    engine = make_engine()
    engine.do(m.ChangeMusic(volume_db=-30.0))
    kill(engine)
    engine.start()
    assert engine.state()["music"]["volume_db"] == -12.0
