"""Tasks for the head, and reaction tasks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli import motion
from stimuli.colours import COLOURS, is_saturated_red, parse_colour
from stimuli.frames import FRAME_RATE_HZ, frames_of_ms, frames_of_s
from stimuli.light import light_at, lights_at
from stimuli.motion import Motion
from stimuli.score import Cue, Score, with_settings
from stimuli.settings import Bls, Light, TaskKind, Tasks
from stimuli.tasks import (
    ANTICIPATION_MS,
    COLOUR_CHANGE_MS,
    LATEST_MS,
    PROMPT_S,
    PROMPTS,
    ReactionEvent,
    changed_colour,
    colour_at,
    match_reactions,
    prompt_number,
    prompt_order,
    reaction_events,
    task_at,
    task_between_sets,
)

START = 30_000
OPEN = motion.start(START, 1.5, None, soft=True)
seeds = st.integers(0, 2**32 - 1)


def score(kind: TaskKind = "prompts", *, on: bool = True, seed: int = 1, moving: Motion = OPEN) -> Score:
    return Score(moving, (Cue(moving.start_frame, Bls(tasks=Tasks(on=on, kind=kind), seed=seed)),))


def events(told: Score, seconds: float = 120.0) -> list[ReactionEvent]:
    return reaction_events(told, 0, START + frames_of_s(seconds))


def test_there_are_fifteen_prompts_or_more_and_each_is_one_short_sentence() -> None:
    assert len(set(PROMPTS)) == len(PROMPTS) >= 15
    for prompt in PROMPTS:
        assert 10 < len(prompt) <= 80
        assert prompt.endswith(".")


@given(seeds, st.integers(0, 50))
def test_every_prompt_comes_once_before_any_comes_again(seed: int, turn: int) -> None:
    assert sorted(prompt_order(seed, turn)) == list(range(len(PROMPTS)))


@given(seeds)
def test_no_prompt_follows_itself(seed: int) -> None:
    asked = [prompt_number(seed, number) for number in range(6 * len(PROMPTS))]
    assert all(one != next_one for one, next_one in pairwise(asked))


@given(seeds, st.floats(0.0, 290.0))
def test_one_prompt_stands_for_its_ten_seconds(seed: int, at_s: float) -> None:
    told = score(seed=seed)
    begin = START + int(at_s // PROMPT_S) * frames_of_s(PROMPT_S)
    assert task_at(told, START + at_s * FRAME_RATE_HZ) == task_at(told, begin)
    assert task_at(told, begin) != task_at(told, begin + frames_of_s(PROMPT_S))


def test_prompts_stand_only_in_a_set_with_tasks_on() -> None:
    ended = motion.finish(OPEN, START + 100_000)
    assert ended.end_frame is not None
    assert task_at(score(moving=ended), START - 1) is None
    assert task_at(score(moving=ended), START + 1) is not None
    assert task_at(score(moving=ended), ended.end_frame) is None
    assert task_at(score(on=False), START + 1) is None


def test_other_seeds_and_other_sets_ask_in_another_order() -> None:
    def asked(told: Score) -> list[str]:
        tasks = [task_at(told, told.motion.start_frame + number * frames_of_s(PROMPT_S)) for number in range(8)]
        return [task.text for task in tasks if task is not None]

    later = motion.start(START + 77_777, 1.5, None, soft=True)
    assert len({tuple(asked(told)) for told in (score(), score(seed=2), score(moving=later))}) == 3
    assert asked(score()) == asked(score())


@pytest.mark.parametrize("kind", ["colour-change", "random-beep"])
def test_a_reaction_task_says_what_to_press_for(kind: TaskKind) -> None:
    task = task_at(score(kind), START + 5)
    assert task is not None
    assert task.kind == kind
    assert task.text.startswith("Press the button each time")


def test_between_sets_another_prompt_waits_and_no_reaction_task() -> None:
    bls = score().cues[0].bls
    first, second = task_between_sets(bls, 1), task_between_sets(bls, 2)
    assert first is not None
    assert second is not None
    assert first != second
    assert task_between_sets(score(on=False).cues[0].bls, 1) is None
    assert task_between_sets(score("random-beep").cues[0].bls, 1) is None


@given(seeds)
def test_events_lie_two_to_eight_seconds_apart_and_cannot_be_counted_on(seed: int) -> None:
    frames = [event.frame for event in events(score("random-beep", seed=seed))]
    gaps_s = np.diff(frames) / FRAME_RATE_HZ
    assert len(frames) >= 22
    assert gaps_s.min() >= 2.0
    assert gaps_s.max() <= 8.0
    assert gaps_s.std() > 0.3


@given(seeds, st.lists(st.integers(1, 5_800_000), max_size=6))
def test_any_split_of_time_gives_the_same_events(seed: int, edges: list[int]) -> None:
    told = score("colour-change", seed=seed)
    whole = reaction_events(told, 0, 5_800_000)
    split = [0, *sorted(edges), 5_800_000]
    assert [event for first, end in pairwise(split) for event in reaction_events(told, first, end)] == whole


def test_the_last_event_leaves_time_to_answer() -> None:
    ended = motion.start(START, 1.5, 30, soft=True)
    assert ended.end_frame is not None
    found = events(score("random-beep", moving=ended))
    assert found
    assert found[-1].frame + frames_of_ms(LATEST_MS) <= ended.end_frame


def test_prompts_and_tasks_off_have_no_events() -> None:
    assert events(score("prompts")) == []
    assert events(score("random-beep", on=False)) == []
    off_later = with_settings(score("random-beep"), START + frames_of_s(20), Bls())
    assert all(event.frame < START + frames_of_s(20) for event in events(off_later))


@given(st.sampled_from([*COLOURS, "#ff0000", "#ffffff", "#000000"]), seeds, st.integers(0, 40))
def test_a_changed_colour_is_clearly_another_and_no_brighter(colour: str, seed: int, index: int) -> None:
    base, changed = parse_colour(colour), changed_colour(Bls(light=Light(colour=colour)), seed, index)
    weights = np.array([0.2126, 0.7152, 0.0722])
    assert weights @ np.array(changed) <= max(weights @ np.array(base), 1e-6) * 1.000001
    assert max(changed) <= 1.0 + 1e-9
    assert not is_saturated_red(changed)
    shares = np.array(changed) / sum(changed) - np.array(base) / max(sum(base), 1e-6)
    assert np.abs(shares).max() >= 0.3 - 1e-9


def test_the_dot_changes_its_colour_for_each_event_and_back() -> None:
    told = score("colour-change")
    base = parse_colour("blue-green")
    for event in events(told, 30.0):
        last = event.frame + frames_of_ms(COLOUR_CHANGE_MS) - 1
        assert colour_at(told, event.frame - 1) == colour_at(told, last + 1) == base
        assert light_at(told, event.frame).colour == light_at(told, last).colour != base


def test_many_frames_at_once_change_colour_at_the_same_frames() -> None:
    told = with_settings(score("colour-change"), START + frames_of_s(17.3), Bls(light=Light(colour="amber")))
    frames = np.arange(0, START + frames_of_s(25), 1200)
    found = lights_at(told, frames)
    assert [tuple(colour) for colour in found.colours] == [light_at(told, int(frame)).colour for frame in frames]


def at(*frames: int) -> list[ReactionEvent]:
    return [ReactionEvent(index, frame, "random-beep") for index, frame in enumerate(frames)]


def test_a_press_answers_its_event_in_milliseconds() -> None:
    log = match_reactions(at(48_000, 240_000), [48_000 + 48 * 350, 240_000 + 48 * 410])
    assert [reaction.reaction_ms for reaction in log.reactions] == [350.0, 410.0]
    assert (log.median_ms, log.missed, log.false_presses) == (380.0, 0, 0)


def test_guesses_late_presses_and_second_presses_answer_nothing() -> None:
    guess, late, good, second = (48 * ms for ms in (ANTICIPATION_MS - 1, LATEST_MS + 1, 300, 600))
    log = match_reactions(
        at(0, 480_000, 960_000), [int(guess), int(480_000 + late), int(960_000 + good), int(960_000 + second)]
    )
    assert [reaction.reaction_ms for reaction in log.reactions] == [None, None, 300.0]
    assert (log.missed, log.false_presses) == (2, 3)


def test_a_press_between_two_close_events_answers_the_newest_it_can() -> None:
    log = match_reactions(at(0, 48_000), [48_000 + 48 * 250])
    assert [reaction.reaction_ms for reaction in log.reactions] == [None, 250.0]
    log = match_reactions(at(0, 48_000), [48_000 + 48 * 50])
    assert [reaction.reaction_ms for reaction in log.reactions] == [1050.0, None]


def test_without_presses_all_are_missed_and_there_is_no_median() -> None:
    log = match_reactions(at(0, 480_000), [])
    assert (log.missed, log.false_presses, log.median_ms) == (2, 0, None)
    assert match_reactions([], [5]).false_presses == 1


@given(st.lists(st.integers(0, 4_000_000), max_size=20), st.lists(st.integers(0, 4_100_000), max_size=40))
def test_every_press_counts_once_and_every_time_can_be_a_reaction(frames: list[int], presses: list[int]) -> None:
    log = match_reactions(at(*frames), presses)
    answered = [reaction for reaction in log.reactions if reaction.reaction_ms is not None]
    assert len(log.reactions) == len(frames)
    assert len(answered) + log.false_presses == len(presses)
    assert all(
        ANTICIPATION_MS <= reaction.reaction_ms <= LATEST_MS for reaction in answered if reaction.reaction_ms is not None
    )
