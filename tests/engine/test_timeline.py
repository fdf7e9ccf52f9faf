"""When a command takes effect: as soon as nobody was told otherwise, and never in the middle of sound that is made already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from roomctl.bilateral import Bilateral, change_settings, finish_set, start_set
from roomctl.clock import SessionClock
from roomctl.engine import timeline
from roomctl.engine.timeline import MARGIN_FRAMES, MOST_COMPARED_FRAMES, Moment, Timeline, soonest
from roomctl.errors import Refused
from roomctl.limits import Limits
from stimuli.frames import FRAME_RATE_HZ
from stimuli.limiter import LIMITER_DELAY_FRAMES
from stimuli.settings import Bls, Continuous

S = FRAME_RATE_HZ
LIMITS = Limits()
START = 100_000
FIRST_TONE = START + S // 4


def running(**change: Any) -> Bilateral:
    return start_set(Bilateral(replace(Bls(), **change)), LIMITS, START)


def change(room: Bilateral, **change: Any) -> Any:
    return lambda frame: change_settings(room, change, LIMITS, frame)


def test_a_set_starts_before_the_sound_that_is_made_already_is_heard() -> None:
    room = Bilateral()
    now, frame = soonest(Moment(50_000, 54_000), room, lambda frame: start_set(room, LIMITS, frame))
    assert frame == 50_000
    assert now.score is not None
    assert now.score.motion.start_frame == 50_000


def test_a_set_with_a_continuous_sound_waits_for_it() -> None:
    room = Bilateral(replace(Bls(), continuous=Continuous(on=True)))
    assert soonest(Moment(50_000, 54_000), room, lambda frame: start_set(room, LIMITS, frame))[1] == 54_000


def test_a_colour_is_changed_at_once_even_while_a_tone_sounds() -> None:
    room = running()
    told = FIRST_TONE + 100
    now, frame = soonest(Moment(told, told + 4_000), room, change(room, light={"colour": "blue"}))
    assert frame == told
    assert now.score is not None
    assert [cue.frame for cue in now.score.cues] == [START, told]


@pytest.mark.parametrize("changes", [{"rate_hz": 1.5}, {"tone": {"hz": 600.0}}, {"tone": {"on": False}}])
def test_what_changes_sound_that_is_made_already_takes_effect_after_it(changes: dict[str, Any]) -> None:
    room = running()
    moment = Moment(FIRST_TONE - 2_000, FIRST_TONE + 2_000)
    assert soonest(moment, room, change(room, **changes))[1] == moment.rendered


def test_a_rate_is_changed_at_once_between_tones() -> None:
    room = running()
    moment = Moment(FIRST_TONE + S // 8, FIRST_TONE + S // 8 + 4_000)
    assert soonest(moment, room, change(room, rate_hz=1.5))[1] == moment.told


def test_devices_that_are_told_very_early_are_waited_for() -> None:
    room = running()
    assert soonest(Moment(FIRST_TONE + 9_000, FIRST_TONE), room, change(room, tone={"on": False}))[1] == FIRST_TONE + 9_000


def test_in_simulated_time_much_sound_is_made_ahead_and_not_looked_into() -> None:
    room = Bilateral()
    moment = Moment(50_000, 50_000 + MOST_COMPARED_FRAMES + 1)
    assert soonest(moment, room, lambda frame: start_set(room, LIMITS, frame))[1] == moment.rendered


def test_what_is_refused_is_refused() -> None:
    room = Bilateral()
    with pytest.raises(Refused, match="no set is running"):
        soonest(Moment(50_000, 54_000), room, lambda frame: finish_set(room, frame))


# --- the timeline of a room ---


class FakeAhead:
    claimed_frame = 0

    def __init__(self) -> None:
        self.held_now = False

    @contextmanager
    def held(self) -> Iterator[None]:
        self.held_now = True
        yield
        self.held_now = False


class Now:
    def monotonic(self) -> float:
        return 1001.0


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> FakeAhead:
    monkeypatch.setattr(timeline, "time", Now())
    return FakeAhead()


def made(ahead: FakeAhead, onset_ms: float = 0.0) -> Timeline:
    return Timeline(SessionClock(1000.0), ahead, lambda: onset_ms)  # type: ignore[arg-type]


def test_devices_are_told_their_lead_early(ahead: FakeAhead) -> None:
    assert made(ahead).now_frame() == S
    assert made(ahead).moment().told == S + MARGIN_FRAMES
    assert made(ahead, 50.0).moment().told == S + MARGIN_FRAMES + 2_400


def test_sound_is_made_as_far_as_it_is_claimed_and_the_limiter_looks(ahead: FakeAhead) -> None:
    ahead.claimed_frame = 60_000
    assert made(ahead).moment().rendered == 60_000 + LIMITER_DELAY_FRAMES


def test_what_takes_a_while_is_given_a_margin(ahead: FakeAhead) -> None:
    ahead.claimed_frame = 60_000
    assert made(ahead).effect_frame() == 60_000 + LIMITER_DELAY_FRAMES + MARGIN_FRAMES
    ahead.claimed_frame = 0
    assert made(ahead, 50.0).effect_frame() == made(ahead, 50.0).moment().told


def test_holding_the_timeline_holds_the_sound(ahead: FakeAhead) -> None:
    with made(ahead).held():
        assert ahead.held_now
    assert not ahead.held_now
