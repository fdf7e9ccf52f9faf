from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.library.tracks import Hints, Measure, Names, Tags, Track
from playlists.player.choosing import Run, Targets, choose, fitting, music_s, runs_of
from playlists.player.gain import gain_db, joint_lufs


def a_track(
    number: int, *, phases: tuple[str, ...] = (), intensity: float | None = 2.0, folder: str = "music", album: str = ""
) -> Track:
    measure = Measure(48_000 * 200, -20.0, -15.0, 6.0, -3.0, 480, 48_000 * 199, -20.0, -20.0, Hints(500.0, 1.0, 0.3))
    names = Names(f"Track {number}", album=album, number=number if album else 0)
    return Track(f"{number:020x}", (Path("/m") / folder / f"{number}.flac",), names, measure, Tags(phases, intensity))


def ids(runs: tuple[Run, ...]) -> set[int]:
    return {int(run.id, 16) for run in runs}


def test_the_first_pool_that_has_music_is_taken() -> None:
    tracks = [a_track(1, phases=("arrival",)), a_track(2, phases=("peak",)), a_track(3)]
    assert ids(fitting(tracks, Targets(2.0, ("settle", "arrival")))) == {1}
    assert ids(fitting(tracks, Targets(2.0, ("PEAK",)))) == {2}


def test_a_folder_named_like_the_pool_counts_as_the_pool() -> None:
    assert ids(fitting([a_track(1, folder="Peak"), a_track(2)], Targets(0.0, ("peak",)))) == {1}


def test_a_pool_is_played_whole_where_nothing_in_it_is_of_the_intensity() -> None:
    tracks = [a_track(1, phases=("peak",), intensity=1.0), a_track(2, phases=("peak",), intensity=5.0)]
    assert ids(fitting(tracks, Targets(3.0, ("peak",)))) == {1, 2}
    assert ids(fitting(tracks, Targets(4.5, ("peak",)))) == {2}


def test_music_that_nobody_assigned_serves_by_its_intensity_and_is_never_far_above() -> None:
    tracks = [a_track(1, intensity=0.5), a_track(2, intensity=3.0), a_track(3, phases=("peak",), intensity=5.0)]
    assert ids(fitting(tracks, Targets(3.5, ("onset",)))) == {2}
    assert ids(fitting(tracks, Targets(5.0, ("onset",)))) == {2}
    assert fitting([a_track(2, intensity=3.0)], Targets(0.5, ("arrival",))) == ()
    assert ids(fitting([a_track(2, intensity=3.0)], Targets(0.5, ("arrival",), pad=False))) == {2}


def test_what_lies_in_a_folder_named_for_another_pool_is_not_free_for_any() -> None:
    tracks = [a_track(1, folder="Peak"), a_track(2, folder="2024"), a_track(3, folder="Waves")]
    asked = Targets(2.0, ("arrival",), known_pools=frozenset({"peak", "arrival"}))
    assert ids(fitting(tracks, asked)) == {2, 3}
    assert ids(fitting(tracks, replace(asked, known_pools=asked.known_pools | {"waves"}))) == {2}
    assert fitting(tracks[:1], asked) == ()
    assert ids(fitting(tracks[:1], replace(asked, pad=False))) == {1}


def test_a_tag_goes_with_the_folder_and_neither_is_forgotten() -> None:
    track = a_track(1, phases=("onset",), folder="peak")
    known = frozenset({"peak", "onset", "arrival"})
    assert [bool(fitting([track], Targets(2.0, (pool,), known_pools=known))) for pool in ("onset", "peak", "arrival")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("kind", ["voice", "percussion"])
def test_what_is_tagged_as_having_voice_or_percussion_is_left_out_where_that_is_not_wanted(kind: str) -> None:
    sung, silent, unsaid = (
        replace(track, tags=replace(track.tags, **{kind: said}))
        for track, said in zip([a_track(number, phases=("peak",)) for number in (1, 2, 3)], (True, False, None), strict=True)
    )
    asked = Targets(2.0, ("peak",))
    without = replace(asked, **{kind: False})
    assert ids(fitting([sung, silent, unsaid], asked)) == {1, 2, 3}
    assert ids(fitting([sung, silent, unsaid], without)) == {2, 3}
    assert fitting([sung], without) == ()
    assert fitting([sung], replace(without, pad=False)) == ()
    free = replace(sung, tags=replace(sung.tags, phases=()))
    assert fitting([free], without) == ()
    assert ids(fitting([free], asked)) == {1}


def test_a_look_before_a_session_says_how_much_music_there_is() -> None:
    tracks = [a_track(1, phases=("peak",)), a_track(2, phases=("peak",)), a_track(3)]
    assert music_s(tracks, Targets(2.0, ("peak",))) == pytest.approx(2 * (199 - 0.01))
    assert music_s([], Targets(2.0, ("peak",))) == 0.0


def test_an_empty_library_leaves_the_pad() -> None:
    assert fitting([], Targets(3.0, ("peak",))) == ()


def test_neighbours_of_an_album_stay_together_in_order() -> None:
    tracks = [a_track(number, album="Live") for number in (3, 1, 2)] + [a_track(9)]
    runs = runs_of(tracks)
    assert [[track.names.number for track in run.tracks] for run in runs if len(run.tracks) > 1] == [[1, 2, 3]]
    assert len(runs) == 2


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_nothing_comes_twice_before_everything_came_once(count: int, seed: int) -> None:
    runs = runs_of([a_track(number) for number in range(count)])
    played: dict[str, int] = {}
    order = []
    for _ in range(3 * count):
        run = choose(runs, played, set(), seed)
        assert run is not None
        played[run.id] = played.get(run.id, 0) + 1
        order.append(run.id)
    for start in range(0, 3 * count, count):
        assert len(set(order[start : start + count])) == count


def test_the_draw_depends_on_the_seed_alone() -> None:
    runs = runs_of([a_track(number) for number in range(30)])
    firsts = {choose(runs, {}, set(), seed).id for seed in range(40)}  # type: ignore[union-attr]
    assert len(firsts) > 10
    assert choose(runs, {}, set(), 7) == choose(tuple(reversed(runs)), {}, set(), 7)


def test_what_failed_is_left_out() -> None:
    runs = runs_of([a_track(1), a_track(2)])
    assert choose(runs, {}, {runs[0].id}, 1) == runs[1]
    assert choose(runs, {}, {run.id for run in runs}, 1) is None


def loud(track: Track, lufs: float | None, peak: float = -10.0, frames: int = 48_000) -> Track:
    return replace(track, measure=replace(track.measure, integrated_lufs=lufs, true_peak_dbtp=peak, frames=frames))


@pytest.mark.parametrize(
    ("lufs", "peak", "gain"),
    [
        (-20.0, -3.0, 0.0),
        (-12.0, 0.5, -8.0),
        (-26.0, -10.0, 6.0),
        (-45.0, -30.0, 12.0),
        (-30.0, -8.0, 6.5),
        (-30.0, -0.5, 0.0),
        (None, -3.0, 0.0),
    ],
)
def test_gain_goes_to_the_target_but_not_past_the_peaks(lufs: float | None, peak: float, gain: float) -> None:
    assert gain_db([loud(a_track(1), lufs, peak)]) == pytest.approx(gain)


def test_an_album_keeps_the_balance_of_its_tracks() -> None:
    album = [loud(a_track(1), -16.0, -10.0), loud(a_track(2), -26.0, -20.0)]
    joint = joint_lufs(album)
    assert joint == pytest.approx(-18.6, abs=0.05)
    assert gain_db(album) == pytest.approx(-20.0 - joint)
