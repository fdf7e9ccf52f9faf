"""Music without a seam: choosing, reading ahead, and mixing tracks, the pad, the bed and announcements on the session's frames.

May import `stimuli`, `playlists.decode` and `playlists.library`. Knows no engine, no device and no wall clock.
"""

from playlists.player.choosing import Targets, music_s
from playlists.player.events import MusicEvent, Playing
from playlists.player.player import Player

__all__ = ["MusicEvent", "Player", "Playing", "Targets", "music_s"]
