"""Pairing codes, tokens and roles."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomctl.errors import Invalid, UnknownId
from roomctl.sign_in import (
    CODE_LIVES_S,
    UNUSED_LIVES_S,
    WINDOW_S,
    WRONG_CODES_AN_ADDRESS,
    WRONG_CODES_IN_ALL,
    SignIn,
    SignInError,
    TooManyCodes,
)


class Wall:
    """A wall clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def store(tmp_path: Path, wall: Wall) -> Iterator[SignIn]:
    store = SignIn(tmp_path / "sign_in.db", utc_s=wall)
    yield store
    store.close()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_a_code_pairs_one_panel_with_its_role(store: SignIn) -> None:
    panel, token = store.pair(store.new_code("control").code, "Tablet 1", "10.0.0.2")
    assert (panel.role, panel.name) == ("control", "Tablet 1")
    assert store.who(token) == panel


def test_a_code_may_be_typed_in_two_groups(store: SignIn) -> None:
    code = store.new_code("view")
    assert len(code.code) == 8
    assert store.pair(f" {code.spaced} ", "t", "a")[0].role == "view"


def test_a_code_works_once(store: SignIn) -> None:
    code = store.new_code("control").code
    store.pair(code, "first", "a")
    with pytest.raises(Invalid, match="used"):
        store.pair(code, "second", "a")


def test_a_code_is_dead_after_ten_minutes(store: SignIn, wall: Wall) -> None:
    code = store.new_code("control").code
    wall.now_s += CODE_LIVES_S + 0.1
    with pytest.raises(Invalid, match="older than ten minutes"):
        store.pair(code, "late", "a")


def test_several_codes_live_side_by_side(store: SignIn) -> None:
    first, second = store.new_code("view").code, store.new_code("admin").code
    assert store.pair(first, "t", "a")[0].role == "view"
    assert store.pair(second, "t", "a")[0].role == "admin"


def test_an_address_that_guesses_is_held_off_even_with_the_right_code(store: SignIn, wall: Wall) -> None:
    code = store.new_code("control").code
    for _ in range(WRONG_CODES_AN_ADDRESS):
        with pytest.raises(Invalid):
            store.pair(wrong(code), "guess", "10.0.0.9")
    with pytest.raises(TooManyCodes) as caught:
        store.pair(code, "guess", "10.0.0.9")
    assert caught.value.status == 429
    assert 0 < caught.value.details["retry_after_s"] <= WINDOW_S
    assert store.pair(code, "honest", "10.0.0.2")[0].name == "honest"
    wall.now_s += WINDOW_S + 1
    assert store.pair(store.new_code("view").code, "later", "10.0.0.9")


def test_guesses_from_many_addresses_are_held_off_together(store: SignIn) -> None:
    code = store.new_code("control").code
    for number in range(WRONG_CODES_IN_ALL):
        with pytest.raises(Invalid):
            store.pair(wrong(code), "guess", f"10.0.1.{number}")
    with pytest.raises(TooManyCodes):
        store.pair(code, "guess", "10.0.2.1")


def test_neither_code_nor_token_is_in_the_file(store: SignIn, tmp_path: Path) -> None:
    code = store.new_code("control").code
    _, token = store.pair(code, "t", "a")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert code.encode() not in kept
    assert token.encode() not in kept


def test_the_file_is_its_owners_alone(store: SignIn) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_revoked_panel_is_nobody(store: SignIn) -> None:
    panel, token = store.new_token("admin", "script")
    store.revoke(panel.id)
    assert store.who(token) is None
    assert store.panels() == []
    with pytest.raises(UnknownId, match=panel.id):
        store.revoke(panel.id)


def test_a_panel_unused_for_half_a_year_is_nobody(store: SignIn, wall: Wall) -> None:
    panel, token = store.new_token("view", "old")
    wall.now_s += UNUSED_LIVES_S - 1
    assert store.who(token) == panel
    store.seen(panel)
    wall.now_s += UNUSED_LIVES_S - 1
    assert store.who(token) is not None
    wall.now_s += 2
    assert store.who(token) is None


def test_being_seen_is_kept_to_the_minute(store: SignIn, wall: Wall) -> None:
    panel, token = store.new_token("view", "t")
    wall.now_s += 30
    store.seen(panel)
    assert store.who(token) == panel
    wall.now_s += 31
    store.seen(panel)
    later = store.who(token)
    assert later is not None
    assert later.last_seen_utc_s == wall.now_s


def test_sign_ins_survive_the_process(store: SignIn, wall: Wall) -> None:
    panel, token = store.new_token("control", "t")
    store.close()
    again = SignIn(store.path, utc_s=wall)
    assert again.who(token) == panel
    again.close()


def test_a_code_of_one_process_is_good_in_another(store: SignIn, wall: Wall) -> None:
    other = SignIn(store.path, utc_s=wall)
    assert other.pair(store.new_code("view").code, "t", "a")
    other.close()


def test_two_who_use_one_code_at_once_get_one_panel(store: SignIn, wall: Wall) -> None:
    code = store.new_code("control").code
    others = [SignIn(store.path, utc_s=wall) for _ in range(4)]
    paired: list[str] = []
    start = threading.Barrier(len(others))

    def try_it(other: SignIn) -> None:
        start.wait(5)
        try:
            paired.append(other.pair(code, "t", "a")[1])
        except Invalid:
            return

    threads = [threading.Thread(target=try_it, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for other in others:
        other.close()
    assert len(paired) == 1
    assert len(store.panels()) == 1


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 100_000])
def test_a_made_up_token_is_nobody(store: SignIn, token: str) -> None:
    assert store.who(token) is None


@pytest.mark.parametrize(
    ("asked", "shown"), [("", "panel"), ("  a\n b\t", "a b"), ("x" * 200, "x" * 60), ("\x00\x1b[31m", "[31m")]
)
def test_a_name_is_one_printable_line(store: SignIn, asked: str, shown: str) -> None:
    assert store.new_token("view", asked)[0].name == shown


def test_a_role_that_is_none_is_refused_with_those_that_are(store: SignIn) -> None:
    with pytest.raises(Invalid) as caught:
        store.new_code("root")  # type: ignore[arg-type]
    assert caught.value.details["allowed"] == ["view", "control", "admin"]


def test_a_file_that_is_no_database_is_a_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sign_in.db"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(SignInError, match=r"sign_in\.db"):
        SignIn(path)
