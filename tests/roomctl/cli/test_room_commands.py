"""`roomctl doctor` and `roomctl measure`: with a room that runs, with none, and with what would stop a session."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from roomctl.cli import doctor, main, measure
from roomctl.cli.doctor import Finding, examine
from roomctl.cli.places import data_folder, running_room, this_person
from roomctl.errors import Away, RoomError
from roomctl.link import LinkServer
from roomctl.messages import Ask, Reply, Request, Snapshot

Capture = pytest.CaptureFixture[str]
READY = {"name": "bar", "link": "READY", "why": ""}


class Engine:
    """Answers questions by script."""

    def __init__(self, data: Path) -> None:
        self.devices: list[dict[str, Any]] = [READY]
        self.timing: dict[str, Any] = {"underruns": 0, "onset_sd_ms": 0.02, "light_skew_ms": None, "realtime": True}
        self.refusal: RoomError | None = None
        self.server = LinkServer(
            data / "run" / "engine.sock",
            self.answer,
            stop=lambda request: Reply(id=request.id, status=200),
            snapshot=lambda: Snapshot(state={}),
            on_panels=lambda panels: None,
        )

    def answer(self, message: Request | Ask) -> Reply:
        if self.refusal is not None:
            raise self.refusal
        assert isinstance(message, Ask)
        return Reply(id=message.id, status=200, body=self.devices if message.what == "devices" else dict(self.timing))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "run").mkdir(mode=0o700)
    made = Engine(tmp_path)
    made.server.start()
    yield made
    made.server.close()


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`roomy(bytes)` says how much of the disk is free."""
    usage = namedtuple("usage", "total used free")

    def free(count: int) -> None:
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage(10**12, 0, count))

    free(5 * 10**9)
    return free


def finding(what: str, folder: Path, room: Path | None = None) -> Finding:
    return next(found for found in examine(room, folder) if found.what == what)


# --- doctor ---


def test_a_demo_room_has_nothing_that_would_stop_a_session(tmp_path: Path, roomy: Any, capsys: Capture) -> None:
    assert main(["doctor", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for what in ("room file", "sound", "drivers", "disk", "journal", "presets", "programs", "clock", "scheduling", "devices"):
        assert f"{what}: " in out
    assert "stops a session" not in out
    assert "the stub sound card: nothing will be heard" in out
    assert "no room runs on this data folder" in out


def test_every_finding_is_one_line(tmp_path: Path, roomy: Any, capsys: Capture) -> None:
    main(["doctor", "--data", str(tmp_path)])
    assert len(capsys.readouterr().out.splitlines()) == len(list(examine(None, tmp_path)))


def test_a_broken_room_file_is_the_only_finding(tmp_path: Path, roomy: Any, capsys: Capture) -> None:
    room = tmp_path / "room.toml"
    room.write_text("[limits]\nlight_hz = 9\n")
    assert main(["doctor", "--room", str(room), "--data", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "limits.light_hz: 9 is not allowed" in out
    assert len(out.splitlines()) == 1


def test_a_disk_that_is_nearly_full_would_stop_a_session(tmp_path: Path, roomy: Callable[[int], None], capsys: Capture) -> None:
    roomy(300_000_000)
    assert main(["doctor", "--data", str(tmp_path)]) == 1
    assert f"only 300 MB are free in {tmp_path}; make room for the journal" in capsys.readouterr().out


def test_a_journal_that_cannot_be_opened_or_is_damaged_would_stop_a_session(tmp_path: Path, roomy: Any) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database at all" * 300)
    found = finding("journal", tmp_path)
    assert found.verdict == "stops a session"
    assert "cannot be opened" in found.sentence


def test_a_clinics_own_preset_or_program_with_a_mistake_would_stop_a_session(tmp_path: Path, roomy: Any) -> None:
    for folder, what in (("presets", "presets"), ("programs", "programs")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ours.toml").write_text("wrong = 1\n")
        found = finding(what, tmp_path)
        assert found.verdict == "stops a session"
        assert "ours.toml" in found.sentence
        assert "wrong" in found.sentence


def test_a_device_that_cannot_be_driven_from_here_would_stop_a_session(tmp_path: Path, roomy: Any) -> None:
    room = tmp_path / "room.toml"
    room.write_text('[[roomlight]]\nname = "lamps"\ndriver = "artnet"\nhost = "127.0.0.1"\nfixture = "disco.toml"\n')
    found = finding("drivers", tmp_path, room)
    assert found.verdict == "stops a session"
    assert "disco.toml: the fixture cannot be read" in found.sentence


def test_a_bar_and_a_lamp_in_one_universe_are_named_and_stop_nothing(tmp_path: Path, roomy: Any) -> None:
    room = tmp_path / "room.toml"
    room.write_text(
        '[[lightbar]]\nname = "bar"\ndriver = "sacn"\n[[roomlight]]\nname = "lamps"\ndriver = "sacn"\naddress = 400\n'
    )
    found = finding("DMX", tmp_path, room)
    words = '"bar" and "lamps" both use universe 1; a light bar needs universes of its own'
    assert (found.verdict, found.sentence) == ("note", words)


def test_a_card_that_is_not_there_would_stop_a_session(tmp_path: Path, roomy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_of_that_name(cards: Any, name: str) -> None:
        raise OSError(f'there is no sound card "{name}"; there are none')

    monkeypatch.setattr(doctor, "list_cards", list)
    monkeypatch.setattr(doctor, "choose_card", none_of_that_name)
    room = tmp_path / "room.toml"
    room.write_text('[audio]\ndriver = "portaudio"\ndevice = "Scarlett"\n')
    found = finding("sound", tmp_path, room)
    assert (found.verdict, found.sentence) == ("stops a session", 'there is no sound card "Scarlett"; there are none')


def test_a_running_room_is_asked_for_its_devices(engine: Engine, tmp_path: Path, roomy: Any) -> None:
    assert finding("devices", tmp_path) == Finding("devices", "good", "all 1 are ready")
    engine.devices = [READY, {"name": "taps", "link": "FAULT", "why": "unplugged"}, {"name": "tv", "link": "STALE", "why": ""}]
    assert finding("devices", tmp_path) == Finding("devices", "stops a session", "not ready: taps (unplugged), tv (STALE)")


# --- measure ---


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> list[float]:
    """How long was waited, without waiting; meanwhile two blocks are not ready."""
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        engine.timing["underruns"] += 2

    monkeypatch.setattr(measure.time, "sleep", wait)
    return waited


def test_the_rooms_timing_is_told_over_the_seconds_asked_for(
    engine: Engine, no_waiting: list[float], tmp_path: Path, capsys: Capture
) -> None:
    engine.timing["underruns"] = 5
    assert main(["measure", "--seconds", "30", "--json", "--data", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"seconds": 30.0, "underruns": 2, "onset_sd_ms": 0.02, "light_skew_ms": None, "realtime": True}
    assert no_waiting == [30.0]


def test_for_people_each_figure_has_its_meaning_and_what_is_not_measured_says_so(
    engine: Engine, no_waiting: list[float], tmp_path: Path, capsys: Capture
) -> None:
    assert main(["measure", "--data", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "blocks of sound that were not ready" in out
    assert "not measured yet" in out
    assert no_waiting == [10.0]


def test_an_engine_that_refuses_is_said_in_its_words(
    engine: Engine, no_waiting: list[float], tmp_path: Path, capsys: Capture
) -> None:
    engine.refusal = Away("the engine is starting; ask again")
    assert main(["measure", "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "roomctl: the engine is starting; ask again\n"


def test_without_a_room_there_is_nothing_to_measure(tmp_path: Path, capsys: Capture) -> None:
    assert main(["measure", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("roomctl: ")
    assert said.err.count("\n") == 1


# --- places ---


def test_the_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = data_folder(tmp_path / "deep" / "data")
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_data_folder_it_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = data_folder(None)
    assert folder.is_relative_to(tmp_path)
    assert folder.name == "roomctl"


def test_who_works_at_the_command_line_may_do_everything() -> None:
    assert this_person().role == "admin"
    assert this_person().name.endswith("(command line)")


def test_a_room_that_does_not_run_is_away(tmp_path: Path) -> None:
    with pytest.raises(Away):
        running_room(tmp_path)
