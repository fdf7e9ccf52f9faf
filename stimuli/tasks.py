"""Working-memory load: tasks for the head during and between sets, and reaction tasks with their times.

Dual tasking that loads working memory while an image is held is what EMDR 2.0 adds (Matthijssen et al. 2021, doi
10.1080/20008198.2021.1956793). Which task stands when is a pure function of the set and its seed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from stimuli.beats import unit_random
from stimuli.colours import COLOURS, Rgb, parse_colour
from stimuli.frames import frames_of_ms, frames_of_s
from stimuli.motion import Motion
from stimuli.score import Score
from stimuli.settings import Bls, TaskKind

PROMPT_S: Final = 10.0
"""How long one prompt stands."""

PROMPTS: Final = (
    "Count backwards from 300 in steps of seven.",
    "Count backwards from 200 in steps of three, and clap on every fifth number.",
    "Double a number again and again, starting at three.",
    "Add up the digits of your telephone number, then of a friend's.",
    "Say the alphabet backwards from Z.",
    "Spell your home town backwards.",
    "Spell the months backwards, one after another, from December.",
    "Name an animal for each letter, from A on.",
    "Name something to eat for each letter, from the end of the alphabet.",
    "Name countries; each one begins with the last letter of the one before.",
    "Name girls' and boys' names in turn, each longer than the one before.",
    "Walk through your home in your mind and count the windows.",
    "Go the way from your door to the nearest shop, and say each turn.",
    "Go the same way home in your mind, with left and right exchanged.",
    "Say which drawer or shelf each thing in your kitchen lies on.",
    "Name everything blue that you own, then everything round.",
    "Say the days of the week backwards, and a month forwards after each.",
    "Take the word PLANET: make as many shorter words from it as you can.",
    "Draw the number eight in the air with one finger, and say odd numbers.",
    "Tap your knees left, right, right, left, and hum a tune you know.",
    "Tell the story of a film you know well, from its end to its beginning.",
    "Set a table for nine guests in your mind, and say who sits where.",
)

REACTION_PROMPTS: Final[dict[TaskKind, str]] = {
    "colour-change": "Press the button each time the light changes its colour.",
    "random-beep": "Press the button each time you hear the beep.",
}

EVENT_EVERY_S: Final = 5.0
EVENT_SPREAD_S: Final = 3.0
"""Event k falls anywhere in the middle 3 s of the k-th 5 s: two lie 2 to 8 s apart, and none can be counted on."""

COLOUR_CHANGE_MS: Final = 800.0

ANTICIPATION_MS: Final = 100.0
"""Sooner than this nobody reacts: such a press was a guess (as in sprint starts, World Athletics rule 16.6)."""

LATEST_MS: Final = 1800.0
"""A press later than this after an event answers nothing."""

_ORDER_SALT: Final = 0x5EED
_EVENT_SALT: Final = 0xE7E7
_COLOUR_SALT: Final = 0xC010
_DISTINCT: Final = 0.3
"""How far a changed colour's share of red, green or blue is at least from the dot's."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the client is asked just now, in words."""

    text: str
    kind: TaskKind


@dataclass(frozen=True, slots=True)
class ReactionEvent:
    """Number `index` of a reaction task, at `frame`: a change of colour or a beep."""

    index: int
    frame: int
    kind: Literal["colour-change", "random-beep"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """An event and what came of it; `reaction_ms` None where nobody pressed in time."""

    event: ReactionEvent
    reaction_ms: float | None


@dataclass(frozen=True, slots=True)
class ReactionLog:
    """All of a set's reactions, and how many presses answered nothing."""

    reactions: tuple[Reaction, ...]
    false_presses: int

    @property
    def median_ms(self) -> float | None:
        """The median reaction time; None where nothing was answered."""
        times = [reaction.reaction_ms for reaction in self.reactions if reaction.reaction_ms is not None]
        return median(times) if times else None

    @property
    def missed(self) -> int:
        """How many events nobody answered."""
        return sum(reaction.reaction_ms is None for reaction in self.reactions)


def prompt_order(seed: int, turn: int) -> tuple[int, ...]:
    """The order of all prompts in their `turn`-th time round; never the last one of a turn as the next one's first."""
    order = _shuffled(seed, turn)
    if turn > 0 and order[0] == _shuffled(seed, turn - 1)[-1]:
        return (*order[1:-1], order[0], order[-1])
    return order


def _shuffled(seed: int, turn: int) -> tuple[int, ...]:
    draws = {index: unit_random(seed ^ _ORDER_SALT, turn * len(PROMPTS) + index) for index in range(len(PROMPTS))}
    return tuple(sorted(draws, key=draws.__getitem__))


def prompt_number(seed: int, number: int) -> str:
    """The `number`-th prompt of `seed`: each once before any comes again."""
    turn, place = divmod(number, len(PROMPTS))
    return PROMPTS[prompt_order(seed, turn)[place]]


def task_at(score: Score, frame: float) -> Task | None:
    """What the client is asked at `frame` of a set; None outside it, and where tasks are off. A prompt stands `PROMPT_S`."""
    bls = score.bls_at(frame)
    if not bls.tasks.on or score.motion.state_at(frame) == "idle":
        return None
    if bls.tasks.kind != "prompts":
        return Task(REACTION_PROMPTS[bls.tasks.kind], bls.tasks.kind)
    number = int((frame - score.motion.start_frame) // frames_of_s(PROMPT_S))
    return Task(prompt_number(_set_seed(score.motion, bls), number), "prompts")


def task_between_sets(bls: Bls, sets_done: int) -> Task | None:
    """What the client may be asked in the pause after `sets_done` sets; None where no prompts are on."""
    if not bls.tasks.on or bls.tasks.kind != "prompts":
        return None
    return Task(prompt_number(bls.seed, sets_done), "prompts")


def _set_seed(motion: Motion, bls: Bls) -> int:
    """Another set of one seed asks other things."""
    return bls.seed * 1_000_003 + motion.start_frame


def event_frame(motion: Motion, seed: int, index: int) -> int:
    """When event `index` falls, whether or not the set lasts so long."""
    early_s = (EVENT_EVERY_S - EVENT_SPREAD_S) / 2.0
    at_s = index * EVENT_EVERY_S + early_s + EVENT_SPREAD_S * unit_random(seed ^ _EVENT_SALT, index)
    return motion.start_frame + frames_of_s(at_s)


def _in_time(motion: Motion, frame: int) -> bool:
    """Whether the set leaves time to answer an event at `frame`, and was not stopped before it."""
    return motion.end_frame is None or frame + frames_of_ms(LATEST_MS) <= motion.end_frame


def reaction_events(score: Score, first_frame: int, end_frame: int) -> list[ReactionEvent]:
    """The reaction events in [`first_frame`, `end_frame`), in order; none that the set leaves no time to answer."""
    motion = score.motion
    step = frames_of_s(EVENT_EVERY_S)
    found = []
    first = max(0, (first_frame - motion.start_frame) // step)
    last = (end_frame - motion.start_frame) // step
    for index in range(first, last + 1):
        bls = score.bls_at(motion.start_frame + index * step)
        frame = event_frame(motion, _set_seed(motion, bls), index)
        tasks = score.bls_at(frame).tasks
        if first_frame <= frame < end_frame and tasks.on and tasks.kind != "prompts" and _in_time(motion, frame):
            found.append(ReactionEvent(index, frame, tasks.kind))
    return found


def changed_colour(bls: Bls, seed: int, index: int) -> Rgb:
    """The colour that event `index` brings: clearly another than the dot's, and as bright where the lamp can."""
    base = parse_colour(bls.light.colour)
    others = [colour for name in COLOURS if _distance(base, colour := parse_colour(name)) >= _DISTINCT]
    chosen = others[int(unit_random(seed ^ _COLOUR_SALT, index) * len(others))]
    scale = min(_luminance(base) / _luminance(chosen), 1.0 / max(chosen))
    return chosen[0] * scale, chosen[1] * scale, chosen[2] * scale


def colour_at(score: Score, frame: int) -> Rgb:
    """The dot's linear colour at `frame`, with a colour-change task's events in it. Raises ValueError for an unknown colour."""
    bls = score.bls_at(frame)
    if bls.tasks.on and bls.tasks.kind == "colour-change" and score.motion.state_at(frame) != "idle":
        for event in reaction_events(score, frame - frames_of_ms(COLOUR_CHANGE_MS) + 1, frame + 1):
            return changed_colour(bls, _set_seed(score.motion, bls), event.index)
    return parse_colour(bls.light.colour)


def _luminance(colour: Rgb) -> float:
    """Relative luminance of linear sRGB (IEC 61966-2-1), never nothing."""
    return max(0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2], 1e-6)


def _distance(one: Rgb, other: Rgb) -> float:
    """The largest difference between two colours' shares of red, green and blue."""
    one_sum, other_sum = max(sum(one), 1e-6), max(sum(other), 1e-6)
    return max(abs(left / one_sum - right / other_sum) for left, right in zip(one, other, strict=True))


def match_reactions(events: Sequence[ReactionEvent], press_frames: Sequence[int]) -> ReactionLog:
    """Give each event the first press that can answer it; a press answers the newest event that it can, once.

    A press sooner than `ANTICIPATION_MS` after an event or later than `LATEST_MS` answers nothing, nor does a second one.
    """
    presses = sorted(press_frames)
    ordered = sorted(events, key=lambda event: event.frame)
    reactions, used = [], 0
    for place, event in enumerate(ordered):
        latest: float = event.frame + frames_of_ms(LATEST_MS)
        if place + 1 < len(ordered):
            latest = min(latest, ordered[place + 1].frame + frames_of_ms(ANTICIPATION_MS) - 1)
        first = bisect_left(presses, event.frame + frames_of_ms(ANTICIPATION_MS))
        if first < bisect_right(presses, latest):
            used += 1
            reactions.append(Reaction(event, (presses[first] - event.frame) / frames_of_ms(1.0)))
        else:
            reactions.append(Reaction(event, None))
    return ReactionLog(tuple(reactions), len(presses) - used)
