"""`roomctl pair`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from roomctl.cli import main
from roomctl.sign_in import SignIn


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "address").write_text("http://127.0.0.1:8080\n")
    return tmp_path


def test_it_prints_a_code_that_pairs_with_the_role_asked_for(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--data", str(data), "--role", "view"]) == 0
    shown = capsys.readouterr().out
    code = re.search(r"Code:  (\d{4} \d{4})", shown)
    assert code is not None
    assert f"http://127.0.0.1:8080/pair?code={code[1].replace(' ', '')}" in shown
    assert shown.count("█") + shown.count("▀") + shown.count("▄") > 100
    store = SignIn(data / "sign_in.db")
    assert store.pair(code[1], "t", "a")[0].role == "view"
    store.close()


def test_an_address_no_tablet_can_reach_is_said_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["pair", "--data", str(data)])
    assert "--host 0.0.0.0" in capsys.readouterr().err


def test_without_a_running_room_there_is_a_code_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--data", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "Code:" in shown.out
    assert "roomctl run" in shown.err


def test_token_prints_nothing_but_a_token_that_signs_in(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--data", str(data), "--role", "admin", "--token", "--name", "nightly"]) == 0
    token = capsys.readouterr().out.strip()
    store = SignIn(data / "sign_in.db")
    panel = store.who(token)
    store.close()
    assert panel is not None
    assert (panel.role, panel.name) == ("admin", "nightly")


def test_a_role_that_is_none_is_wrong_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "--data", str(data), "--role", "root"]) == 2
    assert capsys.readouterr().err == 'roomctl: "root" is no role; --role takes view, control, admin\n'
