"""Fixtures: looks to slots, and a clinic's own TOML."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.dmx.fixtures import BUILT_IN, Fixture, channel_of, fixture_of
from hardware.seams import RoomLook
from stimuli.lightness import bytes16, luminance_of_l, rgb_of_cct

looks = st.builds(RoomLook, st.floats(0.0, 100.0), st.floats(1000.0, 20_000.0))


@given(looks, st.sampled_from(sorted(BUILT_IN)), st.integers(0, 100))
def test_every_look_has_its_slots_on_every_fixture(look: RoomLook, name: str, picture: int) -> None:
    fixture = BUILT_IN[name]
    assert len(fixture.render(look, picture)) == fixture.slots


@pytest.mark.parametrize(
    ("name", "slots"), [("dimmer8", 1), ("dimmer16", 2), ("cct8", 2), ("cct16", 4), ("rgb", 3), ("rgbw", 4)]
)
def test_the_built_in_fixtures_have_the_slots_of_the_manual(name: str, slots: int) -> None:
    assert fixture_of(name).slots == slots


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_dark_is_all_zeros_and_full_reaches_the_top(name: str) -> None:
    fixture = BUILT_IN[name]
    assert not any(fixture.render(RoomLook(0.0, 2700.0), 3))
    assert max(fixture.render(RoomLook(100.0, 2700.0), 3)) == 255


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_a_16_bit_dimmer_never_falls_where_the_level_rises(one: float, other: float) -> None:
    low, high = sorted((one, other))
    fixture = BUILT_IN["dimmer16"]
    assert fixture.render(RoomLook(low, 2700.0), 0) <= fixture.render(RoomLook(high, 2700.0), 0)


@given(st.floats(0.0, 100.0))
def test_a_16_bit_dimmer_is_true_to_lightness(level_l: float) -> None:
    assert BUILT_IN["dimmer16"].render(RoomLook(level_l, 2700.0), 0) == bytes(bytes16(luminance_of_l(level_l)))


@given(st.floats(0.0, 100.0))
def test_eight_dithered_pictures_average_to_the_level(level_l: float) -> None:
    fixture = BUILT_IN["dimmer8"]
    mean = sum(fixture.render(RoomLook(level_l, 2700.0), at)[0] for at in range(8)) / 8
    assert abs(mean - 255 * luminance_of_l(level_l)) <= 1 / 16 + 1e-9


@given(st.floats(0.0, 100.0))
def test_a_settled_8_bit_lamp_shows_one_whole_step_in_every_picture(level_l: float) -> None:
    fixture = BUILT_IN["dimmer8"]
    shown = {fixture.render(RoomLook(level_l, 2700.0), at, settled_frac=1.0) for at in range(8)}
    assert shown == {bytes((round(255 * luminance_of_l(level_l)),))}


def test_tunable_white_goes_from_its_warm_to_its_cold_leds() -> None:
    fixture = BUILT_IN["cct16"]
    assert fixture.render(RoomLook(100.0, 2000.0), 0) == b"\xff\xff\x00\x00"
    assert fixture.render(RoomLook(100.0, 9000.0), 0) == b"\x00\x00\xff\xff"


@given(looks)
def test_warm_and_cold_together_give_the_luminance(look: RoomLook) -> None:
    shares = BUILT_IN["cct16"].shares(look)
    assert shares["warm"] + shares["cold"] == pytest.approx(luminance_of_l(look.level_l))


@given(st.floats(1700.0, 20_000.0))
def test_white_and_colours_together_are_the_white_that_was_asked(cct_k: float) -> None:
    shares = BUILT_IN["rgbw"].shares(RoomLook(100.0, cct_k))
    white = rgb_of_cct(2700.0)
    together = [shares[role] + shares["white"] * base for role, base in zip(("red", "green", "blue"), white, strict=True)]
    assert together == pytest.approx(rgb_of_cct(cct_k))
    assert all(0.0 <= shares[role] <= 1.0 for role in ("red", "green", "blue", "white"))


def test_with_a_dimmer_of_its_own_the_colours_stay_full() -> None:
    fixture = Fixture(tuple(channel_of(text) for text in ("dimmer", "cct")))
    assert fixture.render(RoomLook(100.0, 2700.0), 0) == b"\xff\x00"
    low = fixture.render(RoomLook(10.0, 6500.0), 0, settled_frac=1.0)
    assert low == bytes((round(255 * luminance_of_l(10.0)), 255))


def test_full_light_is_what_the_room_file_says() -> None:
    assert BUILT_IN["dimmer16"].render(RoomLook(100.0, 2700.0), 0, most_frac=0.5) == bytes(bytes16(0.5))


def test_a_clinics_own_fixture_is_read_from_its_toml(tmp_path: Path) -> None:
    path = tmp_path / "spot.toml"
    path.write_text('channels = ["dimmer16", "-", "=200", "warm", "cold"]\nwarm_k = 2200\ncold_k = 4000\n')
    fixture = fixture_of(str(path))
    assert fixture.slots == 6
    assert fixture.dithers
    assert fixture.render(RoomLook(100.0, 2200.0), 0, 1.0) == b"\xff\xff\x00\xc8\xff\x00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("channels = [", "the fixture is not TOML"),
        ("", "channels must be a list of names"),
        ("channels = []", "channels must be a list of names"),
        ("channels = [1]", "channels must be a list of names"),
        ('channels = ["dimer"]', 'channel "dimer" is not known; allowed are dimmer, warm'),
        ('channels = ["=256"]', 'channel "=256" is not known'),
        ('channels = ["dimmer"]\nwarm = 2700', "warm is not known; allowed are channels, warm_k, cold_k"),
        ('channels = ["warm"]\nwarm_k = 6500\ncold_k = 2700', "must rise"),
        ('channels = ["warm"]\nwarm_k = "hot"', "warm_k and cold_k are kelvin"),
        ('channels = ["warm"]\nwarm_k = nan', "must rise"),
        (f"channels = {['dimmer16'] * 257}", "514 slots are more than the 512"),
    ],
)
def test_a_mistake_in_a_fixture_names_the_file_and_what_is_allowed(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "spot.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as refused:
        fixture_of(str(path))
    assert str(refused.value).startswith(str(path))


def test_a_fixture_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        fixture_of(str(tmp_path / "none.toml"))
    with pytest.raises(ValueError, match='fixture "dimmer32" is not known; there are dimmer8'):
        fixture_of("dimmer32")
