"""Every mistake in what people or programs hand in is said in a sentence: where, what, and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Interval
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from roomctl.errors import Invalid, RoomFileError
from roomctl.validation import validated, validated_file
from stimuli.settings import STRICT


@dataclass(frozen=True)
class Lamp:
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    level_frac: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.5
    driver: Literal["stub", "wled"] = "stub"


@dataclass(frozen=True)
class Shelf:
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    lamps: tuple[Lamp, ...] = ()
    spare: Lamp | None = None
    names: dict[str, int] = field(default_factory=dict)


SHELF = TypeAdapter(Shelf)


def shelf(value: Any) -> Shelf:
    return validated(SHELF, Shelf, value, "settings")


def test_what_is_right_becomes_the_frozen_value() -> None:
    assert shelf({"lamps": [{"name": "sofa", "level_frac": 1}]}) == Shelf(lamps=(Lamp("sofa", 1.0),))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"lamp": []}, "settings: lamp: there is no such key; allowed here are lamps, spare, names"),
        ({"lamps": [{"name": "a"}, {}]}, "settings: lamps[2].name: is missing"),
        ({"lamps": [{"name": "a", "level_frac": 2}]}, "settings: lamps[1].level_frac: 2 is not allowed; allowed is 0 to 1"),
        (
            {"lamps": [{"name": "a", "driver": "x"}]},
            "settings: lamps[1].driver: \"x\" is not allowed; allowed is 'stub' or 'wled'",
        ),
        (
            {"lamps": [{"name": "a", "colour": 1}]},
            "settings: lamps[1].colour: there is no such key; allowed here are name, level_frac, driver",
        ),
        ({"spare": {"name": "a", "level_frac": "dim"}}, 'settings: spare.level_frac: "dim" is not allowed; allowed is 0 to 1'),
        (
            {"lamps": [{"name": "a", "level_frac": float("nan")}]},
            "settings: lamps[1].level_frac: nan is not allowed; allowed is 0 to 1",
        ),
    ],
)
def test_one_mistake_is_one_sentence(value: Any, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        shelf(value)
    assert refusal.value.message == says
    assert not isinstance(refusal.value, RoomFileError)


def test_several_mistakes_are_all_told_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        shelf({"lamps": [{"level_frac": 2}], "wrong": 1})
    sentences = refusal.value.message.split("; settings: ")
    assert len(sentences) == 3


def test_a_value_that_is_no_table_at_all_is_refused() -> None:
    for value in (5, "x", None, [1]):
        with pytest.raises(Invalid, match="settings: "):
            shelf(value)


def test_a_files_mistake_names_the_file_and_the_key_before_it() -> None:
    with pytest.raises(RoomFileError) as refusal:
        validated_file(SHELF, Shelf, {"lamps": [{}]}, Path("clinic/room.toml"), "shelf")
    assert refusal.value.message == f"{Path('clinic/room.toml')}: shelf.lamps[1].name: is missing"


def test_a_right_file_is_read_as_it_stands() -> None:
    assert validated_file(SHELF, Shelf, {"spare": {"name": "b"}}, Path("room.toml")) == Shelf(spare=Lamp("b"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_is_handed_in_is_taken_or_refused_with_a_sentence(value: Any) -> None:
    try:
        assert isinstance(shelf(value), Shelf)
    except Invalid as refusal:
        assert refusal.message.startswith("settings: ")
