"""PortAudio's card, played on a recorded virtual card by a process of its own, and the choosing of cards by name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardware.soundcards.portaudio import ListedCard, choose_card

PLAYER = Path(__file__).with_name("play_ramp.py")
ROOT = Path(__file__).parents[3]

CARDS = [
    ListedCard(0, "USB Audio: Speakers (hw:1,0)", "ALSA", 2, 48_000),
    ListedCard(1, "USB Audio: Headset (hw:2,0)", "ALSA", 2, 48_000),
    ListedCard(2, "room", "ALSA", 32, 44_100),
    ListedCard(3, "room", "JACK", 2, 48_000),
    ListedCard(4, "room two", "ALSA", 2, 48_000),
]


def test_a_card_is_found_by_its_exact_name_and_the_first_host_that_has_it() -> None:
    assert choose_card(CARDS, "room").index == 2


def test_a_card_is_found_by_a_part_of_its_name_that_no_other_has() -> None:
    assert choose_card(CARDS, "headset").index == 1


def test_a_part_that_two_names_have_is_refused_and_the_names_are_listed() -> None:
    with pytest.raises(OSError, match=r'"USB Audio": 2 sound cards have it in their names; there are: .*Speakers.*Headset'):
        choose_card(CARDS, "USB Audio")


def test_a_card_that_is_not_there_is_refused_and_never_replaced() -> None:
    with pytest.raises(OSError, match=r'"Scarlett": no sound card has that name; there are: "USB Audio: Speakers'):
        choose_card(CARDS, "Scarlett")


def test_where_there_is_no_card_at_all_the_sentence_says_so() -> None:
    with pytest.raises(OSError, match="there are: none"):
        choose_card([], "room")


def start(card: Any, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(PLAYER), *words],
        env={**card.env, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


TAKES = 4
"""A machine that stalls for longer than the buffer loses sound, as a room would: of so many takes one must be whole."""


@pytest.mark.sound
@pytest.mark.parametrize("channels", [2, 4])
def test_what_is_heard_is_what_was_filled_to_the_bit(make_virtual_card: Any, channels: int) -> None:
    card = make_virtual_card(channels)
    wanted = ((np.arange(72_000) % 4096)[:, None] + np.arange(1, channels + 1)).astype(np.float32) / 8192
    exact = False
    for _ in range(TAKES):
        card.record()
        out, err = start(card, "room", str(channels), "1.5").communicate(timeout=60)
        said = told(out)
        assert [link["state"] for link in said[:-1]] == ["CONNECTING", "READY", "ABSENT"], err
        assert said[-1]["fill_fault"] == ""
        assert said[-1]["threads"] == []
        heard = card.recording().samples
        first = int(np.flatnonzero(heard.any(axis=1))[0])
        exact = np.array_equal(heard[first : first + 72_000], wanted) and not heard[first + 72_000 :].any()
        if exact:
            break
    assert exact


@pytest.mark.sound
def test_blocks_are_due_in_order_and_ahead_of_their_asking(virtual_card: Any) -> None:
    out, err = start(virtual_card, "room", "2", "1.0").communicate(timeout=60)
    blocks = np.array(told(out)[-1]["blocks"])
    assert blocks.shape[0] > 50, err
    assert set(blocks[:, 1]) == {512.0}
    assert (np.diff(blocks[:, 0]) > -0.02).all(), "times to be heard at go back by more than the host's own reading error"
    assert np.median(blocks[:, 0] - blocks[:, 2]) > 0.005


@pytest.mark.sound
def test_a_card_that_is_not_there_is_a_fault_that_lists_the_others(virtual_card: Any) -> None:
    player = start(virtual_card, "Scarlett", "2", "1.0", "stay")
    assert player.stdout is not None
    lines = [json.loads(player.stdout.readline()) for _ in range(2)]
    player.communicate("\n", timeout=30)
    assert lines[1]["state"] == "FAULT"
    assert lines[1]["why"].startswith('sound card "Scarlett": no sound card has that name; there are: ')
    assert '"room"' in lines[1]["why"]


@pytest.mark.sound
def test_a_card_pulled_out_is_a_fault_and_plays_again_when_it_is_back(virtual_card: Any) -> None:
    player = start(virtual_card, "room", "2", "120", "stay")
    assert player.stdout is not None

    def next_state(wanted: str) -> dict[str, Any]:
        while True:
            line = player.stdout.readline()
            assert line, f"the player ended before it was {wanted}"
            link = json.loads(line)
            if link.get("state") == wanted:
                return dict(link)

    next_state("READY")
    virtual_card.unplug()
    why = next_state("FAULT")["why"]
    assert "room" in why
    virtual_card.plug()
    next_state("READY")
    virtual_card.record()
    out, err = player.communicate("\n", timeout=30)
    assert told(out)[-1]["threads"] == [], err
    assert virtual_card.recording().samples.any()
