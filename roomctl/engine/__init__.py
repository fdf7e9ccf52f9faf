"""The engine process: the authority on what happens in the room.

Clock, sound, pacing, scores, limits, journal. Never imports `web`, and never waits for it.
"""
