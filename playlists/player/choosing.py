"""Which music comes next: pure, seeded, and nothing twice before everything once.

What is chosen from are runs: a track, or neighbours of an album that join without a gap, which are kept together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from playlists.library.tracks import Track, joins_gaplessly
from stimuli.beats import unit_random
from stimuli.frames import FRAME_RATE_HZ

NEAR: Final = (0.75, 1.25)
"""Music within the first of these of the intensity asked is near; within the second where there is none."""

TOO_MUCH: Final = 2.0
"""Music that nobody has assigned is never chosen this far above the intensity asked; below it, the nearest will do."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the music should be: intensity 0-5, pools by preference, and whether the pad may stand in for a missing pool.

    Without `voice` or `percussion`, music that is tagged as having it is left out. `known_pools` are the names, in small
    letters, that make a folder a pool: what lies in one is assigned.
    """

    intensity: float = 1.0
    pools: tuple[str, ...] = ()
    pad: bool = True
    voice: bool = True
    percussion: bool = True
    known_pools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Run:
    """Tracks that are played without a gap between them."""

    tracks: tuple[Track, ...]

    @property
    def id(self) -> str:
        """The first track's."""
        return self.tracks[0].id

    @property
    def frames(self) -> int:
        """How long it plays, from the first cue point to the last."""
        whole = sum(track.measure.frames for track in self.tracks)
        last = self.tracks[-1].measure
        return whole - self.tracks[0].measure.cue_in_frame - (last.frames - last.cue_out_frame)

    @property
    def intensity(self) -> float:
        """The mean over its tracks, by length."""
        return sum(track.intensity * track.measure.frames for track in self.tracks) / sum(t.measure.frames for t in self.tracks)


def runs_of(tracks: Iterable[Track]) -> tuple[Run, ...]:
    """Tracks in runs, neighbours of an album joined where they join without a gap."""
    albums: dict[tuple[str, str, str], list[Track]] = {}
    alone: list[Run] = []
    for track in tracks:
        if track.album_key is None:
            alone.append(Run((track,)))
        else:
            albums.setdefault(track.album_key, []).append(track)
    for album in albums.values():
        alone.extend(_joined(sorted(album, key=lambda track: (track.names.disc, track.names.number, str(track.path)))))
    return tuple(sorted(alone, key=lambda run: run.id))


def _joined(album: Sequence[Track]) -> list[Run]:
    runs: list[list[Track]] = []
    for track in album:
        if runs and joins_gaplessly(runs[-1][-1], track):
            runs[-1].append(track)
        else:
            runs.append([track])
    return [Run(tuple(run)) for run in runs]


def in_pool(track: Track, pool: str) -> bool:
    """Whether the clinic put `track` into `pool`: by its tags, or by the name of its folder."""
    name = pool.casefold()
    return any(phase.casefold() == name for phase in track.tags.phases) or track.path.parent.name.casefold() == name


def may_play(track: Track, targets: Targets) -> bool:
    """Whether nothing that the clinic said of `track` speaks against it; of music that nobody tagged nothing is known."""
    return (targets.voice or not track.tags.voice) and (targets.percussion or not track.tags.percussion)


def is_assigned(track: Track, known_pools: Set[str]) -> bool:
    """Whether the clinic put `track` into some pool, by its tags or by the name of its folder."""
    return bool(track.tags.phases) or track.path.parent.name.casefold() in known_pools


def fitting(tracks: Iterable[Track], targets: Targets) -> tuple[Run, ...]:
    """What may be played: the first pool that has music; else unassigned music, the nearest in intensity; else nothing.

    Within a pool, what lies near the intensity asked goes first; the whole pool where nothing does. Without `pad`, everything
    that may play stands in for nothing.
    """
    known = [track for track in tracks if may_play(track, targets)]
    for pool in targets.pools:
        runs = runs_of(track for track in known if in_pool(track, pool))
        if runs:
            return _near(runs, targets.intensity) or runs
    unassigned = runs_of(track for track in known if not is_assigned(track, targets.known_pools))
    return (
        _near(unassigned, targets.intensity)
        or _nearest(unassigned, targets.intensity)
        or (() if targets.pad else runs_of(known))
    )


def music_s(tracks: Iterable[Track], targets: Targets) -> float:
    """Seconds of music there are for `targets` before anything comes again, for a look before a session."""
    return sum(run.frames for run in fitting(tracks, targets)) / FRAME_RATE_HZ


def _near(runs: tuple[Run, ...], intensity: float) -> tuple[Run, ...]:
    for distance in NEAR:
        near = tuple(run for run in runs if abs(run.intensity - intensity) <= distance)
        if near:
            return near
    return ()


def _nearest(runs: tuple[Run, ...], intensity: float) -> tuple[Run, ...]:
    """Those nearest to `intensity`, give or take half a step."""
    bearable = [run for run in runs if run.intensity - intensity < TOO_MUCH]
    if not bearable:
        return ()
    nearest = min(abs(run.intensity - intensity) for run in bearable)
    return tuple(run for run in bearable if abs(run.intensity - intensity) <= nearest + 0.5)


def choose(runs: Sequence[Run], played: Mapping[str, int], avoid: Set[str], seed: int) -> Run | None:
    """The run to play: least often `played`, then by lot from `seed`; never one to `avoid` while there is another way."""
    free = [run for run in runs if run.id not in avoid]
    if not free:
        return None
    least = min(played.get(run.id, 0) for run in free)
    round_ = [run for run in free if played.get(run.id, 0) == least]
    return min(round_, key=lambda run: (unit_random(seed + least, int.from_bytes(run.id.encode(), "big")), run.id))
