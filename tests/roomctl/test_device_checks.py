"""The walk through a device with a scripted person, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.entries import LightBarEntry, RoomLightEntry, TapperEntry
from hardware.seams import Capabilities, Device, LightBar, RoomLight, Tapper
from roomctl import device_walk
from roomctl.device_checks import (
    DeviceCheck,
    as_toml,
    fitting,
    load_checks,
    save_check,
    verified_names,
    where_of,
    with_checks,
)
from roomctl.device_walk import Walk, end_lit, share_of_full, walk_through
from roomctl.errors import Away, Refused, RoomFileError
from roomctl.room_file import RoomFile

AT = "2026-01-02T03:04:05+00:00"


class Model:
    """What the three kinds share: it is there at once, and keeps what it was offered."""

    why = ""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("holds", pixels=20, min_pulse_ms=80.0)

    def open(self) -> None:
        self.offered: list[Any] = []
        self.set_link("FAULT" if self.why else "READY", self.why)  # type: ignore[attr-defined]

    def offer(self, value: Any, due: Any) -> None:
        self.offered.append(value)

    def safe(self) -> None:
        """Nothing moves."""

    def close(self) -> None:
        """Nothing to let go of."""


class TapperModel(Model, Tapper):
    driver = "serial"


class BarModel(Model, LightBar):
    driver = "wled"


class LampModel(Model, RoomLight):
    driver = "lifx"


class Script:
    """A person with ready answers; reacts in 0.2 s to what is seen and in 0.25 s to what is felt."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def choose(self, question: str, choices: Sequence[str]) -> str:
        answer = self.answers.pop(0)
        assert answer in choices, (question, answer, choices)
        return answer

    def reaction_s(self, cue: Callable[[], None]) -> float:
        said = len(self.said)
        cue()
        return 0.2 if len(self.said) > said else 0.25


def walk(device: Device, entry: Any, *answers: str) -> tuple[DeviceCheck, Script]:
    person = Script(*answers)
    check = walk_through(Walk(device, entry, person, wait=lambda wait_s: None), AT)
    assert person.answers == []
    return check, person


TAPS = TapperEntry("taps", "serial", port="/dev/ttyUSB0")
BAR = LightBarEntry("bar", "wled", host="192.0.2.7")
LAMP = RoomLightEntry("lamps", "lifx", entity="Sofa")


def test_a_tapper_is_checked_left_right_level_and_latency() -> None:
    tapper = TapperModel("taps")
    answers = ("left", "right", "nothing felt or seen", "comfortable", "comfortable", "too much")
    check, _ = walk(tapper, TAPS, *answers)
    assert check == DeviceCheck("serial", "port=/dev/ttyUSB0", AT, 50.0, 1.0, 0.6)
    assert [pulse.side for pulse in tapper.offered[:2]] == ["left", "right"]
    assert all(pulse.ms >= 80.0 for pulse in tapper.offered)


def test_no_tap_of_the_walk_is_stronger_than_what_was_comfortable() -> None:
    tapper = TapperModel("taps")
    walk(tapper, TAPS, "left", "right", "comfortable", "comfortable", "too much")
    reactions = tapper.offered[-device_walk.ROUNDS :]
    assert {pulse.strength_frac for pulse in reactions} == {0.4}


@pytest.mark.parametrize(
    ("entry", "share"),
    [
        (TAPS, 0.4),
        (replace(TAPS, strength_frac=0.5), 0.4),
        (replace(BAR, level_frac=0.5), 0.2),
        (LAMP, 0.4),
        (replace(LAMP, level_frac=0.5), 0.2),
        (RoomLightEntry("lamps", "sacn"), 0.1125),
    ],
)
def test_what_was_comfortable_is_kept_as_a_share_of_full_output(entry: Any, share: float) -> None:
    """L* 40 is 11.25 % of full light (CIE 15), which is what a DMX lamp was told."""
    assert share_of_full(entry, 0.4) == pytest.approx(share, abs=1e-4)


def test_a_side_can_be_shown_again() -> None:
    tapper = TapperModel("taps")
    walk(tapper, TAPS, "again", "left", "right", "comfortable", "too much")
    assert [pulse.side for pulse in tapper.offered[:3]] == ["left", "left", "right"]


def test_swapped_sides_are_not_verified() -> None:
    with pytest.raises(Refused, match="left and right are swapped"):
        walk(TapperModel("taps"), TAPS, "right", "left")


def test_a_dead_side_is_named() -> None:
    with pytest.raises(Refused, match="right was not where it should be"):
        walk(TapperModel("taps"), TAPS, "left", "neither")


def test_a_level_that_is_too_much_at_once_is_not_verified() -> None:
    with pytest.raises(Refused, match="no level was comfortable"):
        walk(TapperModel("taps"), TAPS, "left", "right", "too much")


def test_a_device_that_is_away_says_its_own_reason() -> None:
    tapper = TapperModel("taps")
    tapper.why = "there is no /dev/ttyUSB0; is the tapper plugged in?"
    with pytest.raises(Away, match="is the tapper plugged in"):
        walk(tapper, TAPS)


@pytest.mark.parametrize(("answers", "gamma"), [(("left", "same"), 0.84), (("same",), 1.47), (("right", "same"), 3.34)])
def test_a_bars_gamma_is_found_by_matching(answers: tuple[str, ...], gamma: float) -> None:
    bar = BarModel("bar")
    check, _ = walk(bar, BAR, "left", "right", "comfortable", "too much", *answers)
    assert check.gamma == pytest.approx(gamma, abs=0.01)
    assert not bar.offered[-1].pixels.any()


def test_halves_that_never_match_bend_nothing() -> None:
    check, person = walk(BarModel("bar"), BAR, "left", "right", "comfortable", "too much", *["right"] * 5)
    assert check.gamma == 1.0
    assert "could not be matched" in person.said[-1]


def test_a_bars_gamma_counts_unless_the_room_file_says_one() -> None:
    entry = LightBarEntry("bar", "adalight", port="/dev/ttyUSB1")
    checks = {"bar": DeviceCheck("adalight", where_of(entry), AT, gamma=2.2)}
    (bar,) = with_checks(RoomFile(lightbar=(entry,)), checks).lightbar
    assert bar.gamma == 2.2
    (bar,) = with_checks(RoomFile(lightbar=(replace(entry, gamma=2.8),)), checks).lightbar
    assert bar.gamma == 2.8


def test_no_gamma_is_written_where_there_is_none() -> None:
    assert "gamma" not in as_toml({"taps": CHECK})
    assert "gamma = 2.2" in as_toml({"bar": replace(CHECK, gamma=2.2)})


def test_a_lamp_is_checked_dim_and_bright_and_left_dim() -> None:
    lamp = LampModel("lamps")
    check, _ = walk(lamp, LAMP, "yes", "comfortable", "comfortable", "too much")
    assert (check.max_level_frac, check.where) == (0.4, "universe=1 address=1 entity=Sofa")
    assert lamp.offered[-1].level_l == 20.0


def test_a_lamp_that_does_not_dim_is_not_verified() -> None:
    with pytest.raises(Refused, match="is it the lamp that the room file names"):
        walk(LampModel("lamps"), LAMP, "no")


def test_the_end_that_is_lit_is_the_side_that_is_meant() -> None:
    assert end_lit("left", 0.5, 10).pixels[:, 0].nonzero()[0].tolist() == [0, 1]
    assert end_lit("right", 0.5, 10).pixels[:, 0].nonzero()[0].tolist() == [8, 9]


CHECK = DeviceCheck("serial", "port=/dev/ttyUSB0", AT, 42.0, 1.0, 0.6)


def test_a_check_is_kept_and_others_with_it(tmp_path: Path) -> None:
    save_check(tmp_path, "taps", CHECK)
    save_check(tmp_path, 'the "other" one', replace(CHECK, gamma=2.2))
    assert load_checks(tmp_path) == {"taps": CHECK, 'the "other" one': replace(CHECK, gamma=2.2)}
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.toml"]


@given(name=st.text(min_size=1, max_size=20), where=st.text(max_size=20), onset_ms=st.floats(-300, 300))
def test_any_name_survives_the_file(name: str, where: str, onset_ms: float) -> None:
    import tomllib

    checks = {name: replace(CHECK, where=where, onset_ms=onset_ms)}
    try:
        text = as_toml(checks)
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair is no text, and cannot stand in a room file either
        return
    table = tomllib.loads(text)["device"][name]
    assert (table["where"], table["onset_ms"]) == (where, onset_ms)


@pytest.mark.parametrize(
    "text", ["device = 3", "[device.x]\n", "[device.x]\ndriver = 1\nspeed = 2", "not toml", "[device]\nx = 1"]
)
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "calibration.toml").write_text(text)
    with pytest.raises(RoomFileError, match=r"calibration\.toml: cannot be read"):
        load_checks(tmp_path)


def test_no_file_is_no_check(tmp_path: Path) -> None:
    assert load_checks(tmp_path) == {}


def test_a_check_counts_for_the_very_device_alone() -> None:
    checks = {"taps": CHECK}
    assert fitting(TAPS, checks) == CHECK
    assert fitting(replace(TAPS, port="/dev/ttyUSB1"), checks) is None
    assert fitting(replace(TAPS, driver="stub", port=None), checks) is None
    assert where_of(BAR) == "host=192.0.2.7 universe=1 address=1"


def test_a_room_takes_over_what_was_measured() -> None:
    lamp = DeviceCheck("lifx", where_of(LAMP), AT, 0.0, 1.0, 0.4)
    room = RoomFile(tapper=(TAPS, replace(TAPS, name="second")), roomlight=(LAMP,), lightbar=(BAR,))
    checks = {"taps": CHECK, "lamps": lamp}
    measured = with_checks(room, checks)
    assert (measured.tapper[0].onset_ms, measured.tapper[0].strength_frac) == (42.0, 0.6)
    assert measured.tapper[1] == room.tapper[1]
    assert measured.roomlight[0].level_frac == 0.4
    assert measured.lightbar == room.lightbar
    assert verified_names(room, checks) == {"taps", "lamps"}


def test_what_the_room_file_says_of_onsets_counts_first() -> None:
    room = RoomFile(tapper=(replace(TAPS, onset_ms=10.0, strength_frac=0.3),))
    assert with_checks(room, {"taps": CHECK}).tapper[0] == room.tapper[0]


def test_the_wait_for_a_device_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_walk, "READY_S", 0.05)

    class Slow(TapperModel):
        def open(self) -> None:
            self.set_link("CONNECTING")

    with pytest.raises(Away, match="does not answer"):
        walk(Slow("taps"), TAPS)
