"""The render-ahead: what the card reads is what was meant for that very frame, or silence that is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomctl.engine import render_ahead
from roomctl.engine.render_ahead import BLOCK_FRAMES, LEAST_AHEAD_BLOCKS, Block, RenderAhead
from stimuli.frames import Samples

WAIT_S = 20.0


def counted(first_frame: int, frames: int, sign: float = 1.0) -> Samples:
    """Sound whose left sample is its own frame's number, counted from 1: a float32 holds it exactly up to 16 million."""
    numbers = sign * np.arange(first_frame + 1, first_frame + frames + 1, dtype=np.float32)
    return np.stack([numbers, -numbers], axis=1)


class CountingRenderer:
    """Renders each frame's own number; remembers what it was asked; may be held up."""

    def __init__(self) -> None:
        self.restarts: list[int] = []
        self.blocks: list[tuple[int, int]] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def restart(self, first_frame: int) -> None:
        self.restarts.append(first_frame)

    def block(self, first_frame: int, frames: int) -> Block:
        assert self.go_on.wait(WAIT_S)
        self.blocks.append((first_frame, frames))
        return Block(
            first_frame, counted(first_frame, frames), counted(first_frame, frames, 0.5), counted(first_frame, frames, 2.0)
        )


@pytest.fixture
def renderer() -> CountingRenderer:
    return CountingRenderer()


@pytest.fixture
def make_ahead(renderer: CountingRenderer) -> Iterator[Callable[..., RenderAhead]]:
    made: list[RenderAhead] = []

    def make(speed: float = 1.0, first_frame: int = 0) -> RenderAhead:
        ahead = RenderAhead(renderer, speed)
        made.append(ahead)
        ahead.restart(first_frame)
        ahead.start()
        until(lambda: ahead.written_frame >= first_frame + ahead.ahead_frames)
        return ahead

    yield make
    renderer.go_on.set()
    for ahead in made:
        ahead.close()
        assert not ahead._thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    pause, end_s = threading.Event(), time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end_s, "it did not happen"
        pause.wait(0.001)


def ready(ahead: RenderAhead, until_frame: int) -> None:
    until(lambda: ahead.written_frame >= until_frame)


def read(ahead: RenderAhead, first_frame: int, frames: int) -> tuple[Samples, Samples, Samples]:
    """As the card's thread does it: take, and then have more made."""
    taken = ahead.read(first_frame, frames)
    ahead.refill()
    return taken


def test_the_card_reads_each_frame_as_it_was_meant(make_ahead: Callable[..., RenderAhead]) -> None:
    ahead = make_ahead()
    for first in range(0, 40 * 512, 512):
        ready(ahead, first + 512)
        stimulus, music, taps = read(ahead, first, 512)
        assert np.array_equal(stimulus, counted(first, 512))
        assert np.array_equal(music, counted(first, 512, 0.5))
        assert np.array_equal(taps, counted(first, 512, 2.0))
    assert ahead.underruns == 0


@pytest.mark.parametrize("frames", [64, 100, 441, 1024, 2048, 4096])
def test_every_block_of_a_card_is_served_whole_around_the_ring(make_ahead: Callable[..., RenderAhead], frames: int) -> None:
    ahead = make_ahead()
    read(ahead, 0, frames)
    heard = []
    for first in range(frames, frames + 60_000 // frames * frames, frames):
        # What is kept ready after a card's first block is enough for any later one.
        ready(ahead, first + frames)
        heard.append(read(ahead, first, frames)[0])
    assert np.array_equal(np.concatenate(heard), counted(frames, len(heard) * frames))
    assert ahead.underruns <= 1


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=25))
def test_any_split_of_the_reading_gives_the_same_samples(blocks: list[int]) -> None:
    """Without its thread: filled by hand, so that nothing depends on how threads run."""
    ahead = RenderAhead(CountingRenderer())
    ahead._fill()
    first, heard = 0, []
    for frames in blocks:
        while ahead.written_frame < first + frames:
            ahead._read_frame = max(ahead._read_frame, ahead.written_frame)
            ahead._fill()
        heard.append(ahead.read(first, frames)[0])
        first += frames
        ahead._fill()
    assert np.array_equal(np.concatenate(heard), counted(0, first))
    assert ahead.underruns == 0


def test_no_more_is_rendered_than_is_kept_ready(make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer) -> None:
    ahead = make_ahead()
    assert ahead.ahead_frames == LEAST_AHEAD_BLOCKS * BLOCK_FRAMES
    assert renderer.blocks == [(0, 2 * BLOCK_FRAMES)]
    read(ahead, 0, 512)
    ready(ahead, 512 + ahead.ahead_frames)
    assert ahead.written_frame < 512 + ahead.ahead_frames + BLOCK_FRAMES


def test_blocks_are_rendered_in_order_without_gap_or_overlap(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    for first in range(0, 12_000, 300):
        ready(ahead, first + 300)
        read(ahead, first, 300)
    ends = [first + frames for first, frames in renderer.blocks]
    assert [first for first, _ in renderer.blocks] == [0, *ends[:-1]]
    assert {frames % BLOCK_FRAMES for _, frames in renderer.blocks} == {0}
    assert renderer.restarts == [0]


def test_what_is_not_ready_is_silence_and_is_counted(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    renderer.go_on.clear()
    written = ahead.written_frame
    assert np.array_equal(ahead.read(0, written)[0], counted(0, written))
    assert ahead.underruns == 0
    stimulus, music, taps = read(ahead, written, 512)
    assert ahead.underruns == 1
    for bus in (stimulus, music, taps):
        assert not bus.any()
    renderer.go_on.set()
    ready(ahead, written + 1024)
    assert np.array_equal(ahead.read(written + 512, 512)[0], counted(written + 512, 512))


def test_a_block_that_is_ready_in_part_is_heard_in_part(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    renderer.go_on.clear()
    written = ahead.written_frame
    first = written - 100
    stimulus, _, _ = ahead.read(first, 512)
    assert np.array_equal(stimulus[:100], counted(first, 100))
    assert not stimulus[100:].any()
    assert ahead.underruns == 1


def test_after_a_restart_sound_begins_on_its_frame_and_not_before(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    ahead.restart(100_300)
    ready(ahead, 101_000)
    heard = np.concatenate([read(ahead, first, 512)[0] for first in range(100_000, 101_024, 512)])
    assert not heard[:300].any()
    assert np.array_equal(heard[300:], counted(100_300, 1024 - 300))
    assert renderer.restarts[-1] == 100_300
    # The silence before the restart was meant.
    assert ahead.underruns == 0


def test_what_was_ready_for_other_frames_is_never_heard(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    renderer.go_on.clear()
    ahead.restart(50_000)
    assert not ahead.read(50_000, 512)[0].any()
    assert ahead.underruns == 1
    renderer.go_on.set()
    ready(ahead, 51_000)
    assert np.array_equal(ahead.read(50_512, 488)[0], counted(50_512, 488))


def test_a_restart_while_a_block_is_rendered_is_not_lost(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer
) -> None:
    ahead = make_ahead()
    renderer.go_on.clear()
    read(ahead, 0, 512)
    for frame in (20_000, 30_000, 40_000):
        ahead.restart(frame)
    renderer.go_on.set()
    ready(ahead, 40_512)
    until(lambda: renderer.restarts[-1] == 40_000)
    assert np.array_equal(ahead.read(40_000, 512)[0], counted(40_000, 512))


def test_without_tap_channels_the_taps_are_silent(monkeypatch: pytest.MonkeyPatch, renderer: CountingRenderer) -> None:
    whole = renderer.block
    monkeypatch.setattr(
        renderer, "block", lambda first, frames: Block(first, whole(first, frames).stimulus, whole(first, frames).music)
    )
    ahead = RenderAhead(renderer)
    ahead._fill()
    stimulus, _, taps = ahead.read(0, 512)
    assert stimulus.any()
    assert not taps.any()


def test_what_was_read_is_a_copy_that_rendering_on_does_not_touch(make_ahead: Callable[..., RenderAhead]) -> None:
    ahead = make_ahead()
    kept = read(ahead, 0, 512)[0]
    for first in range(512, 512 * 80, 512):
        ready(ahead, first + 512)
        read(ahead, first, 512)
    assert np.array_equal(kept, counted(0, 512))


# --- how much is kept ready ---


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


def ahead_after(calls_s: list[float], frames: int, monkeypatch: pytest.MonkeyPatch, speed: float = 1.0) -> int:
    """What is kept ready after a card has read blocks of `frames` at `calls_s`."""
    watch = Watch()
    monkeypatch.setattr(render_ahead, "time", watch)
    ahead = RenderAhead(CountingRenderer(), speed)
    for number, call_s in enumerate(calls_s):
        watch.now_s = 100.0 + call_s
        ahead.read(number * frames, frames)
    return ahead.ahead_frames


def test_a_card_that_reads_evenly_needs_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ahead_after([0.0, 0.0107, 0.0213, 0.0320], 512, monkeypatch) == 1024


def test_a_card_that_reads_in_bursts_gets_its_largest_burst_and_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    bursts = [0.0, 0.0001, 0.0320, 0.0321, 0.0322, 0.0640]
    assert ahead_after(bursts, 256, monkeypatch) == 1024
    assert ahead_after(bursts, 400, monkeypatch) == 3 * 400 + 400
    # Two milliseconds apart are two bursts.
    assert ahead_after([0.0, 0.0021, 0.0042], 512, monkeypatch) == 1024


def test_a_burst_without_end_does_not_make_the_room_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ahead_after([number * 0.0001 for number in range(40)], 512, monkeypatch) == 2048


def test_a_card_of_long_blocks_gets_two_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ahead_after([0.0, 0.0853], 4096, monkeypatch) == 8192


def test_the_ring_holds_the_longest_block_and_all_that_is_kept_ready() -> None:
    ahead = RenderAhead(CountingRenderer())
    longest = 4096
    assert longest + 2 * longest + BLOCK_FRAMES <= ahead._ring_frames


@pytest.mark.parametrize(("speed", "frames"), [(1.0, 512), (0.5, 512), (2.5, 1536), (20.0, 10_240), (60.0, 30_720)])
def test_simulated_time_renders_blocks_that_last_as_long(speed: float, frames: int) -> None:
    renderer = CountingRenderer()
    ahead = RenderAhead(renderer, speed)
    ahead._fill()
    assert renderer.blocks == [(0, LEAST_AHEAD_BLOCKS * frames)]
    assert ahead.ahead_frames == LEAST_AHEAD_BLOCKS * frames
    assert np.array_equal(ahead.read(0, frames)[0], counted(0, frames))


def test_how_long_each_block_took_is_kept(make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer) -> None:
    ahead = make_ahead()
    assert len(ahead.block_seconds) == len(renderer.blocks)
    assert all(seconds >= 0.0 for seconds in ahead.block_seconds)


def test_closing_before_anything_was_started_is_no_fault(renderer: CountingRenderer) -> None:
    RenderAhead(renderer).close()


# --- when the render thread is woken, and what a command can hold ---


def wakes(calls_s: list[float], frames: int, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """After each of a card's calls, whether the render thread is wanted; it then makes all that is due."""
    watch, woken = Watch(), []
    monkeypatch.setattr(render_ahead, "time", watch)
    ahead = RenderAhead(CountingRenderer())
    ahead._fill()
    for number, call_s in enumerate(calls_s):
        watch.now_s = 100.0 + call_s
        ahead.read(number * frames, frames)
        ahead._wanted.clear()
        ahead.refill()
        woken.append(ahead._wanted.is_set())
        if woken[-1]:
            ahead._fill()
    assert ahead.underruns == 0
    return woken


def test_a_card_that_reads_evenly_has_each_block_made_up_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wakes([number * 512 / 48_000 for number in range(20)], 512, monkeypatch) == [True] * 20


def test_a_card_that_reads_in_bursts_wakes_once_in_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    bursts = [number * 1024 / 48_000 + call * 0.0001 for number in range(20) for call in range(2)]
    assert sum(wakes(bursts, 512, monkeypatch)[4:]) == 18


@given(st.lists(st.integers(1, 3), min_size=1, max_size=60))
def test_before_any_burst_as_much_is_ready_as_the_largest_one_took(bursts: list[int]) -> None:
    """However a card mixes bursts of the lengths it has shown, none finds the ring empty."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        calls_s = [at * 0.01 + call * 0.0001 for at, calls in enumerate([3, *bursts]) for call in range(calls)]
        # The first burst shows how long they are; two blocks are ready for it, and the third call may find nothing.
        watch = Watch()
        monkeypatch.setattr(render_ahead, "time", watch)
        ahead = RenderAhead(CountingRenderer())
        ahead._fill()
        for number, call_s in enumerate(calls_s):
            watch.now_s = 100.0 + call_s
            ahead.read(number * 512, 512)
            ahead._wanted.clear()
            ahead.refill()
            last_of_burst = number + 1 == len(calls_s) or calls_s[number + 1] - call_s > 0.002
            if last_of_burst and ahead._wanted.is_set():
                ahead._fill()
        assert ahead.underruns <= 1


def test_what_is_being_made_is_claimed_before_it_is_begun(renderer: CountingRenderer) -> None:
    ahead = RenderAhead(renderer)
    whole, claimed = renderer.block, []

    def block(first_frame: int, frames: int) -> Block:
        claimed.append((first_frame + frames, ahead.claimed_frame))
        return whole(first_frame, frames)

    renderer.block = block  # type: ignore[method-assign]
    ahead._fill()
    assert claimed
    assert all(end == until for end, until in claimed)
    assert ahead.claimed_frame == ahead.written_frame


def test_while_it_is_held_nothing_more_is_claimed(
    make_ahead: Callable[..., RenderAhead], renderer: CountingRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_ahead, "MOST_HELD_S", WAIT_S)
    ahead = make_ahead()
    count = len(renderer.blocks)
    with ahead.held():
        claimed = ahead.claimed_frame
        read(ahead, 0, 512)
        until(lambda: not ahead._wanted.is_set())
        assert ahead.claimed_frame == claimed
        assert len(renderer.blocks) == count
    ready(ahead, claimed + 512)
    assert ahead.claimed_frame == claimed + 512


def test_who_holds_too_long_is_not_waited_for(make_ahead: Callable[..., RenderAhead]) -> None:
    ahead = make_ahead()
    with ahead.held():
        written = ahead.written_frame
        read(ahead, 0, 512)
        ready(ahead, written + 512)
        assert ahead.claimed_frame > written
