"""The light bar as a window on a TV: a process of its own that gets the score and the clock and evaluates them itself.

Draws from the clock, never from a count of pictures; dark within a second of losing the engine; Esc in it is STOP. May import
the rest of `roomctl` but the engine, and the floors below; decides nothing about the room.
"""
