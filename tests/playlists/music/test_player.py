from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.decode import Cue, DecodeError
from playlists.library.loudness import loudness_of
from playlists.library.tracks import Hints, Measure, Names, Tags, Track
from playlists.player import Player
from playlists.player.choosing import Run
from playlists.player.mix import DUCK_HOLD_FRAMES
from playlists.player.reader import RING_FRAMES, WAITING_FRAMES, Reader
from stimuli.frames import FRAME_RATE_HZ, Samples, frames_of_s

S = FRAME_RATE_HZ


class Tune:
    """A file that is not there: seeded noise of a length, which can be told to fail at a frame, or to stand still."""

    def __init__(self, seconds: float, lufs: float = -20.0, fails_at: int | None = None, hz: float | None = None) -> None:
        self.frames, self.fails_at, self.hz, self.lufs = frames_of_s(seconds), fails_at, hz, lufs
        self.flows = threading.Event()
        self.flows.set()

    def sound(self, seed: int) -> Samples:
        if self.hz is not None:
            mono = np.sin(2 * np.pi * self.hz * np.arange(self.frames) / S)
            return np.repeat((0.1 * mono)[:, None], 2, axis=1).astype(np.float32)
        return (0.05 * np.random.default_rng(seed).standard_normal((self.frames, 2))).astype(np.float32)


class Shelf:
    """A library of tunes, and the seam that opens them."""

    def __init__(self, tunes: Sequence[Tune], intensity: float = 2.0) -> None:
        self.tunes = {Path(f"/shelf/{number}.wav"): tune for number, tune in enumerate(tunes)}
        hints = Hints(500.0, 1.0, 0.3)
        self.chosen: tuple[Track, ...] = tuple(
            Track(
                f"{number:020x}",
                (path,),
                Names(f"tune {number}"),
                Measure(tune.frames, tune.lufs, -18.0, 3.0, -12.0, 0, tune.frames, -20.0, -20.0, hints),
                Tags((), intensity),
            )
            for number, (path, tune) in enumerate(self.tunes.items())
        )

    def tracks(self) -> tuple[Track, ...]:
        return self.chosen

    def open(self, cues: Sequence[Cue]) -> Any:
        return _Playing(self, cues)


class _Playing:
    def __init__(self, shelf: Shelf, cues: Sequence[Cue]) -> None:
        self._shelf, self._cues = shelf, cues
        self.marks: list[int] = []

    def chunks(self) -> Iterator[Samples]:
        done = 0
        for cue in self._cues:
            tune = self._shelf.tunes[cue.path]
            self.marks.append(done)
            sound = tune.sound(int(cue.path.stem) + 1)
            end = len(sound) if tune.fails_at is None else tune.fails_at
            for first in range(0, end, 10_000):
                if not tune.flows.wait(20.0):
                    raise DecodeError(cue.path, "stood still for too long")
                yield sound[first : min(first + 10_000, end)]
            done += end
            if tune.fails_at is not None:
                raise DecodeError(cue.path, "reading stopped: Input/output error")


class QuietPad:
    """A pad that is a sine nobody else plays, so that a test can hear it apart."""

    HZ = 3000.0
    ready = True

    def prepare(self) -> None:
        """Ready as it is."""

    def block(self, first_frame: int, frames: int, intensity: float) -> Samples:
        at = np.arange(first_frame, first_frame + frames)
        return np.repeat((0.1 * np.sin(2 * np.pi * self.HZ * at / S))[:, None], 2, axis=1).astype(np.float32)


def no_bed(first_frame: int, frames: int) -> Samples:
    return np.zeros((frames, 2), dtype=np.float32)


def steady_bed(first_frame: int, frames: int) -> Samples:
    return np.full((frames, 2), 0.01, dtype=np.float32)


def offline(shelf: Shelf, bed: Callable[[int, int], Samples] = no_bed) -> Player:
    player = Player(shelf, 1, threaded=False, pad=QuietPad(), bed=bed, open_run=shelf.open)
    player.volume(0.0, -10 * S)
    player.set_targets(2.0, 0.0, (), 20.0, 0)
    return player


Act = tuple[float, Callable[[Player, int], None]]


def played(player: Player, seconds: float, acts: Sequence[Act] = (), block: int = S) -> Samples:
    """`seconds` from frame 0 in blocks of `block`, with `acts` made at their seconds."""
    total, pieces, frame = frames_of_s(seconds), [], 0
    waiting = sorted(((frames_of_s(at_s), act) for at_s, act in acts), key=lambda each: each[0])
    while frame < total:
        while waiting and waiting[0][0] <= frame:
            at, act = waiting.pop(0)
            act(player, at)
        stop = min(total, frame + block, *(at for at, _ in waiting[:1]))
        pieces.append(player.block(frame, stop - frame))
        frame = stop
    player.close()
    return np.concatenate(pieces)


def started(player: Player, frame: int) -> None:
    player.start(frame, 0.01)


def level_db(sound: Samples, from_s: float, to_s: float) -> float:
    part = sound[frames_of_s(from_s) : frames_of_s(to_s)]
    return float(10 * np.log10(np.mean(np.square(part, dtype=np.float64)) + 1e-20))


def pad_part(sound: Samples, from_s: float, to_s: float) -> float:
    """The pad's amplitude in a stretch, 0 to about 1."""
    first, last = frames_of_s(from_s), frames_of_s(to_s)
    at = np.arange(first, last)
    wave = np.exp(-2j * np.pi * QuietPad.HZ * at / S)
    return float(2 * abs(np.mean(sound[first:last, 0] * wave)) / 0.1)


ACTS: list[Act] = [
    (0.0, started),
    (11.0, lambda player, at: player.next(at)),
    (14.3, lambda player, at: player.duck(at)),
    (16.1, lambda player, at: player.unduck(at)),
    (21.0, lambda player, at: player.pause(at)),
    (26.5, lambda player, at: player.resume(at)),
    (33.0, lambda player, at: player.set_targets(4.0, -2.0, ("none",), 5.0, at)),
    (38.0, lambda player, at: player.calm(at)),
    (47.0, lambda player, at: player.resume(at)),
    (50.0, lambda player, at: player.volume(-9.0, at)),
    (55.0, lambda player, at: player.attention(at)),
]


@given(block=st.integers(64, 200_000))
@settings(max_examples=6, deadline=None)
def test_any_split_into_blocks_gives_the_same_samples_and_events(block: int) -> None:
    shelf = Shelf([Tune(20), Tune(17.3), Tune(23), Tune(9)])
    one, other = offline(shelf, steady_bed), offline(shelf, steady_bed)
    whole = played(one, 60, ACTS)
    assert np.array_equal(played(other, 60, ACTS, block), whole)
    assert one.events() == other.events()


def test_tracks_follow_each_other_by_a_crossfade_of_constant_power() -> None:
    sound = played(offline(Shelf([Tune(40), Tune(40), Tune(40)])), 90, [(0.0, started)])
    levels = [level_db(sound, at, at + 0.5) for at in np.arange(1.0, 89.0, 0.5)]
    steady = level_db(sound, 5, 25)
    assert max(abs(level - steady) for level in levels) < 1.0
    assert pad_part(sound, 10, 80) < 0.01


def test_music_reaches_its_target_whatever_the_file_was(studio: Any, tmp_path: Path) -> None:
    from playlists.library import Library, scan

    folder = tmp_path / "m"
    folder.mkdir()
    for number, (suffix, level, rate) in enumerate([(".flac", 0.03, 44_100), (".mp3", 0.3, 48_000), (".opus", 0.06, 48_000)]):
        studio.write(folder / f"{number}{suffix}", studio.music(30, number + 3, level, rate), rate)
    scan([folder], tmp_path / "library.db")
    for track in Library(tmp_path).tracks():
        one = Shelf([])
        one.chosen = (replace(track, tags=Tags((), 2.0)),)
        player = Player(one, 1, threaded=False, pad=QuietPad(), bed=no_bed)
        player.volume(0.0, -10 * S)
        player.set_targets(2.0, 0.0, (), 20.0, 0)
        sound = played(player, 20, [(0.0, started)])
        assert loudness_of(sound[S:]).integrated_lufs == pytest.approx(-20.0, abs=1.0)


def test_a_phase_trim_moves_music_to_its_level() -> None:
    player = offline(Shelf([Tune(100)]))
    sound = played(player, 60, [(0.0, started), (10.0, lambda p, at: p.set_targets(2.0, -4.0, (), 20.0, at))])
    assert level_db(sound, 35, 55) - level_db(sound, 2, 9) == pytest.approx(-4.0, abs=0.1)


def test_the_operators_next_is_over_in_six_seconds() -> None:
    shelf = Shelf([Tune(100, hz=300.0), Tune(100, hz=500.0)])
    player = offline(shelf)
    sound = played(player, 40, [(0.0, started), (20.0, lambda p, at: p.next(at))])
    names = [event.track for event in player.events() if event.action == "play"]
    assert len(set(names)) == 2

    def spectrum(first_s: float) -> int:
        part = sound[frames_of_s(first_s) : frames_of_s(first_s) + S, 0]
        return int(np.argmax(np.abs(np.fft.rfft(part))))

    assert {spectrum(15), spectrum(26.01)} == {300, 500}


def test_what_plays_stays_where_it_suits_the_new_phase() -> None:
    player = offline(Shelf([Tune(100), Tune(100)]))
    played(player, 60, [(0.0, started), (10.0, lambda p, at: p.set_targets(2.5, 0.0, ("peak",), 20.0, at))])
    assert sum(event.action == "play" for event in player.events()) == 1


def test_a_phase_with_other_music_fades_over_in_its_own_time() -> None:
    shelf = Shelf([Tune(100, hz=300.0), Tune(100, hz=500.0)])
    calm, wild = shelf.chosen
    shelf.chosen = (replace(calm, tags=Tags(("arrival",))), replace(wild, tags=Tags(("peak",))))
    player = offline(shelf)
    acts: list[Act] = [
        (0.0, lambda p, at: p.set_targets(1.0, 0.0, ("arrival",), 20.0, at)),
        (0.0, started),
        (20.0, lambda p, at: p.set_targets(5.0, 0.0, ("peak",), 20.0, at)),
    ]
    sound = played(player, 60, acts)
    tones = np.abs(np.fft.rfft(sound[30 * S : 31 * S, 0]))
    assert tones[300] == pytest.approx(tones[500], rel=0.1)
    assert np.abs(np.fft.rfft(sound[45 * S : 46 * S, 0]))[300] < 1e-3 * tones[300]
    assert [event.frame for event in player.events() if event.action == "play"] == [0, 20 * S]


def test_without_music_the_pad_plays() -> None:
    player = offline(Shelf([]))
    sound = played(player, 10, [(0.0, started)])
    assert pad_part(sound, 1, 9) == pytest.approx(1.0, abs=0.01)
    assert player.now_playing().source == "pad"


def test_a_file_that_fails_in_the_middle_is_led_over_to_the_next() -> None:
    shelf = Shelf([Tune(60, fails_at=25 * S), Tune(60)])
    player = offline(shelf)
    sound = played(player, 70, [(0.0, started)])
    assert min(level_db(sound, at, at + 0.1) for at in np.arange(0.5, 69, 0.1)) > -30.0
    failed = [event for event in player.events() if event.action == "failed"]
    assert failed and "Input/output error" in failed[0].why


def test_when_every_file_fails_the_pad_takes_over_within_the_crossfade_and_tries_again() -> None:
    tune = Tune(40, fails_at=20 * S)
    player = offline(Shelf([tune]))

    def mended(player: Player, at: int) -> None:
        tune.fails_at = None

    sound = played(player, 120, [(0.0, started), (30.0, mended)])
    assert min(level_db(sound, at, at + 0.1) for at in np.arange(0.5, 119, 0.1)) > -30.0
    assert pad_part(sound, 22, 40) == pytest.approx(1.0, abs=0.02)
    assert pad_part(sound, 100, 110) < 0.05
    assert [event.action for event in player.events()][:5] == ["start", "play", "failed", "pad", "play"]


def test_files_that_do_not_open_are_named_and_passed_over() -> None:
    shelf = Shelf([Tune(30, fails_at=0), Tune(30, fails_at=0), Tune(60)])
    player = offline(shelf)
    sound = played(player, 20, [(0.0, started)])
    events = player.events()
    assert pad_part(sound, 1, 19) < 0.01
    assert [event.track for event in events if event.action == "play"] == ["tune 2"]


def test_pause_holds_the_place_and_resume_goes_on_there() -> None:
    shelf = Shelf([Tune(100)])
    straight = played(offline(shelf), 30, [(0.0, started)])
    acts: list[Act] = [(0.0, started), (10.0, lambda p, at: p.pause(at)), (20.0, lambda p, at: p.resume(at))]
    paused = played(offline(shelf), 40, acts)
    assert np.abs(paused[12 * S : 20 * S]).max() == 0.0
    assert np.allclose(paused[25 * S : 35 * S], straight[17 * S : 27 * S], atol=1e-7)


def test_a_crossfade_that_a_pause_cut_in_two_is_finished_after_it() -> None:
    shelf = Shelf([Tune(30), Tune(60)])
    straight = played(offline(shelf), 50, [(0.0, started)])
    acts: list[Act] = [(0.0, started), (23.0, lambda p, at: p.pause(at)), (40.0, lambda p, at: p.resume(at))]
    paused = played(offline(shelf), 65, acts)
    assert np.allclose(paused[45 * S : 60 * S], straight[30 * S : 45 * S], atol=1e-7)


def test_pause_keeps_the_bed_and_attention_takes_it_too() -> None:
    shelf = Shelf([Tune(100)])
    acts: list[Act] = [(0.0, started), (10.0, lambda p, at: p.pause(at)), (20.0, lambda p, at: p.attention(at))]
    sound = played(offline(shelf, steady_bed), 25, acts)
    assert np.allclose(sound[13 * S : 20 * S], 0.01, atol=1e-6)
    assert np.abs(sound[frames_of_s(21.5) :]).max() < 1e-6


def test_calm_leaves_the_bed_six_db_under_the_music() -> None:
    acts: list[Act] = [(0.0, started), (10.0, lambda p, at: p.calm(at))]
    sound = played(offline(Shelf([Tune(100)]), steady_bed), 30, acts)
    assert np.allclose(sound[17 * S :], 0.01 * 10 ** (8 / 20), rtol=1e-5)


def test_the_end_is_silent_after_45_s() -> None:
    sound = played(offline(Shelf([Tune(100)]), steady_bed), 60, [(0.0, started), (10.0, lambda p, at: p.end(at))])
    assert level_db(sound, 40, 45) > -60.0
    assert np.abs(sound[frames_of_s(55.01) :]).max() == 0.0


def test_ducking_goes_down_by_14_db_in_250_ms_and_comes_back_after_holding() -> None:
    acts: list[Act] = [(0.0, started), (10.0, lambda p, at: p.duck(at)), (15.0, lambda p, at: p.unduck(at))]
    sound = played(offline(Shelf([Tune(100)])), 25, acts)
    before = level_db(sound, 5, 10)
    assert level_db(sound, 10.25, 15) - before == pytest.approx(-14.0, abs=0.2)
    assert level_db(sound, 15.0, 15.0 + DUCK_HOLD_FRAMES / S) - before == pytest.approx(-14.0, abs=0.3)
    assert level_db(sound, 18.2, 24) - before == pytest.approx(0.0, abs=0.2)


def test_an_announcement_is_heard_at_the_target_over_ducked_music(studio: Any, tmp_path: Path) -> None:
    voice = studio.write(tmp_path / "voice.wav", studio.sine(4, 1000.0, 0.02))
    player = offline(Shelf([Tune(100)]))
    sound = played(player, 25, [(0.0, started), (10.0, lambda p, at: p.announce(voice, at))])
    during = sound[frames_of_s(11) : frames_of_s(14)]
    tone = np.abs(np.fft.rfft(during[:S, 0]))[1000] / (S / 2)
    gain = 10 ** (min(12.0, -20.0 - loudness_of(np.repeat(studio.sine(4, 1000.0, 0.02)[:, None], 2, 1)).integrated_lufs) / 20)
    assert tone == pytest.approx(0.02 * np.sqrt(0.5) * gain * np.sqrt(2), rel=0.1)
    assert level_db(sound, 20, 24) == pytest.approx(level_db(sound, 5, 10), abs=0.2)
    assert [event.action for event in player.events()][-1] == "announce"


def test_an_announcement_that_cannot_be_read_is_an_event_and_nothing_else(tmp_path: Path) -> None:
    player = offline(Shelf([Tune(100)]))
    sound = played(player, 12, [(0.0, started), (5.0, lambda p, at: p.announce(tmp_path / "none.wav", at))])
    assert level_db(sound, 6, 11) == pytest.approx(level_db(sound, 1, 5), abs=0.2)
    (failed,) = [event for event in player.events() if event.action == "failed"]
    assert "not there" in failed.why


def test_volume_moves_in_whole_db_at_six_db_a_second() -> None:
    player = offline(Shelf([Tune(100)]))
    sound = played(player, 25, [(0.0, started), (10.0, lambda p, at: p.volume(-12.4, at))])
    before = level_db(sound, 5, 10)
    assert level_db(sound, 10.95, 11.05) - before == pytest.approx(-6.0, abs=0.4)
    assert level_db(sound, 13, 20) - before == pytest.approx(-12.0, abs=0.1)
    assert player.volume_db == -12.0


def test_no_command_in_any_order_makes_the_sound_jump() -> None:
    """Sines: the steepest step of the tones themselves is the bound; fades add next to nothing."""
    acts: dict[str, Callable[[Player, int], None]] = {
        "next": lambda p, at: p.next(at),
        "pause": lambda p, at: p.pause(at),
        "resume": lambda p, at: p.resume(at),
        "calm": lambda p, at: p.calm(at),
        "duck": lambda p, at: p.duck(at),
        "unduck": lambda p, at: p.unduck(at),
        "phase": lambda p, at: p.set_targets(4.0, -3.0, (), 3.0, at),
        "volume": lambda p, at: p.volume(-6, at),
    }
    rng = np.random.default_rng(5)
    for _ in range(4):
        order = [(1.0 + 0.7 * k, acts[str(name)]) for k, name in enumerate(rng.choice(list(acts), 20))]
        shelf = Shelf([Tune(6, hz=200.0), Tune(9, hz=230.0), Tune(7, hz=260.0)])
        sound = played(offline(shelf), 20, [(0.0, started), *order])
        bound = 0.1 * 2 * np.pi * (3 * 260.0 + QuietPad.HZ) / S + 1e-3
        assert np.abs(np.diff(sound[S // 10 :, 0])).max() < bound


def test_a_gapless_album_plays_through_at_one_gain(studio: Any, tmp_path: Path) -> None:
    from playlists.library import Library, scan

    folder = tmp_path / "album"
    folder.mkdir()
    whole = studio.sine(14)
    for number, part in enumerate((whole[: 6 * S + 123], whole[6 * S + 123 :]), start=1):
        tags = {"album": "Live", "track": str(number), "title": f"Part {number}"}
        studio.write(folder / f"{number}.flac", part, tags=tags)
    scan([folder], tmp_path / "library.db")
    player = Player(Library(tmp_path), 1, threaded=False, pad=QuietPad(), bed=no_bed)
    player.volume(0.0, -10 * S)
    player.set_targets(0.0, 0.0, (), 20.0, 0)
    sound = played(player, 9, [(0.0, started)])[S:, 0]
    amplitude = np.abs(sound).max()
    assert np.abs(np.diff(sound)).max() < amplitude * 2 * np.pi * 440 / S * 1.01
    plays = [(event.track, event.frame) for event in player.events() if event.action == "play"]
    # The very first sample of a sine is silent, and silence before a run is not played.
    assert plays[:2] == [("Part 1", 0), ("Part 2", 6 * S + 123 - 1)]


def test_frames_that_were_never_asked_for_hold_no_music() -> None:
    shelf = Shelf([Tune(60)])
    straight = played(offline(shelf), 20, [(0.0, started)])
    player = offline(shelf)
    started(player, 0)
    first = [player.block(frame, S) for frame in range(0, 5 * S, S)]
    then = [player.block(frame, S) for frame in range(100 * S, 115 * S, S)]
    player.close()
    assert np.allclose(np.concatenate(first + then), straight, atol=1e-7)


def test_what_plays_and_what_comes_next_are_told() -> None:
    player = offline(Shelf([Tune(60), Tune(60)]))
    assert player.now_playing().source == "none"
    started(player, 0)
    for frame in range(0, 12 * S, S):
        player.block(frame, S)
    now, coming = player.now_playing(), player.next_up()
    player.close()
    assert now.source == "track" and now.elapsed_s == pytest.approx(12.0)
    assert coming is not None and coming.names.title != now.title


def test_half_a_minute_is_at_hand_also_across_a_join_and_what_waits_holds_only_its_first_seconds() -> None:
    player = offline(Shelf([Tune(45), Tune(50)]))
    started(player, 0)
    held_s = []
    for frame in range(0, 120 * S, S):
        player.block(frame, S)
        waiting = player._sequencer._next
        readers = {part.reader for part in player._mix.parts} | ({waiting} if waiting is not None else set())
        held_s.append(sum(reader.available_frames for reader in readers) / S)
        assert waiting is None or waiting.available_frames == WAITING_FRAMES
    player.close()
    assert min(held_s) > 30.0
    assert max(held_s) <= (2 * RING_FRAMES + WAITING_FRAMES) / S


# Live: threads, and what happens when the disk does not keep up.


def live(shelf: Shelf) -> Player:
    player = Player(shelf, 1, pad=QuietPad(), bed=no_bed, open_run=shelf.open)
    player.volume(0.0, -10 * S)
    player.set_targets(2.0, 0.0, (), 20.0, 0)
    return player


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for other threads; fails after 10 s."""
    waiter, deadline = threading.Event(), time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < deadline, what
        waiter.wait(0.01)


def test_live_a_track_begins_and_is_read_half_a_minute_ahead() -> None:
    player = live(Shelf([Tune(90), Tune(90)]))
    until(lambda: player.next_up() is not None, "nothing was chosen")
    player.start(0, 0.01)
    until(lambda: bool(player._mix.parts), "no track began")
    reader = player._mix.parts[0].reader
    until(lambda: reader.available_frames >= 30 * S, "not read ahead")
    sound = np.concatenate([player.block(frame, 512) for frame in range(0, 4 * S, 512)])
    player.close()
    assert pad_part(sound, 2.5, 3.8) < 0.01
    assert level_db(sound, 0.1, 3.8) > -30.0


def test_live_a_disk_that_stops_is_covered_by_the_pad_before_the_music_runs_out() -> None:
    tune = Tune(200)
    player = live(Shelf([tune]))
    player.start(0, 0.01)
    until(lambda: bool(player._mix.parts), "no track began")
    reader = player._mix.parts[0].reader
    until(lambda: reader.available_frames > 31 * S, "not read ahead")
    tune.flows.clear()
    sound = np.concatenate([player.block(frame, 4800) for frame in range(0, 60 * S, 4800)])
    tune.flows.set()
    player.close()
    assert min(level_db(sound, at, at + 0.1) for at in np.arange(0.5, 59, 0.1)) > -30.0
    assert pad_part(sound, 50, 58) == pytest.approx(1.0, abs=0.02)


def test_live_a_block_never_waits_for_a_command() -> None:
    player = live(Shelf([Tune(60)]))
    player.start(0)
    done = threading.Event()

    def render() -> None:
        for frame in range(0, S, 512):
            player.block(frame, 512)
        done.set()

    with player._lock:
        thread = threading.Thread(target=render)
        thread.start()
        finished = done.wait(10.0)
    thread.join()
    player.close()
    assert finished


def test_closing_ends_every_thread() -> None:
    before = set(threading.enumerate())
    player = live(Shelf([Tune(60), Tune(60)]))
    player.start(0)
    until(lambda: bool(player._mix.parts), "no track began")
    player.close()
    assert {thread for thread in threading.enumerate() if thread not in before and thread.is_alive()} == set()


def test_a_ring_holds_no_more_than_it_should_and_gives_every_sample_in_order() -> None:
    shelf = Shelf([Tune(100)])
    reader = Reader(Run((shelf.chosen[0],)), shelf.open, threaded=False)
    reader.fill()
    assert reader.available_frames == WAITING_FRAMES
    reader.read_on()
    reader.fill()
    assert reader.available_frames == RING_FRAMES
    out, pieces = np.empty((70_001, 2), dtype=np.float32), []
    for _ in itertools.count():
        reader.fill()
        count = reader.read_into(out)
        pieces.append(out[:count].copy())
        if count < len(out):
            break
    reader.close()
    assert np.array_equal(np.concatenate(pieces), next(iter(shelf.tunes.values())).sound(1))
    assert np.all(out[count:] == 0.0)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs Debian's ffmpeg as an independent meter")
def test_another_program_measures_the_rendered_music_at_its_target(tmp_path: Path) -> None:
    import wave

    sound = played(offline(Shelf([Tune(60, lufs=-23.0), Tune(60, lufs=-23.0)])), 60, [(0.0, started)])
    path = tmp_path / "out.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(S)
        out.writeframes((sound * 32767).astype("<i2").tobytes())
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    summary = said[said.rindex("Summary:") :]
    found = re.search(r"I:\s+(-?[\d.]+)", summary)
    assert found is not None
    assert float(found[1]) == pytest.approx(loudness_of(sound).integrated_lufs or 0.0, abs=0.1)
