"""The room: engine, sessions, limits, journal, launcher, screen window and command line.

May import `hardware`, `playlists` and `stimuli`. The engine process is the authority on what happens in the room.
"""

__version__ = "0.1.0"
