"""What is heard at a frame of the session, and what follows: pure questions to a mix."""

from __future__ import annotations

from playlists.library.tracks import Track
from playlists.player.choosing import Run
from playlists.player.events import Playing
from playlists.player.mix import Mix, Part
from stimuli.frames import FRAME_RATE_HZ


def playing(mix: Mix, frame: int) -> Playing:
    """What is loudest at session frame `frame`, which is the next to be mixed."""
    if not mix.clock.runs_at(frame):
        return Playing("none")
    music_frame = mix.clock.music_frame(frame)
    heard = [part for part in mix.parts if part.sounding(music_frame)]
    loudest = max(heard, key=lambda part: part.level.at(music_frame), default=None)
    if loudest is None or loudest.level.at(music_frame) < mix.pad.at(music_frame):
        return Playing("pad", title="pad", intensity=mix.intensity_at(frame))
    return _of_part(loudest)


def _of_part(part: Part) -> Playing:
    read = part.reader.read_frames
    track = part.track_at(read)
    begun = max((mark for mark in part.reader.marks() if mark <= read), default=0)
    return Playing(
        source="track",
        title=track.names.title,
        artist=track.names.artist,
        id=track.id,
        intensity=track.intensity,
        elapsed_s=(read - begun) / FRAME_RATE_HZ,
        seconds=track.measure.seconds,
        gain_db=round(part.gain_db, 2),
    )


def next_track(mix: Mix, frame: int, chosen: Run | None) -> Track | None:
    """What follows: a part already on its way, the next of a gapless run, or what is `chosen`; None for the pad."""
    music_frame = mix.clock.music_frame(frame)
    for part in mix.parts:
        if part.start > music_frame:
            return part.reader.run.tracks[0]
    for part in mix.parts:
        tracks = part.reader.run.tracks
        following = tracks.index(part.track_at(part.reader.read_frames)) + 1
        if part.end is None and following < len(tracks):
            return tracks[following]
    return None if chosen is None else chosen.tracks[0]
