"""Event files: `render --events`, `simulate --events` and what the stubs record, by kinds, keys, sides and frames."""

from __future__ import annotations

import itertools
import json
import wave
from pathlib import Path
from typing import Any

import pytest

KEYS: dict[str, set[str]] = {
    "beat": {"side", "cycle"},
    "tap": {"side", "ms", "strength"},
    "light": {"pos", "level", "colour"},
    "tone": {"side", "hz", "ms", "timbre"},
    "set": {"state"},
    "phase": {"name"},
    "music": {"action", "track", "gain_db"},
    "roomlight": {"level_l", "cct_k"},
    "prompt": {"id", "state"},
    "stop": {"by"},
    "safe": {"device"},
}
MOVES = [
    {"at_s": 900, "do": "dose", "mg": 50},
    {"at_s": 1000, "do": "check-light"},
    {"at_s": 2100, "do": "hold"},
    {"at_s": 2800, "do": "release"},
    {"at_s": 2900, "do": "booster", "mg": 20},
    {"at_s": 3000, "do": "extend", "minutes": 5},
    {"at_s": 3100, "do": "calm"},
    {"at_s": 3200, "do": "resume"},
    {"at_s": 3300, "do": "pause"},
    {"at_s": 3400, "do": "resume"},
    {"at_s": 3450, "do": "attention"},
    {"at_s": 3460, "do": "stop"},
    {"at_s": 3470, "do": "resume-room"},
    {"at_s": 3480, "do": "resume"},
    {"at_s": 3490, "do": "next"},
    {"at_s": 3500, "do": "previous"},
    {"at_s": 3510, "do": "done", "prompt": "vitals-baseline", "value": {"bp": "120/80"}},
    {"at_s": 9000, "do": "end", "override_reason": "the test is over"},
]


def check(events: list[dict[str, Any]], *, recorded: bool = False) -> None:
    """Each event has its kind's keys, its frame and second agree, and a side is a word."""
    assert events
    for event in events:
        assert {"t_s", "frame", "kind"} | KEYS.get(event["kind"], set()) <= set(event), event
        assert isinstance(event["frame"], int)
        assert event["t_s"] == pytest.approx(event["frame"] / 48_000, abs=1e-5)
        assert event.get("side", "left") in ("left", "right")
        assert -1.0 <= event.get("pos", 0.0) <= 1.0
        if recorded:
            assert isinstance(event["mono_ns"], int)
        if "colour" in event:
            assert event["colour"].startswith("#") and len(event["colour"]) == 7


def test_a_rendered_set_has_its_count_of_alternating_beats_each_with_its_tone_and_tap(
    roomctl: Any, lines: Any, tmp_path: Path
) -> None:
    sound, file = tmp_path / "set.wav", tmp_path / "set.jsonl"
    said = roomctl("render", "--preset", "desensitise", "--out", sound, "--events", file, "--data", tmp_path / "data")
    assert said.code == 0, said.err
    events = lines(file)
    check(events)
    assert {event["kind"] for event in events} == {"set", "light", "beat", "tone", "tap"}
    assert [event["frame"] for event in events] == sorted(event["frame"] for event in events)
    beats = [event for event in events if event["kind"] == "beat"]
    assert len(beats) == 48
    assert [beat["side"] for beat in beats] == ["left", "right"] * 24
    assert [beat["cycle"] for beat in beats] == [1 + place // 2 for place in range(48)]
    for kind in ("tone", "tap"):
        assert [(event["frame"], event["side"]) for event in events if event["kind"] == kind] == [
            (beat["frame"], beat["side"]) for beat in beats
        ]
    assert [beat["frame"] for beat in beats[:47]] == [12_000 + 24_000 * place for place in range(47)]
    assert [event["state"] for event in events if event["kind"] == "set"] == ["running", "finishing", "idle"]
    with wave.open(str(sound), "rb") as heard:
        assert (heard.getnchannels(), heard.getframerate(), heard.getsampwidth()) == (2, 48_000, 3)


def test_one_seed_renders_the_same_bytes_twice_and_seconds_replace_the_sets_end(
    roomctl: Any, lines: Any, tmp_path: Path
) -> None:
    made = []
    for name in ("a", "b"):
        sound, file = tmp_path / f"{name}.wav", tmp_path / f"{name}.jsonl"
        said = roomctl("render", "--preset", "body-scan", "--seconds", "3", "--seed", "7", "--out", sound, "--events", file)
        assert said.code == 0, said.err
        made.append((sound.read_bytes(), file.read_bytes()))
    assert made[0] == made[1]
    beats = [event for event in lines(tmp_path / "a.jsonl") if event["kind"] == "beat"]
    assert len(beats) == 6


def test_render_seconds_is_exempt_from_the_rooms_longest_set(roomctl: Any, lines: Any, tmp_path: Path) -> None:
    room, file = tmp_path / "room.toml", tmp_path / "long.jsonl"
    room.write_text("[limits]\nset_max_s = 10\n", "utf-8")
    wanted = ("--room", room, "--out", tmp_path / "long.wav", "--events", file)
    said = roomctl("render", "--preset", "closure", "--seconds", "30", *wanted)
    assert said.code == 0, said.err
    assert lines(file)[-1]["t_s"] >= 30.0


def test_a_simulated_program_has_every_phase_move_and_prompt_and_is_the_same_twice(
    roomctl: Any, lines: Any, tmp_path: Path
) -> None:
    moves = tmp_path / "moves.jsonl"
    moves.write_text("\n".join(json.dumps(move) for move in MOVES), "utf-8")
    made = []
    for name in ("a", "b"):
        said = roomctl("simulate", "--program", "ketamine-im", "--moves", moves, "--events", tmp_path / name)
        assert (said.code, said.err) == (0, "")
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    events = lines(tmp_path / "a")
    check(events)
    kinds = {event["kind"] for event in events}
    assert {"phase", "music", "roomlight", "prompt", "stop"} <= kinds
    assert "refused" not in kinds
    phases = [event["name"] for event in events if event["kind"] == "phase"]
    assert phases[:4] == ["arrival", "settle", "onset", "ascent"]
    states = [(event["id"], event["state"]) for event in events if event["kind"] == "prompt"]
    assert ("vitals-baseline", "due") in states
    assert ("vitals-baseline", "done") in states
    assert next(event["t_s"] for event in events if event["kind"] == "stop") == 3460.0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"at_s": 1, "do": "explode"}', "check-light"),
        ('{"do": "hold"}', "at_s"),
        ('{"at_s": NaN, "do": "dose"}', "at_s"),
        ('{"at_s": 1, "do": "dose", "zz": 1}', "zz: there is no such key"),
        ("garbage", "line 1: is not JSON"),
    ],
)
def test_a_move_that_is_none_is_refused_with_its_line(roomctl: Any, tmp_path: Path, line: str, words: str) -> None:
    moves = tmp_path / "moves.jsonl"
    moves.write_text(line, "utf-8")
    said = roomctl("simulate", "--program", "ketamine-im", "--moves", moves, "--events", tmp_path / "x.jsonl")
    assert said.code == 1
    assert "moves.jsonl: line 1" in said.err
    assert words in said.err


def is_safe(events: list[dict[str, Any]]) -> bool:
    return any(event["kind"] == "safe" for event in events)


def test_the_stubs_record_what_the_room_told_them_each_with_its_moment(room: Any, lines: Any) -> None:
    began = room.start(rate_hz=2.0, set_cycles=3)["start_frame"]
    room.until(lambda state: state["set"]["state"] == "idle", "idle")
    room.post("stop")
    room.until(lambda _: all(is_safe(lines(room.folder / f"{name}.jsonl")) for name in ("taps", "bar")), "recorded as safe")
    taps = lines(room.folder / "taps.jsonl")
    bar = lines(room.folder / "bar.jsonl")
    lamps = lines(room.folder / "lamps.jsonl")
    for events in (taps, bar, lamps):
        check(events, recorded=True)
    given = [event for event in taps if event["kind"] == "tap" and event["frame"] >= began]
    assert [event["side"] for event in given] == ["left", "right"] * 3
    assert [event["frame"] - began for event in given[:5]] == [6_000 + 12_000 * place for place in range(5)]
    for before, after in itertools.pairwise(given):
        assert before["mono_ns"] < after["mono_ns"]
    assert {event["kind"] for event in bar} == {"light", "safe"}
    assert next(event["device"] for event in reversed(taps) if event["kind"] == "safe") == "taps"
    assert {event["kind"] for event in lamps} <= {"roomlight", "safe"}
